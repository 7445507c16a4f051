//! Profiles that can't be used: what is wrong is told with the profile and its place, never with what stands there.

use serde_json::{Value, json};
use simulator::TestKey;

use crate::support::{
    KEY_ID,
    machine::{Machine, entry, keys},
    proof::{assert_key_kept, assert_refused, assert_token_of},
};

const OTHER_ID: &str = "ABCDE12345";

#[test]
fn a_profile_that_can_not_be_used_says_what_is_wrong_with_it() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let path = machine.key_file("AuthKey_2X9R4QWVK6.p8", &key);
    let with = |field: &str, value: Value| {
        let mut profile = entry("MyApp", KEY_ID, &path);
        profile[field] = value;
        profile
    };
    let from = "profile MyApp (~/.asc/config.json)";
    let again =
        "\nasc-auth login --name MyApp --force --bypass-keychain --key-id ID --issuer-id ID --private-key FILE\n";
    for (profile, code, sentence, advice) in [
        (
            with("private_key_path", json!("/nowhere/AuthKey.p8")),
            30,
            "the private key file can't be read: it does not exist",
            again,
        ),
        (
            with("private_key_path", json!(machine.path("keys"))),
            30,
            "the private key file can't be read: it is a directory",
            again,
        ),
        (
            with("private_key_path", json!("")),
            10,
            "no private key was given",
            again,
        ),
        (with("private_key_path", json!("-")), 10, "asks for standard input", ""),
        (
            with("private_key_path", json!(key.pem())),
            10,
            "holds a key, where the path of a key belongs",
            "",
        ),
        (with("key_id", json!(key.pem())), 10, "the key ID can't be right", ""),
        (with("issuer_id", Value::Null), 10, "no issuer ID was given", again),
        (
            with("issuer_id", json!("MyTeam")),
            10,
            "the issuer ID can't be right",
            "",
        ),
        (with("key_type", json!(key.pem())), 10, "is unknown", again),
        (with("key_type", json!("Team")), 10, "is unknown", again),
    ] {
        machine.write_config("home", &keys(std::slice::from_ref(&profile)));
        let ran = machine.run(&["token", "--profile=MyApp"]).run();
        let ran = ran.says(from).says(advice);
        assert_refused(sentence, &ran, code, sentence, &key.pem());
        assert_key_kept(sentence, &ran, &key);
    }
    // The file's name tells it.
    machine.write_config("home", &keys(&[with("key_id", json!(""))]));
    assert_token_of("no key ID", &machine.run(&["token"]).run(), &key);
    let wrong = entry("MyApp", OTHER_ID, &path);
    machine.write_config("home", &keys(&[wrong]));
    let strict = machine.run(&["token", "--strict-auth"]).run().says(from);
    assert_refused(
        "file name",
        &strict,
        11,
        "the key file's name contradicts what was given",
        &key.pem(),
    );
}

#[test]
fn the_command_that_mends_a_profile_fits_its_name_and_its_place() {
    let machine = Machine::new();
    machine.write_config("work", &keys(&[entry("My App's", KEY_ID, "/nowhere/AuthKey.p8")]));
    machine
        .run(&["token"])
        .run()
        .code(30)
        .says("file       /nowhere/AuthKey.p8, from profile My App's (./.asc/config.json)\n")
        .says("\nasc-auth login --name 'My App'\\''s' --force --local --key-id ID ");
}

/// A config file that came with a repository may name any path.
#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_in_the_place_of_a_key_file_is_never_read() {
    let machine = Machine::new();
    let pipe = machine.path("keys").join("pipe.p8");
    crate::support::machine::make_pipe(&pipe);
    for path in [pipe.to_str().unwrap(), "/dev/zero", "/dev/tty", "/dev/stdin"] {
        machine.write_config("work", &keys(&[entry("MyApp", KEY_ID, path)]));
        let ran = machine.run(&["token"]).stdin("").run();
        let sentence = "error: the private key file can't be read: it is no regular file\n";
        assert_refused(path, &ran, 30, sentence, "no form of it");
    }
}
