//! What a check finds: what is fine, in short lines, and what is not, each finding with what to do about it.

use serde::Serialize;

use super::repair::Repair;
use crate::explanation::Explanation;

/// Whether something is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// It is, or others can read what they must not.
    Problem,
    /// It works, and could be better or safer.
    Advice,
}

/// One thing that was found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Stable, for scripts: `config_mode`.
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    #[serde(flatten)]
    pub(super) explanation: Explanation,
    /// What `--fix --confirm` does about it, if it can.
    pub(super) repair: Option<Repair>,
}

impl Finding {
    pub(super) fn problem(id: &'static str, explanation: Explanation) -> Self {
        Self::new(id, Severity::Problem, explanation)
    }

    pub(super) fn advice(id: &'static str, explanation: Explanation) -> Self {
        Self::new(id, Severity::Advice, explanation)
    }

    pub(super) fn new(id: &'static str, severity: Severity, explanation: Explanation) -> Self {
        Self {
            id,
            severity,
            explanation,
            repair: None,
        }
    }

    #[must_use]
    pub(super) fn with(self, repair: impl Into<Option<Repair>>) -> Self {
        Self {
            repair: repair.into(),
            ..self
        }
    }
}

/// One group of checks.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    /// What was looked at and found fine, one short line each.
    pub(super) lines: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

impl Check {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            lines: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    pub(super) fn found(&mut self, finding: impl Into<Option<Finding>>) {
        self.findings.extend(finding.into());
    }
}

/// `1 profile`, `2 profiles`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
