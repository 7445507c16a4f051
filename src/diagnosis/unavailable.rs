//! Answers that say nothing of the key: a limit that was reached, and a service that failed.

/// The longest `--timeout`, in seconds.
const LONGEST_BUDGET: u64 = 600;

const SHARED: &str = "Jobs that share a key share its limit: switch validation off in all but one \
                      (validate: false, --validate=false, exec --no-validate).";

pub fn unavailable_title(status: u16) -> String {
    match status {
        429 => "Apple's rate limit was reached (429)".to_owned(),
        401 => "Apple refused a token that it had just accepted (401)".to_owned(),
        408 => "Apple took too long (408)".to_owned(),
        status => format!("Apple's service failed (status {status})"),
    }
}

/// What to do about it. `retry_after` is what the answer asked for, in seconds; `left` is what it said
/// of the hour's requests.
pub fn unavailable_advice(status: u16, retry_after: Option<u64>, left: Option<u64>) -> String {
    match (status, retry_after, left) {
        (429, Some(seconds), _) => {
            let more_time = if seconds < LONGEST_BUDGET {
                ", or give more time with --timeout"
            } else {
                ""
            };
            format!(
                "Apple asks to wait {seconds} s, and there was no time for it. Run this again then{more_time}. {SHARED}"
            )
        }
        (429, None, Some(0)) => format!(
            "The key's requests are used up. Each comes back an hour after it was made, and nobody knows when the next one \
             does. Run this again later. {SHARED}"
        ),
        (429, None, _) => format!("Run this again later. {SHARED}"),
        _ => "Nothing is wrong with the key as far as can be told. Run this again later; \
              https://developer.apple.com/system-status/ tells how Apple's services are."
            .to_owned(),
    }
}
