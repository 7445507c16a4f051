use super::*;

fn place() -> StoredIn {
    StoredIn::Config("~/.asc/config.json".to_owned())
}

fn parse(text: &str) -> Config {
    Config::parse(text.as_bytes()).expect("a config")
}

fn json(config: &Config) -> String {
    String::from_utf8(config.to_json().expect("JSON")).expect("text")
}

fn profile(name: &str, key_id: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        stored_in: place(),
        key_id: key_id.to_owned(),
        issuer_id: "57246542-96fe-1a63-e053-0824d011072a".to_owned(),
        key_type: "team".to_owned(),
        private_key_path: format!("/keys/AuthKey_{key_id}.p8"),
        private_key_pem: Zeroizing::default(),
    }
}

fn names(config: &Config) -> Vec<String> {
    config
        .profiles(&place())
        .into_iter()
        .map(|profile| profile.name)
        .collect()
}

#[test]
fn what_belongs_to_others_keeps_its_order_and_its_bytes() {
    let text = r#"{
  "huge": 123456789012345678901234567890.10e400,
  "keys": [
    {
      "team_note": {"b" : 1,
        "a": [ ]},
      "name": "MyApp",
      "key_id": "OLD1234567"
    }
  ],
  "app_id": "1",
  "app_id": "\u0032",
  "default_key_name": "MyApp"
}
"#;
    let mut config = parse(text);
    config.put(&profile("MyApp", "NEW1234567"));
    config.put(&profile("Other", "OTH1234567"));
    let once = json(&config);
    for kept in [
        "\"huge\": 123456789012345678901234567890.10e400",
        "{\"b\" : 1,\n        \"a\": [ ]}",
        "\"app_id\": \"1\",\n  \"app_id\": \"\\u0032\"",
    ] {
        assert!(once.contains(kept), "{kept} in {once}");
    }
    assert!(!once.contains("OLD1234567"), "{once}");
    assert_eq!(json(&parse(&once)), once, "writing it again changes nothing");
}

#[test]
fn the_default_profile_is_repeated_beside_the_list() {
    let mut config = Config::default();
    config.put(&profile("One", "ONE1234567"));
    config.put(&profile("Two", "TWO1234567"));
    config.set_default(Some("Two"));
    let value: serde_json::Value = serde_json::from_str(&json(&config)).expect("JSON");
    assert_eq!(value["default_key_name"], "Two");
    assert_eq!(value["key_id"], "TWO1234567");
    assert_eq!(value["private_key_path"], "/keys/AuthKey_TWO1234567.p8");
    assert_eq!(names(&config), ["One", "Two"]);

    config.set_default(Some("in the keychain"));
    let value: serde_json::Value = serde_json::from_str(&json(&config)).expect("JSON");
    assert_eq!(value.get("key_id"), None);
    assert_eq!(names(&config), ["One", "Two"]);
}

#[test]
fn a_credential_beside_the_list_is_a_profile_and_no_change_loses_it() {
    let legacy = r#"{"key_id": "OLD1234567", "issuer_id": "i", "private_key_path": "/old.p8", "x": 1}"#;
    assert_eq!(names(&parse(legacy)), ["default"]);
    let mut config = parse(legacy);
    config.put(&profile("New", "NEW1234567"));
    assert_eq!(names(&config), ["default", "New"]);
    assert_eq!(config.default_name().as_deref(), Some("default"));
    let mut config = parse(legacy);
    config.set_default(Some("in the keychain"));
    assert_eq!(names(&config), ["default"]);
    let mut config = parse(legacy);
    assert!(config.remove("default"));
    assert_eq!(names(&config), [""; 0]);

    let named = r#"{"key_id": "OLD1234567", "default_key_name": "Mine", "keys": null}"#;
    assert_eq!(names(&parse(named)), ["Mine"]);
}

#[test]
fn a_name_is_stored_once() {
    let mut config = parse(r#"{"keys": [{"name": "A", "key_id": "1"}, {"name": "B"}, {"name": "A", "key_id": "2"}]}"#);
    assert_eq!(names(&config), ["A", "B", "A"]);
    config.put(&profile("A", "NEW1234567"));
    assert_eq!(names(&config), ["A", "B"]);
    assert!(config.remove("A"));
    assert!(!config.remove("A"));
    assert_eq!(names(&config), ["B"]);
}

#[test]
fn what_is_no_config_is_told_by_its_place() {
    let defect = |text: &str| Config::parse(text.as_bytes()).expect_err("no config");
    assert_eq!(defect(" \n"), ConfigDefect::Empty);
    assert_eq!(defect("[]"), ConfigDefect::NoObject);
    assert_eq!(defect("\"text\""), ConfigDefect::NoObject);
    assert_eq!(defect("{\"key_id\": \n"), ConfigDefect::NoJson { line: 2, column: 0 });
    assert!(matches!(defect("{} x"), ConfigDefect::NoJson { line: 1, .. }));
    for (text, place) in [
        (r#"{"keys": {}}"#, "keys is no list of objects"),
        (r#"{"keys": [1]}"#, "keys is no list of objects"),
        (r#"{"key_id": 7}"#, "key_id is no text"),
        (r#"{"keys": [{}, {"name": []}]}"#, "keys[1].name is no text"),
    ] {
        assert_eq!(defect(text).to_string(), format!("its {place}"));
    }
}
