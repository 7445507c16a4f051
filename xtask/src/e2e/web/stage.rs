//! What a test finds: where everything is, two keys that Apple knows, every form of a key, and Apples that refuse.
//!
//! It goes to Node as a file, because an argument or a variable could be read by other processes.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use simulator::{ApiKey, Fault, Role, Simulator, TeamState, TestKey, forms, random_issuer_id, random_key_id};

use super::super::apple::Team;

/// Where everything is.
pub(super) struct Places<'a> {
    pub(super) chromium: &'a Path,
    /// With playwright-core and axe-core.
    pub(super) modules: &'a Path,
    pub(super) binary: &'a Path,
    /// The page as a file, and its address on the host.
    pub(super) page: &'a Path,
    pub(super) url: String,
    pub(super) screenshots: PathBuf,
}

/// The Apples that a test asks, and the keys.
pub(super) struct Stage {
    pub(super) apple: Simulator,
    pub(super) team: Team,
    /// Apple knows its key as an individual one.
    pub(super) individual: Team,
    /// The row of Apple's table, and who answers so.
    refusing: Vec<(&'static str, Simulator)>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let apple = Simulator::start();
        let team = Team::known_to(&apple);
        let individual = Team {
            key_id: random_key_id(),
            issuer_id: random_issuer_id(),
            key: TestKey::generate(),
        };
        apple.register(ApiKey::individual(&individual.key_id, &individual.key));
        let refusing = refusing(&team);
        Self {
            apple,
            team,
            individual,
            refusing,
        }
    }

    /// Writes it down for `web/tests/stage.mjs`.
    pub(super) fn write_into(&self, folder: &Path, places: &Places) -> Result<PathBuf, Box<dyn Error>> {
        let refusing = self.refusing.iter().map(|(row, apple)| json!([row, apple.url()]));
        let stage = json!({
            "chromium": places.chromium,
            "modules": places.modules,
            "binary": places.binary,
            "page": places.page,
            "url": places.url,
            "screenshots": places.screenshots,
            "apple": self.apple.url(),
            "team": key(&self.team),
            "individual": key(&self.individual),
            "accepted": accepted(&self.team.key),
            "refused": refused(&self.team.key),
            "refusing": refusing.collect::<Vec<_>>(),
        });
        let file = folder.join("stage.json");
        fs::write(&file, stage.to_string())?;
        Ok(file)
    }
}

fn key(team: &Team) -> Value {
    json!({ "keyId": team.key_id, "issuerId": team.issuer_id, "pem": team.key.pem() })
}

fn accepted(key: &TestKey) -> Vec<Value> {
    let texts = forms::accepted_texts(key)
        .into_iter()
        .map(|(row, text)| form(row, text.as_bytes(), true));
    let bytes = forms::accepted_bytes(key)
        .into_iter()
        .map(|(row, bytes)| form(row, &bytes, false));
    texts.chain(bytes).collect()
}

fn refused(key: &TestKey) -> Vec<Value> {
    let texts = forms::no_keys().into_iter().chain(forms::wrong_keys());
    let texts = texts.map(|(_, row, text)| form(row, text.as_bytes(), true));
    let spoilt = forms::spoilt(key).into_iter();
    let spoilt = spoilt.map(|(_, row, bytes)| form(row, &bytes, std::str::from_utf8(&bytes).is_ok()));
    texts.chain(spoilt).collect()
}

/// A text can be typed; anything can be in a file.
fn form(row: &str, bytes: &[u8], is_text: bool) -> Value {
    json!({ "row": row, "base64": BASE64_STANDARD.encode(bytes), "isText": is_text })
}

/// One for each row of the table of Apple's errors.
fn refusing(team: &Team) -> Vec<(&'static str, Simulator)> {
    let in_state = |state| {
        let apple = knowing(team, Role::AppManager);
        apple.set_team_state(state);
        apple
    };
    let failing = |fault| {
        let apple = knowing(team, Role::AppManager);
        apple.fail_always(fault);
        apple
    };
    let team_id = "ABCDE12345".to_owned();
    vec![
        ("401, the key is unknown", Simulator::start()),
        ("403, the role is too small", knowing(team, Role::AccessToReports)),
        ("403, an agreement is missing", in_state(TeamState::AgreementMissing)),
        (
            "403, the same in its old form",
            in_state(TeamState::AgreementMissingOldForm),
        ),
        (
            "403, the membership has lapsed",
            in_state(TeamState::MembershipLapsed { team_id }),
        ),
        ("408", failing(Fault::Status(408))),
        ("429", failing(Fault::TooManyRequests { retry_after: None })),
        ("500", failing(Fault::Status(500))),
        ("502, a gateway's page", failing(Fault::Html(502))),
        ("503, no body", failing(Fault::Empty(503))),
    ]
}

fn knowing(team: &Team, role: Role) -> Simulator {
    let apple = Simulator::start();
    apple.register(ApiKey::team(&team.key_id, &team.issuer_id, &team.key).with_roles([role]));
    apple
}
