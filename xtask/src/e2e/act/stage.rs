//! What every case plays on, and what it asks of a job that has ended.

use std::{collections::BTreeMap, error::Error, path::Path};

use serde_json::{Value, json};
use simulator::Simulator;

use super::{
    super::{
        apple::{Team, no_secret_in, no_secret_left, nothing_runs, require},
        release::Release,
    },
    runner::{Act, Ended, Job},
};
use crate::Outcome;

/// What a case plays on: the runner, the binary, and an Apple of its own.
pub(super) struct Stage<'a> {
    pub(super) act: &'a Act,
    pub(super) release: &'a Release,
    pub(super) binary: &'a Path,
    pub(super) apple: Simulator,
}

impl<'a> Stage<'a> {
    pub(super) fn new(act: &'a Act, release: &'a Release, binary: &'a Path) -> Self {
        Self {
            act,
            release,
            binary,
            apple: Simulator::start(),
        }
    }

    pub(super) fn team(&self) -> Team {
        Team::known_to(&self.apple)
    }

    /// The workflow of this name, whose log has it too.
    pub(super) fn start(&self, workflow: &str, secrets: &BTreeMap<String, String>) -> Result<Job, Box<dyn Error>> {
        self.start_with(workflow, workflow, secrets, [])
    }

    /// A workflow whose log has the name of the case, with more variables.
    pub(super) fn start_with<const N: usize>(
        &self,
        case: &str,
        workflow: &str,
        secrets: &BTreeMap<String, String>,
        vars: [(&str, String); N],
    ) -> Result<Job, Box<dyn Error>> {
        let common = [
            ("BINARY", self.binary.display().to_string()),
            ("API_URL", self.apple.url()),
        ];
        let all = common.into_iter().chain(vars);
        let all = all.map(|(name, value)| (name.to_owned(), value)).collect();
        self.act.start(case, workflow, secrets, &all)
    }

    /// What holds after every job: the post step ran and removed everything, nothing of ours still
    /// runs, and no secret is in the log or in any file left on disk.
    pub(super) fn left_nothing(&self, job: &Ended, teams: &[&Team]) -> Outcome {
        require(
            job.log.contains("Success - Post App Store Connect"),
            "the post step did not run, or failed",
        )?;
        let left = observed(job, "at-the-end")?;
        require(left == json!({}), &format!("the post step left {left}"))?;
        nothing_runs(self.binary)?;
        no_secret_in("the log", &job.log, &self.apple, teams)?;
        no_secret_left(&job.left, &self.apple, teams)
    }
}

pub(super) fn secrets_of(team: &Team) -> BTreeMap<String, String> {
    [
        ("ASC_KEY_ID".to_owned(), team.key_id.clone()),
        ("ASC_ISSUER_ID".to_owned(), team.issuer_id.clone()),
        ("ASC_PRIVATE_KEY".to_owned(), team.key.pem()),
    ]
    .into()
}

/// The action's step failed with this exit code and an annotation that says this, and the job ended.
pub(super) fn stopped_with(job: &Ended, code: i32, message: &str) -> Outcome {
    require(!job.succeeded, "the job succeeded")?;
    require(!job.results.contains_key("reached"), "the job went on")?;
    let annotation = job.log.lines().find(|line| line.contains("::error title="));
    let annotation = annotation.ok_or("there is no annotation")?;
    require(
        annotation.contains(message),
        &format!("the annotation says: {annotation}"),
    )?;
    let ending = format!("exit status {code}");
    require(
        job.log.lines().any(|line| line.ends_with(&ending)),
        &format!("the step did not end with {ending}"),
    )
}

/// What the observer with this report saw in its post step.
pub(super) fn observed(job: &Ended, report: &str) -> Result<Value, Box<dyn Error>> {
    let lines: Vec<&str> = job
        .results
        .get(report)
        .map(|report| report.lines().collect())
        .unwrap_or_default();
    let [_main, post] = lines.as_slice() else {
        return Err("the observer's post step did not run".into());
    };
    Ok(serde_json::from_str(post)?)
}
