//! The places one value can be given in: a flag, an input of the GitHub Action, an environment variable.
//!
//! A flag overrides field by field. An input and a variable are two sources of one rank: given twice with
//! different values they contradict each other, which [`Sources::find`] reports and its callers judge.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use zeroize::Zeroizing;

use super::{
    SourceError,
    auth_dir::AUTH_DIR,
    environment::{Environment, Presence},
    profiles::{Profiles, StoredIn, told_name},
};
use crate::credential::tidy;

/// Where a value came from. Its text names the place and never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Input(&'static str),
    Variable(&'static str),
    /// The variable that a flag names.
    NamedVariable(String),
    /// The name of the key file says it.
    FileName(String),
    /// A stored profile: its name, and where it is stored.
    Profile {
        name: String,
        stored_in: StoredIn,
    },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::NamedVariable(name) => f.write_str(name),
            Self::Input(name) => write!(f, "input {name}"),
            Self::FileName(name) => write!(f, "the file's name, {name}"),
            Self::Profile { name, stored_in } => write!(f, "profile {} ({stored_in})", told_name(name)),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// The names of one field, in the three ways of giving it.
#[derive(Debug)]
pub struct Field {
    pub what: &'static str,
    pub flag: Option<&'static str>,
    pub input: Option<&'static str>,
    pub variable: Option<&'static str>,
}

/// The flags that were given, by their names: how each was spelt, and its value.
#[derive(Clone, Default)]
pub struct Flags(BTreeMap<&'static str, (&'static str, Zeroizing<String>)>);

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Flags {
    #[must_use]
    pub fn with(self, name: &'static str, value: Option<&str>) -> Self {
        self.spelt(name, name, value)
    }

    /// The same for a command that knows the flag by another name, or has its value from somewhere else: messages say
    /// `told`.
    #[must_use]
    pub fn spelt(mut self, name: &'static str, told: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.insert(name, (told, Zeroizing::new(value.to_owned())));
        }
        self
    }
}

/// Everything that values are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    flags: &'a Flags,
    pub(super) inputs: bool,
    reads_auth_dir: bool,
    flags_alone: bool,
    pub(super) environment: &'a Environment,
    /// Stored profiles that somebody else looks at as well. A keychain may ask a person each time, or hang.
    pub(super) profiles: Option<&'a Profiles>,
}

/// What there is where nothing is read but flags.
static NOTHING: Environment = Environment::Fixed(BTreeMap::new());

/// One place and what it holds.
#[derive(Debug)]
pub struct Place {
    pub origin: Origin,
    pub presence: Presence,
}

/// The places of one field, the highest rank first: a flag, an input and a variable, as far as it has them. No vector,
/// because every field of every command is looked up.
#[derive(Debug)]
pub struct Found([Option<Place>; 3]);

impl<'a> Sources<'a> {
    /// `inputs` says whether the runner's `INPUT_…` variables are this program's inputs.
    ///
    /// A flag with an empty value, which is what a misspelt shell variable gives, is refused here, so that no command
    /// can take it for absent: `--expect-app "$TYPO"` must not switch the check off.
    pub fn new(flags: &'a Flags, inputs: bool, environment: &'a Environment) -> Result<Self, SourceError> {
        match flags.0.values().find(|(_, value)| tidy(value).is_empty()) {
            Some((told, _)) => Err(SourceError::BlankFlag { name: told }),
            None => Ok(Self {
                flags,
                inputs,
                reads_auth_dir: false,
                flags_alone: false,
                environment,
                profiles: None,
            }),
        }
    }

    /// Flags and nothing else: no variable, and no stored profile.
    pub fn of_flags_alone(flags: &'a Flags) -> Result<Self, SourceError> {
        Ok(Self {
            flags_alone: true,
            ..Self::new(flags, false, &NOTHING)?
        })
    }

