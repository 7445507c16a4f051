//! The version that a release tag names. Three numbers and nothing else: there are no pre-releases, and what
//! GitLab's catalogue takes is the same.

use std::{error::Error, str::FromStr};

/// Parsed from `release-1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: [u32; 3],
}

impl Version {
    /// As Cargo has it, and the component's tag: `1.0.0`.
    pub(super) fn number(&self) -> String {
        self.numbers.map(|number| number.to_string()).join(".")
    }

    /// The tag of the release: `v1.0.0`.
    pub(super) fn tag(&self) -> String {
        format!("v{}", self.number())
    }

    /// The tag that moves: `v1`.
    pub(super) fn major_tag(&self) -> String {
        format!("v{}", self.numbers[0])
    }
}

impl FromStr for Version {
    type Err = Box<dyn Error>;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{tag} is no release tag; they look like release-1.0.0");
        let numbers: Vec<u32> = tag
            .strip_prefix("release-")
            .ok_or_else(wrong)?
            .split('.')
            .map(|number| number.parse().map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        let version = Self {
            numbers: numbers.try_into().map_err(|_| wrong())?,
        };
        // Also no 01 and no +1, which a number may have been written as.
        if format!("release-{}", version.number()) == tag {
            Ok(version)
        } else {
            Err(wrong().into())
        }
    }
}
