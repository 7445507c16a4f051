//! Stored profiles in a real GNOME Keyring, and in the places where there is none or none that opens.

use std::{io::ErrorKind, os::unix::net::UnixListener};

use serde_json::{Value, json};
use simulator::TestKey;

use crate::support::{
    ISSUER_ID, KEY_ID, Run,
    keyring::Keyring,
    machine::{Machine, config, keys},
    proof::{assert_key_kept, assert_refused, assert_token_of},
    simulator_with,
};

/// As the asc CLI stores a profile that holds the key itself.
fn item(key: &TestKey) -> Value {
    json!({
        "key_id": KEY_ID,
        "issuer_id": ISSUER_ID,
        "private_key_path": "/moved/since/AuthKey_2X9R4QWVK6.p8",
        "private_key_pem": key.pem(),
        "key_type": "team",
    })
}

fn store(keyring: &Keyring, name: &str, key: &TestKey) {
    keyring.store(&format!("asc:credential:{name}"), &item(key).to_string());
}

/// In the session of `keyring`, at home on `machine`.
fn run(keyring: &Keyring, machine: &Machine, arguments: &[&str]) -> Run {
    keyring.apply(machine.run(arguments)).env("HOME", machine.path("home"))
}

#[test]
fn the_keychains_profile_works_without_its_file() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    store(&keyring, "MyApp", &key);
    assert_token_of(
        "the only one",
        &run(&keyring, &machine, &["token", "--strict-auth"]).run(),
        &key,
    );
    let ran = run(&keyring, &machine, &["validate", "--profile=MyApp"])
        .api(&apple)
        .run();
    assert_key_kept("validate", &ran.code(0).says("from profile MyApp (keychain)"), &key);
    let script = ["--", "sh", "-c", "cat \"$ASC_PRIVATE_KEY_PATH\"; echo done"];
    let ran = run(&keyring, &machine, &[&["exec", "--no-validate"], &script[..]].concat());
    assert_key_kept(
        "exec",
        &ran.env("PATH", "/usr/bin:/bin").run().code(0).says("done"),
        &key,
    );
}

#[test]
fn a_config_file_names_the_default_among_the_keychains() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    store(&keyring, "Other", &TestKey::generate());
    store(&keyring, "MyApp", &key);
    let ran = run(&keyring, &machine, &["token"]).run().says("MyApp, Other");
    assert_refused(
        "no default",
        &ran,
        10,
        "2 profiles are stored, and none of them is the default",
        "moved",
    );
    machine.write_config("home", &json!({"default_key_name": "MyApp"}));
    assert_token_of(
        "named",
        &run(&keyring, &machine, &["token", "--strict-auth"]).run(),
        &key,
    );
}

#[test]
fn the_keychain_comes_before_config_files_and_a_difference_is_told() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    store(&keyring, "MyApp", &key);
    machine.write_config(
        "home",
        &config("MyApp", &[machine.profile("MyApp", &TestKey::generate())]),
    );
    let ran = run(&keyring, &machine, &["token", "--strict-auth"]).run();
    assert_token_of("the same key ID", &ran, &key);
    assert_eq!(ran.stderr, "");

    let mut other = machine.profile("MyApp", &key);
    other["key_id"] = json!("ABCDE12345");
    machine.write_config("home", &config("MyApp", &[other]));
    let sentence = "two different profiles are stored under one name";
    let ran = run(&keyring, &machine, &["token"]).run();
    assert_token_of("warned", &ran, &key);
    let ran = ran.says(&format!(
        "warning: {sentence}, MyApp: the one in keychain is used, not the one in ~/.asc/config.json"
    ));
    assert_key_kept("warned", &ran, &key);
    let strict = run(&keyring, &machine, &["token", "--strict-auth", "--profile=MyApp"]).run();
    assert_refused("strict", &strict.says("stores another one"), 11, sentence, &key.pem());
}

#[test]
fn a_bypassed_keychain_is_not_asked() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    store(&keyring, "MyApp", &TestKey::generate());
    let bypassing =
        |arguments: &[&str], variable: &str| run(&keyring, &machine, arguments).env("ASC_BYPASS_KEYCHAIN", variable);
    let ran = bypassing(&["token", "--profile=MyApp"], "1").run();
    let ran = ran.says("not in     ./.asc/config.json, ~/.asc/config.json");
    assert_refused("a variable", &ran, 10, "no profile named \"MyApp\"", "moved");
    run(&keyring, &machine, &["token", "--bypass-keychain"]).run().code(10);

    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    assert_token_of("a variable", &bypassing(&["token"], "yes").run(), &key);
    let flag = run(&keyring, &machine, &["token", "--bypass-keychain", "--profile=MyApp"]);
    assert_token_of("a flag", &flag.run(), &key);
    bypassing(&["token"], "maybe")
        .run()
        .code(2)
        .says("ASC_BYPASS_KEYCHAIN can't be read");
}

#[test]
fn a_locked_keychain_names_the_way_around_it() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    store(&keyring, "MyApp", &TestKey::generate());
    keyring.lock();
    let sentence = "the keychain is locked, and was not unlocked";
    for arguments in [&["token"][..], &["token", "--profile=MyApp"]] {
        let ran = run(&keyring, &machine, arguments).run();
        let ran = ran.says("--bypass-keychain").says("~/.asc/config.json");
        assert_refused("locked", &ran, 30, &format!("error: {sentence}\n"), "moved");
    }
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let ran = run(&keyring, &machine, &["token", "--profile=MyApp"]).run();
    assert_token_of("stored twice", &ran, &key);
    let told = format!("warning: {sentence}; the profile in ~/.asc/config.json is used\n");
    assert_eq!(ran.stderr, told);
    let strict = run(&keyring, &machine, &["token", "--profile=MyApp", "--strict-auth"]).run();
    assert_refused("strict", &strict, 30, &format!("error: {sentence}\n"), "keys/");
}

