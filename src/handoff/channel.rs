//! The way to the steps that follow, opened before anything is done, so that nothing is done in vain.

use super::{Ci, For, GitHub, HandoffError, Place, PrivateDir, refuse_debug_trace};
use crate::source::Environment;

/// How a credential is handed over.
#[derive(Debug)]
pub enum Channel {
    /// The runner's files.
    GitHub(GitHub),
    /// Logging commands.
    Azure,
    /// An env file.
    Shell,
}

impl Channel {
    pub fn open(ci: Ci, environment: &Environment) -> Result<Self, HandoffError> {
        match ci {
            Ci::GitHub => Ok(Self::GitHub(GitHub::open(environment)?)),
            Ci::Azure => Ok(Self::Azure),
            Ci::GitLab | Ci::Shell => {
                refuse_debug_trace(environment)?;
                Ok(Self::Shell)
            }
        }
    }

    /// Whether nobody but this process may know of the private directory until it is handed over.
    pub fn has_no_record(&self) -> bool {
        !matches!(self, Self::GitHub(_))
    }

    /// Creates the private directory where clean-up will look for it.
    pub fn create_private_dir(&self, environment: &Environment) -> Result<PrivateDir, HandoffError> {
        match self {
            Self::GitHub(github) => PrivateDir::create(&Place::in_github_step(environment), For::Job, |path| {
                github.record_private_dir(path)
            }),
            Self::Azure => PrivateDir::create(&Place::of(environment), For::Job, |_| Ok(())),
            Self::Shell => {
                let place = Place::of(environment);
                let is_in_ci = place.job_dir().is_some() || Ci::detect(environment).is_some();
                let made_for = if is_in_ci { For::Job } else { For::Callers };
                PrivateDir::create(&place, made_for, |_| Ok(()))
            }
        }
    }
}
