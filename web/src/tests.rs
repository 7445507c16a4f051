//! What the page is told, as the page gets it: JSON. The keys are made for each test.

use serde_json::{Value, json};
use simulator::TestKey;

const KEY_ID: &str = "2X9R4QWVK6";
const ISSUER_ID: &str = "57246542-96fe-1a63-e053-0824d011072a";
const NOW: f64 = 1_790_000_000.5;

fn fields(key_id: &str, issuer_id: &str, kind: &str, file_name: &str) -> String {
    json!({"key_id": key_id, "issuer_id": issuer_id, "kind": kind, "file_name": file_name}).to_string()
}

fn team() -> String {
    fields(KEY_ID, ISSUER_ID, "", "")
}

fn parsed(answer: &str) -> Value {
    serde_json::from_str(answer).expect("JSON")
}

fn check(fields: &str, key: &str) -> Value {
    parsed(&super::check(fields.to_owned(), key.as_bytes().to_vec()))
}

fn prepare(fields: &str, key: &str, choices: &Value) -> Value {
    parsed(&super::prepare(
        fields.to_owned(),
        key.as_bytes().to_vec(),
        &choices.to_string(),
    ))
}

/// What is wanted of a token, where it is not the default.
fn wanted(parts: &Value) -> Value {
    let mut wanted = json!({"lifetime": "", "scope": "", "in_house": false});
    for (name, value) in parts.as_object().into_iter().flatten() {
        wanted[name] = value.clone();
    }
    wanted
}

fn mint(fields: &str, key: &str, wanted_parts: &Value) -> Value {
    parsed(&super::mint(
        fields.to_owned(),
        key.as_bytes().to_vec(),
        &wanted(wanted_parts).to_string(),
        NOW,
    ))
}

fn inspect(token: &str, key: &str) -> Value {
    parsed(&super::inspect(
        token.to_owned(),
        key.as_bytes().to_vec(),
        "",
        false,
        NOW,
    ))
}

/// The tone and the title of a verdict.
fn said(verdict: &Value) -> (&str, &str) {
    (
        verdict["tone"].as_str().expect("a tone"),
        verdict["title"].as_str().expect("a title"),
    )
}

#[test]
fn an_empty_form_waits_and_accuses_nobody() {
    let checked = check(&fields("", "", "", ""), "");
    for field in ["key_id", "issuer_id", "key", "conclusion"] {
        assert_eq!(said(&checked[field]).0, "waiting", "{field}");
    }
    assert_eq!(checked["fingerprint"], Value::Null);
    assert_eq!(checked["file"], Value::Null);
}

#[test]
fn a_form_that_fits_says_who_has_the_last_word() {
    let key = TestKey::generate();
    let checked = check(&team(), &key.pem());
    assert_eq!(said(&checked["key_id"]), ("good", KEY_ID));
    assert_eq!(said(&checked["key"]), ("good", "P-256, well formed: PEM"));
    assert_eq!(checked["conclusion"]["tone"], "good");
    let advice = checked["conclusion"]["advice"].as_str().expect("advice");
    assert!(advice.contains("asc-auth validate"), "{advice}");
    assert!(
        checked["fingerprint"]
            .as_str()
            .expect("a fingerprint")
            .starts_with("SHA256:")
    );
}

#[test]
fn ids_that_stand_in_each_others_place_are_told_at_both() {
    let checked = check(&fields(&format!(" {ISSUER_ID}\n"), &format!("'{KEY_ID}'"), "", ""), "");
    for field in ["key_id", "issuer_id"] {
        assert_eq!(
            said(&checked[field]),
            ("wrong", "the key ID and the issuer ID are swapped"),
            "{field}"
        );
        assert_eq!(checked[field]["advice"], "Exchange the two values.");
    }
}

#[test]
fn what_surrounds_an_id_is_told_and_does_no_harm() {
    let checked = check(&fields(&format!("\u{a0}{KEY_ID}\n"), ISSUER_ID, "", ""), "");
    assert_eq!(said(&checked["key_id"]), ("note", KEY_ID));
    assert_eq!(
        checked["key_id"]["advice"],
        "white space or quotes around the key ID were ignored"
    );
}

