//! Where private directories are made: the CI's own temporary directory, and in it a directory of the job.
//!
//! The job's directory has a name that can be worked out again, so that a clean-up which was told nothing finds what
//! a killed process left. A name that others can foresee is safe because it is only ever created, and what exists
//! already must be this user's own directory, closed to everybody else.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Ci, GitHub, HandoffError, Removal};
use crate::{
    private_files::{self, Unfit},
    random,
    source::Environment,
    text::io_reason,
};

const GITLAB_TEMP: &str = "RUNNER_TEMP_PROJECT_DIR";

const JOB_PREFIX: &str = "asc-auth-job-";

/// A longer ID is told by its digest.
const LONGEST_ID: usize = 64;

/// The variables that name a job, each its CI's own: GitLab, Azure Pipelines, CircleCI, Bitrise, Buildkite, Jenkins.
/// GitHub is not among them: its runner empties its temporary directory itself.
const JOB_IDS: [&str; 6] = [
    "CI_JOB_ID",
    "SYSTEM_JOBID",
    "CIRCLE_WORKFLOW_JOB_ID",
    "BITRISE_BUILD_SLUG",
    "BUILDKITE_JOB_ID",
    "BUILD_TAG",
];

/// A directory to make private directories in.
#[derive(Clone, Debug)]
pub struct Place {
    /// What named the temporary directory.
    variable: &'static str,
    temp: PathBuf,
    job: Option<PathBuf>,
}

impl Place {
    /// The place in a step of a GitHub job.
    pub fn in_github_step(environment: &Environment) -> Self {
        Self::in_temp(GitHub::TEMP, environment, None)
    }

    /// The place that this environment names, whatever CI is handed over to: clean-up must come to the same one.
    pub fn of(environment: &Environment) -> Self {
        let variable = match Ci::detect(environment) {
            Some(Ci::GitHub) => return Self::in_github_step(environment),
            Some(Ci::GitLab) => GITLAB_TEMP,
            Some(Ci::Azure) => "AGENT_TEMPDIRECTORY",
            Some(Ci::Shell) | None => "TMPDIR",
        };
        let job = JOB_IDS.iter().find_map(|name| {
            let presence = environment.get(name);
            Some(format!("{JOB_PREFIX}{}", file_name_of(presence.text()?)))
        });
        Self::in_temp(variable, environment, job)
    }

    /// The place where there is no CI.
    pub(super) fn outside_of_ci(environment: &Environment) -> Self {
        Self::in_temp("TMPDIR", environment, None)
    }

    fn in_temp(variable: &'static str, environment: &Environment, job: Option<String>) -> Self {
        let named = [variable, "TMPDIR"]
            .into_iter()
            .find_map(|name| Some((name, environment.path(name)?)));
        let (variable, temp) = named.unwrap_or_else(|| ("the system's temporary directory", default_temp()));
        // Without the slash at the end behind which a link would be followed.
        let temp: PathBuf = temp.components().collect();
        Self {
            variable,
            job: job.map(|name| temp.join(name)),
            temp,
        }
    }

    /// Where the private directory goes.
    pub(super) fn directory(&self) -> &Path {
        self.job.as_ref().unwrap_or(&self.temp)
    }

    /// The temporary directory.
    pub(super) fn temp(&self) -> &Path {
        &self.temp
    }

    /// The temporary directory must be a real one; one that is to be made is.
    pub(super) fn prepare(&self) -> Result<(), HandoffError> {
        if self.temp.is_absolute() && self.is_to_be_made() {
            fs::create_dir_all(&self.temp).map_err(|error| self.bad(io_reason(&error)))?;
        }
        self.check()
    }

    /// GitLab's runner names its directory and makes it when it needs it itself.
    fn is_to_be_made(&self) -> bool {
        self.variable == GITLAB_TEMP && !self.temp.exists()
    }

    /// Whether private directories can be made here. Nothing is made.
    pub fn check(&self) -> Result<(), HandoffError> {
        if !self.temp.is_absolute() {
            return Err(self.bad("it is not an absolute path".to_owned()));
        }
        if self.is_to_be_made() {
            return Ok(());
        }
        let metadata = fs::symlink_metadata(&self.temp).map_err(|error| self.bad(io_reason(&error)))?;
        if metadata.is_symlink() {
            return Err(self.bad("it is a symbolic link".to_owned()));
        }
        if !metadata.is_dir() {
            return Err(self.bad("it is not a directory".to_owned()));
        }
        Ok(())
    }

