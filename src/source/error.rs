//! Why no credential could be resolved. Every variant names places and never a value that was refused.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{
    auth_dir::is_private_name,
    keychain::KeychainError,
    missing::{self, MissingField, PassedOver},
    mix::{Mix, list},
    places::Origin,
    profiles::{ConfigError, ConfigFile, NameDefect, StoredIn, told_name},
};
use crate::{
    credential::{self, IdDefect, KeyDefect, KeyFileName},
    explanation::Explanation,
    text::quoted,
};

#[derive(Debug, Error)]
pub enum SourceError {
    #[error("{origin} can't be read")]
    Unreadable { origin: Origin, accepted: &'static str },
    #[error("{name} was given without a value")]
    BlankFlag { name: &'static str },
    #[error("{}", missing::title(missing))]
    Missing {
        missing: Vec<MissingField>,
        individual: bool,
        /// The default profile, where it is of another key than what was given.
        passed_over: Option<Box<PassedOver>>,
    },
    #[error("the {what} can't be right: {defect}")]
    Id {
        what: &'static str,
        /// What it looks like, and where it stands.
        place: &'static str,
        origin: Origin,
        defect: IdDefect,
    },
    #[error("{}", credential::Swapped)]
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
    NoSuchProfile {
        origin: Origin,
        name: String,
        stored: Box<Stored>,
    },
    #[error("the default profile is not stored any more")]
    NoDefaultProfile {
        name: String,
        said_by: String,
        stored: Box<Stored>,
    },
    #[error("{} profiles are stored, and none of them is the default", .known.len())]
    NoDefaultAmong { known: Vec<String> },
    #[error("the key type of {origin} is unknown")]
    ProfileKind { origin: Origin },
    #[error("this can't be the name of a profile: {0}")]
    ProfileName(NameDefect),
    /// Another profile is stored under this name.
    #[error("a profile of this name is stored already")]
    NameTaken { name: String, stored_in: StoredIn },
    /// The keychain did not take a profile. The config file that would, if there is one.
    #[error("{error}")]
    NotStored {
        error: KeychainError,
        instead: Option<PathBuf>,
    },
    /// What was written to the keychain before something else failed may still be there.
    #[error("{why}; and what was written to the keychain could not be taken back: {error}")]
    NotTakenBack {
        why: Box<SourceError>,
        name: String,
        error: KeychainError,
    },
    /// Some of what was to be removed is still there.
    #[error("not everything could be removed")]
    NotRemoved { gone: Vec<String>, why: Vec<SourceError> },
    #[error("there is no home directory to keep a config file in")]
    NoHome,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    #[error("ASC_AUTH_DIR can't be used: {why}")]
    AuthDir { path: Option<PathBuf>, why: String },
    #[error("{}", .0.title())]
    Mixed(Box<Mix>),
    /// The log could not be told to mask the key.
    #[error("the log could not be written: {0}")]
    Mask(String),
}

/// Which profiles there are.
#[derive(Debug)]
pub struct Stored {
    /// Where they are looked for.
    pub places: Vec<StoredIn>,
    /// Why the keychain is not among them, if it could not be asked.
    pub keychain: Option<KeychainError>,
    pub names: Vec<String>,
}

impl SourceError {
    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::StdinNeedsFlag {
                origin: Origin::Profile { .. },
            } => 10,
            Self::Unreadable { .. }
            | Self::BlankFlag { .. }
            | Self::StdinNeedsFlag { .. }
            | Self::ProfileName(_)
            | Self::NameTaken { .. } => 2,
            Self::NotRemoved { why, .. } => why.first().map_or(1, Self::exit_code),
            Self::NotTakenBack { why, .. } => why.exit_code(),
            Self::Config(error) => error.exit_code(),
            Self::Keychain(error) | Self::NotStored { error, .. } => error.exit_code(),
            Self::Mixed(_) => 11,
            Self::KeyFile { .. } | Self::AuthDir { .. } | Self::Mask(_) | Self::NoHome => 30,
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
            Self::Missing { missing, individual, passed_over } => {
                missing::explain(explanation, missing, *individual, passed_over.as_deref())
            }
            Self::Id { what, place, origin, defect } => explanation
                .fact(*what, format!("from {origin}"))
                .advice(defect.remedy(place)),
            Self::Swapped { key_id, issuer_id } => explanation
                .fact(key_id.to_string(), credential::Swapped::KEY_ID_HOLDS)
                .fact(issuer_id.to_string(), credential::Swapped::ISSUER_ID_HOLDS)
                .advice(credential::Swapped::REMEDY),
            Self::Key { origin, defect } => explanation
                .fact(".p8", format!("from {origin}"))
                .advice(defect.remedy()),
            Self::KeyInPath { origin: origin @ Origin::Flag(told) } => {
                explanation.fact(".p8", format!("from {origin}")).advice(format!(
                    "Others can see the arguments of a process. Write {told} and the path of the .p8 file, or {told} - \
                     and give the key on standard input."
                ))
            }
            Self::KeyInPath { origin } => explanation.fact(".p8", format!("from {origin}")).advice(
                "Give the path of the file that holds it. The key itself goes into ASC_PRIVATE_KEY or ASC_PRIVATE_KEY_B64 \
                 (in the GitHub Action: the input private-key).",
            ),
            Self::StdinNeedsFlag { .. } => explanation.advice("Write --private-key-path - to read the key from standard input."),
            Self::KeyFile { origin, path, .. } => match path {
                Some(path) => explanation.fact("file", format!("{path}, from {origin}")),
                None => explanation.fact("file", format!("from {origin}")),
            }
            .advice(key_file_advice(origin, path.as_deref())),
            Self::InAppPurchaseKey { origin, .. } => explanation
                .fact(".p8", format!("from {origin}"))
                .advice(KeyFileName::IN_APP_PURCHASE_REMEDY),
            Self::NoSuchProfile { origin, stored, .. } => {
                stored.explain(explanation.fact("profile", format!("from {origin}")))
            }
            Self::NoDefaultProfile { name, said_by, stored } => stored
                .explain(explanation.fact("profile", format!("{}, from {said_by}", told_name(name))))
                .advice("Store it again with asc-auth login, or make another the default with asc-auth switch."),
            Self::NoDefaultAmong { known } => explanation.fact("profiles", names(known)).advice(
                "Name one with --profile or ASC_PROFILE, or make one the default with asc-auth switch --name NAME.",
            ),
            Self::ProfileKind { origin } => explanation
                .fact("key type", format!("from {origin}; team and individual are known"))
                .advice(store_again(origin)),
            Self::ProfileName(_) => explanation
                .advice("A name is visible text of at most 64 characters, such as MyApp."),
            Self::NameTaken { name, stored_in } => explanation
                .fact("profile", format!("{}, in {stored_in}", told_name(name)))
                .advice("Nothing was changed. Replace it with --force, or give another --name."),
            Self::NotStored { error, instead } => instead
                .iter()
                .fold(explanation, |explanation, file| explanation.fact("instead", would_go_to(file)))
                .advice(if instead.is_some() { error.remedy().to_owned() } else { error.advice() }),
            Self::NotTakenBack { name, error, .. } => explanation
                .fact("profile", format!("{}, in keychain", told_name(name)))
                .advice(format!(
                    "The keychain may hold the new profile of this name, the one before it, or none. Look with asc-auth \
                     status, and then run this again, or remove it with asc-auth logout. {}",
                    error.advice()
                )),
            Self::NotRemoved { gone, why } => explain_rest(explanation, gone, why),
            Self::NoHome => explanation.fact(HOME, "not set, or no absolute path").advice(
                "Nothing was stored. Set it, or name a config file with ASC_CONFIG_PATH; login --local stores in \
                 ./.asc/config.json.",
            ),
            Self::Config(error) => explanation.advice(error.advice()),
            Self::Keychain(error) => explanation.advice(error.advice()),
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

const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

fn would_go_to(file: &Path) -> String {
    format!(
        "--bypass-keychain stores in {}, with the path of the key",
        file.display()
    )
}

/// What is gone, and for each place that failed why. The first says what to do.
fn explain_rest(explanation: Explanation, gone: &[String], why: &[SourceError]) -> Explanation {
    let explanation = gone
        .iter()
        .fold(explanation, |explanation, item| explanation.fact("removed", item));
    let explanation = why.iter().fold(explanation, |explanation, error| {
        explanation.fact("failed", error.to_string())
    });
    match why.first().map(SourceError::explain) {
        Some(first) => explanation.advice(first.advice),
        None => explanation,
    }
}

/// The names of some, as a sentence has them.
fn names(known: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = known.iter().take(SHOWN).map(|name| told_name(name)).collect();
    if known.len() > SHOWN {
        names.push(format!("and {} more", known.len() - SHOWN));
    }
    names.join(", ")
}

impl Stored {
    fn explain(&self, explanation: Explanation) -> Explanation {
        let explanation = explanation.fact("not in", list(&self.places));
        let explanation = match &self.keychain {
            Some(error) => explanation.fact("keychain", error.to_string()),
            None => explanation,
        };
        if self.names.is_empty() {
            return explanation.advice(
                "No profile is stored here. Store one with asc-auth login, or leave the profile out, and give \
                 ASC_KEY_ID, ASC_ISSUER_ID and a private key instead.",
            );
        }
        explanation
            .fact("stored", names(&self.names))
            .advice("Name one of these, or store another with asc-auth login.")
    }
}

fn key_file_advice(origin: &Origin, path: Option<&str>) -> String {
    let advice = match path {
        _ if matches!(origin, Origin::Profile { .. }) => {
            return format!(
                "The file has moved, or is not this user's to read. {}",
                store_again(origin)
            );
        }
        Some(path) if lay_in_private_dir(path) => {
            "It lay in a private directory that cleanup has removed: the env file of a setup put it there. Unset \
             ASC_PRIVATE_KEY_PATH and ASC_AUTH_DIR, and give the key again."
        }
        Some(path) if path.starts_with('~') => {
            "The shell did not expand ~, which stands in quotes or not at the beginning of its word. Write $HOME instead, \
             or the whole path."
        }
        _ => "A relative path is looked up from the working directory of this step.",
    };
    advice.to_owned()
}

/// How a profile is replaced where it is.
pub(super) fn store_again(profile: &Origin) -> String {
    let Origin::Profile { name, stored_in } = profile else {
        return "Store it again with asc-auth login --force.".to_owned();
    };
    let place = match stored_in {
        StoredIn::Keychain => "",
        local if *local == ConfigFile::local().stored_in() => " --local",
        StoredIn::Config(_) => " --bypass-keychain",
    };
    format!(
        "Store the profile again:\nasc-auth login --name {} --force{place} --key-id ID --issuer-id ID --private-key FILE",
        quoted(&told_name(name))
    )
}

fn lay_in_private_dir(path: &str) -> bool {
    path.split(['/', '\\']).any(is_private_name)
}

/// A long name may be a piece of a key in its place, and is not told.
fn no_profile(name: &str) -> String {
    match name.chars().count() {
        0..=20 => format!("no profile named {name:?}"),
        _ => "no profile of this name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_in_the_keychain_is_told_with_what_failed_first() {
        let failed = SourceError::NotTakenBack {
            why: Box::new(SourceError::Config(ConfigError::Write {
                file: "~/.asc/config.json".to_owned(),
                reason: "the disk is full".to_owned(),
            })),
            name: "MyApp".to_owned(),
            error: KeychainError::TimedOut { seconds: 10 },
        };
        assert_eq!(
            failed.to_string(),
            "~/.asc/config.json could not be changed: the disk is full; and what was written to the keychain could not \
             be taken back: the keychain did not answer within 10 seconds"
        );
        assert_eq!(failed.exit_code(), 30);
        let advice = failed.explain().advice;
        assert!(!advice.contains("Nothing was changed"), "{advice}");
        assert!(
            advice.contains("asc-auth logout") && advice.contains("--bypass-keychain"),
            "{advice}"
        );
    }
}
