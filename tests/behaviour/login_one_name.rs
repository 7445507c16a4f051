//! `asc-auth login` with a name that another place has too: what is used under it is never claimed to be another.

use serde_json::Value;

use crate::support::{
    ISSUER_ID, Run,
    profiles::{Home, names, read},
};

/// A login with a key of another ID than that of [`Home::login`].
fn other(home: &Home, flags: &[&str]) -> Run {
    let file = home.write_key("AuthKey_3Y8S5RXWL7.p8");
    let file = file.to_str().expect("UTF-8");
    let given = [
        "login",
        "--name",
        "MyApp",
        "--issuer-id",
        ISSUER_ID,
        "--private-key",
        file,
    ];
    home.run(&[&given, flags].concat())
}

#[test]
fn a_profile_that_the_new_one_hides_is_told() {
    let home = Home::new().stored(&["MyApp"]);
    other(&home, &["--local"])
        .run()
        .code(0)
        .says("warning: two different profiles are stored under one name, MyApp")
        .says("the one in ./.asc/config.json is used, not the one in ~/.asc/config.json")
        .says("next       asc-auth token --profile MyApp\n");
}

#[test]
fn a_profile_that_another_hides_is_not_said_to_be_used() {
    let home = Home::new();
    home.login("MyApp", &["--local"]).run().code(0);
    other(&home, &["--bypass-keychain"])
        .run()
        .code(0)
        .says("under one name, MyApp: the one in ./.asc/config.json is used, not the one in ~/.asc/config.json")
        .says("default    no, that is the one of this name in ./.asc/config.json")
        .does_not_say("next ");
    let json = other(&home, &["--bypass-keychain", "--force", "--output", "json"])
        .run()
        .code(0)
        .json();
    assert_eq!((&json["next"], &json["is_default"]), (&Value::Null, &false.into()));
}

#[test]
fn a_profile_that_says_the_same_hides_nothing() {
    let home = Home::new();
    home.login("MyApp", &["--local"]).run().code(0);
    home.login("MyApp", &["--bypass-keychain"])
        .run()
        .code(0)
        .says("default    yes")
        .does_not_say("warning");
}

#[test]
fn strict_auth_names_a_way_out_that_there_is() {
    let home = Home::new().stored(&["MyApp"]);
    other(&home, &["--local"]).run().code(0);
    let token = || home.run(&["token", "--profile", "MyApp", "--strict-auth"]).run();
    token().code(11).says("asc-auth logout").says("--local");
    home.run(&["logout", "--name", "MyApp", "--local"])
        .run()
        .code(0)
        .says("removed    MyApp, in ./.asc/config.json")
        .says("default    MyApp, in ~/.asc/config.json");
    assert_eq!(names(&read(&home.local_path())), Vec::<String>::new());
    assert_eq!(names(&home.config()), ["MyApp"]);
    token().code(0);
}

#[cfg(target_os = "linux")]
mod keychain {
    use super::*;
    use crate::support::keyring::Keyring;

    #[test]
    fn a_keychain_that_is_bypassed_is_told_to_have_the_name_too() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        home.in_session(&keyring, home.login("MyApp", &[])).run().code(0);
        let login = |flags: &[&str]| home.in_session(&keyring, other(&home, flags));
        login(&["--bypass-keychain"])
            .run()
            .code(0)
            .says("the keychain has a profile MyApp too, which is used wherever --bypass-keychain is not given")
            .says("next       asc-auth token --profile MyApp --bypass-keychain");
        login(&["--local"])
            .run()
            .code(0)
            .says("the one in keychain is used")
            .says("default    no, that is the one of this name in keychain")
            .does_not_say("next ");
    }

    #[test]
    fn a_variable_that_bypasses_the_keychain_bypasses_it_the_next_time_as_well() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        home.in_session(&keyring, home.login("MyApp", &[])).run().code(0);
        home.in_session(&keyring, other(&home, &[]))
            .env("ASC_BYPASS_KEYCHAIN", "1")
            .run()
            .code(0)
            .says("next       asc-auth token --profile MyApp\n")
            .does_not_say("warning");
    }
}
