//! The environment as a value, so that tests need not change the process's own.

use std::{collections::BTreeMap, env, ffi::OsString, fmt, path::PathBuf};

use zeroize::Zeroizing;

use super::places::parse_bool;

/// What the jobs of a CI have: GitHub Actions, GitLab, Azure Pipelines, Jenkins, TeamCity.
const CIS: [&str; 5] = [
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "TF_BUILD",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
];

/// Environment variables: the process's own, or a fixed set.
#[derive(Clone, Debug)]
pub enum Environment {
    Process,
    Fixed(BTreeMap<String, String>),
}

/// What a place holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Presence {
    Unset,
    /// Set, but empty or white space only: what a misspelt secret gives on GitHub.
    Blank,
    Set(Zeroizing<String>),
}

impl fmt::Debug for Presence {
    /// The value may be a secret that was put into the wrong place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset => "Unset",
            Self::Blank => "Blank",
            Self::Set(_) => "Set([redacted])",
        })
    }
}

impl Presence {
    pub fn of(text: Option<Zeroizing<String>>) -> Self {
        match text {
            None => Self::Unset,
            Some(text) if crate::credential::tidy(&text).is_empty() => Self::Blank,
            Some(text) => Self::Set(text),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Set(text) => Some(text),
            Self::Unset | Self::Blank => None,
        }
    }
}

impl Environment {
    /// The variable's text. One that is not Unicode is read with replacement characters, and is then refused
    /// by whoever parses it.
    pub fn get(&self, name: &str) -> Presence {
        // Into the wiping type without a copy: it may be the key.
        let text = self.raw(name).map(OsString::into_string);
        Presence::of(text.map(|text| Zeroizing::new(text.unwrap_or_else(|text| text.to_string_lossy().into_owned()))))
    }

    /// The variable as a path, if it is set and not blank.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let is_blank = |text: &OsString| text.to_str().is_some_and(|text| text.trim().is_empty());
        self.raw(name).filter(|text| !is_blank(text)).map(PathBuf::from)
    }

    /// This user's own directory, if the environment names one.
    pub fn home(&self) -> Option<PathBuf> {
        let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.path(variable).filter(|home| home.is_absolute())
    }

    /// Whether this is a job of a CI: nearly all of them set `CI`, and each of the others a variable of its own.
    pub fn is_ci(&self) -> bool {
        let says_ci = self.get("CI");
        let is_said = says_ci.text().is_some_and(|text| parse_bool(text) != Some(false));
        is_said || CIS.iter().any(|name| self.raw(name).is_some())
    }

    fn raw(&self, name: &str) -> Option<OsString> {
        match self {
            Self::Process => env::var_os(name),
            Self::Fixed(variables) => variables.get(name).map(OsString::from),
        }
    }
}
