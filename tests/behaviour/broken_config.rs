//! Config files that can't be read: each is named with what is wrong, and none is changed. What is in them is not told.

use std::{fs, path::Path};

use serde_json::json;
use simulator::TestKey;

use crate::support::{
    machine::{Machine, contents, keys},
    proof::{assert_key_kept, assert_refused, assert_token_of},
};

/// Every command that looks for a profile ends alike, and `status` tells the file among the places.
#[track_caller]
fn assert_told(row: &str, machine: &Machine, key: &TestKey, code: i32, sentence: &str) {
    let before = contents(&machine.path(""));
    let home = format!("~/.asc/config.json {sentence}");
    for arguments in [
        &["token"][..],
        &["token", "--profile=MyApp"],
        &["validate"],
        &["status"],
        &["status", "--validate"],
    ] {
        let ran = machine.run(arguments).run();
        assert_refused(row, &ran, code, &format!("error: {home}"), "MyApp");
        assert_key_kept(row, &ran, key);
        assert_eq!(ran.text().matches("error: ").count(), 1, "{row}: {}", ran.text());
    }
    let ran = machine.run(&["status", "--output=json"]).run().code(code);
    let told = &ran.json()["config_files"][1];
    assert_eq!(told["state"], "failed", "{row}");
    let title = told["error"]["error"]["title"].as_str().expect("a title");
    assert!(title.starts_with(&home), "{row}: {title}");
    assert_eq!(told["error"]["exit_code"], code, "{row}");
    assert_key_kept(row, &ran, key);
    assert_eq!(contents(&machine.path("")), before, "{row}");

    let ran = machine.run(&["token", "--strict-auth"]).team_key(key).run();
    assert_token_of(row, &ran, key);
    assert_eq!(ran.stderr, "", "{row}");
}

#[test]
fn a_config_file_of_another_shape_is_told() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let whole = keys(&[machine.profile("MyApp", &key)]).to_string();
    let no_json = "can't be used: it is no JSON from line 1, column";
    for (row, text, sentence) in [
        ("empty", String::new(), "can't be used: it is empty"),
        ("blank", " \n\t".to_owned(), "can't be used: it is empty"),
        ("truncated", whole[..whole.len() - 2].to_owned(), no_json),
        ("two of them", format!("{whole}{whole}"), no_json),
        ("a key", key.pem().replace('\n', " "), no_json),
        ("a list", format!("[{whole}]"), "can't be used: it is no JSON object"),
        (
            "a text",
            format!("{:?}", key.pem()),
            "can't be used: it is no JSON object",
        ),
        ("null", "null".to_owned(), "can't be used: it is no JSON object"),
        (
            "no list",
            json!({"keys": {"MyApp": {}}}).to_string(),
            "can't be used: its keys is no list of objects",
        ),
        (
            "texts",
            json!({"keys": [key.pem()]}).to_string(),
            "can't be used: its keys is no list of objects",
        ),
        (
            "a number",
            json!({"keys": [{"name": 1}]}).to_string(),
            "can't be used: its keys[0].name is no text",
        ),
        (
            "a list of lines",
            json!({"keys": [{}, {"key_id": [key.pem()]}]}).to_string(),
            "can't be used: its keys[1].key_id is no text",
        ),
        (
            "beside",
            json!({"issuer_id": false}).to_string(),
            "can't be used: its issuer_id is no text",
        ),
        (
            "the default",
            json!({"default_key_name": {}}).to_string(),
            "can't be used: its default_key_name is no text",
        ),
    ] {
        machine.write_config_text("home", &text);
        assert_told(row, &machine, &key, 10, sentence);
    }
    machine.write_config_text("home", [&b"{\"key_id\": \""[..], &[0xff, 0xfe], b"\"}"].concat());
    assert_told(
        "no UTF-8",
        &machine,
        &key,
        10,
        "can't be used: it is no JSON from line 1, column",
    );
}

