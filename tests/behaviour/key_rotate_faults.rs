//! `asc-auth key rotate` where what answers to the new key is not Apple: no proof, and the old key stays.

use serde_json::json;
use simulator::{Fault, WebStep};

use crate::support::{KEY_ID, web::Person};

/// A 403 in words that Apple does not use.
fn raw(body: &str) -> Fault {
    Fault::Raw {
        status: 403,
        content_type: "application/json".to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_403_that_apple_did_not_write_proves_nothing_and_the_old_key_stays() {
    let foreign = json!({"errors": [{"status": "403", "code": "PROXY_DENIED", "title": "Blocked by policy"}]});
    for fault in [
        Fault::Html(403),
        Fault::Empty(403),
        raw("{\"errors\": []}"),
        raw(&foreign.to_string()),
    ] {
        let person = Person::new();
        person.register(KEY_ID, "CI pipeline");
        person.apple.fail_at("/v1/apps", fault.clone());
        let words = ["rotate", KEY_ID, "--name", "CI pipeline 2", "--role", "developer"];
        let command = [&words[..], &["--bypass-keychain", "--revoke-old"]].concat();
        person.key(&command).code(13);
        let is_active = || {
            let keys = person.apple.team_keys();
            keys.iter().any(|key| key.active && key.id == KEY_ID)
        };
        assert!(is_active(), "{fault:?}");
        assert!(!person.apple.web_requests().contains(&WebStep::Revoke), "{fault:?}");
        person.apple.clear_faults();
        person.key(&command).code(0);
        assert!(!is_active(), "{fault:?}");
    }
}
