//! Stored profiles: which one is used, against config files as the asc CLI writes them.

use serde_json::json;
use simulator::TestKey;

use crate::support::{
    KEY_ID, Ran,
    machine::{Machine, config, keys},
    proof::{assert_key_kept, assert_not_told, assert_refused, assert_token_of},
    simulator_with,
};

const OTHER_ID: &str = "ABCDE12345";

/// The key that each field came from, as `validate` tells it.
fn facts(ran: &Ran) -> String {
    ran.json()["facts"].to_string()
}

// Named

#[test]
fn a_profile_is_used_by_its_name() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    let stored = [machine.profile("MyApp", &key), machine.profile("Other", &other)];
    machine.write_config("home", &config("Other", &stored));
    for run in [
        machine.run(&["token", "--profile", "MyApp"]),
        machine.run(&["token"]).env("ASC_PROFILE", "MyApp"),
        machine.run(&["token", "--profile=MyApp"]).env("ASC_PROFILE", "Other"),
        machine.run(&["token", "--strict-auth", "--profile", " MyApp "]),
    ] {
        let ran = run.run();
        assert_token_of("named", &ran, &key);
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn every_command_tells_which_profile_it_used() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let from = "from profile MyApp (~/.asc/config.json)";

    let ran = machine.run(&["validate", "--profile=MyApp"]).api(&apple).run().code(0);
    assert_key_kept("validate", &ran.says(&format!("{KEY_ID} (team key), {from}")), &key);
    let ran = machine
        .run(&["setup", "--ci=none", "--profile=MyApp"])
        .api(&apple)
        .run()
        .code(0);
    assert_key_kept("setup", &ran.says(from), &key);
    let script = [
        "--",
        "sh",
        "-c",
        "echo $ASC_KEY_ID/$ASC_PROFILE; cat \"$ASC_PRIVATE_KEY_PATH\"",
    ];
    let ran = machine.run(&[&["exec", "--profile=MyApp"], &script[..]].concat());
    let ran = ran.env("PATH", "/usr/bin:/bin").api(&apple).run();
    assert_key_kept("exec", &ran.code(0).says(&format!("{KEY_ID}/\n")), &key);
}

#[test]
fn an_unknown_name_is_told_with_the_names_there_are() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("work", &keys(&[machine.profile("MyApp", &key)]));
    machine.write_config("home", &keys(&[machine.profile("Old", &key)]));
    let ran = machine.run(&["token", "--profile", "myapp"]).run();
    let ran = ran
        .says("profile    from --profile")
        .says("not in     ./.asc/config.json, ~/.asc/config.json")
        .says("keychain   there is no keychain here")
        .says("MyApp, Old");
    assert_refused("unknown", &ran, 10, "error: no profile named \"myapp\"\n", "keys/");
}

#[test]
fn a_strange_name_is_not_told() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let pem = key.pem();
    let line = pem.lines().nth(1).expect("a line");
    let mut stored = machine.profile("MyApp", &key);
    stored["name"] = json!(line);
    machine.write_config(
        "home",
        &keys(&[stored.clone(), machine.profile("Bell\u{7}\n::error::x", &key)]),
    );
    for name in [
        line,
        &"x".repeat(300),
        &"ab ".repeat(100),
        "a\u{1b}[31mb",
        "a\n::error::b",
    ] {
        let ran = machine.run(&["token", "--profile", name]).run();
        if name == line {
            // It is there, whatever it is called.
            assert_token_of("a key's line", &ran, &key);
        } else {
            let ran = ran
                .does_not_say("\u{1b}")
                .does_not_say("\n::error")
                .does_not_say("\u{7}");
            assert_refused("strange", &ran, 10, "no profile", &pem);
            assert_not_told("strange", &ran, &"x".repeat(21));
        }
    }
    let ran = machine
        .run(&["validate", "--profile", line])
        .env("ASC_API_URL", "http://127.0.0.1:1");
    let ran = ran.env("ASC_KEY_ID", KEY_ID).env("ASC_STRICT_AUTH", "1").run().code(11);
    assert_key_kept("a key's line", &ran, &key);
    assert_key_kept("no default", &machine.run(&["token"]).run().code(10), &key);
    let ran = machine.run(&["token"]).env("ASC_PROFILE", "").run();
    assert_key_kept("an empty variable", &ran.code(10).says("2 profiles are stored"), &key);
    machine
        .run(&["token", "--profile", ""])
        .run()
        .code(2)
        .says("--profile was given without a value");
}

// Not named

#[test]
fn the_default_profile_is_used_where_nothing_is_given() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    let stored = [machine.profile("Other", &other), machine.profile("MyApp", &key)];
    machine.write_config("home", &config("MyApp", &stored));
    let ran = machine.run(&["token", "--strict-auth"]).run();
    assert_token_of("the default", &ran, &key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_only_profile_is_used_where_nothing_is_given() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    assert_token_of("the only one", &machine.run(&["token"]).run(), &key);
    // The home directory's config file is no second one where somebody works in there.
    assert_token_of(
        "at home",
        &machine.run_in("home", &["token", "--strict-auth"]).run(),
        &key,
    );
}

