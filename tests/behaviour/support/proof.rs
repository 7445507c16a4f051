//! What a test holds a run's words against: the token must be Apple's kind, and nothing given may come back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use simulator::{ApiKey, Call, KeyStore, Refusal, Rules, SeenToken, TestKey, verify};

use super::{ISSUER_ID, KEY_ID, Ran, secrets::Secrets};

pub const AUDIENCE: &str = "appstoreconnect-v1";

/// Takes a compact JWS apart.
#[track_caller]
pub fn read_token(text: &str) -> SeenToken {
    let object = |part: &str| -> Map<String, Value> {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("a JSON object")
    };
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, _] = parts[..] else {
        panic!("not a token: {text}");
    };
    SeenToken {
        raw: text.to_owned(),
        header: object(header),
        claims: object(claims),
        signature_verified: false,
    }
}

/// Apple's judgement of a token that comes with `GET path` one minute before it expires.
#[track_caller]
pub fn judge(token: &str, key: ApiKey, path: &str, audience: &str) -> Result<ApiKey, Refusal> {
    let keys = KeyStore::default();
    keys.register(key);
    let mut token = read_token(token);
    let rules = Rules {
        now: token.expires_at().expect("exp") - 60,
        audience: audience.to_owned(),
    };
    let call = Call {
        method: "GET",
        path,
        query: None,
    };
    verify(&mut token, &call, &keys, &rules)
}

/// The run printed one token and nothing else on stdout, signed by the team key `key`.
#[track_caller]
pub fn assert_token_of(row: &str, ran: &Ran, key: &TestKey) {
    assert_eq!(ran.code, Some(0), "{row}: {}", ran.text());
    let token = ran.stdout.strip_suffix('\n').expect("a line");
    let team_key = ApiKey::team(KEY_ID, ISSUER_ID, key);
    let judged = judge(token, team_key.clone(), "/v1/apps", AUDIENCE);
    assert_eq!(judged, Ok(team_key), "{row}");
    assert_key_kept(row, ran, key);
}

/// The run was refused with this exit code and this sentence, and kept what it was given to itself.
#[track_caller]
pub fn assert_refused(row: &str, ran: &Ran, code: i32, sentence: &str, given: &str) {
    assert_eq!(ran.code, Some(code), "{row}: {}", ran.text());
    assert!(
        ran.text().contains(sentence),
        "{row}: no {sentence:?} in:\n{}",
        ran.text()
    );
    assert_not_told(row, ran, given);
}

/// No form of the key was printed.
#[track_caller]
pub fn assert_key_kept(row: &str, ran: &Ran, key: &TestKey) {
    let found = Secrets::of_key(key).found_in(&ran.text());
    assert!(found.is_empty(), "{row}: {found:?} in:\n{}", ran.text());
}

/// Nothing of `given` was printed, neither whole nor a line of it; armour is no secret.
#[track_caller]
pub fn assert_not_told(row: &str, ran: &Ran, given: &str) {
    let text = ran.text();
    let lines = given.lines().map(str::trim).filter(|line| !line.starts_with("----"));
    for part in lines.chain([given]).filter(|part| part.len() >= 4) {
        assert!(!text.contains(part), "{row}: {part:?} was told in:\n{text}");
    }
}
