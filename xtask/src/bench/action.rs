//! What the action costs a job: its main step with the release in the tool cache, against an action that only starts
//! Node, and what it adds when it has to download.
//!
//! Times on the wall, of steps that take turns. Under act they are those that act prints for each step.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    Bench,
    cost::{WARM_UP, median, medians, succeed},
    running::wall_time,
    table::Row,
};
use crate::{
    Outcome,
    e2e::{act::runner::Act, checkout, release::Release, release_host::ReleaseHost},
    step::Step,
    tools,
};

const ROUNDS: usize = 11;

/// Where the steps that are repeated begin.
const MARK: &str = "      # The mark.\n";

const SPEED: &str = "xtask/e2e/workflows/speed.yml";

impl Bench {
    pub(super) fn action(&self, root: &Path) -> Result<[Row; 3], Box<dyn Error>> {
        let release = Release::of(root, &self.asc_auth)?;
        let checkout = checkout::copy_of(root, |copy| {
            repeat_the_steps(&copy.join(SPEED))?;
            release.write_into(copy)
        })?;
        let host = release.host()?;
        let act = Act {
            program: tools::python_tools(root)?.join("act"),
            node: tools::node(root)?,
            checkout: checkout.path().to_owned(),
            released: checkout.path().to_owned(),
            binary: self.asc_auth.clone(),
            logs: self.folder.path().to_owned(),
        };
        let [ours, theirs] = self.under_act(&act, &host)?;

        let by_hand = ByHand {
            bench: self,
            node: act.node.join("node"),
            checkout: checkout.path(),
            host: &host,
            cache: TempDir::with_prefix("asc-auth-bench-cache-")?,
        };
        let url = format!("{}{}", host.url(), release.path());
        let downloaded = self.folder.path().join("archive");
        let [cold, warm, node, curl] = medians(
            ROUNDS,
            [
                &mut || by_hand.main_step(TempDir::with_prefix("asc-auth-bench-cold-")?.path()),
                &mut || by_hand.main_step(by_hand.cache.path()),
                &mut || by_hand.node_only(),
                &mut || {
                    let mut curl = Command::new("curl");
                    curl.env_clear()
                        .args(["--silent", "--show-error", "--fail", "--output"]);
                    wall_time(curl.arg(&downloaded).arg(&url))
                },
            ],
        )?;
        Ok([
            Row::ratio(
                "time: the action's step, warm cache / node -e 0, under act",
                ours,
                theirs,
            )
            .at_most(1.2),
            Row::ratio("the same without act", warm, node),
            Row::beyond(
                "time: what a cold download adds to the step, beyond curl",
                cold.saturating_sub(warm),
                curl,
            )
            .at_most(150.0),
        ])
    }

    /// The median times of the two steps of the workflow.
    fn under_act(&self, act: &Act, host: &ReleaseHost) -> Result<[Duration; 2], Box<dyn Error>> {
        let secrets = [
            ("ASC_KEY_ID", &self.key_id),
            ("ASC_ISSUER_ID", &self.issuer_id),
            ("ASC_PRIVATE_KEY", &self.pem),
        ];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.clone()));
        let vars = BTreeMap::from([("BASE_URL".to_owned(), host.url())]);
        let job = act.start("speed", "speed", &secrets.into(), &vars)?.finish()?;
        if !job.succeeded || host.asked().len() != 1 {
            return Err(format!("the job under act did not go as it should:\n{}", job.log).into());
        }
        Ok([
            median(times_of(&job.log, "From the tool cache")?),
            median(times_of(&job.log, "Node only")?),
        ])
    }
}

/// The two scripts, started as a runner does.
struct ByHand<'a> {
    bench: &'a Bench,
    node: PathBuf,
    checkout: &'a Path,
    host: &'a ReleaseHost,
    cache: TempDir,
}

impl ByHand<'_> {
    /// With this tool cache, and cleaned up; only the main step counts.
    fn main_step(&self, cache: &Path) -> Result<Duration, Box<dyn Error>> {
        let step = Step::new()?;
        let mut main = step.command(&self.node);
        main.arg(self.checkout.join("action/main.mjs"))
            .env("RUNNER_TOOL_CACHE", cache)
            .env("INPUT_DOWNLOAD-BASE-URL", self.host.url())
            .env("INPUT_VALIDATE", "false");
        let time = wall_time(self.bench.with_key(&mut main))?;
        succeed(
            step.command(&self.bench.asc_auth)
                .args(["cleanup", "--dir"])
                .arg(step.recorded_directory()?),
        )?;
        Ok(time)
    }

    fn node_only(&self) -> Result<Duration, Box<dyn Error>> {
        let step = Step::new()?;
        let mut node = step.command(&self.node);
        wall_time(node.arg(self.checkout.join("xtask/e2e/node-only/nothing.mjs")))
    }
}

fn repeat_the_steps(workflow: &Path) -> Outcome {
    let text = fs::read_to_string(workflow)?;
    let (before, steps) = text.split_once(MARK).ok_or("the workflow has no mark")?;
    Ok(fs::write(
        workflow,
        format!("{before}{}", steps.repeat(WARM_UP + ROUNDS)),
    )?)
}

/// What act printed for each step of this name but the first ones.
fn times_of(log: &str, step: &str) -> Result<Vec<Duration>, String> {
    let before = format!("Success - Main {step} [");
    let times = log
        .lines()
        .filter_map(|line| line.split_once(&before)?.1.strip_suffix(']'));
    let times: Vec<Duration> = times
        .map(|text| time_of(text).ok_or_else(|| format!("act printed the time {text}")))
        .collect::<Result<_, _>>()?;
    if times.len() == WARM_UP + ROUNDS {
        Ok(times[WARM_UP..].to_vec())
    } else {
        Err(format!("act ran {step} {} times", times.len()))
    }
}

/// As Go prints what is shorter than a minute, such as `1.25s` and `85.2ms`.
fn time_of(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s')?, 1.0),
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_that_act_prints_are_read() {
        assert_eq!(time_of("85.25ms"), Some(Duration::from_micros(85_250)));
        assert_eq!(time_of("1.5s"), Some(Duration::from_millis(1500)));
        for text in ["", "s", "1m2s", "12µs", "-1s", "fast"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_step_that_act_did_not_run_each_time_is_an_error() {
        let line = "[speed/Release]   ✅  Success - Main Node only [50ms]\n";
        let times = times_of(&line.repeat(WARM_UP + ROUNDS), "Node only");
        assert_eq!(times, Ok(vec![Duration::from_millis(50); ROUNDS]));
        assert!(times_of(&line.repeat(ROUNDS), "Node only").is_err());
        assert!(times_of("", "Node only").is_err());
    }
}
