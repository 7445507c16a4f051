//! What every case plays on, and what it asks of a pipeline that has ended.

use std::{error::Error, path::Path};

use simulator::Simulator;

use super::{
    super::{
        apple::{Team, no_secret_in, no_secret_left, nothing_runs, require},
        release::Release,
    },
    runner::{Ended, GitLab, Pipeline},
};
use crate::Outcome;

/// What a case plays on: the runner, the binary, and an Apple of its own.
pub(super) struct Stage<'a> {
    pub(super) gitlab: &'a GitLab,
    pub(super) release: &'a Release,
    pub(super) binary: &'a Path,
    pub(super) apple: Simulator,
}

impl<'a> Stage<'a> {
    pub(super) fn new(gitlab: &'a GitLab, release: &'a Release, binary: &'a Path) -> Self {
        Self {
            gitlab,
            release,
            binary,
            apple: Simulator::start(),
        }
    }

    pub(super) fn team(&self) -> Team {
        Team::known_to(&self.apple)
    }

    /// `xtask/e2e/pipelines/<name>.yml` in a project that brings the binary.
    pub(super) fn pipeline(&self, name: &str) -> Pipeline {
        let e2e = self.gitlab.root.join("xtask/e2e");
        GitLab::pipeline()
            .file(
                ".gitlab-ci.yml",
                &e2e.join("pipelines").join(name).with_extension("yml"),
            )
            .file("tools/public-key.mjs", &e2e.join("public-key.mjs"))
            .file("tools/asc-auth", self.binary)
            .variable("ASC_API_URL", &self.apple.url())
    }

    pub(super) fn run(&self, case: &str, pipeline: &Pipeline) -> Result<Ended, Box<dyn Error>> {
        self.gitlab.run(case, pipeline)
    }

    /// The token of the one request with this query, which Apple accepted.
    pub(super) fn accepted(&self, query: &str, team: &Team) -> Result<String, Box<dyn Error>> {
        let requests = self.apple.requests();
        let mut those = requests
            .iter()
            .filter(|request| request.query.as_deref() == Some(query));
        let (Some(request), None) = (those.next(), those.next()) else {
            return Err(format!("not one request with {query}").into());
        };
        let token = request.token.as_ref().ok_or("a request without a token")?;
        let verified = token.signature_verified && token.key_id() == Some(&team.key_id);
        require(verified && request.status == Some(200), "a job's token was refused")?;
        Ok(token.raw.clone())
    }

    /// What the pipeline `token` must have written down.
    pub(super) fn handed_over(&self, job: &Ended, team: &Team) -> Outcome {
        require(job.succeeded, "the pipeline failed")?;
        let token = self.accepted_last("limit=2", team)?;
        require(
            job.result("public-key")? == team.public_key(),
            "the key file holds another key",
        )?;
        let expiry = jiff::Timestamp::from_second(token)?;
        let expected = format!("{}\n{}\nteam\n{expiry}\n", team.key_id, team.issuer_id);
        let handed_over = job.result("handed-over")?;
        require(
            handed_over == expected,
            &format!("{handed_over:?} was handed over instead of {expected:?}"),
        )?;
        let (directory, key) = job.result("paths")?.trim_end().split_once('\n').ok_or("no paths")?;
        require(
            key == format!("{directory}/AuthKey_{}.p8", team.key_id) && directory.contains("/asc-auth-job-"),
            &format!("the key is {key}, the directory {directory}"),
        )?;
        require(
            job.result("on-path")?.starts_with("asc-auth "),
            "asc-auth is not on PATH",
        )?;
        self.left_nothing(job, &[team])
    }

    /// When the token of the last request with this query expires; Apple accepted it.
    fn accepted_last(&self, query: &str, team: &Team) -> Result<i64, Box<dyn Error>> {
        let requests = self.apple.requests();
        let mut those = requests
            .iter()
            .filter(|request| request.query.as_deref() == Some(query));
        let request = those.next_back().ok_or("the job asked Apple nothing")?;
        let token = request.token.as_ref().ok_or("a request without a token")?;
        let verified = token.signature_verified && token.key_id() == Some(&team.key_id);
        require(verified && request.status == Some(200), "the job's token was refused")?;
        Ok(token.expires_at().ok_or("the token has no exp")?)
    }

    /// What holds after every pipeline: the job directories are gone, nothing of ours still runs, and no
    /// secret is in the log or in any file left on disk.
    pub(super) fn left_nothing(&self, job: &Ended, teams: &[&Team]) -> Outcome {
        require(
            job.in_temporary.is_empty(),
            &format!("the jobs left {}", job.in_temporary.join(", ")),
        )?;
        nothing_runs(self.binary)?;
        no_secret_in("the log", &job.log, &self.apple, teams)?;
        no_secret_left(&job.left, &self.apple, teams)
    }
}

impl Pipeline {
    /// A team's credential, the key as text.
    pub(super) fn of(self, team: &Team) -> Self {
        self.variable("ASC_KEY_ID", &team.key_id)
            .variable("ASC_ISSUER_ID", &team.issuer_id)
            .variable("ASC_PRIVATE_KEY", &team.key.pem())
    }
}

/// The job failed with this exit code and said this, and nothing came after it.
pub(super) fn refused(ended: &Ended, job: &str, code: i32, message: &str) -> Outcome {
    ended.failed_with(job, code)?;
    require(ended.log.contains(message), &format!("the log does not say: {message}"))?;
    require(!ended.results.contains_key("reached"), "the pipeline went on")
}
