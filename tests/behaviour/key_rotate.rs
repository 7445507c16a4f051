//! `asc-auth key rotate`: a new key in the place of an old one, which works until the last step.

use std::{fs, path::PathBuf};

use serde_json::json;
use simulator::{Fault, SeenRequest, TeamKey, TeamState, WebStep};

use crate::support::{KEY_ID, Ran, web::Person};

const NAME: &str = "CI pipeline 2";
const ONLY_COPY: &str = "this file is the only copy of the private key: Apple never gives it out again. Keep it safe";

/// Someone whose team has one key, which is in use.
fn someone() -> Person {
    let person = Person::new();
    person.register(KEY_ID, "CI pipeline");
    person
}

fn rotate(person: &Person, flags: &[&str]) -> Ran {
    let words = [
        "rotate",
        KEY_ID,
        "--name",
        NAME,
        "--role",
        "developer",
        "--bypass-keychain",
    ];
    person.key(&[&words[..], flags].concat())
}

/// The key that was made, which must be the only active one of its name.
#[track_caller]
fn new_key(person: &Person) -> TeamKey {
    let mut keys = person.apple.team_keys();
    keys.retain(|key| key.active && key.nickname == NAME);
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

fn old_is_active(person: &Person) -> bool {
    let keys = person.apple.team_keys();
    keys.iter().any(|key| key.active && key.id == KEY_ID)
}

fn creations(person: &Person) -> usize {
    let requests = person.apple.web_requests();
    requests.iter().filter(|step| **step == WebStep::Create).count()
}

fn key_file(person: &Person, key: &TeamKey) -> PathBuf {
    person.home.path().join(format!(".blitz/AuthKey_{}.p8", key.id))
}

/// What was asked for, in order: a step of the web side, or the API with the new key or another one.
fn story(person: &Person, new: &TeamKey) -> Vec<String> {
    let told = |request: &SeenRequest| match (request.web_step, &request.token) {
        (Some(step), _) => format!("{step:?}"),
        (None, Some(token)) if token.key_id() == Some(new.id.as_str()) => {
            format!("new key: {}", request.status.unwrap_or_default())
        }
        _ => "another".to_owned(),
    };
    person.apple.requests().iter().map(told).collect()
}

#[test]
fn the_old_key_is_revoked_after_the_new_one_was_saved_and_proved_twice() {
    let person = someone();
    let ran = rotate(&person, &["--revoke-old"]).code(0);
    let new = new_key(&person);
    let steps = [
        "List",
        "Create",
        "Download",
        "Issuer",
        "new key: 200",
        "new key: 200",
        "Revoke",
    ];
    assert_eq!(story(&person, &new), steps);
    assert!(!old_is_active(&person));
    let file = key_file(&person, &new);
    assert!(new.is_private_half(&fs::read_to_string(&file).expect("the key")));
    let ran = ran
        .says(&format!("{} takes the place of {KEY_ID}", new.id))
        .says(&format!("file       {}", file.display()))
        .says(&format!("old key    {KEY_ID}, revoked"));
    assert_eq!(ran.stdout, "");
}

#[test]
fn without_being_told_to_revoke_the_old_key_it_stays() {
    let person = someone();
    rotate(&person, &[])
        .code(0)
        .says(&format!("{KEY_ID}, still works"))
        .says(&format!("asc-auth key revoke {KEY_ID} --confirm"));
    assert!(old_is_active(&person));
}

#[test]
fn the_result_can_be_read_as_json() {
    let person = someone();
    let ran = rotate(&person, &["--revoke-old", "--output", "json"]).code(0);
    let new = new_key(&person);
    let told = json!({
        "old_key_id": KEY_ID, "old_key_revoked": true,
        "key_id": new.id, "issuer_id": person.apple.issuer_id(), "name": NAME, "roles": ["DEVELOPER"],
        "private_key_path": key_file(&person, &new), "profile": null, "published": false, "next": null, "warnings": [ONLY_COPY],
    });
    assert_eq!(ran.json(), told);
}

#[test]
fn a_dry_run_tells_the_steps_and_only_looks() {
    let person = someone();
    let ran = rotate(
        &person,
        &["--dry-run", "--profile", "MyApp", "--publish", "true", "--revoke-old"],
    )
    .code(0);
    assert_eq!(
        ran.stdout,
        format!(
            "Rotating {KEY_ID} (CI pipeline, App Manager) takes these steps; none was done now.\n\
             1. make the key {NAME} with the role Developer\n\
             2. save its private key in {}\n\
             3. prove it with the API, for at most 5m until Apple knows it\n\
             4. run the publish command with it\n\
             5. store it as the profile MyApp, in ~/.asc/config.json\n\
             6. prove it once more\n\
             7. revoke {KEY_ID}\n",
            person.home.path().join(".blitz").display()
        )
    );
    assert_eq!(person.apple.web_requests(), [WebStep::List]);
    assert!(
        !person.home.path().join(".blitz/asc-auth").exists(),
        "something was written down"
    );
    let steps = rotate(&person, &["--dry-run", "--output", "json"]).code(0).json();
    assert_eq!(steps["steps"].as_array().map(Vec::len), Some(5), "{steps}");
}

#[test]
fn apple_is_asked_until_it_knows_the_new_key() {
    let person = someone();
    person.apple.know_new_keys_after(3);
    rotate(&person, &["--revoke-old"]).code(0);
    let new = new_key(&person);
    let story = story(&person, &new);
    let answers: Vec<&str> = story.iter().filter_map(|step| step.strip_prefix("new key: ")).collect();
    assert_eq!(answers, ["401", "401", "401", "200", "200"]);
    assert_eq!(story.last().map(String::as_str), Some("Revoke"));
}

#[test]
fn a_key_that_apple_does_not_know_in_time_replaces_nothing_and_is_gone_on_with() {
    let person = someone();
    person.apple.fail_at("/v1/apps", Fault::Unauthorized);
    rotate(&person, &["--revoke-old", "--known-within", "1s"])
        .code(12)
        .says("the same command goes on from here, and makes no second key");
    assert!(old_is_active(&person));
    let new = new_key(&person);
    person.apple.clear_faults();
    rotate(&person, &["--revoke-old"]).code(0);
    assert_eq!((new_key(&person).id, creations(&person)), (new.id, 1));
    assert!(!old_is_active(&person));
}

#[test]
fn a_new_key_that_somebody_revokes_meanwhile_is_made_again() {
    let person = someone();
    person.apple.fail_at("/v1/apps", Fault::Unauthorized);
    rotate(&person, &["--revoke-old", "--known-within", "1s"]).code(12);
    let new = new_key(&person);
    person.apple.revoke(&new.id);
    person.apple.clear_faults();
    rotate(&person, &["--revoke-old"])
        .code(0)
        .says(&format!("{}, which the run before had made, was revoked since", new.id));
    assert_ne!(new_key(&person).id, new.id);
    assert!(!old_is_active(&person));
}

#[test]
fn a_key_that_apple_knows_and_forbids_everything_is_proved() {
    let person = someone();
    person.apple.set_team_state(TeamState::AgreementMissing);
    rotate(&person, &["--revoke-old"])
        .code(0)
        .says("Apple knows it, and forbids it to list apps (403)");
    assert!(!old_is_active(&person));
}

#[test]
fn the_profile_gets_the_new_key_and_stays_the_default_one() {
    let person = someone().stored(&["MyApp"]);
    rotate(&person, &["--profile", "MyApp", "--revoke-old"])
        .code(0)
        .says("profile    MyApp, in ~/.asc/config.json");
    let new = new_key(&person);
    let config = person.home.config();
    assert_eq!(config["default_key_name"], "MyApp");
    assert_eq!(config["keys"][0]["key_id"], json!(new.id));
    assert_eq!(config["keys"][0]["private_key_path"], json!(key_file(&person, &new)));
    let run = person.run(&["validate"]).env("ASC_BYPASS_KEYCHAIN", "1");
    person.done(run).code(0).says(&new.id);
}

#[test]
fn the_key_of_the_default_profile_is_not_revoked_by_mistake() {
    let person = someone().stored(&["MyApp"]);
    rotate(&person, &["--revoke-old"])
        .code(2)
        .says("MyApp, the default profile, uses the key")
        .says("--profile MyApp");
    assert_eq!(creations(&person), 0);
    rotate(&person, &["--revoke-old", "--force"]).code(0);
    assert!(!old_is_active(&person));
}

#[test]
fn another_profile_that_uses_the_old_key_is_told() {
    let person = someone().stored(&["MyApp", "Other"]);
    rotate(&person, &["--profile", "MyApp", "--revoke-old"])
        .code(0)
        .says(&format!(
            "the profile Other uses {KEY_ID}, and stops working once that is revoked"
        ));
}

#[test]
fn a_config_file_that_can_t_be_read_refuses_before_anything_is_made() {
    let person = someone();
    person.home.write_config("{");
    rotate(&person, &["--revoke-old"]).code(2).says("can't be told");
    rotate(&person, &["--profile", "MyApp"]).code(10);
    assert_eq!(creations(&person), 0);
}

#[test]
fn a_key_that_is_not_there_is_not_replaced() {
    let person = someone();
    let words = |id: &'static str| ["rotate", id, "--name", NAME, "--role", "developer"];
    person
        .key(&words("ABCDE12345"))
        .code(10)
        .says("the team has no such key");
    person
        .key(&words("57246542-96fe-1a63-e053-0824d011072a"))
        .code(2)
        .says("it is a UUID");
    person.apple.revoke(KEY_ID);
    rotate(&person, &[])
        .code(2)
        .says(&format!("the key {KEY_ID} was revoked already"));
    assert_eq!(creations(&person), 0);
}

#[test]
fn a_rotation_that_is_done_is_not_done_again() {
    let person = someone();
    rotate(&person, &["--revoke-old"]).code(0);
    rotate(&person, &["--revoke-old"]).code(2).says("revoked already");
    assert_eq!(creations(&person), 1);
    let other = someone();
    rotate(&other, &[]).code(0);
    rotate(&other, &[])
        .code(2)
        .says(&format!("all that is left is asc-auth key revoke {KEY_ID} --confirm"));
    assert_eq!(creations(&other), 1);
}

#[test]
fn a_revocation_that_failed_is_all_that_is_left_to_do() {
    let person = someone();
    person
        .apple
        .fail_at(&format!("/iris/v1/apiKeys/{KEY_ID}"), Fault::Status(500));
    let published = person.home.path().join("published");
    let publish = format!("echo once >> {}", published.display());
    let flags = ["--publish", publish.as_str(), "--revoke-old", "--timeout", "1s"];
    rotate(&person, &flags)
        .code(20)
        .says("the same command goes on from here");
    assert!(old_is_active(&person));
    person.apple.clear_faults();
    rotate(&person, &flags).code(0);
    assert!(!old_is_active(&person));
    assert_eq!(creations(&person), 1);
    assert_eq!(fs::read_to_string(published).expect("text"), "once\n");
}

#[test]
fn nobody_is_cut_off_without_a_word() {
    let person = someone();
    rotate(&person, &["--revoke-old"])
        .code(0)
        .says(&format!("nobody is given the new key before {KEY_ID} is revoked"));
}

#[test]
fn flags_that_can_t_be_read_make_nothing() {
    let person = someone();
    for flags in [
        &["--known-within", "soon"][..],
        &["--timeout", "1h"],
        &["--profile", ""],
        &["--api-url", "http://example.com"],
    ] {
        rotate(&person, flags).code(2);
    }
    assert_eq!(person.apple.web_requests(), []);
}

#[test]
fn a_profile_that_holds_another_key_is_not_replaced() {
    let person = someone();
    person.register("3Y8S5RXWL7", "Other pipeline");
    let person = person.stored(&["MyApp"]);
    let words = [
        "rotate",
        "3Y8S5RXWL7",
        "--name",
        NAME,
        "--role",
        "developer",
        "--bypass-keychain",
    ];
    for flags in [&[][..], &["--dry-run"]] {
        person
            .key(&[&words[..], &["--profile", "MyApp"], flags].concat())
            .code(2)
            .says("the profile MyApp holds another key, and not 3Y8S5RXWL7");
    }
    assert_eq!(creations(&person), 0);
}

#[test]
fn what_a_run_before_has_not_published_is_published_before_the_old_key_is_revoked() {
    let person = someone();
    person.apple.fail_web(WebStep::Issuer, Fault::Status(400));
    rotate(&person, &[]).code(1);
    let published = person.home.path().join("published");
    let publish = |word: &str| format!("echo {word} >> {}", published.display());
    person
        .apple
        .fail_at(&format!("/iris/v1/apiKeys/{KEY_ID}"), Fault::Status(500));
    let first = publish("first");
    let with = |command: &str| rotate(&person, &["--publish", command, "--revoke-old", "--timeout", "1s"]);
    with(&first).code(20);
    with(&first).code(20);
    person.apple.clear_faults();
    with(&publish("second")).code(0);
    assert_eq!(fs::read_to_string(published).expect("text"), "first\nsecond\n");
    assert_eq!(creations(&person), 1);
}

#[test]
fn a_key_that_was_made_in_one_place_is_not_proved_in_another() {
    let person = someone();
    let run = person.run(&["key", "rotate", KEY_ID, "--name", NAME, "--role", "developer"]);
    person
        .done(run.unset("ASC_API_URL"))
        .code(2)
        .says("and proved at api.appstoreconnect.apple.com")
        .says("the API root from the default: give both, or none");
    assert_eq!(person.apple.web_requests(), []);
}

#[test]
fn an_answer_with_the_id_of_another_key_revokes_nothing() {
    let person = someone();
    let body = json!({"data": {"type": "apiKeys", "id": KEY_ID, "attributes": {"canDownload": false}}});
    let fault = Fault::Raw {
        status: 201,
        content_type: "application/json".to_owned(),
        body: body.to_string().into_bytes(),
    };
    person.apple.fail_web(WebStep::Create, fault);
    rotate(&person, &["--revoke-old"])
        .code(1)
        .says("Apple answered with the ID of another key");
    assert!(old_is_active(&person));
    assert!(!person.apple.web_requests().contains(&WebStep::Revoke));
}
