//! The headers of an answer: `X-Rate-Limit`, `Date`, `Retry-After`.
//!
//! What was read from a header is what a header says that is written of it by the rules alone, and no answer can make
//! the arithmetic behind it overflow.
#![no_main]

use asc_auth::{
    clock::{Clock, Skew},
    connect::{RateLimit, parse_date, parse_retry_after},
};
use asc_auth_fuzz::keys::NOW;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &str| {
    if let Some(limit) = RateLimit::parse(header) {
        let written = format!("user-hour-lim:{};user-hour-rem:{};", limit.limit, limit.remaining);
        assert_eq!(RateLimit::parse(&written), Some(limit));
        assert_eq!(RateLimit::parse(&format!("other:1;{header}")), Some(limit));
        for number in [limit.limit, limit.remaining] {
            assert!(header.contains(&number.to_string()), "{number} is not in it");
        }
    }

    let date = parse_date(header);
    if let Some(date) = date {
        assert_eq!(parse_date(&imf_fixdate(date)), Some(date));
        let skew = Skew(NOW - date);
        assert!(!skew.describe().is_empty());
        if skew.needs_correction() {
            assert_eq!(Clock::corrected_by(skew).correction(), -skew.0);
        }
    }

    for now in [i64::MIN, i64::MAX] {
        let _ = parse_retry_after(header, now);
    }
    for now in [NOW, 0] {
        let pause = parse_retry_after(header, now);
        if let Some(wish) = number(header.trim()) {
            let pause = as_float(pause.expect("a number is read"));
            assert!(pause >= wish.min(as_float(u64::MAX)) && pause < wish + 1.0 + wish / 1e12);
        } else if let Some(pause) = pause {
            let then = parse_date(header.trim()).expect("a date, if it is no number");
            assert_eq!(i64::try_from(pause), Ok(then - now));
        }
    }
});

#[expect(clippy::cast_precision_loss, reason = "as exact as the header's own number")]
fn as_float(number: u64) -> f64 {
    number as f64
}

/// Digits, with or without a point behind some of them.
fn number(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['e', 'E']);
    text.parse().ok().filter(|_| is_plain)
}

/// As RFC 9110 (5.6.7) writes Unix seconds of the years 0 to 9999.
fn imf_fixdate(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // From 1 March of the year 0 on, in eras of 400 years that are all alike.
    let since = days + 719_468;
    let (era, day_of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    let name = |names: &[&'static str], at: i64| names[usize::try_from(at).expect("small")];
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days.rem_euclid(7)),
        name(&MONTHS, month),
        time / 3600,
        time % 3600 / 60,
        time % 60
    )
}
