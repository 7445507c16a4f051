//! Sources that contradict each other: an error under strict-auth (11), one warning without, silence if they agree.

use asc_auth::credential::PrivateKey;
use simulator::TestKey;

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    proof::{assert_key_kept, assert_not_told, assert_refused, assert_token_of},
};

const OTHER_ID: &str = "ABCDE12345";
const OTHER_ISSUER: &str = "69a6de70-03db-47e3-e053-5b8c7c11a4d1";

fn fingerprint(key: &TestKey) -> String {
    let key = PrivateKey::decode(&key.apple_der()).expect("a key");
    format!("key with fingerprint {}", key.fingerprint())
}

/// The action's step, not validating, with nothing but these inputs and variables.
fn action(step: &Step, variables: &[(&str, &str)]) -> Ran {
    let run = step.run(&["setup", "--action-inputs"]).env("INPUT_VALIDATE", "false");
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
        .run()
}

#[test]
fn two_variables_with_the_same_key_agree() {
    let key = TestKey::generate();
    let ran = Run::new(&["token", "--strict-auth"])
        .team_key(&key)
        .env("ASC_PRIVATE_KEY_B64", key.sec1_pem())
        .run();
    assert_token_of("agreeing", &ran, &key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn two_different_keys_are_told_apart_by_fingerprint() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let run = |arguments: &[&str]| {
        Run::new(arguments)
            .team_key(&other)
            .env("ASC_PRIVATE_KEY_B64", key.pem())
            .run()
    };

    let ran = run(&["token", "--strict-auth"]).code(11);
    assert_eq!(
        ran.stderr,
        format!(
            "error: two private keys were given, and they differ\n\
             \u{20} ASC_PRIVATE_KEY_B64  {}\n\
             \u{20} ASC_PRIVATE_KEY      {}\n\
             strict-auth is on, so nothing was chosen. Unset all but one of them.\n",
            fingerprint(&key),
            fingerprint(&other)
        )
    );
    assert_key_kept("strict", &ran, &key);
    assert_key_kept("strict", &ran, &other);

    let ran = run(&["token"]);
    assert_token_of("not strict", &ran, &key);
    assert_eq!(
        ran.stderr,
        "warning: two private keys were given, and they differ: ASC_PRIVATE_KEY_B64, ASC_PRIVATE_KEY; \
         ASC_PRIVATE_KEY_B64 is used\n"
    );
}

#[test]
fn a_fingerprint_is_the_public_keys() {
    use sha2::{Digest, Sha256};
    // SubjectPublicKeyInfo of a P-256 point, up to the point (RFC 5480).
    const SPKI: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
        3, 0x42, 0,
    ];
    let key = TestKey::generate();
    let digest = Sha256::digest([&SPKI, key.public_key()].concat());
    let digits = u64::from_be_bytes(digest[..8].try_into().unwrap());
    assert_eq!(fingerprint(&key), format!("key with fingerprint SHA256:{digits:016x}…"));
}

#[test]
fn a_malformed_key_beside_a_good_one_is_a_difference() {
    let key = TestKey::generate();
    let run = |arguments: &[&str], variable: &str| {
        Run::new(arguments)
            .team_key(&key)
            .env(variable, "correct horse battery staple")
            .run()
    };
    let ran = run(&["token", "--strict-auth"], "ASC_PRIVATE_KEY_B64")
        .says(&fingerprint(&key))
        .says("no usable key: it is not a private key in any known form");
    assert_refused(
        "strict",
        &ran,
        11,
        "two private keys were given, and they differ",
        "battery",
    );

    let ran = run(&["token"], "ASC_PRIVATE_KEY_B64");
    let sentence = "error: the private key can't be used: it is not a private key in any known form\n";
    assert_refused("the first malformed", &ran, 10, sentence, "battery");

    let both = Run::new(&["token"])
        .team_key(&key)
        .env("ASC_PRIVATE_KEY_B64", key.pem());
    let ran = both.env("ASC_PRIVATE_KEY", "changeme").run();
    assert_token_of("the second malformed", &ran, &key);
    assert!(ran.stderr.contains("they differ"), "{}", ran.stderr);
}