#[test]
fn an_individual_key_needs_no_issuer_and_says_so() {
    let key = TestKey::generate();
    let said_so = check(&fields(KEY_ID, "", "individual", ""), &key.pem());
    assert_eq!(said(&said_so["issuer_id"]).0, "good");
    assert_eq!(said_so["conclusion"]["tone"], "good");
    let by_name = check(&fields("", "", "", &format!("ApiKey_{KEY_ID}.p8")), &key.pem());
    assert_eq!(
        said(&by_name["kind"]),
        ("note", "an individual key, by the file's name")
    );
    assert!(
        said(&by_name["key_id"]).1.starts_with(KEY_ID),
        "the file's name has the key ID"
    );
    assert_eq!(by_name["conclusion"]["tone"], "good");
    let beside = check(&fields(KEY_ID, ISSUER_ID, "individual", ""), &key.pem());
    assert_eq!(
        said(&beside["issuer_id"]),
        ("note", "the issuer ID is not used: an individual key has no issuer")
    );
}

#[test]
fn a_file_of_another_key_is_told_from_the_key_id() {
    let key = TestKey::generate();
    let checked = check(&fields(KEY_ID, ISSUER_ID, "", "AuthKey_AAAAAAAAAA.p8"), &key.pem());
    assert_eq!(
        said(&checked["file"]),
        ("wrong", "the key file's name contradicts what was given")
    );
    assert_eq!(checked["conclusion"]["tone"], "wrong");
    let kind = check(
        &fields(KEY_ID, ISSUER_ID, "team", &format!("ApiKey_{KEY_ID}.p8")),
        &key.pem(),
    );
    assert_eq!(kind["file"]["tone"], "wrong");
}

#[test]
fn an_in_app_purchase_key_is_known_by_its_files_name_and_makes_no_token() {
    let key = TestKey::generate();
    let fields = fields(KEY_ID, ISSUER_ID, "", &format!("SubscriptionKey_{KEY_ID}.p8"));
    let checked = check(&fields, &key.pem());
    assert_eq!(checked["key"]["tone"], "wrong");
    assert!(said(&checked["key"]).1.ends_with("is an In-App Purchase key"));
    assert_eq!(mint(&fields, &key.pem(), &json!({}))["token"], Value::Null);
}

#[test]
fn a_key_whose_halves_differ_is_damaged() {
    let (one, other) = (TestKey::generate(), TestKey::generate());
    // One character in the public half, which leaves everything else well formed.
    let pem = one.pem();
    let last = pem.lines().rev().nth(1).expect("the last line of the body");
    let mixed = pem.replace(last, other.pem().lines().rev().nth(1).expect("another"));
    assert_eq!(
        said(&check(&team(), &mixed)["key"]),
        ("wrong", "the private key can't be used: it is damaged")
    );
}

#[test]
fn the_base64_is_one_line_and_gives_the_same_key() {
    let key = TestKey::generate();
    let wrapped = key.pem().replace('\n', "\r\n");
    let prepared = prepare(&team(), &wrapped, &json!({"validate": true}));
    let base64 = prepared["base64"].as_str().expect("base64");
    assert!(!base64.contains(char::is_whitespace));
    assert_eq!(
        check(&team(), base64)["fingerprint"],
        check(&team(), &key.pem())["fingerprint"]
    );
}

#[test]
fn nothing_to_paste_holds_the_key() {
    let key = TestKey::generate();
    let prepared = prepare(&team(), &key.pem(), &json!({"validate": true, "export": ["fastlane"]}));
    let base64 = prepared["base64"].as_str().expect("base64");
    for text in [
        "/github/commands",
        "/github/workflow",
        "/gitlab/commands",
        "/gitlab/pipeline",
    ] {
        let text = prepared.pointer(text).and_then(Value::as_str).expect("a text");
        assert!(!text.contains(base64) && !text.contains("BEGIN"), "{text}");
        assert!(key.pem().lines().all(|line| !text.contains(line)), "{text}");
    }
    assert_eq!(
        prepared["github"]["commands"],
        format!("base64 < AuthKey_{KEY_ID}.p8 | tr -d '\\n' |\n  gh secret set ASC_PRIVATE_KEY\n")
    );
}

#[test]
fn a_files_name_stands_in_a_command_only_if_it_is_plain() {
    for (name, told) in [
        (
            format!("AuthKey_{KEY_ID} (1).p8"),
            format!("< 'AuthKey_{KEY_ID} (1).p8' |"),
        ),
        (
            format!("AuthKey_{KEY_ID}.$(id)&.p8"),
            format!("< AuthKey_{KEY_ID}.p8 |"),
        ),
        (
            format!("AuthKey_{KEY_ID}\u{202e}.p8"),
            "< AuthKey_KEY_ID.p8 |".to_owned(),
        ),
    ] {
        let prepared = prepare(&fields("", ISSUER_ID, "", &name), "", &json!({}));
        let commands = prepared["github"]["commands"].as_str().expect("commands");
        assert!(commands.contains(&told), "{commands}");
    }
}

