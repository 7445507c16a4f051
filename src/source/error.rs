//! Why no credential could be resolved. Every variant names places and never a value that was refused.

use std::path::PathBuf;

use thiserror::Error;

use super::{auth_dir::is_private_name, environment::Presence, key_material::Contender, places::Origin};
use crate::{
    credential::{IdDefect, KeyDefect},
    explanation::Explanation,
};

#[derive(Debug, Error)]
pub enum SourceError {
    #[error("{origin} can't be read")]
    Unreadable { origin: Origin, accepted: &'static str },
    #[error("{name} was given without a value")]
    BlankFlag { name: &'static str },
    #[error("{}", missing_title(missing))]
    Missing {
        missing: Vec<MissingField>,
        individual: bool,
    },
    #[error("the {what} can't be right: {defect}")]
    Id {
        what: &'static str,
        origin: Origin,
        defect: IdDefect,
    },
    #[error("the key ID and the issuer ID are swapped")]
    Swapped { key_id: Origin, issuer_id: Origin },
    #[error("the private key can't be used: {defect}")]
    Key { origin: Origin, defect: KeyDefect },
    #[error("{origin} holds a key, where the path of a key belongs")]
    KeyInPath { origin: Origin },
    #[error("{origin} asks for standard input, which only the flag can")]
    StdinNeedsFlag { origin: Origin },
    #[error("the private key file can't be read: {reason}")]
    KeyFile {
        origin: Origin,
        path: Option<String>,
        reason: String,
    },
    #[error("{name} is an In-App Purchase key")]
    InAppPurchaseKey { origin: Origin, name: String },
    #[error("{}", no_profile(name))]
    NoSuchProfile { origin: Origin, name: String },
    #[error("ASC_AUTH_DIR can't be used: {why}")]
    AuthDir { path: Option<PathBuf>, why: String },
    #[error("{}", .0.title())]
    Mixed(Mix),
    /// The log could not be told to mask the key.
    #[error("the log could not be written: {0}")]
    Mask(String),
}

/// A field that no place holds.
#[derive(Debug)]
pub struct MissingField {
    pub what: &'static str,
    pub places: Vec<(Origin, Presence)>,
}

/// Sources that contradict each other: an error under strict-auth, a warning without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Several key materials that do not hold the same key.
    Keys(Vec<(Origin, Contender)>),
    /// An input and a variable with different values.
    Values {
        what: &'static str,
        first: Origin,
        second: Origin,
    },
    /// A profile beside other credentials.
    Profile { profile: Origin, others: Vec<Origin> },
    /// The key file's name says something else than was given.
    FileName {
        file: Origin,
        name: String,
        says: String,
        origin: Origin,
    },
}

impl Mix {
    fn title(&self) -> String {
        match self {
            Self::Keys(contenders) => format!("{} private keys were given, and they differ", count(contenders.len())),
            Self::Values { what, .. } => format!("the {what} was given twice, and the values differ"),
            Self::Profile { .. } => "a profile was named, and credentials were given beside it".to_owned(),
            Self::FileName { .. } => "the key file's name contradicts what was given".to_owned(),
        }
    }

    /// The same in one sentence, with what was chosen.
    pub(super) fn warning(&self) -> String {
        match self {
            Self::Keys(contenders) => {
                let names: Vec<String> = contenders.iter().map(|(origin, _)| origin.to_string()).collect();
                format!("{}: {}; {} is used", self.title(), names.join(", "), names[0])
            }
            Self::Values { first, second, .. } => format!("{}: {first} is used, {second} is not", self.title()),
            Self::Profile { profile, .. } => format!("{}: {profile} is used", self.title()),
            Self::FileName { name, says, origin, .. } => {
                format!(
                    "{}: {name} means {says}, and {origin} says otherwise; {origin} is used",
                    self.title()
                )
            }
        }
    }

    fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.title());
        match self {
            Self::Keys(contenders) => contenders
                .iter()
                .fold(explanation, |explanation, (origin, contender)| {
                    explanation.fact(origin.to_string(), match contender {
                        Contender::Key(fingerprint) => format!("key with fingerprint {fingerprint}"),
                        Contender::Unusable(reason) => format!("no usable key: {reason}"),
                    })
                })
                .advice("strict-auth is on, so nothing was chosen. Unset all but one of them."),
            Self::Values { first, second, .. } => explanation
                .fact(first.to_string(), "set")
                .fact(second.to_string(), "set to something else")
                .advice("strict-auth is on, so nothing was chosen. Unset one of them."),
            Self::Profile { profile, others } => others
                .iter()
                .fold(explanation.fact(profile.to_string(), "names a profile"), |explanation, origin| {
                    explanation.fact(origin.to_string(), "set")
                })
                .advice("strict-auth is on, so nothing was chosen. Name the profile alone, or leave it out."),
            Self::FileName { file, name, says, origin } => explanation
                .fact(file.to_string(), format!("{name}, which means {says}"))
                .fact(origin.to_string(), "says otherwise")
                .advice("Apple names a key file for its key. Correct the one that is wrong, or rename the file if the name is."),
        }
    }
}

impl SourceError {
    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::BlankFlag { .. } | Self::StdinNeedsFlag { .. } => 2,
            Self::Mixed(_) => 11,
            Self::KeyFile { .. } | Self::AuthDir { .. } | Self::Mask(_) => 30,
            _ => 10,
        }
    }

    /// What is wrong, without the title's preamble: for a list of several.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Key { defect, .. } => defect.to_string(),
            Self::KeyFile { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    pub fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.to_string());
        match self {
            Self::Unreadable { origin, accepted } => explanation
                .fact(origin.to_string(), format!("accepts {accepted}"))
                .advice("An unreadable value is never guessed: write one of these, or leave it out."),
            Self::BlankFlag { .. } => explanation
                .advice("An empty value is what a misspelt shell variable gives. Give a value, or leave the flag out."),
            Self::Missing { missing, individual } => explain_missing(explanation, missing, *individual),
            Self::Id { what, origin, defect } => explanation
                .fact(*what, format!("from {origin}"))
                .advice(id_advice(what, *defect)),
            Self::Swapped { key_id, issuer_id } => explanation
                .fact(key_id.to_string(), "holds a UUID, which is an issuer ID")
                .fact(issuer_id.to_string(), "holds ten characters, which are a key ID")
                .advice("Exchange the two values."),
            Self::Key { origin, defect } => explanation
                .fact(".p8", format!("from {origin}"))
                .advice(defect.remedy()),
            Self::KeyInPath { origin } => explanation.fact(".p8", format!("from {origin}")).advice(
                "Put the key itself into ASC_PRIVATE_KEY or ASC_PRIVATE_KEY_B64 (in the GitHub Action: the input private-key).",
            ),
            Self::StdinNeedsFlag { .. } => explanation.advice("Write --private-key-path - to read the key from standard input."),
            Self::KeyFile { origin, path, .. } => match path {
                Some(path) => explanation.fact("file", format!("{path}, from {origin}")),
                None => explanation.fact("file", format!("from {origin}")),
            }
            .advice(if path.as_deref().is_some_and(lay_in_private_dir) {
                "It lay in a private directory that cleanup has removed: the env file of a setup put it there. Unset \
                 ASC_PRIVATE_KEY_PATH and ASC_AUTH_DIR, and give the key again."
            } else {
                "A relative path is looked up from the working directory of this step."
            }),
            Self::InAppPurchaseKey { origin, .. } => explanation.fact(".p8", format!("from {origin}")).advice(
                "SubscriptionKey_….p8 signs for In-App Purchase only. Create a key under Users and Access → \
                 Integrations → App Store Connect API; its file is named AuthKey_….p8.",
            ),
            Self::NoSuchProfile { origin, .. } => explanation
                .fact("profile", format!("from {origin}"))
                .advice("No profile is stored here. Leave it out, and give ASC_KEY_ID, ASC_ISSUER_ID and a private key instead."),
            Self::AuthDir { path, .. } => path
                .iter()
                .fold(explanation, |explanation, path| explanation.fact("directory", path.display().to_string()))
                .advice(
                    "It must be the directory that a setup of this job made, as it made it. Run asc-auth setup again, \
                     or unset ASC_AUTH_DIR (and ASC_PRIVATE_KEY_PATH, if it names a file there) to use the credential \
                     in the environment.",
                ),
            Self::Mixed(mix) => mix.explain(),
            Self::Mask(_) => explanation.advice("Nothing was handed over, because the log could not be told what to mask."),
        }
    }
}