#[test]
fn a_profile_beside_credentials_is_mixed() {
    let key = TestKey::generate();
    let run = |arguments: &[&str]| Run::new(arguments).team_key(&key).env("ASC_PROFILE", "release").run();
    let ran = run(&["token", "--strict-auth"])
        .says("ASC_PROFILE")
        .says("ASC_KEY_ID")
        .says("ASC_ISSUER_ID")
        .says("ASC_PRIVATE_KEY");
    let sentence = "a profile was named, and credentials were given beside it\n";
    assert_refused("strict", &ran, 11, sentence, &key.pem());
    assert_refused(
        "not strict",
        &run(&["token"]),
        10,
        "no profile named \"release\"\n",
        &key.pem(),
    );

    let ran = Run::new(&["token", "--strict-auth", "--profile", "release", "--key-id", KEY_ID]).run();
    assert_refused("flags", &ran, 11, sentence, &key.pem());
}

#[test]
fn the_action_is_strict_unless_it_says_otherwise() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let (pem, other_pem) = (key.pem(), other.pem());
    let both = [
        ("INPUT_KEY-ID", KEY_ID),
        ("INPUT_ISSUER-ID", ISSUER_ID),
        ("INPUT_PRIVATE-KEY", pem.as_str()),
        ("ASC_PRIVATE_KEY", other_pem.as_str()),
    ];
    let differ = "two private keys were given, and they differ";
    let twice = "strict-auth setting was given twice, and the values differ";
    for (row, input, variable, code, sentence) in [
        ("nothing said", "", "", 11, differ),
        ("input true", "true", "", 11, differ),
        ("input false", "false", "", 0, differ),
        ("variable false", "", "false", 0, differ),
        ("variable true", "", "true", 11, differ),
        ("both false", "false", "0", 0, differ),
        ("input true, variable false", "true", "false", 11, twice),
        ("input false, variable true", "false", "true", 11, twice),
    ] {
        let step = Step::new();
        let strict = [("INPUT_STRICT-AUTH", input), ("ASC_STRICT_AUTH", variable)];
        let ran = unmasked(action(&step, &[&both[..], &strict[..]].concat()));
        assert_eq!(ran.code, Some(code), "{row}: {}", ran.text());
        assert!(ran.text().contains(sentence), "{row}: {}", ran.text());
        assert_not_told(row, &ran, &pem);
        assert_not_told(row, &ran, &other_pem);
        assert_eq!(step.outputs().is_empty(), code != 0, "{row}");
        assert_eq!(step.leftovers().is_empty(), code != 0, "{row}");
    }
}

/// A run without the commands that tell the runner what to mask.
fn unmasked(mut ran: Ran) -> Ran {
    let lines = ran.stdout.lines().filter(|line| !line.starts_with("::add-mask::"));
    ran.stdout = lines.collect::<Vec<_>>().join("\n");
    ran
}

#[test]
fn the_flag_decides_over_a_variable_about_strictness() {
    let key = TestKey::generate();
    for (flag, variable, code) in [
        ("--strict-auth=false", "true", 0),
        ("--strict-auth=true", "false", 11),
        ("--strict-auth", "", 11),
        ("--bypass-keychain", "", 0),
        ("--bypass-keychain", "true", 11),
    ] {
        let ran = Run::new(&["token", flag])
            .team_key(&key)
            .env("ASC_PRIVATE_KEY_B64", TestKey::generate().pem())
            .env("ASC_STRICT_AUTH", variable)
            .run();
        assert_eq!(ran.code, Some(code), "{flag} and {variable:?}: {}", ran.text());
        assert_key_kept(flag, &ran, &key);
    }
}