#[test]
fn what_is_wrong_under_check_is_a_problem_of_what_follows_from_it() {
    let key = TestKey::generate();
    let other_file = fields(KEY_ID, ISSUER_ID, "", "AuthKey_AAAAAAAAAA.p8");
    assert_eq!(prepare(&other_file, &key.pem(), &json!({}))["problem"]["tone"], "wrong");
    let minted = mint(&other_file, &key.pem(), &json!({}));
    assert_eq!(
        (&minted["problem"]["tone"], &minted["token"]),
        (&json!("wrong"), &Value::Null)
    );
    let purchase = fields(KEY_ID, ISSUER_ID, "", &format!("SubscriptionKey_{KEY_ID}.p8"));
    let prepared = prepare(&purchase, &key.pem(), &json!({}));
    assert_eq!(prepared["problem"]["tone"], "wrong");
    assert_eq!(prepared["base64"], Value::Null);
    assert_eq!(prepared["github"], json!({"commands": "", "workflow": ""}));
    assert_eq!(check(&purchase, &key.pem())["file"], Value::Null, "one field tells it");
}

#[test]
fn a_pipeline_is_shown_only_if_the_component_can_do_it() {
    let choices = json!({"lifetime": "12h", "scope": "GET /v1/ciProducts"});
    let prepared = prepare(&team(), "", &choices);
    assert_eq!(prepared["problem"], Value::Null);
    assert_eq!(prepared["gitlab"]["pipeline"], "");
    assert!(prepared["github"]["workflow"].to_string().contains("lifetime: 720m"));
    assert!(prepared["notes"].to_string().contains("no input for scopes"));
}

#[test]
fn the_workflow_and_the_pipeline_are_filled_in_with_what_was_chosen() {
    let mut choices = json!({
        "export": ["fastlane", "altool"], "lifetime": "10m", "expect_app": "com.example.app", "forbid_admin": true,
    });
    let prepared = prepare(&team(), "", &choices);
    assert_eq!(prepared["problem"], Value::Null);
    let pipeline = prepared["gitlab"]["pipeline"].as_str().expect("a pipeline");
    for line in [
        "exec --export fastlane,altool -- fastlane beta\n",
        "  ASC_KEY_ID: '2X9R4QWVK6'\n",
    ] {
        assert!(pipeline.contains(line), "{line}\n{pipeline}");
    }
    choices["scope"] = json!("GET /v1/apps\nGET /v1/builds");
    let prepared = prepare(&team(), "", &choices);
    let workflow = prepared["github"]["workflow"].as_str().expect("a workflow");
    for line in [
        "key-id: '2X9R4QWVK6'",
        "issuer-id: '57246542-96fe-1a63-e053-0824d011072a'",
        "export: fastlane,altool",
        "lifetime: 10m",
        "expect-app: 'com.example.app'",
        "forbid-admin: true",
        "  GET /v1/builds",
    ] {
        assert!(workflow.contains(&format!("          {line}\n")), "{line}\n{workflow}");
    }
}

#[test]
fn an_individual_keys_workflow_has_no_issuer() {
    let prepared = prepare(&fields(KEY_ID, "", "individual", ""), "", &json!({"validate": true}));
    let workflow = prepared["github"]["workflow"].as_str().expect("a workflow");
    assert!(workflow.contains("key-type: individual") && !workflow.contains("issuer-id"));
    let pipeline = prepared["gitlab"]["pipeline"].as_str().expect("a pipeline");
    assert!(pipeline.contains("ASC_KEY_TYPE: individual") && !pipeline.contains("ISSUER"));
    assert!(
        prepared["github"]["commands"]
            .to_string()
            .contains(&format!("ApiKey_{KEY_ID}.p8"))
    );
}

