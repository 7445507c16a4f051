//! What libFuzzer prints, read for the table. (LLVM: libFuzzer, "Output".)

use std::path::PathBuf;

pub(super) const HEAD: &str = "| target             |   executions | coverage | corpus | property |\n\
                               |--------------------|-------------:|---------:|-------:|----------|";

/// What came of one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fuzzed {
    executions: u64,
    /// Edges of the program that some input reached.
    coverage: u64,
    /// Inputs that reached something that no other did.
    corpus: u64,
    pub(super) crash: Option<Crash>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crash {
    pub(super) input: PathBuf,
    /// The panic's own words, or libFuzzer's.
    pub(super) what: String,
}

impl Fuzzed {
    pub(super) fn read(printed: &str) -> Self {
        // Each line of progress repeats what was reached so far: `#8  NEW    cov: 11 ft: 11 corp: 1/4b …`.
        let last = |name: &str| {
            let mut lines = printed.lines().rev();
            lines.find_map(|line| number(line.split_once(name)?.1))
        };
        let input = printed
            .lines()
            .find_map(|line| line.split_once("Test unit written to "));
        Self {
            executions: last("stat::number_of_executed_units:").unwrap_or_default(),
            coverage: last(" cov: ").unwrap_or_default(),
            corpus: last(" corp: ").unwrap_or_default(),
            crash: input.map(|(_, input)| Crash {
                input: PathBuf::from(input),
                what: what(printed),
            }),
        }
    }

    /// Whether nothing was reached at all: then nothing holds.
    pub(super) fn is_idle(&self) -> bool {
        self.executions == 0 || self.coverage == 0
    }

    pub(super) fn row(&self, target: &str) -> String {
        let property = if self.crash.is_some() { "BROKEN" } else { "holds" };
        let Self {
            executions,
            coverage,
            corpus,
            ..
        } = self;
        format!("| {target:<18} | {executions:>12} | {coverage:>8} | {corpus:>6} | {property:<8} |")
    }
}

/// The digits that a text begins with, once blanks are left out.
fn number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The panic's words, or libFuzzer's summary of a hang.
fn what(printed: &str) -> String {
    let ours = printed.lines().skip_while(|line| !line.contains("panicked at"));
    let ours: Vec<&str> = ours
        .take_while(|line| !line.starts_with("==") && *line != "stack backtrace:")
        .collect();
    let theirs = || printed.lines().filter(|line| line.starts_with("SUMMARY: "));
    let lines = if ours.is_empty() { theirs().collect() } else { ours };
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Crash, Fuzzed};

    #[test]
    fn a_run_without_a_crash_is_one_row() {
        let printed = "#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                       #8\tNEW    cov: 11 ft: 12 corp: 2/4b lim: 4\nDone 4096 runs in 5 second(s)\n\
                       stat::number_of_executed_units: 4096\n";
        let fuzzed = Fuzzed::read(printed);
        let expected = Fuzzed {
            executions: 4096,
            coverage: 11,
            corpus: 2,
            crash: None,
        };
        assert_eq!(fuzzed, expected);
        assert_eq!(
            fuzzed.row("headers"),
            "| headers            |         4096 |       11 |      2 | holds    |"
        );
    }

    #[test]
    fn a_crash_is_told_with_its_input() {
        let printed = "\nthread '<unnamed>' panicked at src/x.rs:1:2:\na secret came out\nstack \
                       backtrace:\n   0: x\nartifact_prefix='/t/'; Test unit written to /t/crash-0a\n";
        let crash = Fuzzed::read(printed).crash.expect("a crash");
        assert_eq!(crash.input.to_string_lossy(), "/t/crash-0a");
        assert_eq!(
            crash.what,
            "thread '<unnamed>' panicked at src/x.rs:1:2:\na secret came out"
        );
        let printed = "SUMMARY: libFuzzer: timeout\nartifact_prefix='/t/'; Test unit written to /t/timeout-0b\n";
        let expected = Crash {
            input: "/t/timeout-0b".into(),
            what: "SUMMARY: libFuzzer: timeout".to_owned(),
        };
        assert_eq!(Fuzzed::read(printed).crash, Some(expected));
    }
}
