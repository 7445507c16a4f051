//! Sources that contradict each other: an error under strict-auth, a warning without.

use super::{
    key_material::Contender,
    places::Origin,
    profiles::{StoredIn, told_name},
};
use crate::{credential::KeyFileName, explanation::Explanation};

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
    /// Places that store different profiles under one name.
    StoredTwice {
        name: String,
        used: StoredIn,
        others: Vec<StoredIn>,
    },
    /// What is given is not all, and the default profile has the rest.
    Completed { given: Vec<Origin>, profile: Origin },
    /// The key file's name says something else than was given.
    FileName {
        file: Origin,
        name: String,
        says: String,
        origin: Origin,
    },
}

impl Mix {
    /// How the warning of a [`Mix::StoredTwice`] begins: for who has told of it in another way.
    pub const STORED_TWICE: &str = "two different profiles are stored under one name";

    pub(super) fn title(&self) -> String {
        match self {
            Self::Keys(contenders) => format!("{} private keys were given, and they differ", count(contenders.len())),
            Self::Values { what, .. } => format!("the {what} was given twice, and the values differ"),
            Self::Profile { .. } => "a profile was named, and credentials were given beside it".to_owned(),
            Self::StoredTwice { .. } => Self::STORED_TWICE.to_owned(),
            Self::Completed { .. } => {
                "a part of the credential was given, and only a stored profile has the rest".to_owned()
            }
            Self::FileName { .. } => KeyFileName::CONTRADICTION.to_owned(),
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
            Self::StoredTwice { name, used, others } => {
                format!(
                    "{}, {}: the one in {used} is used, not the one in {}",
                    self.title(),
                    told_name(name),
                    list(others)
                )
            }
            Self::Completed { given, profile } => {
                format!("{}: {} and {profile} are used together", self.title(), list(given))
            }
            Self::FileName { name, says, origin, .. } => {
                format!(
                    "{}: {name} means {says}, and {origin} says otherwise; {origin} is used",
                    self.title()
                )
            }
        }
    }

    pub(super) fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.title());
        match self {
            Self::Keys(contenders) => contenders
                .iter()
                .fold(explanation, |explanation, (origin, contender)| {
                    explanation.fact(
                        origin.to_string(),
                        match contender {
                            Contender::Key(fingerprint) => format!("key with fingerprint {fingerprint}"),
                            Contender::Unusable(reason) => format!("no usable key: {reason}"),
                        },
                    )
                })
                .advice("strict-auth is on, so nothing was chosen. Unset all but one of them."),
            Self::Values { first, second, .. } => explanation
                .fact(first.to_string(), "set")
                .fact(second.to_string(), "set to something else")
                .advice("strict-auth is on, so nothing was chosen. Unset one of them."),
            Self::Profile { profile, others } => others
                .iter()
                .fold(
                    explanation.fact(profile.to_string(), "names a profile"),
                    |explanation, origin| explanation.fact(origin.to_string(), "set"),
                )
                .advice("strict-auth is on, so nothing was chosen. Name the profile alone, or leave it out."),
            Self::StoredTwice { name, used, others } => others
                .iter()
                .fold(
                    explanation
                        .fact("profile", told_name(name))
                        .fact(used.to_string(), "stores it"),
                    |explanation, place| explanation.fact(place.to_string(), "stores another one"),
                )
                .advice(
                    "strict-auth is on, so nothing was chosen. asc-auth logout with --name removes all of them, with \
                     --local the one in ./.asc/config.json alone, and with --bypass-keychain none in the keychain. To \
                     keep both, store one again under another name with asc-auth login.",
                ),
            Self::Completed { given, profile } => given
                .iter()
                .fold(explanation, |explanation, origin| {
                    explanation.fact(origin.to_string(), "set")
                })
                .fact(profile.to_string(), "has the rest")
                .advice(
                    "strict-auth is on, so nothing was put together. Give all of the credential, or nothing of it.",
                ),
            Self::FileName {
                file,
                name,
                says,
                origin,
            } => explanation
                .fact(file.to_string(), format!("{name}, which means {says}"))
                .fact(origin.to_string(), "says otherwise")
                .advice(KeyFileName::CONTRADICTION_REMEDY),
        }
    }
}

fn count(number: usize) -> String {
    match number {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        n => n.to_string(),
    }
}

/// As a sentence has them.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}
