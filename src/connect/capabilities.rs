//! Which groups of endpoints a key can reach: one GET each, all at once.
//!
//! Apple's API never tells a key's role, so this says what was observed and no more. Only Apple's own 403 is taken for
//! forbidden: a service that failed has told nothing.

use reqwest::StatusCode;
use serde::Serialize;
use tokio::task::JoinSet;

use super::{Client, ConnectError, Mint, http::Answer, validate::authenticate};
use crate::{clock::Skew, diagnosis::Forbidden, source::Resolved, token::Token};

/// One group of endpoints, and the request that stands for it.
#[derive(Clone, Copy, Debug)]
struct Probe {
    group: &'static str,
    path: &'static str,
    query: &'static str,
    /// Who can do this, as far as is known.
    suggests: &'static str,
    is_report: bool,
}

const fn list(group: &'static str, path: &'static str, suggests: &'static str) -> Probe {
    Probe {
        group,
        path,
        query: "limit=1",
        suggests,
        is_report: false,
    }
}

const fn report(group: &'static str, path: &'static str, query: &'static str, suggests: &'static str) -> Probe {
    Probe {
        group,
        path,
        query,
        suggests,
        is_report: true,
    }
}

/// The published table says no to App Manager, and experience is divided.
const SIGNERS: &str = "Admin or Developer (App Manager: sources disagree)";

/// Documented GETs of lists, the first of them the one that proves the key.
const LISTS: [Probe; 9] = [
    list("apps", "v1/apps", "any role that sees apps"),
    list("builds", "v1/builds", "any role that sees apps"),
    list("TestFlight", "v1/betaGroups", "any role that sees apps"),
    list("bundle IDs", "v1/bundleIds", SIGNERS),
    list("certificates", "v1/certificates", SIGNERS),
    list("devices", "v1/devices", SIGNERS),
    list("profiles", "v1/profiles", SIGNERS),
    list("Xcode Cloud", "v1/ciProducts", "Admin, App Manager or Developer"),
    list("users", "v1/users", "Admin"),
];

/// Without a date Apple answers with the last daily report. Financial reports need one: any month that is over.
/// (Apple: Download Sales and Trends Reports; Download Finance Reports.)
const REPORTS: [Probe; 2] = [
    report(
        "sales reports",
        "v1/salesReports",
        "filter[frequency]=DAILY&filter[reportType]=SALES&filter[reportSubType]=SUMMARY",
        "Admin, Finance or Sales",
    ),
    report(
        "finance reports",
        "v1/financeReports",
        "filter[regionCode]=ZZ&filter[reportType]=FINANCIAL&filter[reportDate]=2024-01",
        "Admin or Finance",
    ),
];

/// The number of a vendor, whose reports are asked for: digits, usually eight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorNumber(String);

impl VendorNumber {
    /// `None` for whatever can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = (4..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| Self(text.to_owned()))
    }
}

/// What one group of endpoints answered.
#[derive(Clone, Debug, Serialize)]
pub struct Capability {
    pub group: &'static str,
    /// `GET /v1/apps`
    pub request: String,
    #[serde(flatten)]
    pub reach: Reach,
    /// Which roles can do this, as far as is known.
    pub suggests: &'static str,
}

/// Whether the key gets through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Reach {
    Reachable,
    /// The key's role is too small.
    Forbidden,
    /// The key may do it once an agreement is signed.
    Agreement,
    /// Nothing can be said.
    Unknown {
        reason: String,
        /// Whether another try may tell.
        transient: bool,
    },
}

/// What was observed of a key that Apple knows.
#[derive(Debug)]
pub struct Survey {
    pub capabilities: Vec<Capability>,
    pub skew: Option<Skew>,
}

