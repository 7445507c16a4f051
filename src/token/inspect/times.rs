//! The rules for a token's times: when it was issued, until when it is good, and for how long in all.
//! (Apple: Generating Tokens for API Requests, "Determine the Appropriate Token Lifetime".)

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Findings, is_what};
use crate::token::{
    Scope,
    lifetime::{MAX_SCOPED, MAX_UNSCOPED},
};

/// From here on a number of seconds is one of milliseconds: the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;
/// A server whose clock is so many seconds behind may still take a token from the future.
const FUTURE: i64 = 60;
/// Seconds. From two years on, days say nothing to a person.
const YEAR: u64 = 31_536_000;
const TWO_YEARS: u64 = 2 * YEAR;
const LONGEST: i64 = MAX_UNSCOPED.cast_signed();
const LONGEST_SCOPED: i64 = MAX_SCOPED.cast_signed();

/// Unix seconds, as far as the token tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    pub issued_at: Option<i64>,
    pub expires_at: Option<i64>,
}

/// `scopes` is `None` if the token has none.
pub(super) fn judge(claims: &Map<String, Value>, scopes: Option<&[Scope]>, now: i64, findings: &mut Findings) -> Times {
    if !claims.contains_key("exp") {
        findings.refuse(
            "exp",
            "exp is missing",
            "Give the time when the token expires, in Unix seconds.",
        );
    }
    if !claims.contains_key("iat") {
        findings.doubt(
            "iat",
            "iat is missing",
            "Apple documents it: the time of issue, in Unix seconds.",
        );
    }
    let times = Times {
        issued_at: read("iat", claims, findings),
        expires_at: read("exp", claims, findings),
    };
    if let Some(iat) = times.issued_at {
        issued(iat, now, findings);
    }
    if let Some(exp) = times.expires_at {
        expires(exp, times.issued_at, scopes, now, findings);
    }
    times
}

/// The claim in Unix seconds. What can't be that is a finding.
fn read(name: &'static str, claims: &Map<String, Value>, findings: &mut Findings) -> Option<i64> {
    let value = claims.get(name)?;
    let seconds = match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().map(f64::floor).filter(|seconds| seconds.abs() < 1e15)?;
            findings.doubt(
                name,
                format!("{name} {}, which has a fraction", is_what(Some(value))),
                "Apple documents whole seconds: round it down.",
            );
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 10^15")]
            Some(whole as i64)
        }
        value => value.as_i64(),
    };
    match seconds {
        None => {
            findings.refuse(
                name,
                format!("{name} {}, and no number of seconds", is_what(Some(value))),
                "Write it as a JSON number, in Unix seconds.",
            );
            None
        }
        Some(seconds) if seconds >= MILLISECONDS => {
            findings.refuse(
                "milliseconds",
                format!("{name} is {seconds}, which are milliseconds"),
                "Divide by 1000: Apple reads Unix seconds, which have ten digits.",
            );
            None
        }
        seconds => seconds,
    }
}

fn issued(iat: i64, now: i64, findings: &mut Findings) {
    let ahead = iat.saturating_sub(now);
    if ahead <= 0 {
        return;
    }
    let what = format!("iat is {} in the future", span(ahead));
    let remedy = "Set this machine's clock, or the clock of whoever minted it; and let iat lie a minute in the past.";
    if ahead > FUTURE {
        findings.refuse("issued_in_future", what, remedy);
    } else {
        findings.doubt("issued_in_future", what, remedy);
    }
}

fn expires(exp: i64, iat: Option<i64>, scopes: Option<&[Scope]>, now: i64, findings: &mut Findings) {
    let left = exp.saturating_sub(now);
    if left <= 0 {
        findings.refuse(
            "expired",
            format!("it expired {} ago", span(-left)),
            "Mint a new one. asc-auth token does so whenever the last one is about to expire.",
        );
    }
    let life = iat.map(|iat| exp.saturating_sub(iat));
    if life.is_some_and(|life| life <= 0) {
        findings.refuse("lifetime", "exp is not after iat", "Are the two swapped?");
        return;
    }
    let longest = if scopes.is_some() { LONGEST_SCOPED } else { LONGEST };
    let limit = if scopes.is_some() { "180 days" } else { "20 minutes" };
    match life {
        Some(life) if life > longest => findings.refuse(
            "lifetime",
            format!("it lives {} from iat to exp", span(life)),
            if scopes.is_some() {
                "Apple accepts six months at most."
            } else {
                "Apple accepts 20 minutes at most, unless there are scopes. Take iat into account where it is backdated."
            },
        ),
        _ if left > longest => findings.refuse(
            "expires_too_late",
            format!("it expires {} from now", span(left)),
            format!("Apple accepts {limit} at most. Is the clock right that it was minted by?"),
        ),
        _ => long_lived(life.unwrap_or(left), scopes.unwrap_or_default(), findings),
    }
}

/// Above 20 minutes, Apple documents some resources only.
fn long_lived(life: i64, scopes: &[Scope], findings: &mut Findings) {
    let doubtful = scopes.iter().enumerate().find(|(_, scope)| !scope.may_be_long_lived());
    if life > LONGEST
        && let Some((index, _)) = doubtful
    {
        findings.doubt(
            "long_lived_scope",
            format!(
                "it lives {}, and entry {} of scope is not for that",
                span(life),
                index + 1
            ),
            "Apple documents lifetimes above 20 minutes for Xcode Cloud and for power and performance metrics only.",
        );
    }
}

/// `12 min 3 s`, `5 h 10 min`, `34 d 2 h`, `8 years`: for people. The sign is not told.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (large, small) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3_600 => ((60, "min"), (1, "s")),
        3_600..86_400 => ((3_600, "h"), (60, "min")),
        86_400..TWO_YEARS => ((86_400, "d"), (3_600, "h")),
        _ => return format!("{} years", seconds / YEAR),
    };
    match seconds % large.0 / small.0 {
        0 => format!("{} {}", seconds / large.0, large.1),
        rest => format!("{} {} {rest} {}", seconds / large.0, large.1, small.1),
    }
}