#[test]
fn several_profiles_without_a_default_are_named() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&["a", "b", "c"].map(|name| machine.profile(name, &key))));
    let ran = machine
        .run(&["token"])
        .run()
        .says("a, b, c")
        .says("asc-auth switch --name");
    assert_refused(
        "three",
        &ran,
        10,
        "3 profiles are stored, and none of them is the default\n",
        "keys/",
    );
}

#[test]
fn a_default_that_is_not_stored_any_more_is_told() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let stored = [machine.profile("a", &key)];
    machine.write_config("home", &json!({"default_key_name": "gone", "keys": stored}));
    let ran = machine
        .run(&["token"])
        .run()
        .says("gone, from default_key_name in ~/.asc/config.json");
    assert_refused(
        "gone",
        &ran,
        10,
        "the default profile is not stored any more\n",
        "keys/",
    );
}

#[test]
fn a_file_of_before_there_were_profiles_is_read() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let mut legacy = machine.profile("default", &key);
    legacy.as_object_mut().expect("an object").remove("name");
    machine.write_config("home", &legacy);
    assert_token_of("the only one", &machine.run(&["token"]).run(), &key);
    assert_token_of("by its name", &machine.run(&["token", "--profile=default"]).run(), &key);
}

#[test]
fn an_individual_key_needs_no_issuer() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let path = machine.key_file("ApiKey_ABCDE12345.p8", &key);
    let profile = json!({"name": "Mine", "key_id": OTHER_ID, "private_key_path": path, "key_type": "individual"});
    machine.write_config("home", &keys(&[profile]));
    let apple = simulator::Simulator::start();
    apple.register(simulator::ApiKey::individual(OTHER_ID, &key));
    machine
        .run(&["validate"])
        .api(&apple)
        .run()
        .code(0)
        .says("individual key");
}

// Places

#[test]
fn the_working_directory_comes_before_home() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &other)]));
    let mut local = machine.profile("MyApp", &other);
    local["private_key_path"] = json!(machine.key_file("local.p8", &key));
    machine.write_config("work", &config("MyApp", &[local]));
    let sentence = "two different profiles are stored under one name";
    let ran = machine.run(&["token"]).run().says(&format!(
        "warning: {sentence}, MyApp: the one in ./.asc/config.json is used, not the one in ~/.asc/config.json\n"
    ));
    assert_token_of("local", &ran, &key);
    let strict = machine.run(&["token", "--strict-auth"]).run().says("asc-auth logout");
    assert_refused("strict", &strict, 11, sentence, &key.pem());

    // The default of the working directory decides as well.
    machine.write_config("work", &config("Mine", &[machine.profile("Mine", &key)]));
    assert_token_of("its default", &machine.run(&["token", "--strict-auth"]).run(), &key);
}

#[test]
fn a_variable_names_the_only_config_file() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("Other", &other)]));
    machine.write_config_text("work", "not JSON");
    let path = machine.path("keys").join("named.json");
    std::fs::write(&path, keys(&[machine.profile("MyApp", &key)]).to_string()).unwrap();
    let run = |arguments: &[&str]| machine.run(arguments).env("ASC_CONFIG_PATH", &path);
    assert_token_of("named", &run(&["token"]).run(), &key);
    assert_token_of(
        "nowhere to live",
        &run(&["token"]).unset("HOME").unset("USERPROFILE").run(),
        &key,
    );
    run(&["token", "--profile=Other"])
        .run()
        .code(10)
        .says("no profile named");
}

#[test]
fn without_a_home_the_working_directory_serves() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("work", &keys(&[machine.profile("MyApp", &key)]));
    for home in ["", "relative"] {
        let run = machine.run(&["token"]).env("HOME", home).env("USERPROFILE", home);
        assert_token_of(home, &run.run(), &key);
    }
    assert_token_of(
        "unset",
        &machine.run(&["token"]).unset("HOME").unset("USERPROFILE").run(),
        &key,
    );
}

#[test]
fn a_config_file_decides_nothing_but_credentials() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    let mut stored = config("MyApp", &[machine.profile("MyApp", &key)]);
    for (name, value) in [
        ("api_url", json!("http://127.0.0.1:1")),
        ("base_url", json!("http://127.0.0.1:1")),
        ("strict_auth", json!(false)),
        ("bypass_keychain", json!("maybe")),
        ("timeout", json!("1ms")),
    ] {
        stored[name] = value;
    }
    machine.write_config("work", &stored);
    let ran = machine.run(&["validate", "--output=json"]).api(&apple).run().code(0);
    assert_eq!(
        facts(&ran).matches("profile MyApp (./.asc/config.json)").count(),
        3,
        "{}",
        ran.text()
    );
    let mixed = machine
        .run(&["token"])
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_STRICT_AUTH", "true")
        .run();
    mixed.code(11);
}
