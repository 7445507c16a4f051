//! `cargo xtask e2e`: the wrappers, from this checkout, in jobs that real runners run, against the
//! simulator on loopback. The GitHub Action runs in act, the GitLab component in gitlab-ci-local, and the checker page
//! in Chromium. Other people's libraries judge what asc-auth signs.
//!
//! `cargo xtask e2e act`, `… gitlab`, `… web`, `… peers` or the name of a case runs only those. Whatever the case: nothing
//! is left on disk, and the complete log holds no secret.

pub(crate) mod act;
mod apple;
pub(crate) mod checkout;
mod gitlab;
mod peers;
pub(crate) mod release;
pub(crate) mod release_host;
mod secrets;
pub(crate) mod web;

use std::{fs, path::Path, time::Instant};

use tempfile::TempDir;

use self::release::Release;
use crate::{Outcome, build};

/// Runs the cases, one line each, and fails if any failed. `wanted` names runners and cases; empty, it
/// means all.
pub(crate) fn e2e(root: &Path, wanted: &[String]) -> Outcome {
    let mut tally = Tally::new(wanted)?;
    println!("$ cargo build --package asc-auth");
    let binary = build::asc_auth(root, &[])?;
    // A copy of its own, which no other build replaces and nothing else runs.
    let installed = TempDir::with_prefix("asc-auth-e2e-bin-")?;
    let binary_copy = installed.path().join("asc-auth");
    fs::copy(binary, &binary_copy)?;
    let release = Release::of(root, &binary_copy)?;
    let logs = root.join("target/e2e");
    for runner in ["gitlab", "peers", "web"] {
        fs::create_dir_all(logs.join(runner))?;
    }

    if tally.wants_any("act", act::names()) {
        act::run(root, &binary_copy, &release, &logs, &mut tally)?;
    }
    if tally.wants_any("gitlab", gitlab::names()) {
        gitlab::run(root, &binary_copy, &release, &logs.join("gitlab"), &mut tally)?;
    }
    if tally.wants_any("web", web::names()) {
        web::run(root, &binary_copy, &logs.join("web"), &mut tally)?;
    }
    if tally.wants_any("peers", peers::names()) {
        peers::run(root, &binary_copy, &logs.join("peers"), &mut tally)?;
    }
    tally.finish()
}

/// Which cases are asked for, and how those that ran have ended.
#[derive(Debug)]
pub(crate) struct Tally {
    wanted: Vec<String>,
    passed: usize,
    failed: usize,
}

impl Tally {
    fn new(wanted: &[String]) -> Result<Self, String> {
        let known: Vec<&str> = ["act", "gitlab", "web", "peers"]
            .into_iter()
            .chain(act::names())
            .chain(gitlab::names())
            .chain(web::names())
            .chain(peers::names())
            .collect();
        if let Some(unknown) = wanted.iter().find(|word| !known.contains(&word.as_str())) {
            return Err(format!("no case is called {unknown}; there are: {}", known.join(", ")));
        }
        Ok(Self {
            wanted: wanted.to_vec(),
            passed: 0,
            failed: 0,
        })
    }

    fn wants(&self, runner: &str, case: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|word| word == runner || word == case)
    }

    fn wants_any(&self, runner: &str, mut cases: impl Iterator<Item = &'static str>) -> bool {
        cases.any(|case| self.wants(runner, case))
    }

    /// Runs one case, if it is asked for, and says how it ended.
    pub(crate) fn run(&mut self, runner: &str, case: &str, log: &Path, run: impl FnOnce() -> Outcome) {
        if !self.wants(runner, case) {
            return;
        }
        let start = Instant::now();
        let outcome = run();
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok      {runner}: {case} ({seconds:.1} s)");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED  {runner}: {case} ({seconds:.1} s): {error}");
                // The keys in it, if any, were made for this run.
                println!("{}", fs::read_to_string(log).unwrap_or_default());
            }
        }
    }

    fn finish(self) -> Outcome {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 {
            Ok(())
        } else {
            Err("e2e failed".into())
        }
    }
}
