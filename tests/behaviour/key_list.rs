//! `asc-auth key list`: a team's keys, and those that look forgotten.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use simulator::{ApiKey, Fault, Role, Simulator, WebStep};

use crate::support::{KEY_ID, web::Person};

const DAY: u64 = 24 * 60 * 60;

/// 2026-05-04T08:12:33Z.
const IN_MAY: u64 = 1_777_882_353;

fn used(person: &Person, key_id: &str, days_ago: u64) {
    let at = SystemTime::now() - Duration::from_secs(days_ago * DAY + 60);
    person.apple.set_last_used(key_id, Some(at));
}

/// Three keys: one that is used, one that was used long ago, and one that never was.
fn team() -> Person {
    let person = Person::new();
    person.register("AAAAAAAAA1", "Used");
    person.register("BBBBBBBBB2", "Old");
    person.register("CCCCCCCCC3", "Unused");
    used(&person, "AAAAAAAAA1", 3);
    used(&person, "BBBBBBBBB2", 200);
    person
}

fn names(told: &Value) -> Vec<&str> {
    let keys = told["keys"].as_array().expect("a list");
    keys.iter().map(|key| key["name"].as_str().expect("a name")).collect()
}

#[test]
fn each_key_has_a_row_and_the_active_ones_are_counted() {
    let person = team();
    let developer = ApiKey::team("DDDDDDDDD4", person.apple.issuer_id(), &person.home.key)
        .named("Uploads")
        .with_roles([Role::Developer, Role::AccessToReports]);
    person.apple.register(developer);
    let in_may = UNIX_EPOCH + Duration::from_secs(IN_MAY);
    person.apple.set_last_used("DDDDDDDDD4", Some(in_may));
    person.apple.revoke("BBBBBBBBB2");
    let ran = person.key(&["list"]).code(0).says("3 of 50 active keys");
    let row = |name: &str| {
        let mut lines = ran.stdout.lines();
        let line = lines.find(|line| line.starts_with(name)).expect("a row");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("Name"), "Name Key ID Roles Active Last used Download Profiles");
    assert_eq!(
        row("Uploads"),
        "Uploads DDDDDDDDD4 Developer, ACCESS_TO_REPORTS yes 2026-05-04 no"
    );
    assert_eq!(row("Unused"), "Unused CCCCCCCCC3 App Manager yes never no");
    assert!(
        row("Old").starts_with("Old BBBBBBBBB2 App Manager revoked 2"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(person.apple.web_requests(), [WebStep::List]);
}

#[test]
fn scripts_get_the_same_as_json() {
    let person = Person::new();
    person.register("AAAAAAAAA1", "Used");
    let in_may = UNIX_EPOCH + Duration::from_secs(IN_MAY);
    person.apple.set_last_used("AAAAAAAAA1", Some(in_may));
    person.register("CCCCCCCCC3", "Gone");
    person.apple.revoke("CCCCCCCCC3");
    let ran = person
        .key(&["list", "--output", "json", "--unused-for", "3650d"])
        .code(0);
    assert_eq!(
        ran.json(),
        json!({"keys": [], "active": 1, "limit": 50, "notes": [], "warnings": []})
    );
    let told = person.key(&["list", "--output", "json"]).code(0).json();
    let expected = json!({
        "key_id": "CCCCCCCCC3",
        "name": "Gone",
        "roles": ["APP_MANAGER"],
        "active": false,
        "last_used": null,
        "can_download": false,
        "profiles": [],
        "stale_because": [],
    });
    assert_eq!(told["keys"][1], expected);
    assert_eq!(told["keys"][0]["last_used"], "2026-05-04T08:12:33Z");
    assert_eq!(told["keys"][0]["active"], true);
}

#[test]
fn stale_points_at_forgotten_keys_and_says_why_and_how_they_are_revoked() {
    let person = team();
    let ran = person
        .key(&["list", "--stale"])
        .code(0)
        .says("not used for 200 days")
        .says("never used")
        .says("3 of 50 active keys; 2 of them look forgotten.")
        .says("  asc-auth key revoke BBBBBBBBB2 --confirm\n")
        .says("  asc-auth key revoke CCCCCCCCC3 --confirm\n")
        .says("Apple does not tell when a key was made: one that was never used may be new.");
    assert!(!ran.stdout.contains("AAAAAAAAA1"), "{}", ran.stdout);
    let told = person.key(&["list", "--stale", "--output=json"]).code(0).json();
    assert_eq!(names(&told), ["Old", "Unused"]);
    assert_eq!(told["keys"][0]["stale_because"], json!(["unused"]));
    assert_eq!(told["keys"][1]["stale_because"], json!(["never_used"]));
    assert_eq!(told["notes"].as_array().map(Vec::len), Some(1));
    assert_eq!(person.apple.team_keys().iter().filter(|key| key.active).count(), 3);
}

#[test]
fn a_key_that_nobody_has_downloaded_is_pointed_at() {
    let person = Person::new();
    let body = json!({"data": [{"type": "apiKeys", "id": "AAAAAAAAA1", "attributes": {
        "nickname": "Fresh", "roles": ["DEVELOPER"], "canDownload": true, "isActive": true,
        "lastUsed": "2026-05-04T01:12:33.000-07:00",
    }}]});
    let answer = |body: &Value| Fault::Raw {
        status: 200,
        content_type: "application/json".to_owned(),
        body: body.to_string().into_bytes(),
    };
    person.apple.fail_web(WebStep::List, answer(&body));
    let told = person.key(&["list", "--stale", "--output=json"]).code(0).json();
    let because = told["keys"][0]["stale_because"].as_array().expect("a list");
    assert!(because.contains(&json!("never_downloaded")), "{told}");
    assert_eq!(told["keys"][0]["can_download"], true);
}

#[test]
fn unused_for_takes_a_time_of_its_own_and_both_point_at_what_either_does() {
    let person = team();
    used(&person, "AAAAAAAAA1", 100);
    used(&person, "CCCCCCCCC3", 2);
    for (flags, listed) in [
        (&["--unused-for", "90d"][..], &["Used", "Old"][..]),
        (&["--unused-for=150d"], &["Old"]),
        (&["--unused-for=24h"], &["Used", "Old", "Unused"]),
        (&["--stale"], &["Old"]),
        (&["--stale", "--unused-for=90d"], &["Used", "Old"]),
        (&["--stale", "--unused-for=300d"], &["Old"]),
    ] {
        let arguments = [&["list", "--output=json"], flags].concat();
        let told = person.key(&arguments).code(0).json();
        assert_eq!(names(&told), listed, "{flags:?}");
    }
    person
        .key(&["list", "--unused-for=300d"])
        .code(0)
        .says("No active key looks forgotten.\n3 of 50 active keys\n");
}

#[test]
fn a_time_that_can_not_be_read_stops_before_anything_is_sent() {
    let person = Person::new();
    for text in [
        "",
        "0",
        "90",
        "30m",
        "3651d",
        "-1d",
        "90 d",
        "a while",
        "99999999999999999999d",
    ] {
        person
            .key(&["list", &format!("--unused-for={text}")])
            .code(2)
            .says("--unused-for")
            .says("from 1h to 3650d");
    }
    assert!(person.apple.requests().is_empty());
}

#[test]
fn a_team_without_keys_is_told_in_a_sentence() {
    let person = Person::new();
    let ran = person.key(&["list"]).code(0);
    assert_eq!(ran.stdout, "The team has no key.\n0 of 50 active keys\n");
}

#[test]
fn a_key_that_a_profile_uses_is_never_pointed_at_without_its_profile() {
    let person = Person::new().stored(&["MyApp", "Other"]);
    person.register(KEY_ID, "CI pipeline");
    person.register("CCCCCCCCC3", "Unused");
    person
        .key(&["list", "--stale"])
        .code(0)
        .says(&format!(
            "asc-auth key revoke {KEY_ID} --confirm   # the profiles MyApp, Other use it"
        ))
        .says("asc-auth key revoke CCCCCCCCC3 --confirm\n");
    let told = person.key(&["list", "--output=json"]).code(0).json();
    assert_eq!(told["keys"][0]["key_id"], KEY_ID);
    assert_eq!(told["keys"][0]["profiles"], json!(["MyApp", "Other"]));
    assert_eq!(told["keys"][1]["profiles"], json!([]));
}

#[test]
fn a_profile_that_names_its_key_by_the_files_name_alone_is_a_user_too() {
    let person = Person::new();
    let mut entry = person.home.entry("Nameless");
    entry["key_id"] = json!("");
    person.home.write_config(&json!({"keys": [entry]}).to_string());
    person.register(KEY_ID, "CI pipeline");
    let told = person.key(&["list", "--output=json"]).code(0).json();
    assert_eq!(told["keys"][0]["profiles"], json!(["Nameless"]));
}

#[test]
fn profiles_that_can_not_be_read_are_told_and_hide_no_key() {
    let person = team();
    person.home.write_config("{");
    person
        .key(&["list"])
        .code(0)
        .says("warning: not every profile could be read, so a key may have a user that is not shown")
        .says("3 of 50 active keys");
    let told = person.key(&["list", "--output=json"]).code(0).json();
    assert_eq!(told["warnings"].as_array().map(Vec::len), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_profile_of_the_keychain_is_a_user_and_a_locked_keychain_is_told() {
    use crate::support::keyring::Keyring;

    let (person, keyring) = (Person::new(), Keyring::unlocked());
    person
        .home
        .in_session(&keyring, person.home.login("Chain", &[]))
        .run()
        .code(0);
    person.register(KEY_ID, "CI pipeline");
    let list = |flags: &[&str]| {
        let arguments = [&["key", "list", "--output=json"], flags].concat();
        person
            .done(person.home.in_session(&keyring, person.run(&arguments)))
            .code(0)
    };
    assert_eq!(list(&[]).json()["keys"][0]["profiles"], json!(["Chain"]));
    assert_eq!(list(&["--bypass-keychain"]).json()["keys"][0]["profiles"], json!([]));
}

#[test]
fn what_a_key_is_called_obeys_no_terminal_and_poses_as_nothing() {
    let person = Person::new();
    let body = json!({"data": [
        {"type": "apiKeys", "id": "x --force; rm -rf ~", "attributes": {"nickname": "\u{1b}[31mred\n::error::b ##[error]c"}},
        {"type": "apiKeys", "id": "AAAAAAAAA1", "attributes": {"nickname": "x".repeat(500), "roles": ["a\nb"]}},
    ]});
    for arguments in [&["list"][..], &["list", "--stale"], &["list", "--output=json"]] {
        person.apple.fail_web(
            WebStep::List,
            Fault::Raw {
                status: 200,
                content_type: "application/json".to_owned(),
                body: body.to_string().into_bytes(),
            },
        );
        let ran = person.key(arguments).code(0);
        assert!(!ran.text().contains('\u{1b}'), "{}", ran.text());
        assert!(!ran.text().contains("##["), "{}", ran.text());
        assert!(
            !ran.text().lines().any(|line| line.trim_start().starts_with("::")),
            "{}",
            ran.text()
        );
        assert!(!ran.text().contains("asc-auth key revoke x"), "{}", ran.text());
        assert!(!ran.text().contains(&"x".repeat(101)), "{}", ran.text());
    }
}

#[test]
fn all_of_two_thousand_keys_are_listed() {
    let person = Person::new();
    let key = |number: u32| {
        json!({"type": "apiKeys", "id": format!("{number:0>10}").replace('0', "K"), "attributes": {
            "nickname": format!("key {number}"), "isActive": number < 50, "roles": ["ADMIN"],
        }})
    };
    let body = json!({"data": (0..2000).map(key).collect::<Vec<_>>()});
    person.apple.fail_web(
        WebStep::List,
        Fault::Raw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        },
    );
    let told = person.key(&["list", "--output=json"]).code(0).json();
    assert_eq!(told["keys"].as_array().map(Vec::len), Some(2000));
    assert_eq!(told["active"], 50);
    assert_eq!(Simulator::WEB_KEY_LIMIT, 50);
}

#[test]
fn a_key_that_was_begun_and_not_finished_is_told_by_list_and_doctor() {
    let person = Person::new();
    person.key(&["list"]).code(0).does_not_say("warning");
    for _ in 0..20 {
        person.apple.fail_web(WebStep::Download, Fault::Status(500));
    }
    person
        .key(&["create", "--name=CI pipeline", "--role=developer", "--timeout=3s"])
        .code(20);
    let key_id = &person.apple.team_keys()[0].id;
    let told = "a key was begun and not finished: CI pipeline";
    person
        .key(&["list"])
        .code(0)
        .says(&format!("warning: {told} (key: {key_id}; record: "))
        .says(
            "run this again, with --login if it had that: asc-auth key create --name 'CI pipeline' --role developer.",
        );
    let warnings = &person.key(&["list", "--output=json"]).code(0).json()["warnings"];
    assert_eq!(warnings.as_array().map(Vec::len), Some(1));
    person.done(person.run(&["doctor"])).says(told).says(key_id);
    let [record] = records(&person).try_into().expect("one record");
    fs::write(&record, "{").expect("a file");
    let unreadable = "the record of an unfinished run can't be read";
    person.key(&["list"]).code(0).says(unreadable);
    person.done(person.run(&["doctor"])).says(unreadable);
    fs::remove_file(&record).expect("it is there");
    person.key(&["list"]).code(0).does_not_say("warning");
}

fn records(person: &Person) -> Vec<PathBuf> {
    let folder = fs::read_dir(person.home.path().join(".blitz/asc-auth")).expect("a directory");
    let files = folder.map(|entry| entry.expect("an entry").path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect()
}