fn lay_in_private_dir(path: &str) -> bool {
    path.split(['/', '\\']).any(is_private_name)
}

fn count(number: usize) -> String {
    match number {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        n => n.to_string(),
    }
}

/// A long name may be a piece of a key in its place, and is not told.
fn no_profile(name: &str) -> String {
    match name.chars().count() {
        0..=20 => format!("no profile named {name:?}"),
        _ => "no profile of this name".to_owned(),
    }
}

fn missing_title(missing: &[MissingField]) -> String {
    let names: Vec<&str> = missing.iter().map(|field| field.what).collect();
    match names.as_slice() {
        [one] => format!("no {one} was given"),
        [rest @ .., last] => format!("no {} and no {last} were given", rest.join(", no ")),
        [] => String::new(),
    }
}

fn explain_missing(explanation: Explanation, missing: &[MissingField], individual: bool) -> Explanation {
    // Who writes a workflow has inputs and variables, and no flags.
    let all = || missing.iter().flat_map(|field| &field.places);
    let hide_flags = all().any(|(origin, _)| matches!(origin, Origin::Input(_)));
    let places = || all().filter(|(origin, _)| !(hide_flags && matches!(origin, Origin::Flag(_))));
    let explanation = places().fold(explanation, |explanation, (origin, presence)| match presence {
        Presence::Blank => explanation.fact(origin.to_string(), "set, but empty"),
        _ => explanation.fact(origin.to_string(), "not set"),
    });
    let mut advice = String::new();
    if places().any(|(_, presence)| *presence == Presence::Blank) {
        advice.push_str(
            "An empty value is what CI gives for a secret whose name is misspelt or that this job may not see. \
             On GitHub a pull request from a fork gets no secrets: skip this step there, or use another trigger. \
             On GitLab a protected variable reaches protected branches and tags only.\n",
        );
    }
    if missing.iter().any(|field| field.what == "issuer ID") && !individual {
        advice.push_str(
            "The issuer ID stands above the list of keys in Users and Access → Integrations. \
             An individual key has none: say so with ASC_KEY_TYPE=individual (in the Action: key-type: individual).\n",
        );
    }
    if missing.iter().any(|field| field.what == "key ID") {
        advice.push_str("The key ID stands beside the key's name, and in the file's name: AuthKey_<key ID>.p8.\n");
    }
    if missing.iter().any(|field| field.what == "private key") {
        advice.push_str("The private key is the content of the .p8 file, as text or as base64, or its path.\n");
    }
    explanation.advice(advice.trim_end())
}

fn id_advice(what: &str, defect: IdDefect) -> String {
    let place = match what {
        "key ID" => {
            "The key ID has ten capital letters and digits. It stands beside the key's name in Users and Access → \
             Integrations, and in the file's name: AuthKey_<key ID>.p8."
        }
        _ => {
            "The issuer ID is a UUID. It stands above the list of keys in Users and Access → Integrations → \
             App Store Connect API, and is not the Team ID."
        }
    };
    match defect {
        IdDefect::Placeholder => format!("Check the spelling of the secret's or variable's name. {place}"),
        _ => place.to_owned(),
    }
}