    /// Makes the job's directory, or makes sure that the one which is there can be trusted.
    pub(super) fn ensure_job_dir(&self) -> Result<(), HandoffError> {
        let Some(job) = &self.job else {
            return Ok(());
        };
        match private_files::create_dir(job) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match private_files::check_dir(job) {
                // Gone again: whoever asked tries again.
                Ok(()) | Err(Unfit::Missing) => Ok(()),
                Err(unfit) => Err(HandoffError::JobDir {
                    path: job.clone(),
                    unfit,
                }),
            },
            // Made, and removed by another process before it was looked at: likewise.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.temp.is_dir() => Ok(()),
            created => created.map_err(|error| self.bad(io_reason(&error))),
        }
    }

    /// Removes the job's directory with all that this job has left in it.
    pub fn remove_job_dir(&self) -> Result<Removal, HandoffError> {
        let Some(job) = &self.job else {
            return Ok(Removal::NothingThere);
        };
        match private_files::check_dir(job) {
            Err(Unfit::Missing) => return Ok(Removal::NothingThere),
            Err(unfit) => {
                return Err(HandoffError::JobDir {
                    path: job.clone(),
                    unfit,
                });
            }
            Ok(()) => {}
        }
        match private_files::remove_dir(job) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HandoffError::remove(job, &error)),
            _ => Ok(Removal::Removed),
        }
    }

    /// The job's directory, if the CI names its jobs.
    pub fn job_dir(&self) -> Option<&Path> {
        self.job.as_deref()
    }

    pub(super) fn bad(&self, why: String) -> HandoffError {
        HandoffError::BadTemp {
            variable: self.variable,
            path: self.temp.clone(),
            why,
        }
    }
}

/// Whether this path is a job's directory, by its name.
pub(super) fn is_job_dir(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with(JOB_PREFIX))
}

/// The ID itself if it is fit for a name, else a digest of it. A job's name may hold anything.
fn file_name_of(id: &str) -> String {
    let is_fit = id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_fit {
        id.to_owned()
    } else {
        random::digits(&Sha256::digest(id)[..16])
    }
}

/// macOS keeps `/tmp` behind a link.
fn default_temp() -> PathBuf {
    let temp = env::temp_dir();
    temp.canonicalize().unwrap_or(temp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Place {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Place::of(&Environment::Fixed(variables.collect()))
    }

    #[test]
    fn each_ci_has_its_temporary_directory_and_its_jobs() {
        for (variables, directory) in [
            (
                &[("GITHUB_ACTIONS", "true"), ("RUNNER_TEMP", "/r"), ("CI_JOB_ID", "7")][..],
                "/r",
            ),
            (
                &[
                    ("GITLAB_CI", "true"),
                    ("RUNNER_TEMP_PROJECT_DIR", "/b/p.tmp"),
                    ("CI_JOB_ID", "7"),
                ],
                "/b/p.tmp/asc-auth-job-7",
            ),
            (
                &[("GITLAB_CI", "true"), ("TMPDIR", "/t"), ("CI_JOB_ID", "7")],
                "/t/asc-auth-job-7",
            ),
            (
                &[
                    ("TF_BUILD", "True"),
                    ("AGENT_TEMPDIRECTORY", "/a/_temp"),
                    ("SYSTEM_JOBID", "12f1170f-54f2"),
                ],
                "/a/_temp/asc-auth-job-12f1170f-54f2",
            ),
            (&[("TMPDIR", "/t/")], "/t"),
            (
                &[("TMPDIR", "/t"), ("BUILDKITE_JOB_ID", "0189-ab")],
                "/t/asc-auth-job-0189-ab",
            ),
        ] {
            assert_eq!(place(variables).directory(), Path::new(directory), "{variables:?}");
        }
    }

    #[test]
    fn an_id_that_is_no_name_is_told_by_its_digest() {
        for id in ["jenkins-My App-12", "../../etc", "a/b", &"x".repeat(65)] {
            let place = place(&[("TMPDIR", "/t"), ("BUILD_TAG", id)]);
            let name = place
                .directory()
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            let digits = name.strip_prefix(JOB_PREFIX).expect("the prefix");
            assert!(
                digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
                "{name}"
            );
            assert_eq!(place.directory().parent(), Some(Path::new("/t")));
        }
    }
}
