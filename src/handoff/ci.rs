//! The CI systems that a credential can be handed to, and how each is recognised.

use super::HandoffError;
use crate::source::{Environment, parse_bool};

/// A CI, or what stands in for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions: workflow commands and files.
    GitHub,
    /// GitLab CI: an env file.
    GitLab,
    /// Azure Pipelines: logging commands.
    Azure,
    /// Any shell: an env file.
    Shell,
}

/// The variable by which each is known, and its value: the CIs' own documentation names them.
const SIGNS: [(&str, &str, Ci); 3] = [
    ("GITHUB_ACTIONS", "true", Ci::GitHub),
    ("GITLAB_CI", "true", Ci::GitLab),
    ("TF_BUILD", "True", Ci::Azure),
];

impl Ci {
    /// The CI that this process runs in, as far as the environment tells.
    pub fn detect(environment: &Environment) -> Option<Self> {
        Self::signs(environment).next().map(|(_, ci)| ci)
    }

    /// The CI that was named, else the one that is recognised. Neither is guessed.
    pub fn choose(named: Option<Self>, environment: &Environment) -> Result<Self, HandoffError> {
        if let Some(ci) = named {
            return Ok(ci);
        }
        let mut signs = Self::signs(environment);
        match (signs.next(), signs.next()) {
            (None, _) => Err(HandoffError::NoCi),
            (Some((_, ci)), None) => Ok(ci),
            (Some((first, _)), Some((second, _))) => Err(HandoffError::SeveralCis { first, second }),
        }
    }

    fn signs(environment: &Environment) -> impl Iterator<Item = (&'static str, Self)> {
        SIGNS
            .iter()
            .filter(|(variable, value, _)| {
                environment
                    .get(variable)
                    .text()
                    .is_some_and(|text| text.eq_ignore_ascii_case(value))
            })
            .map(|(variable, _, ci)| (*variable, *ci))
    }
}

/// GitLab's debug trace prints every variable of the job, the token's among them, and nothing can mask that.
pub fn refuse_debug_trace(environment: &Environment) -> Result<(), HandoffError> {
    const VARIABLE: &str = "CI_DEBUG_TRACE";
    match environment.get(VARIABLE).text() {
        // What can't be read may be on.
        Some(text) if parse_bool(text) != Some(false) => Err(HandoffError::DebugTrace { variable: VARIABLE }),
        _ => Ok(()),
    }
}
