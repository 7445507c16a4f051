//! What commands cost in instructions, as callgrind counts them. Unlike times these hardly vary: what is left are the
//! bits of keys, the order of maps and what a child's end finds us doing, less than one in a hundred. So a commit that
//! makes a command dearer is found, by the counts that are kept in `benches/baseline.json`.
//!
//! Another Rust gives other counts. The file names the one that it is of, and says nothing about others.

use std::{collections::BTreeMap, error::Error, fs, path::Path, process::Command};

use serde_json::{Value, json};

use super::{Bench, PATH, cost::succeed, table::Row};
use crate::{Outcome, reproducible::Toolchain, step::Step};

const BASELINE: &str = "benches/baseline.json";

/// More than this, in relation to the baseline, is a regression.
const LIMIT: f64 = 1.03;

struct Counted {
    /// Its name in the baseline.
    command: &'static str,
    what: &'static str,
    instructions: u64,
}

impl Bench {
    /// A row for each command; none if the baseline is of another Rust.
    pub(super) fn against_baseline(&self, root: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
        let baseline: Value = serde_json::from_str(&fs::read_to_string(root.join(BASELINE))?)?;
        let rust = Toolchain::found()?.version;
        if baseline["rust"] != rust {
            println!(
                "{BASELINE} is of Rust {}, this is {rust}: nothing is compared",
                baseline["rust"]
            );
            return Ok(Vec::new());
        }
        let rows = self.counted()?.into_iter().map(|counted| {
            let before = baseline["instructions"][counted.command].as_u64().unwrap_or(0);
            Row::counts(counted.what, counted.instructions, before).at_most(LIMIT)
        });
        Ok(rows.collect())
    }

    /// Makes what is counted now the baseline.
    pub(super) fn save_baseline(&self, root: &Path) -> Outcome {
        let counted = self.counted()?.into_iter();
        let instructions: BTreeMap<&str, u64> = counted.map(|one| (one.command, one.instructions)).collect();
        let baseline = json!({ "rust": Toolchain::found()?.version, "instructions": instructions });
        let text = serde_json::to_string_pretty(&baseline)? + "\n";
        print!("{text}");
        Ok(fs::write(root.join(BASELINE), text)?)
    }

    fn counted(&self) -> Result<[Counted; 3], Box<dyn Error>> {
        let callgrind = || {
            let mut command = Command::new("valgrind");
            self.with_key(command.env_clear()).env("PATH", PATH);
            command
        };
        let step = Step::new()?;
        let mut in_step = self.setup_in(&step, Path::new("valgrind"), &self.authority);
        in_step.env("PATH", PATH);
        Ok([
            Counted {
                command: "token",
                what: "instructions: asc-auth token / baseline",
                instructions: self.count(callgrind(), &["token"])?,
            },
            Counted {
                command: "setup",
                what: "instructions: asc-auth setup, over TLS / baseline",
                instructions: self.count(in_step, &["setup"])?,
            },
            Counted {
                command: "exec",
                what: "instructions: asc-auth exec -- true / baseline",
                instructions: self.count(callgrind(), &["exec", "--no-validate", "--", "true"])?,
            },
        ])
    }

    /// Runs asc-auth with these arguments in `valgrind`, which has the environment already.
    fn count(&self, mut valgrind: Command, arguments: &[&str]) -> Result<u64, Box<dyn Error>> {
        let counts = self.folder.path().join("callgrind");
        valgrind
            .arg("--tool=callgrind")
            .arg(format!("--callgrind-out-file={}", counts.display()))
            .arg(&self.asc_auth)
            .args(arguments);
        succeed(&mut valgrind).map_err(|error| format!("{error}; on Debian: apt-get install valgrind"))?;
        total(&fs::read_to_string(&counts)?).ok_or_else(|| "callgrind counted nothing".into())
    }
}

/// Of all functions, as callgrind writes it at the end of its file.
fn total(counts: &str) -> Option<u64> {
    let mut lines = counts.lines().rev();
    lines.find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read() {
        assert_eq!(
            total("events: Ir\nfn=(1) main\n1 5\n\ntotals: 3080596\n"),
            Some(3_080_596)
        );
        assert_eq!(total("events: Ir\n"), None);
    }
}