    /// The same for a command that may go on with what an earlier `setup` left.
    #[must_use]
    pub fn with_auth_dir(self) -> Self {
        Self {
            reads_auth_dir: true,
            ..self
        }
    }

    /// The same for a command that looks at stored profiles itself.
    #[must_use]
    pub fn with_profiles(self, profiles: &'a Profiles) -> Self {
        Self {
            profiles: Some(profiles),
            ..self
        }
    }

    /// The private directory that the environment names, for a command that reads one.
    pub(super) fn auth_dir(&self) -> Option<PathBuf> {
        self.environment.path(AUTH_DIR).filter(|_| self.reads_auth_dir)
    }

    /// Whether a stored profile may complete what was given. No job of a CI takes one that it did not name: where a pull
    /// request from a fork gets no secrets, it must not get the runner's own.
    pub(super) fn reads_default_profile(&self) -> bool {
        !self.inputs && !self.flags_alone && !self.environment.is_ci()
    }

    /// Whether a flag gives one of these fields.
    pub(super) fn gives_a_flag(&self, fields: &[&Field]) -> bool {
        fields
            .iter()
            .filter_map(|field| field.flag)
            .any(|name| self.flags.0.contains_key(name))
    }

    /// A variable of the environment that is no field.
    pub(super) fn variable(&self, name: &str) -> Presence {
        self.environment.get(name)
    }

    pub fn find(&self, field: &Field) -> Found {
        let flag = field.flag.map(|name| match self.flags.0.get(name) {
            Some((told, value)) => Place {
                origin: Origin::Flag(told),
                presence: Presence::of(Some(value.clone())),
            },
            None => Place {
                origin: Origin::Flag(name),
                presence: Presence::Unset,
            },
        });
        let input = field.input.filter(|_| self.inputs).map(|name| Place {
            origin: Origin::Input(name),
            presence: self.environment.get(&input_variable(name)),
        });
        let variable = field.variable.filter(|_| !self.flags_alone).map(|name| Place {
            origin: Origin::Variable(name),
            presence: self.environment.get(name),
        });
        Found([flag, input, variable])
    }

    /// The chosen value of a field whose value is no secret, and where it came from.
    pub fn text(&self, field: &Field) -> Option<(Origin, String)> {
        let found = self.find(field);
        let (origin, text) = found.chosen()?;
        Some((origin.clone(), tidy(text).to_owned()))
    }

    /// A field that must be readable as a boolean: promise 5, never a guess.
    pub fn boolean(&self, field: &Field) -> Result<Option<bool>, SourceError> {
        let found = self.find(field);
        let mut chosen = None;
        for (origin, text) in found.set() {
            let value = parse_bool(text).ok_or_else(|| SourceError::Unreadable {
                origin: origin.clone(),
                accepted: BOOLEANS,
            })?;
            chosen = chosen.or(Some(value));
        }
        Ok(chosen)
    }
}

impl Found {
    /// The first place that holds something.
    pub fn chosen(&self) -> Option<(&Origin, &str)> {
        self.set().next()
    }

    /// Every place that holds something, the highest rank first.
    pub fn set(&self) -> impl Iterator<Item = (&Origin, &str)> {
        self.0
            .iter()
            .flatten()
            .filter_map(|place| Some((&place.origin, place.presence.text()?)))
    }

    /// Every place that there is, also those that hold nothing.
    pub fn into_places(self) -> impl Iterator<Item = Place> {
        self.0.into_iter().flatten()
    }
}

const BOOLEANS: &str = "1, true, yes, on, y, t or 0, false, no, off, n, f";

/// The spellings of a boolean, in any case; anything else is no boolean.
pub fn parse_bool(text: &str) -> Option<bool> {
    match tidy(text).to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Some(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// How the runner spells an input's variable: upper case, spaces as `_`, dashes kept.
fn input_variable(name: &str) -> String {
    format!("INPUT_{}", name.to_uppercase().replace(' ', "_"))
}
