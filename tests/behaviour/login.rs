//! `asc-auth login`: what it stores and where, what it says, and what it refuses.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::json;
use simulator::TestKey;

use crate::support::{
    ISSUER_ID, KEY_ID,
    profiles::{Home, names, read},
    proof::{assert_key_kept, assert_token_of},
    simulator_with,
};

const BYPASS: &[&str] = &["--bypass-keychain"];

#[test]
fn a_stored_profile_gives_a_token() {
    let home = Home::new();
    let ran = home.login("MyApp", BYPASS).run().code(0);
    assert_key_kept("login", &ran, &home.key);
    ran.says("stored the profile MyApp")
        .says("2X9R4QWVK6 (team key)")
        .says("stored in  ~/.asc/config.json")
        .says("default    yes")
        .says("asc-auth token --profile MyApp");
    for arguments in [&["token", "--profile", "MyApp"][..], &["token"]] {
        assert_token_of("of the profile", &home.run(arguments).run(), &home.key);
    }
}

#[test]
fn a_config_file_holds_the_absolute_path_and_never_the_key() {
    let home = Home::new();
    fs::copy(home.key_file(), home.work().join("key.p8")).expect("a copy");
    let flags = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    home.run(&[&flags[..], BYPASS, &["--private-key", "key.p8"]].concat())
        .run()
        .code(0);
    let mut entry = home.entry("MyApp");
    entry["private_key_path"] = json!(fs::canonicalize(home.work()).expect("a path").join("key.p8"));
    assert_eq!(
        home.config(),
        json!({
            "default_key_name": "MyApp",
            "key_id": KEY_ID,
            "issuer_id": ISSUER_ID,
            "private_key_path": entry["private_key_path"],
            "key_type": "team",
            "keys": [entry],
        })
    );
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(home.config_path()), 0o600);
    assert_eq!(mode(home.path().join(".asc")), 0o700);
}

#[test]
fn flags_have_the_names_of_other_commands_as_well() {
    let home = Home::new();
    let file = home.key_file();
    let file = file.to_str().expect("UTF-8");
    let given = [
        "login",
        "--profile",
        "MyApp",
        "--bypass-keychain",
        "--issuer-id",
        ISSUER_ID,
    ];
    let login = |path| home.run(&[&given[..], &["--private-key-path", path]].concat());
    login("AuthKey_2X9R4QWVK6.p8")
        .run()
        .code(30)
        .says("AuthKey_2X9R4QWVK6.p8, from --private-key-path");
    login(file).run().code(0).says("from --private-key-path");
    home.run(&["switch", "--profile", "MyApp"]).run().code(0);
    home.run(&["logout", "--profile", "MyApp"]).run().code(0);
    for command in ["login", "switch", "logout"] {
        let help = home.run(&[command, "--help"]).run().code(0);
        assert!(help.stdout.contains("[alias: --profile]"), "{}", help.stdout);
        assert!(help.stdout.contains("Exit codes:"), "{}", help.stdout);
    }
}

#[test]
fn a_path_is_stored_without_detours() {
    let home = Home::new();
    let given = [
        "login",
        "--name",
        "MyApp",
        "--issuer-id",
        ISSUER_ID,
        "--bypass-keychain",
    ];
    let detour = home.path().join("..").join("home").join("AuthKey_2X9R4QWVK6.p8");
    home.run(&[&given[..], &["--private-key", detour.to_str().expect("UTF-8")]].concat())
        .run()
        .code(0);
    let folder = fs::canonicalize(home.path()).expect("a path");
    assert_eq!(
        home.config()["private_key_path"],
        json!(folder.join("AuthKey_2X9R4QWVK6.p8"))
    );
}

#[test]
fn the_result_can_be_read_as_json() {
    let home = Home::new().stored(&["First"]);
    let ran = home
        .login("My App", &["--bypass-keychain", "--output", "json"])
        .run()
        .code(0);
    assert_eq!(
        ran.json(),
        json!({
            "name": "My App",
            "key_id": KEY_ID,
            "key_type": "team",
            "issuer_id": ISSUER_ID,
            "stored_in": "~/.asc/config.json",
            "private_key_path": home.key_file(),
            "replaced": false,
            "is_default": false,
            "default": "First",
            "validated": false,
            "next": "asc-auth token --profile 'My App'",
            "notes": [],
            "warnings": [],
        })
    );
    let refused = home
        .login("First", &["--bypass-keychain", "--output", "json"])
        .run()
        .code(2);
    assert_eq!(refused.json()["exit_code"], 2);
}

#[test]
fn the_first_profile_is_the_default_until_another_is_made_it() {
    let home = Home::new().stored(&["First", "Second"]);
    assert_eq!(home.config()["default_key_name"], "First");
    home.login("Third", &["--bypass-keychain", "--default"])
        .run()
        .code(0)
        .says("default    yes");
    assert_eq!(home.config()["default_key_name"], "Third");
    assert_eq!(names(&home.config()), ["First", "Second", "Third"]);
}

#[test]
fn a_profile_is_replaced_only_with_force() {
    let home = Home::new().stored(&["MyApp"]);
    let before = home.config();
    home.login("MyApp", BYPASS)
        .run()
        .code(2)
        .says("a profile of this name is stored already")
        .says("MyApp, in ~/.asc/config.json")
        .says("--force");
    assert_eq!(home.config(), before);

    let file = home.write_key("AuthKey_3Y8S5RXWL7.p8");
    let file = file.to_str().expect("UTF-8");
    let given = ["login", "--name", "MyApp", "--issuer-id", ISSUER_ID, "--force"];
    home.run(&[&given[..], BYPASS, &["--private-key", file]].concat())
        .run()
        .code(0)
        .says("replaced the profile MyApp");
    assert_eq!(home.config()["keys"][0]["key_id"], "3Y8S5RXWL7");
    assert_eq!(home.config()["key_id"], "3Y8S5RXWL7", "the copy of the default one");
    assert_eq!(names(&home.config()), ["MyApp"]);
}