#[test]
fn choices_that_the_binary_refuses_are_refused_here_with_its_words() {
    for (choices, title) in [
        (
            json!({"validate": true, "lifetime": "2h"}),
            "a lifetime above 20 minutes without a scope",
        ),
        (
            json!({"validate": true, "scope": "POST /v1/apps"}),
            "a scope that is not a GET",
        ),
        (
            json!({"validate": false, "forbid_admin": true}),
            "expect-app and forbid-admin need validation, which is switched off",
        ),
        (json!({"expect_app": "${{ secrets.X }}"}), "this can't be a bundle ID"),
        (
            json!({"scope": "GET /v1/apps?x=${{secrets.X}}"}),
            "a scope can't be read",
        ),
        (
            json!({"validate": true, "export": ["tauri", "electron-builder"]}),
            "APPLE_API_KEY can't serve both tauri and electron-builder",
        ),
    ] {
        let prepared = prepare(&team(), "", &choices);
        assert_eq!(said(&prepared["problem"]), ("wrong", title));
        assert_eq!(
            prepared["github"]["workflow"], "",
            "without what was chosen it would be another one"
        );
        assert_eq!(prepared["gitlab"]["pipeline"], "");
    }
}

#[test]
fn a_minted_token_is_one_that_inspect_has_nothing_against() {
    let key = TestKey::generate();
    let minted = mint(&team(), &key.pem(), &json!({"lifetime": "20m"}));
    let token = minted["token"].as_str().expect("a token");
    let inspected = inspect(&format!("Authorization: Bearer {token}"), &key.pem());
    assert_eq!(said(&inspected["conclusion"]), ("good", "App Store Connect token"));
    assert_eq!(inspected["findings"], json!([]));
    assert!(inspected["lines"].to_string().contains("this key signed it"));
    let try_it = minted["try"].as_str().expect("a try");
    assert!(
        !try_it.contains(token),
        "a token in a command line is in the list of processes"
    );
}

#[test]
fn a_token_is_not_made_of_what_can_not_be_right() {
    let key = TestKey::generate();
    for (fields, key, tone) in [
        (fields("", ISSUER_ID, "", ""), key.pem(), "waiting"),
        (fields(KEY_ID, "", "", ""), key.pem(), "waiting"),
        (team(), "-----BEGIN PRIVATE KEY-----\nMIGT".to_owned(), "wrong"),
    ] {
        let minted = mint(&fields, &key, &json!({}));
        assert_eq!(minted["problem"]["tone"], tone);
        assert_eq!(minted["token"], Value::Null);
    }
    let long = mint(&team(), &key.pem(), &json!({"lifetime": "21m"}));
    assert_eq!(long["problem"]["tone"], "wrong");
}

#[test]
fn a_token_of_another_key_and_one_that_has_expired_are_refused_with_the_rule() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let token = mint(&team(), &key.pem(), &json!({}))["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let inspected = inspect(&token, &other.pem());
    assert_eq!(inspected["conclusion"]["tone"], "wrong");
    assert_eq!(inspected["findings"][0]["rule"], "signature");
    let later = super::inspect(token, Vec::new(), "", false, NOW + 3600.0);
    assert_eq!(parsed(&later)["conclusion"]["advice"], "Apple refuses this token:");
}

#[test]
fn a_key_in_the_place_of_a_token_is_named_and_not_repeated() {
    let pem = TestKey::generate().pem();
    let answer = super::inspect(pem.clone(), Vec::new(), "", false, NOW);
    assert_eq!(said(&parsed(&answer)["conclusion"]).0, "wrong");
    assert!(pem.lines().all(|line| !answer.contains(line)));
}

#[test]
fn what_a_person_wants_to_do_is_answered_with_the_least_privilege() {
    let shown = parsed(&super::roles("upload builds"));
    assert_eq!(said(&shown["answer"]), ("good", "Developer"));
    assert_eq!(shown["roles"][0]["reach"]["builds"], "full");
    assert_eq!(
        said(&parsed(&super::roles("invite users"))["answer"]),
        ("doubtful", "Admin")
    );
    let unknown = parsed(&super::roles("coffee"));
    assert_eq!(unknown["answer"]["tone"], "doubtful");
    assert_eq!(unknown["roles"].as_array().map(Vec::len), Some(7), "the table stays");
}

#[test]
fn an_answer_of_apples_is_told_as_the_binary_tells_it() {
    let body = json!({"errors": [{"status": "403", "code": "FORBIDDEN_ERROR", "title": "t", "detail": "d"}]});
    let verdict = parsed(&super::explain(body.to_string()));
    assert_eq!(
        said(&verdict),
        (
            "wrong",
            "Apple accepts the key but forbids this (403): the key's role is too small"
        )
    );
    assert_eq!(said(&parsed(&super::explain(" ".to_owned()))).0, "waiting");
    assert_eq!(said(&parsed(&super::explain("<html>".to_owned()))).0, "doubtful");
}
