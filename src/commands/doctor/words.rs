//! What `doctor` says: what it looked at, what it repaired, and what it found, numbered; and the same as JSON.

use serde::Serialize;

use super::{
    finding::{Check, Finding, Severity, count},
    repair::Outcome,
};
use crate::{error::Error, report::Console, text::defuse};

#[derive(Serialize)]
struct Told<'a> {
    /// Whether nothing is broken.
    healthy: bool,
    checks: Vec<ToldCheck<'a>>,
    findings: Vec<ToldFinding<'a>>,
    /// What `--fix --confirm` did, before the look that the rest tells of.
    repairs: &'a [Outcome],
}

#[derive(Serialize)]
struct ToldCheck<'a> {
    name: &'static str,
    lines: &'a [String],
}

#[derive(Serialize)]
struct ToldFinding<'a> {
    check: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Tells everything. `is_rehearsal` says whether `--fix` was asked for, and not confirmed.
pub(super) fn tell(checks: &[Check], repairs: &[Outcome], is_rehearsal: bool, console: Console) -> Result<(), Error> {
    if console.is_json() {
        return console.json(&as_json(checks, repairs));
    }
    let mut lines = Vec::new();
    lines.extend(repairs.iter().map(repaired));
    lines.extend(checks.iter().flat_map(section));
    let findings: Vec<&Finding> = checks.iter().flat_map(|check| &check.findings).collect();
    for (index, finding) in findings.iter().enumerate() {
        lines.extend(numbered(index + 1, finding));
    }
    lines.extend(conclusion(&findings, is_rehearsal));
    console.result(&lines.iter().map(|line| defuse(line) + "\n").collect::<String>())
}

fn as_json<'a>(checks: &'a [Check], repairs: &'a [Outcome]) -> Told<'a> {
    let findings: Vec<ToldFinding<'_>> = checks
        .iter()
        .flat_map(|check| {
            check.findings.iter().map(|finding| ToldFinding {
                check: check.name,
                finding,
            })
        })
        .collect();
    Told {
        healthy: findings.iter().all(|told| told.finding.severity == Severity::Advice),
        checks: checks
            .iter()
            .map(|check| ToldCheck {
                name: check.name,
                lines: &check.lines,
            })
            .collect(),
        findings,
        repairs,
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
    let names = std::iter::once(check.name).chain(std::iter::repeat(""));
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
