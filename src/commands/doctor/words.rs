//! What `doctor` says: what it looked at, what it repaired, and what it found, numbered; and the same as JSON.

use std::{collections::BTreeMap, iter};

use serde::Serialize;

use super::{
    environment::State,
    finding::{Check, Finding, Severity, count},
    repair::Outcome,
};
use crate::{error::Error, report::Console, text::defuse};

/// Everything there is to tell.
pub(super) struct Told<'a> {
    pub(super) checks: &'a [Check],
    /// What `--fix --confirm` did, before the look that the rest tells of.
    pub(super) repairs: &'a [Outcome],
    /// Whether `--fix` was asked for, and not confirmed.
    pub(super) is_rehearsal: bool,
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
        let mut lines: Vec<String> = self.repairs.iter().map(repaired).collect();
        lines.extend(self.checks.iter().flat_map(section));
        let findings: Vec<&Finding> = self.checks.iter().flat_map(|check| &check.findings).collect();
        for (index, finding) in findings.iter().enumerate() {
            lines.push(String::new());
            lines.extend(numbered(index + 1, finding));
        }
        lines.push(String::new());
        lines.extend(conclusion(&findings, self.is_rehearsal));
        console.result(&lines.iter().map(|line| defuse(line) + "\n").collect::<String>())
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

/// The name of the group stands before its first line.
fn section(check: &Check) -> Vec<String> {
    let name = check.name.replace('_', " ");
    let names = iter::once(name.as_str()).chain(iter::repeat(""));
    let lines = names.zip(&check.lines);
    lines.map(|(name, line)| format!("{name:<12}  {line}")).collect()
}

fn numbered(number: usize, finding: &Finding) -> Vec<String> {
    let kind = match finding.severity {
        Severity::Problem => "",
        Severity::Advice => "advice: ",
    };
    let mut lines = vec![format!("{number}. {kind}{}", finding.explanation.title)];
    lines.extend(finding.explanation.body().iter().map(|line| format!("   {line}")));
    lines.extend(
        finding
            .repair
            .iter()
            .map(|repair| format!("   --fix --confirm would {repair}.")),
    );
    lines
}

fn conclusion(findings: &[&Finding], is_rehearsal: bool) -> Vec<String> {
    if findings.is_empty() {
        return vec!["No issues found.".to_owned()];
    }
    let problems = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Problem)
        .count();
    let advice = findings.len() - problems;
    let found = match (problems, advice) {
        (0, advice) => format!(
            "Nothing is broken; {}.",
            count(advice, "piece of advice", "pieces of advice")
        ),
        (problems, 0) => format!("Found {}.", count(problems, "problem", "problems")),
        (problems, advice) => format!(
            "Found {}, and {}.",
            count(problems, "problem", "problems"),
            count(advice, "piece of advice", "pieces of advice")
        ),
    };
    let repairable = findings.iter().filter(|finding| finding.repair.is_some()).count();
    let hint = match (repairable, is_rehearsal) {
        (0, true) => Some("None of it can be repaired from here; nothing was changed.".to_owned()),
        (0, false) => None,
        (_, true) => Some(format!(
            "--fix would repair {repairable} of them. Nothing was changed: add --confirm to do it."
        )),
        (_, false) => Some(format!("asc-auth doctor --fix --confirm repairs {repairable} of them.")),
    };
    std::iter::once(found).chain(hint).collect()
}
