//! The table that bench prints, in Markdown, so that the README can quote it as it is.

use std::{fmt, time::Duration};

use crate::Outcome;

/// What was measured, and the most that it may be.
#[derive(Debug)]
pub(super) struct Row {
    what: &'static str,
    detail: String,
    measured: f64,
    unit: &'static str,
    /// None for what is shown for information only.
    limit: Option<f64>,
}

impl Row {
    /// How much CPU time `ours` takes for each of `theirs`.
    pub(super) fn ratio(what: &'static str, ours: Duration, theirs: Duration) -> Self {
        Self {
            what,
            detail: format!("{:.1} ms / {:.1} ms", milliseconds(ours), milliseconds(theirs)),
            measured: ours.as_secs_f64() / theirs.as_secs_f64(),
            unit: "",
            limit: None,
        }
    }

    /// How many of something there are for each one that there was. Without any before, that is no number.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) fn counts(what: &'static str, now: u64, before: u64) -> Self {
        Self {
            what,
            detail: format!("{now} / {before}"),
            measured: if before == 0 {
                f64::NAN
            } else {
                now as f64 / before as f64
            },
            unit: "",
            limit: None,
        }
    }

    /// How much longer than `theirs` ours takes, in milliseconds.
    pub(super) fn beyond(what: &'static str, ours: Duration, theirs: Duration) -> Self {
        Self {
            what,
            detail: format!("{:.1} ms − {:.1} ms", milliseconds(ours), milliseconds(theirs)),
            measured: milliseconds(ours) - milliseconds(theirs),
            unit: " ms",
            limit: None,
        }
    }

    /// A size, in millions of bytes.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) fn megabytes(what: &'static str, bytes: u64) -> Self {
        Self {
            what,
            detail: format!("{bytes} bytes"),
            measured: bytes as f64 / 1e6,
            unit: " MB",
            limit: None,
        }
    }

    pub(super) fn at_most(self, limit: f64) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    fn is_missed(&self) -> bool {
        // Not `>`: what could not be measured, and is no number, is missed as well.
        self.limit.is_some_and(|limit| {
            !matches!(
                self.measured.partial_cmp(&limit),
                Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
            )
        })
    }
}

/// The rows, one below the other.
#[derive(Debug)]
pub(super) struct Table(pub(super) Vec<Row>);

impl Table {
    /// Fails when a limit is missed, and says which.
    pub(super) fn judge(&self) -> Outcome {
        let missed: Vec<&str> = self
            .0
            .iter()
            .filter(|row| row.is_missed())
            .map(|row| row.what)
            .collect();
        if missed.is_empty() {
            Ok(())
        } else {
            Err(format!("missed: {}", missed.join("; ")).into())
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["what", "measured", "limit", "ok", "from"].map(str::to_owned);
        let mut lines = vec![heads];
        lines.extend(self.0.iter().map(cells));
        let widths: [usize; 5] = std::array::from_fn(|column| {
            lines
                .iter()
                .map(|cells| cells[column].chars().count())
                .max()
                .unwrap_or(0)
        });
        for (index, cells) in lines.iter().enumerate() {
            write_line(f, cells, &widths)?;
            if index == 0 {
                write_line(f, &widths.map(|width| "-".repeat(width)), &widths)?;
            }
        }
        Ok(())
    }
}

fn cells(row: &Row) -> [String; 5] {
    let number = |value: f64| format!("{value:.2}{}", row.unit);
    [
        row.what.to_owned(),
        number(row.measured),
        row.limit
            .map_or_else(String::new, |limit| format!("≤ {}", number(limit))),
        match (row.limit, row.is_missed()) {
            (None, _) => String::new(),
            (Some(_), true) => "MISSED".to_owned(),
            (Some(_), false) => "yes".to_owned(),
        },
        row.detail.clone(),
    ]
}

fn write_line(f: &mut fmt::Formatter<'_>, cells: &[String; 5], widths: &[usize; 5]) -> fmt::Result {
    for (cell, width) in cells.iter().zip(widths) {
        write!(f, "| {cell:<width$} ")?;
    }
    writeln!(f, "|")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_limit_is_named() {
        let row = |limit| Row::megabytes("size", 2_000_000).at_most(limit);
        assert!(Table(vec![row(2.0)]).judge().is_ok());
        let missed = Table(vec![row(2.0), row(1.9)]);
        assert_eq!(
            missed.judge().map_err(|error| error.to_string()),
            Err("missed: size".to_owned())
        );
        assert!(missed.to_string().contains("MISSED"));
    }

    #[test]
    fn what_is_no_number_is_missed() {
        let row = Row::ratio("speed", Duration::ZERO, Duration::ZERO).at_most(1.0);
        assert!(Table(vec![row]).judge().is_err());
    }

    #[test]
    fn what_was_not_counted_before_is_missed() {
        assert!(Table(vec![Row::counts("work", 103, 100).at_most(1.03)]).judge().is_ok());
        assert!(
            Table(vec![Row::counts("work", 104, 100).at_most(1.03)])
                .judge()
                .is_err()
        );
        assert!(Table(vec![Row::counts("work", 1, 0).at_most(1.03)]).judge().is_err());
    }

    #[test]
    fn a_row_without_a_limit_is_for_information() {
        let row = Row::ratio("speed", Duration::from_secs(9), Duration::from_secs(1));
        assert!(Table(vec![row]).judge().is_ok());
    }
}