#[test]
fn an_input_and_a_variable_that_differ_are_mixed() {
    let key = TestKey::generate();
    let pem = key.pem();
    let inputs = [
        ("INPUT_KEY-ID", KEY_ID),
        ("INPUT_ISSUER-ID", ISSUER_ID),
        ("INPUT_PRIVATE-KEY", pem.as_str()),
        ("INPUT_KEY-TYPE", "team"),
        ("INPUT_API-URL", "https://api.example.com"),
    ];
    for (variable, value, what, input) in [
        ("ASC_KEY_ID", OTHER_ID, "key ID", "input key-id"),
        ("ASC_ISSUER_ID", OTHER_ISSUER, "issuer ID", "input issuer-id"),
        ("ASC_KEY_TYPE", "individual", "key type", "input key-type"),
        ("ASC_API_URL", "https://api.example.org", "API root", "input api-url"),
    ] {
        let sentence = format!("the {what} was given twice, and the values differ");
        let step = Step::new();
        let strict = action(&step, &[&inputs[..], &[(variable, value)]].concat());
        let strict = strict.says(input).says(variable);
        assert_refused(variable, &strict, 11, &sentence, value);
        assert!(step.outputs().is_empty() && step.leftovers().is_empty(), "{variable}");

        let lenient = [(variable, value), ("INPUT_STRICT-AUTH", "false")];
        let ran = unmasked(action(&step, &[&inputs[..], &lenient[..]].concat())).code(0);
        let warning = format!("{sentence}: {input} is used, {variable} is not");
        assert!(ran.text().contains(&warning), "{variable}: {}", ran.text());
        assert_key_kept(variable, &ran, &key);
        assert_eq!(step.outputs()["key-id"], KEY_ID, "{variable}");
        assert_eq!(step.outputs()["issuer-id"], ISSUER_ID, "{variable}");
        assert_eq!(step.outputs()["key-type"], "team", "{variable}");
    }
}

#[test]
fn an_input_and_a_variable_that_agree_are_fine() {
    let key = TestKey::generate();
    let (pem, sec1) = (key.pem(), key.sec1_pem());
    let step = Step::new();
    let ran = action(
        &step,
        &[
            ("INPUT_KEY-ID", KEY_ID),
            ("ASC_KEY_ID", " 2X9R4QWVK6\n"),
            ("INPUT_ISSUER-ID", ISSUER_ID),
            ("ASC_ISSUER_ID", &ISSUER_ID.to_uppercase()),
            ("INPUT_PRIVATE-KEY", &pem),
            ("ASC_PRIVATE_KEY_B64", &sec1),
            ("INPUT_STRICT-AUTH", "true"),
            ("ASC_STRICT_AUTH", "yes"),
        ],
    );
    let ran = unmasked(ran)
        .code(0)
        .does_not_say("::warning")
        .says("from input key-id");
    assert_key_kept("agreeing", &ran, &key);
}

#[test]
fn inputs_are_read_only_when_asked_for() {
    let key = TestKey::generate();
    let ran = Run::new(&["token", "--strict-auth"])
        .team_key(&key)
        .env("INPUT_KEY-ID", OTHER_ID)
        .env("INPUT_PRIVATE-KEY", TestKey::generate().pem())
        .run();
    assert_token_of("another action's inputs", &ran, &key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_flag_completes_and_overrides_the_environment_even_under_strict_auth() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let simulator = crate::support::simulator_with(&key);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.p8");
    std::fs::write(&path, key.pem()).unwrap();
    let ran = Run::new(&[
        "validate",
        "--output=json",
        "--strict-auth",
        "--key-id",
        KEY_ID,
        "--private-key-path",
        path.to_str().unwrap(),
    ])
    .team_key(&other)
    .env("ASC_KEY_ID", OTHER_ID)
    .api(&simulator)
    .run()
    .code(0);
    let json = ran.json();
    assert_eq!(json["key_id"], KEY_ID);
    assert_eq!(
        json["notes"],
        serde_json::json!([
            "--private-key-path overrides ASC_PRIVATE_KEY",
            "--key-id overrides ASC_KEY_ID"
        ])
    );
    assert_eq!(json["warnings"], serde_json::json!([]));
    assert_key_kept("overridden", &ran, &key);
    assert_key_kept("overridden", &ran, &other);
}
