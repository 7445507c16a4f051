//! The CI that this runs in, and what goes wrong in it: logs that tell too much, pull requests without secrets, temporary
//! directories that can hold no key.

use std::{fs, io::Read, path::Path};

use serde::Deserialize;

use super::finding::{Check, Finding};
use crate::{
    explanation::Explanation,
    handoff::{Ci, HandoffError, Place, refuse_debug_trace},
    source::{Environment, parse_bool},
};

/// No event of GitHub's is larger, in bytes.
const LARGEST_EVENT: u64 = 4 * 1024 * 1024;

const RUNNER_TEMP: &str = "RUNNER_TEMP";

pub(super) fn check(environment: &Environment) -> Check {
    let mut check = Check::new("ci");
    let ci = match Ci::choose(None, environment) {
        Ok(ci) => {
            check.line(format!("{} was recognised", name(ci)));
            Some(ci)
        }
        Err(HandoffError::NoCi) => {
            check.line("none was recognised");
            None
        }
        Err(error) => {
            check.found(Finding::problem("several_cis", error.explain()));
            Ci::detect(environment)
        }
    };
    if let Err(error) = refuse_debug_trace(environment) {
        check.found(Finding::problem("debug_trace", error.explain()));
    }
    if ci == Some(Ci::GitHub) {
        check.found(debug_logging(environment));
        check.found(fork(environment));
    }
    check.found(temporary_directory(environment, ci));
    check
}

fn name(ci: Ci) -> &'static str {
    match ci {
        Ci::GitHub => "GitHub Actions",
        Ci::GitLab => "GitLab CI",
        Ci::Azure => "Azure Pipelines",
        Ci::Shell => "a shell",
    }
}

/// GitHub sets `RUNNER_DEBUG` where a person asked for more of a log, and knows `ACTIONS_STEP_DEBUG` as a secret or a
/// variable. (GitHub: Enabling debug logging.)
fn debug_logging(environment: &Environment) -> Option<Finding> {
    let on = ["ACTIONS_STEP_DEBUG", "RUNNER_DEBUG"].into_iter().find(|name| {
        // What can't be read may be on.
        let presence = environment.get(name);
        presence.text().is_some_and(|text| parse_bool(text) != Some(false))
    })?;
    let explanation = Explanation::new(format!("{on} is on: the log shows what it usually does not")).advice(
        "GitHub writes inputs, conditions and the values of expressions into the log. What asc-auth masks stays masked; \
         what another step makes of a secret, in a form of its own, does not. Switch it off when you are done.",
    );
    Some(Finding::advice("debug_logging", explanation))
}

/// What is read of a pull request's event. (GitHub: Webhook events and payloads, `pull_request`.)
#[derive(Deserialize)]
struct Event {
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct PullRequest {
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    /// None once the fork is deleted.
    repo: Option<Repo>,
}

#[derive(Deserialize)]
struct Repo {
    fork: bool,
}

/// The workflow of a pull request from a fork gets no secrets.
fn fork(environment: &Environment) -> Option<Finding> {
    if environment.get("GITHUB_EVENT_NAME").text() != Some("pull_request") {
        return None;
    }
    let event = read_event(&environment.path("GITHUB_EVENT_PATH")?)?;
    if !event.pull_request.head.repo.is_none_or(|repo| repo.fork) {
        return None;
    }
    let explanation = Explanation::new("this is a pull request from a fork, which gets no secrets").advice(
        "Skip what needs the credential there: if: github.event.pull_request.head.repo.full_name == github.repository. \
         Never give a fork's code your secrets by pull_request_target.",
    );
    Some(Finding::advice("fork_without_secrets", explanation))
}

fn read_event(path: &Path) -> Option<Event> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut json = Vec::new();
    fs::File::open(path)
        .ok()?
        .take(LARGEST_EVENT)
        .read_to_end(&mut json)
        .ok()?;
    serde_json::from_slice(&json).ok()
}

/// Where private directories are made must be a directory of its own, and on GitHub the runner must name it.
fn temporary_directory(environment: &Environment, ci: Option<Ci>) -> Option<Finding> {
    if ci == Some(Ci::GitHub) && environment.path(RUNNER_TEMP).is_none() {
        let error = HandoffError::NoVariable { variable: RUNNER_TEMP };
        return Some(Finding::problem("no_runner_temp", error.explain()));
    }
    let error = Place::of(environment).check().err()?;
    Some(Finding::problem("temporary_directory", error.explain()))
}