#[test]
fn a_repository_can_not_stand_in_for_a_keychain_that_can_not_be_asked() {
    let (keyring, machine, hostile) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    store(&keyring, "MyApp", &TestKey::generate());
    machine.write_config("work", &config("MyApp", &[machine.profile("MyApp", &hostile)]));
    keyring.lock();
    for arguments in [&["token"][..], &["token", "--profile=MyApp"]] {
        let ran = run(&keyring, &machine, arguments).run();
        assert_refused("locked", &ran, 30, "the keychain is locked", "keys/");
    }
    let completed = run(&keyring, &machine, &["token"]).env("ASC_KEY_ID", KEY_ID).run();
    assert_refused("completed", &completed, 30, "the keychain is locked", "keys/");
    let absent = Keyring::without_bus();
    let ran = run(&absent, &machine, &["token", "--profile=MyApp"]).run();
    assert_token_of("no keychain", &ran, &hostile);
    ran.says("warning: there is no keychain here")
        .says("the profile in ./.asc/config.json is used");
}

#[test]
fn where_there_is_no_keychain_config_files_serve() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    for keyring in [Keyring::without_bus(), Keyring::without_service()] {
        for arguments in [&["token", "--strict-auth"][..], &["token", "--profile=MyApp"]] {
            let ran = run(&keyring, &machine, arguments).run();
            assert_token_of("a config file", &ran, &key);
            assert_eq!(ran.stderr, "");
        }
        let ran = run(&keyring, &machine, &["token", "--profile=Other"]).run();
        assert_refused(
            "unknown",
            &ran.says("keychain   there is no keychain here"),
            10,
            "no profile named \"Other\"",
            "keys/",
        );
    }
}

#[test]
fn an_item_that_can_not_be_read_is_told() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    keyring.store("asc:credential:MyApp", &key.pem());
    for arguments in [&["token"][..], &["token", "--profile=MyApp"]] {
        let ran = run(&keyring, &machine, arguments).run();
        let sentence = "the keychain's item of the profile \"MyApp\" can't be read";
        assert_refused(
            "a key alone",
            &ran.says("asc-auth login --force"),
            30,
            sentence,
            &key.pem(),
        );
    }
}

/// Whoever looked for the keychain would connect to this socket.
#[test]
fn a_complete_environment_asks_no_keychain() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let bus = UnixListener::bind(machine.path("home").join("bus")).unwrap();
    bus.set_nonblocking(true).unwrap();
    let run = machine.run(&["token"]).team_key(&key);
    let ran = run.env("XDG_RUNTIME_DIR", machine.path("home")).run();
    assert_token_of("beside a bus", &ran, &key);
    assert_eq!(
        bus.accept().map(|_| ()).map_err(|error| error.kind()),
        Err(ErrorKind::WouldBlock)
    );
}

// What status shows of it

#[test]
fn status_lists_the_keychain_first_and_hides_no_item() {
    let (keyring, machine, key) = (Keyring::unlocked(), Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    store(&keyring, "MyApp", &key);
    keyring.store("asc:credential:Bad", &key.pem());
    machine.write_config("home", &config("MyApp", &[machine.profile("Old", &key)]));
    machine.write_config("work", &config("MyApp", &[]));
    let ran = run(&keyring, &machine, &["status", "--validate"])
        .api(&apple)
        .run()
        .code(30);
    assert_eq!(
        ran.stdout,
        "Used here: profile MyApp (keychain), because default_key_name in ./.asc/config.json says so.\n\
         Name   Key ID      Kind  Default  Stored in            Validation\n\
         Bad                               keychain             unreadable\n\
         MyApp  2X9R4QWVK6  team  yes      keychain, used here  works\n\
         Old    2X9R4QWVK6  team           ~/.asc/config.json   works\n\
         Looked in: keychain (2 profiles); ./.asc/config.json (0 profiles); ~/.asc/config.json (1 profile).\n"
    );
    let ran = ran.says("error: the keychain's item of the profile \"Bad\" can't be read\n");
    assert_key_kept("status", &ran, &key);

    let json = run(&keyring, &machine, &["status", "--output=json"])
        .run()
        .code(30)
        .json();
    assert_eq!(
        json["keychain"],
        json!({"stored_in": "keychain", "state": "read", "profiles": 2, "error": null})
    );
    assert_eq!(json["profiles"][0]["error"]["exit_code"], 30);
    assert_eq!(json["profiles"][1]["in_use"], true);
    assert_eq!(json["in_use"]["stored_in"], "keychain");
}

#[test]
fn status_tells_a_keychain_that_it_could_not_ask() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let locked = Keyring::unlocked();
    store(&locked, "MyApp", &key);
    locked.lock();
    let ran = run(&locked, &machine, &["status"]).run();
    let ran = ran
        .says("keychain (the keychain is locked, and was not unlocked)")
        .says("~/.asc/config.json (1 profile)");
    assert_refused(
        "locked",
        &ran,
        30,
        "error: the keychain is locked, and was not unlocked\n",
        &key.pem(),
    );
    assert!(ran.stdout.contains("MyApp"), "{}", ran.text());

    let ran = run(&Keyring::without_bus(), &machine, &["status"]).run().code(0);
    ran.says("keychain (there is no keychain here: DBUS_SESSION_BUS_ADDRESS is not set")
        .does_not_say("error: ");
    let ran = run(&locked, &machine, &["status", "--bypass-keychain"]).run().code(0);
    ran.says("Looked in: keychain (bypassed); ");
}
