//! What `doctor` says: what it looked at, what it repaired, and what it found, numbered; and the same as JSON.

use std::{collections::BTreeMap, iter};

use serde::Serialize;

use super::{
    environment::State,
    finding::{Check, Finding, Severity, count},
    repair::Outcome,
};
use crate::{
    error::Error,
    report::{Console, Table, Tone, inert},
};

/// What was asked for of repairs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fix {
    Nothing,
    /// `--fix` shows what it would do.
    Rehearsal,
    /// `--fix --confirm`.
    Done,
}

/// Everything there is to tell.
pub(super) struct Told<'a> {
    pub(super) checks: &'a [Check],
    /// What `--fix --confirm` did, before the look that the rest tells of.
    pub(super) repairs: &'a [Outcome],
    pub(super) fix: Fix,
    pub(super) variables: BTreeMap<&'static str, State>,
}

#[derive(Serialize)]
struct Json<'a> {
    /// Whether nothing is broken.
    healthy: bool,
    checks: Vec<JsonCheck<'a>>,
    findings: Vec<JsonFinding<'a>>,
    repairs: &'a [Outcome],
    variables: &'a BTreeMap<&'static str, State>,
}

#[derive(Serialize)]
struct JsonCheck<'a> {
    name: &'static str,
    lines: &'a [String],
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

impl Told<'_> {
    pub(super) fn tell(&self, console: Console) -> Result<(), Error> {
        if console.is_json() {
            return console.json(&self.as_json());
        }
        let screen = console.screen();
        let repaired: String = self
            .repairs
            .iter()
            .map(|outcome| inert(&repaired(outcome)) + "\n")
            .collect();
        let mut lines = Vec::new();
        let findings: Vec<&Finding> = self.checks.iter().flat_map(|check| &check.findings).collect();
        for (index, finding) in findings.iter().enumerate() {
            let (tone, title) = headline(index + 1, finding);
            lines.extend([String::new(), tone.paint(&inert(&title), screen)]);
            lines.extend(below(finding).iter().map(|line| inert(line)));
        }
        let (tone, found) = conclusion(&findings);
        lines.extend([String::new(), tone.paint(&found, screen)]);
        lines.extend(self.hint(&findings));
        let sections = self.sections().render(screen);
        console.result(&format!("{repaired}{sections}{}\n", lines.join("\n")))
    }

    /// The name of a check stands before the first of its lines.
    fn sections(&self) -> Table {
        let mut table = Table::new(["Checked", "Found"]);
        for check in self.checks {
            let name = check.name.replace('_', " ");
            let names = iter::once(name.as_str()).chain(iter::repeat(""));
            for (name, line) in names.zip(&check.lines) {
                table.row([name, line]);
            }
        }
        table
    }

    /// What can be repaired, by number.
    fn hint(&self, findings: &[&Finding]) -> Option<String> {
        let numbered = findings.iter().zip(1_usize..);
        let repairable = numbered.filter(|(finding, _)| finding.repair.is_some());
        let numbers: Vec<String> = repairable.map(|(_, number)| number.to_string()).collect();
        let numbers = numbers.join(", ");
        match (self.fix, numbers.is_empty()) {
            (Fix::Rehearsal, true) => Some("Nothing here can be repaired by --fix; nothing was changed.".to_owned()),
            (Fix::Done, true) if self.repairs.is_empty() => Some("There was nothing to repair.".to_owned()),
            (_, true) => None,
            (Fix::Rehearsal, false) => Some(format!(
                "--fix would repair no. {numbers}. Nothing was changed: add --confirm to do it."
            )),
            (_, false) => Some(format!("asc-auth doctor --fix --confirm repairs no. {numbers}.")),
        }
    }

    fn as_json(&self) -> Json<'_> {
        let findings = self.checks.iter().flat_map(|check| {
            check.findings.iter().map(|finding| JsonFinding {
                check: check.name,
                finding,
            })
        });
        let findings: Vec<JsonFinding<'_>> = findings.collect();
        let checks = self.checks.iter().map(|check| JsonCheck {
            name: check.name,
            lines: &check.lines,
        });
        Json {
            healthy: findings.iter().all(|told| told.finding.severity == Severity::Advice),
            checks: checks.collect(),
            findings,
            repairs: self.repairs,
            variables: &self.variables,
        }
    }
}

fn repaired(outcome: &Outcome) -> String {
    match &outcome.not_done {
        None => format!("done: {}", outcome.what),
        Some(why) => format!("not done: {}: {why}", outcome.what),
    }
}

fn headline(number: usize, finding: &Finding) -> (Tone, String) {
    let title = &finding.explanation.title;
    match finding.severity {
        Severity::Problem => (Tone::Bad, format!("{number}. {title}")),
        Severity::Advice => (Tone::Doubtful, format!("{number}. advice: {title}")),
    }
}

fn below(finding: &Finding) -> Vec<String> {
    let body = finding.explanation.body();
    let repair = finding
        .repair
        .iter()
        .map(|repair| format!("--fix --confirm would {repair}."));
    body.into_iter()
        .chain(repair)
        .map(|line| format!("   {line}"))
        .collect()
}

fn conclusion(findings: &[&Finding]) -> (Tone, String) {
    let is_problem = |finding: &&&Finding| finding.severity == Severity::Problem;
    let problems = findings.iter().filter(is_problem).count();
    let advice = findings.len() - problems;
    let advice_told = count(advice, "piece of advice", "pieces of advice");
    let problems_told = count(problems, "problem", "problems");
    match (problems, advice) {
        (0, 0) => (Tone::Good, "No issues found.".to_owned()),
        (0, _) => (Tone::Good, format!("Nothing is broken; {advice_told}.")),
        (_, 0) => (Tone::Bad, format!("Found {problems_told}.")),
        _ => (Tone::Bad, format!("Found {problems_told}, and {advice_told}.")),
    }
}