#[test]
fn a_config_file_of_two_megabytes_is_not_read() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &json!({"keys": [], "other": "x".repeat(2 << 20)}));
    assert_told("2 MB", &machine, &key, 30, "can't be read: it is larger than 1 MiB");
}

#[test]
fn a_directory_in_the_place_of_a_config_file_is_told() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    fs::create_dir_all(machine.config("home")).unwrap();
    assert_told("a directory", &machine, &key, 30, "can't be read: it is a directory");

    let machine = Machine::new();
    fs::write(machine.path("home").join(".asc"), key.pem()).unwrap();
    assert_told(
        "no directory",
        &machine,
        &key,
        30,
        "can't be read: a part of its path is no directory",
    );
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_a_config_file() {
    use std::os::unix::fs::symlink;

    let (machine, key) = (Machine::new(), TestKey::generate());
    let elsewhere = machine.path("keys").join("config.json");
    fs::write(&elsewhere, keys(&[machine.profile("MyApp", &key)]).to_string()).unwrap();
    let path = machine.config("home");
    fs::create_dir(path.parent().unwrap()).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert_told("a link", &machine, &key, 30, "can't be read: it is a symbolic link");

    fs::remove_file(&elsewhere).unwrap();
    assert_told(
        "a link to nothing",
        &machine,
        &key,
        30,
        "can't be read: it is a symbolic link",
    );

    let machine = Machine::new();
    machine.write_config("work", &keys(&[machine.profile("MyApp", &key)]));
    symlink(machine.path("work").join(".asc"), machine.path("home").join(".asc")).unwrap();
    fs::create_dir(machine.path("elsewhere")).unwrap();
    let ran = machine.run_in("elsewhere", &["token"]).run();
    let sentence = "error: ~/.asc/config.json can't be read: its directory is a symbolic link";
    assert_refused("a linked folder", &ran, 30, sentence, "MyApp");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_config_file_is_not_waited_for() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let path = machine.config("home");
    fs::create_dir(path.parent().unwrap()).unwrap();
    crate::support::machine::make_pipe(&path);
    assert_told("a pipe", &machine, &key, 30, "can't be read: it is no regular file");
}

/// Root reads everything, unless it gives that up.
#[cfg(target_os = "linux")]
#[test]
fn a_config_file_of_somebody_else_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let (machine, key) = (Machine::new(), TestKey::generate());
    let path = machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let powers: &[&str] = if nix::unistd::geteuid().is_root() {
        &[
            "setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-all",
        ]
    } else {
        &["env"]
    };
    for arguments in [&["token"][..], &["status"]] {
        let ran = machine.run(arguments).through(powers).run();
        let sentence = "error: ~/.asc/config.json can't be read: permission was denied";
        assert_refused("mode 000", &ran, 30, sentence, "MyApp");
    }
}

/// Nothing is written by whoever only reads: no lock, no draft.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_file_system_is_good_enough_to_read() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let root = machine.path("");
    let script = r#"
        mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0/work" || exit 96
        ! touch "$0/home/.asc/probe" 2>/dev/null || exit 97
        exec "$@""#;
    let unshare = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        root.to_str().unwrap(),
    ];
    let ran = machine
        .run(&["token"])
        .through(&unshare)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .run();
    assert_token_of("read-only", &ran, &key);
    let ran = machine
        .run(&["status"])
        .through(&unshare)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .run();
    ran.code(0).says("~/.asc/config.json (1 profile)");
}

#[test]
fn a_file_that_is_named_and_does_not_exist_is_empty() {
    let machine = Machine::new();
    let run = |arguments: &[&str]| {
        machine
            .run(arguments)
            .env("ASC_CONFIG_PATH", Path::new("nowhere/config.json"))
    };
    run(&["token"]).run().code(10).says("no private key");
    let ran = run(&["token", "--profile=MyApp"]).run().code(10);
    ran.says("not in     nowhere/config.json")
        .says("No profile is stored here");
    assert!(!machine.path("work").join("nowhere").exists());
}
