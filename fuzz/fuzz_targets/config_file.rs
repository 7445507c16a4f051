//! The config file, which other programs write too.
//!
//! What is read is written and read again without a change; what is stored, removed or made the default is that and
//! nothing else; and what belongs to other programs keeps its value.
#![no_main]

use asc_auth::source::profiles::{Config, Profile, StoredIn};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const OURS: [&str; 6] = [
    "keys",
    "default_key_name",
    "key_id",
    "issuer_id",
    "private_key_path",
    "key_type",
];
const NAME: &str = "MyApp";

fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = Config::parse(bytes) else {
        return;
    };
    let json = written(&config);
    let again = Config::parse(&json).expect("what was written");
    assert_eq!(written(&again), json);
    assert_eq!(again.default_name(), config.default_name());
    assert_eq!(texts(&again), texts(&config));
    let (theirs, before) = (theirs(bytes), texts(&config));

    let mut config = again;
    config.put(&profile());
    let mut expected: Vec<_> = before.iter().filter(|texts| texts[0] != NAME).cloned().collect();
    let after = texts(&config);
    assert!(after.contains(&fields(&profile())), "it is not stored");
    expected.push(fields(&profile()));
    assert_eq!(sorted(after), sorted(expected), "storing one has changed another");
    check(&config, theirs.as_ref());

    config.set_default(Some(NAME));
    assert_eq!(config.default_name().as_deref(), Some(NAME));
    check(&config, theirs.as_ref());

    assert!(config.remove(NAME));
    let expected = before.into_iter().filter(|texts| texts[0] != NAME).collect();
    assert_eq!(
        sorted(texts(&config)),
        sorted(expected),
        "removing one has changed another"
    );
    check(&config, theirs.as_ref());
});

/// A change leaves what can be read back, and what belongs to others.
fn check(config: &Config, theirs_before: Option<&Map<String, Value>>) {
    let json = written(config);
    let again = Config::parse(&json).expect("what was written");
    assert_eq!(texts(&again), texts(config));
    assert_eq!(again.default_name(), config.default_name());
    if let Some(before) = theirs_before {
        assert_eq!(
            theirs(&json).as_ref(),
            Some(before),
            "what belongs to others has changed"
        );
    }
}

/// What belongs to others, where it can be represented: a number may be too large.
fn theirs(json: &[u8]) -> Option<Map<String, Value>> {
    let mut root: Map<String, Value> = serde_json::from_slice(json).ok()?;
    root.retain(|name, _| !OURS.contains(&name.as_str()));
    Some(root)
}

fn written(config: &Config) -> Vec<u8> {
    config.to_json().expect("JSON")
}

fn place() -> StoredIn {
    StoredIn::Config("~/.asc/config.json".to_owned())
}

fn profile() -> Profile {
    Profile {
        name: NAME.to_owned(),
        stored_in: place(),
        key_id: "2X9R4QWVK6".to_owned(),
        issuer_id: "57246542-96fe-1a63-e053-0824d011072a".to_owned(),
        key_type: "team".to_owned(),
        private_key_path: "/keys/AuthKey_2X9R4QWVK6.p8".to_owned(),
        private_key_pem: String::new().into(),
    }
}

fn texts(config: &Config) -> Vec<[String; 5]> {
    config.profiles(&place()).iter().map(fields).collect()
}

fn fields(profile: &Profile) -> [String; 5] {
    [
        &profile.name,
        &profile.key_id,
        &profile.issuer_id,
        &profile.private_key_path,
        &profile.key_type,
    ]
    .map(String::clone)
}

fn sorted(mut texts: Vec<[String; 5]>) -> Vec<[String; 5]> {
    texts.sort();
    texts
}