/// Asks every group, after Apple has recognised the key: a 401 is diagnosed as `validate` does.
pub async fn survey(
    client: &mut Client,
    resolved: &Resolved,
    vendor: Option<&VendorNumber>,
    mint: &mut Mint<'_>,
) -> Result<Survey, ConnectError> {
    let known = authenticate(client, resolved, mint).await?;
    let (first, lists) = LISTS.split_first().unwrap_or_else(|| unreachable!("there are lists"));
    let reports = vendor
        .iter()
        .flat_map(|vendor| REPORTS.map(|report| (report, format!("&filter[vendorNumber]={}", vendor.0))));
    let asked = lists.iter().map(|list| (*list, String::new())).chain(reports);

    let mut asking = JoinSet::new();
    for (index, (probe, vendor)) in asked.enumerate() {
        let mut client = client.another();
        let token = known.token.clone();
        asking.spawn(async move {
            let path = format!("{}?{}{vendor}", probe.path, probe.query);
            (index, probe.told(ask(&mut client, &path, &token, probe).await))
        });
    }
    let mut told = Vec::new();
    while let Some(one) = asking.join_next().await {
        told.push(one.map_err(|error| ConnectError::Runtime(error.to_string()))?);
    }
    told.sort_by_key(|(index, _)| *index);
    let rest = told.into_iter().map(|(_, capability)| capability);
    Ok(Survey {
        capabilities: std::iter::once(first.told(judge(&known.answer, *first)))
            .chain(rest)
            .collect(),
        skew: known.answer.skew,
    })
}

impl Probe {
    fn told(self, reach: Reach) -> Capability {
        Capability {
            group: self.group,
            request: format!("GET /{}", self.path),
            reach,
            suggests: self.suggests,
        }
    }
}

/// Apple refuses valid tokens now and then: a 401 is tried once more.
async fn ask(client: &mut Client, path: &str, token: &Token, probe: Probe) -> Reach {
    let mut answer = client.get(path, token).await;
    if matches!(&answer, Ok(answer) if answer.status == StatusCode::UNAUTHORIZED) && client.pause().await {
        answer = client.get(path, token).await;
    }
    match answer {
        Ok(answer) => judge(&answer, probe),
        Err(error) => Reach::Unknown {
            reason: error.to_string(),
            transient: error.exit_code() == 20,
        },
    }
}

fn judge(answer: &Answer, probe: Probe) -> Reach {
    let unknown = |reason: &str| Reach::Unknown {
        reason: reason.to_owned(),
        transient: false,
    };
    match answer.status {
        StatusCode::OK if is_right(&answer.body, probe) => Reach::Reachable,
        StatusCode::OK => unknown("something else than App Store Connect answered"),
        StatusCode::FORBIDDEN => match Forbidden::of(answer.error.as_ref()) {
            Forbidden::Role => Reach::Forbidden,
            Forbidden::Agreement => Reach::Agreement,
            Forbidden::Membership => unknown("the team's membership is not active"),
            Forbidden::Unknown => unknown("a 403 that is not Apple's own"),
        },
        StatusCode::UNAUTHORIZED => Reach::Unknown {
            reason: "Apple refused a token that it had just accepted (401)".to_owned(),
            transient: true,
        },
        _ if probe.is_report && has_looked(answer) => Reach::Reachable,
        _ if probe.is_report && mentions(answer, "vendor") => unknown("Apple does not know this vendor number"),
        status => unknown(&format!("status {}", status.as_u16())),
    }
}

/// Lists are JSON documents; a report is a gzip file, of which only the start was read.
fn is_right(body: &[u8], probe: Probe) -> bool {
    if probe.is_report {
        body.starts_with(&[0x1f, 0x8b])
    } else {
        body.trim_ascii_start().starts_with(b"{")
    }
}

/// Whether Apple looked for the report and has none: a key that may not read reports is told so before (403). Apple says
/// "There were no sales for the date specified" with a 404, and names a date or a version that it does not have with a
/// 400. A vendor number that is not the team's has opened nothing.
fn has_looked(answer: &Answer) -> bool {
    let about = |words: &[&str]| words.iter().any(|word| mentions(answer, word));
    match answer.status {
        StatusCode::NOT_FOUND => about(&["report", "no sales", "date"]) && !about(&["vendor", "path"]),
        StatusCode::BAD_REQUEST => about(&["date", "version"]) && !about(&["vendor"]),
        _ => false,
    }
}

fn mentions(answer: &Answer, word: &str) -> bool {
    answer.error.as_ref().is_some_and(|error| error.mentions(word))
}

#[cfg(test)]
mod tests {
    use super::VendorNumber;

    #[test]
    fn a_vendor_number_is_digits() {
        assert!(VendorNumber::parse("85123456").is_some());
        for text in ["", "123", "8512345x", "85 123 456", "+85123456", "1234567890123"] {
            assert_eq!(VendorNumber::parse(text), None, "{text}");
        }
    }
}
