//! The tools that read a credential in a way of their own, by name. What each reads, `handoff` knows.

use thiserror::Error;

use crate::explanation::Explanation;

/// A tool, or a family of tools, that reads a credential in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    Asc,
    Fastlane,
    Altool,
    Codemagic,
    Expo,
    Tauri,
    ElectronBuilder,
    Quill,
}

/// Why a list of conventions can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConventionError {
    #[error("export knows no tool named {name:?}")]
    Unknown { name: String },
    #[error("{variable} can't serve both {first} and {second}")]
    Clash {
        variable: &'static str,
        first: &'static str,
        second: &'static str,
    },
}

impl ConventionError {
    pub fn explain(&self) -> Explanation {
        Explanation::new(self.to_string()).advice(match self {
            Self::Unknown { .. } => format!(
                "Give one or more of these, with commas between them: {}.",
                Convention::ALL.map(Convention::name).join(", ")
            ),
            Self::Clash { .. } => {
                "Export for one of them, and set the other's variables from the step's outputs.".to_owned()
            }
        })
    }
}

impl Convention {
    pub const ALL: [Self; 8] = [
        Self::Asc,
        Self::Fastlane,
        Self::Altool,
        Self::Codemagic,
        Self::Expo,
        Self::Tauri,
        Self::ElectronBuilder,
        Self::Quill,
    ];

    /// As `--export` and the action's `export` spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Fastlane => "fastlane",
            Self::Altool => "altool",
            Self::Codemagic => "codemagic",
            Self::Expo => "expo",
            Self::Tauri => "tauri",
            Self::ElectronBuilder => "electron-builder",
            Self::Quill => "quill",
        }
    }

    /// Reads a list with commas; `none` and an empty text are no conventions.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, ConventionError> {
        let mut chosen = Vec::new();
        for name in text
            .split([',', '\n'])
            .map(str::trim)
            .filter(|name| !name.is_empty() && *name != "none")
        {
            let convention = Self::ALL
                .into_iter()
                .find(|known| known.name() == name)
                .ok_or_else(|| ConventionError::Unknown {
                    name: shown(name).to_owned(),
                })?;
            if !chosen.contains(&convention) {
                chosen.push(convention);
            }
        }
        if chosen.contains(&Self::Tauri) && chosen.contains(&Self::ElectronBuilder) {
            return Err(ConventionError::Clash {
                variable: "APPLE_API_KEY",
                first: Self::Tauri.name(),
                second: Self::ElectronBuilder.name(),
            });
        }
        Ok(chosen)
    }
}

/// The name, if it is one: what has other characters may be a secret in the wrong place.
fn shown(name: &str) -> &str {
    let is_name = name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if is_name { name } else { "an unprintable name" }
}