#[test]
fn an_individual_key_is_stored_without_an_issuer() {
    let home = Home::new();
    let file = home.write_key(&format!("ApiKey_{KEY_ID}.p8"));
    let file = file.to_str().expect("UTF-8");
    let given = ["login", "--name", "Mine", "--bypass-keychain", "--private-key", file];
    home.run(&given).run().code(0).says("(individual key)");
    assert_eq!(home.config()["keys"][0]["key_type"], "individual");
    assert_eq!(home.config()["keys"][0].get("issuer_id"), None);
}

#[test]
fn the_working_directory_has_profiles_of_its_own() {
    let home = Home::new().stored(&["Home"]);
    home.login("Here", &["--local"])
        .run()
        .code(0)
        .says("stored in  ./.asc/config.json")
        .says("default    yes");
    assert_eq!(names(&read(&home.local_path())), ["Here"]);
    assert_eq!(home.config()["default_key_name"], "Home");
    home.login("Named", &["--local"])
        .env("ASC_CONFIG_PATH", home.path().join("other.json"))
        .run()
        .code(2)
        .says("--local and ASC_CONFIG_PATH");
}

#[test]
fn a_config_file_that_a_variable_names_is_used_instead() {
    let home = Home::new();
    let path = home.path().join("other.json");
    for variable in ["1", "yes"] {
        home.login(&format!("MyApp{variable}"), &[])
            .env("ASC_BYPASS_KEYCHAIN", variable)
            .env("ASC_CONFIG_PATH", &path)
            .unset("HOME")
            .run()
            .code(0)
            .says("other.json");
    }
    assert_eq!(names(&read(&path)), ["MyApp1", "MyAppyes"]);
    assert!(!home.config_path().exists());
    home.login("MyApp", &[])
        .env("ASC_BYPASS_KEYCHAIN", "perhaps")
        .run()
        .code(2)
        .says("ASC_BYPASS_KEYCHAIN");
}

#[test]
fn no_variable_gives_the_credential() {
    let home = Home::new().stored(&["Other"]);
    home.run(&["login", "--name", "MyApp", "--bypass-keychain"])
        .team_key(&home.key)
        .env("ASC_PRIVATE_KEY_PATH", home.key_file())
        .run()
        .code(10)
        .says("no key ID, no issuer ID and no private key were given")
        .says("--private-key  not set")
        .does_not_say("ASC_KEY_ID");
    assert_eq!(names(&home.config()), ["Other"]);
}

#[test]
fn a_default_that_comes_first_in_this_directory_is_told() {
    let home = Home::new();
    home.login("Here", &["--local"]).run().code(0);
    home.login("Home", BYPASS)
        .run()
        .code(0)
        .says("warning: in this directory Here is the default all the same: default_key_name in ./.asc/config.json")
        .says("default    no, that is Here");
}

#[test]
fn a_key_file_that_others_may_read_is_stored_with_the_command_that_mends_it() {
    let home = Home::new();
    let path = home.key_file();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    home.login("MyApp", BYPASS)
        .run()
        .code(0)
        .says("warning: others may use the key file, whose mode is 0644")
        .says(&format!("chmod 600 {}", path.display()));
    assert_eq!(names(&home.config()), ["MyApp"]);
}

#[test]
fn a_config_file_that_git_would_commit_is_told_and_nothing_is_written_unasked() {
    let home = Home::new();
    let made = Command::new("git").args(["init", "--quiet"]).arg(home.work()).status();
    assert!(made.expect("git is there").success());
    home.login("MyApp", &["--local"])
        .run()
        .code(0)
        .says("git does not ignore .asc/, where ./.asc/config.json is: add the line .asc/ to .gitignore");
    let ignore = home.work().join(".gitignore");
    assert!(!ignore.exists());
    fs::write(ignore, ".asc/\n").expect("a file");
    home.login("Other", &["--local"])
        .run()
        .code(0)
        .does_not_say("gitignore");
}

// With a request first

#[test]
fn what_apple_accepts_is_stored() {
    let home = Home::new();
    let simulator = simulator_with(&home.key);
    home.login("MyApp", &["--bypass-keychain", "--network", "--timeout", "30s"])
        .api(&simulator)
        .run()
        .code(0)
        .says("GET /v1/apps → 200");
    assert_eq!(names(&home.config()), ["MyApp"]);
    assert_eq!(simulator.requests().len(), 1);
}

#[test]
fn what_apple_refuses_is_not_stored() {
    let home = Home::new();
    let simulator = simulator_with(&TestKey::generate());
    let ran = home
        .login("MyApp", &["--bypass-keychain", "--network"])
        .api(&simulator)
        .run()
        .code(12)
        .says("Apple refused this credential");
    assert_key_kept("refused", &ran, &home.key);
    assert!(!home.config_path().exists());
}

#[test]
fn flags_of_a_request_that_is_not_made_are_refused() {
    let home = Home::new();
    for flags in [
        &["--in-house"][..],
        &["--timeout", "5s"],
        &["--api-url", "http://127.0.0.1:1"],
    ] {
        home.login("MyApp", &[BYPASS, flags].concat())
            .run()
            .code(2)
            .says(&format!("{} goes with --network", flags[0]));
    }
}
