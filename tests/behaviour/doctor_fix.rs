//! `doctor --fix` shows what it would repair, `--fix --confirm` repairs it; neither loses a copy of anything.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};
use simulator::TestKey;

use crate::{
    doctor::{close, doctor, findings, healthy},
    support::{
        ISSUER_ID, KEY_ID, Run,
        job::mode,
        machine::{Machine, config, contents, entry, keys},
        proof::{assert_key_kept, assert_token_of},
    },
};

fn config_in(machine: &Machine, of: &str) -> Value {
    let text = fs::read(machine.config(of)).expect("a file");
    serde_json::from_slice(&text).expect("JSON")
}

// Modes

/// A healthy machine whose files others can read.
fn open(key: &TestKey) -> Machine {
    let machine = healthy(key);
    close(&machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8")), 0o644);
    close(&machine.config("home"), 0o664);
    close(machine.config("home").parent().expect("a folder"), 0o755);
    machine
}

#[test]
fn what_others_can_read_is_shown_and_then_closed() {
    let key = TestKey::generate();
    let machine = open(&key);
    let before = contents(&machine.path(""));
    let key_file = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let folder = machine.config("home").parent().expect("a folder").to_owned();
    let ids = ["config_mode", "config_folder_mode", "key_file_mode"].map(|id| (id.to_owned(), true));
    assert_eq!(findings(doctor(&machine, &["--output=json"])), ids);

    let ran = doctor(&machine, &["--fix"]).run().code(10);
    let ran = ran
        .says("  mode       0664, not 0600\n")
        .says("--fix --confirm would set the mode of ~/.asc/config.json to 0600.\n")
        .says("--fix --confirm would set the mode of the folder of ~/.asc/config.json to 0700.\n")
        .says(&format!(
            "--fix --confirm would set the mode of {} to 0600.\n",
            key_file.display()
        ))
        .says("--fix would repair 3 of them. Nothing was changed: add --confirm to do it.\n");
    assert_key_kept("shown", &ran, &key);
    assert_eq!(
        (mode(&key_file), mode(&machine.config("home")), mode(&folder)),
        (0o644, 0o664, 0o755)
    );

    let ran = doctor(&machine, &["--fix", "--confirm"]).run().code(0);
    let ran = ran
        .says("done: set the mode of ~/.asc/config.json to 0600\n")
        .says("No issues found.\n");
    assert_key_kept("done", &ran, &key);
    assert_eq!(
        (mode(&key_file), mode(&machine.config("home")), mode(&folder)),
        (0o600, 0o600, 0o700)
    );
    assert_eq!(contents(&machine.path("")), before);

    doctor(&machine, &["--fix", "--confirm"])
        .run()
        .code(0)
        .does_not_say("done:");
}

#[test]
fn repairs_are_told_in_json_and_the_code_is_that_of_the_state_after_them() {
    let key = TestKey::generate();
    let machine = open(&key);
    let file = machine.write_config("work", &json!({"keys": "none"}));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    let ran = doctor(&machine, &["--fix", "--confirm", "--output=json"])
        .run()
        .code(10);
    let told = ran.json();
    let repairs = told["repairs"].as_array().expect("repairs");
    assert_eq!(repairs.len(), 3);
    assert_eq!(
        repairs[0],
        json!({"id": "config_mode", "what": "set the mode of ~/.asc/config.json to 0600", "not_done": null})
    );
    let left = told["findings"].as_array().expect("findings");
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0]["id"], &left[0]["check"]),
        (&json!("config_unusable"), &json!("config_files"))
    );
}

#[test]
fn nothing_is_repaired_behind_a_link() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let real = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    close(&real, 0o644);
    let link = machine.path("work").join("AuthKey.p8");
    symlink(&real, &link).expect("a link");
    let path = link.to_str().expect("UTF-8");
    let file = machine.write_config("home", &config("MyApp", &[entry("MyApp", KEY_ID, path)]));
    close(&file, 0o600);
    let found = findings(doctor(&machine, &["--fix", "--confirm", "--output=json"]));
    assert_eq!(found, [("key_file_link".to_owned(), false)]);
    assert_eq!(mode(&real), 0o644);

    // A config file behind one is not even read.
    let elsewhere = machine.path("work").join("config.json");
    fs::rename(&file, &elsewhere).expect("it moves");
    close(&elsewhere, 0o644);
    symlink(&elsewhere, &file).expect("a link");
    doctor(&machine, &["--fix", "--confirm"])
        .run()
        .code(10)
        .says("~/.asc/config.json can't be read: it is a symbolic link\n");
    assert_eq!(mode(&elsewhere), 0o644);
}

#[test]
fn a_file_that_a_config_file_names_and_that_is_no_key_is_left_alone() {
    let machine = healthy(&TestKey::generate());
    let page = machine.path("work").join("index.html");
    fs::write(&page, "<p>").expect("a file");
    close(&page, 0o644);
    let path = page.to_str().expect("UTF-8");
    let file = machine.write_config("work", &keys(&[entry("Page", KEY_ID, path)]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    doctor(&machine, &["--fix", "--confirm"]).run().code(10);
    assert_eq!(mode(&page), 0o644);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_the_kernel_that_a_config_file_names_does_not_hold_doctor_up() {
    use crate::support::child::Running;

    // Whoever may read it, root, waits for the kernel's next message.
    let machine = healthy(&TestKey::generate());
    let file = machine.write_config("work", &keys(&[entry("Log", KEY_ID, "/proc/kmsg")]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    let mut ran = Running::start(doctor(&machine, &["--fix", "--confirm"]));
    assert_eq!(ran.end(), 10);
    assert!(!ran.stdout.text().contains("done:"), "{}", ran.stdout.text());
}

#[cfg(target_os = "linux")]
#[test]
fn a_repair_that_fails_is_told_with_the_reason() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        eprintln!("skipped: no namespaces here");
        return;
    }
    let key = TestKey::generate();
    let machine = open(&key);
    let script = "mount --bind \"$HOME\" \"$HOME\" && mount -o remount,ro,bind \"$HOME\" || exit 99
        cd /; exec \"$0\" \"$@\"";
    in_namespace(script, doctor(&machine, &["--fix", "--confirm"]))
        .code(10)
        .says(
            "not done: set the mode of ~/.asc/config.json to 0600: the file system is read-only
",
        )
        .says("done: set the mode of ")
        .says(
            "others can get at ~/.asc/config.json
",
        );
}

// Old credentials

#[test]
fn a_credential_beside_keys_is_moved_into_them_and_all_else_stays() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let text = format!(
        r#"{{"key_id":"{KEY_ID}","issuer_id":"{ISSUER_ID}","private_key_path":{},"other":{{"n":1.50}}}}"#,
        json!(path)
    );
    let file = machine.write_config_text("home", &text);
    close(&file, 0o600);
    let found = findings(doctor(&machine, &["--output=json"]));
    assert_eq!(found, [("legacy_credential".to_owned(), false)]);
    doctor(&machine, &["--fix"])
        .run()
        .code(0)
        .says("--fix --confirm would move the credential beside keys in ~/.asc/config.json into keys.\n");
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);

    doctor(&machine, &["--fix", "--confirm"])
        .run()
        .code(0)
        .says("No issues found.");
    let after = config_in(&machine, "home");
    assert_eq!(after["keys"][0]["name"], "default");
    assert_eq!(after["keys"][0]["private_key_path"], json!(path));
    assert_eq!(
        (&after["default_key_name"], &after["key_id"]),
        (&json!("default"), &json!(KEY_ID))
    );
    assert!(
        fs::read_to_string(&file).expect("a file").contains("1.50"),
        "a number keeps its form"
    );
    assert_eq!(mode(&file), 0o600);
    assert_token_of("after", &machine.run(&["token", "--bypass-keychain"]).run(), &key);
}

// Into the keychain

#[cfg(target_os = "linux")]
mod keychain {
    use super::*;
    use crate::support::keyring::Keyring;

    /// `doctor` in the session of a keyring, with the config files and the keys of a machine.
    fn beside(keyring: &Keyring, machine: &Machine, arguments: &[&str]) -> Run {
        let run = machine.run(&[&["doctor"], arguments].concat());
        keyring.apply(run).env("HOME", machine.path("home"))
    }

    fn item(machine: &Machine, key: &TestKey, issuer_id: &str) -> String {
        let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
        let item = json!({
            "key_id": KEY_ID, "issuer_id": issuer_id, "private_key_path": path, "private_key_pem": key.pem(), "key_type": "team",
        });
        item.to_string()
    }

    #[test]
    fn a_key_outside_of_the_keychain_is_moved_into_it_and_its_file_stays() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
        let before = contents(&machine.path(""));
        let found = findings(beside(&keyring, &machine, &["--output=json"]));
        assert_eq!(found, [("key_outside_keychain".to_owned(), false)]);
        beside(&keyring, &machine, &["--fix"]).run().code(0).says(
            "would move profile MyApp from ~/.asc/config.json into the keychain, and leave the key file where it is.",
        );
        assert_eq!(contents(&machine.path("")), before);
        assert_eq!(keyring.lookup("asc:credential:MyApp"), None);

        let ran = beside(&keyring, &machine, &["--fix", "--confirm"]).run().code(0);
        let ran = ran
            .says("done: move profile MyApp")
            .says("keychain      reached; 1 profile\n")
            .says("the default is MyApp: default_key_name in ~/.asc/config.json\n")
            .says("No issues found.");
        assert_key_kept("moved", &ran, &key);
        let after = config_in(&machine, "home");
        assert_eq!(after, json!({"default_key_name": "MyApp", "keys": []}));
        let item: Value =
            serde_json::from_str(&keyring.lookup("asc:credential:MyApp").expect("an item")).expect("JSON");
        assert_eq!(item["private_key_path"], json!(path));
        assert_eq!(item["issuer_id"], ISSUER_ID);

        // The profile works without the file, which stays all the same.
        assert_eq!(fs::read_to_string(&path).expect("the key file"), key.pem());
        fs::remove_file(&path).expect("it is ours");
        let run = machine.run(&["token"]);
        let ran = keyring.apply(run).env("HOME", machine.path("home")).run();
        assert_token_of("moved", &ran, &key);
    }

    #[test]
    fn the_only_profile_that_was_the_default_by_its_place_stays_the_default() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        let mut old = config_in(&machine, "home")["keys"][0].clone();
        old.as_object_mut().expect("an object").remove("name");
        machine.write_config("home", &old);
        close(&machine.config("home"), 0o600);
        beside(&keyring, &machine, &["--fix", "--confirm"]).run().code(0);
        assert_eq!(config_in(&machine, "home")["default_key_name"], "default");
        assert!(keyring.lookup("asc:credential:default").is_some());
    }

    #[test]
    fn nothing_is_moved_where_the_name_means_something_else() {
        let (keyring, key, other) = (Keyring::unlocked(), TestKey::generate(), TestKey::generate());
        let machine = healthy(&key);
        let before = fs::read(machine.config("home")).expect("a file");
        for stored in [
            item(&machine, &key, "69a6de70-03db-47e3-e053-5b8c7c11a4d1"),
            item(&machine, &other, ISSUER_ID),
        ] {
            keyring.store("asc:credential:MyApp", &stored);
            let ran = beside(&keyring, &machine, &["--fix", "--confirm"]).run();
            assert!(!ran.stdout.starts_with("done:"), "{}", ran.text());
            assert_eq!(keyring.lookup("asc:credential:MyApp"), Some(stored));
            assert_eq!(fs::read(machine.config("home")).expect("a file"), before);
        }
        keyring.store("asc:credential:MyApp", &item(&machine, &key, ISSUER_ID));
        beside(&keyring, &machine, &["--fix", "--confirm"])
            .run()
            .code(0)
            .says("done: move profile MyApp")
            .says("No issues found.");
    }

    #[test]
    fn a_profile_of_the_working_directory_is_not_moved_whatever_git_knows() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
        fs::rename(machine.config("home"), machine.path("temp").join("config.json")).expect("it moves");
        let local = entry("Local", KEY_ID, path.to_str().expect("UTF-8"));
        let file = machine.write_config("work", &keys(&[local]));
        close(&file, 0o600);
        close(file.parent().expect("a folder"), 0o700);
        let before = contents(&machine.path(""));
        // No repository is here, as in an unpacked archive, and git is not even found.
        for path in ["/usr/bin:/bin", "/nowhere"] {
            let run = beside(&keyring, &machine, &["--fix", "--confirm"]).env("PATH", path);
            run.run().code(0).says("Local: 2X9R4QWVK6").does_not_say("done:");
            assert_eq!(keyring.lookup("asc:credential:Local"), None);
            assert_eq!(contents(&machine.path("")), before);
        }
    }

    #[test]
    fn a_move_that_can_not_be_finished_leaves_the_keychain_as_it_was() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        let lock = machine.config("home").with_file_name("config.json.lock");
        fs::create_dir(&lock).expect("a directory");
        // The draft of this one can't be written: its name is too long.
        let long = machine.path("home").join(format!("{}.json", "n".repeat(240)));
        fs::copy(machine.config("home"), &long).expect("a copy");
        close(&long, 0o600);
        let home = machine.config("home");
        for (row, file) in [("no lock", &home), ("no draft", &long)] {
            let before = fs::read(file).expect("a file");
            let run = beside(&keyring, &machine, &["--fix", "--confirm"]);
            let run = if row == "no draft" {
                run.env("ASC_CONFIG_PATH", file)
            } else {
                run
            };
            let ran = run.run().code(0);
            assert!(
                ran.stdout.starts_with("not done: move profile MyApp"),
                "{row}: {}",
                ran.text()
            );
            assert_key_kept(row, &ran.says("could not be changed"), &key);
            assert_eq!(keyring.lookup("asc:credential:MyApp"), None, "{row}");
            assert_eq!(fs::read(file).expect("a file"), before, "{row}");
        }
    }

    #[test]
    fn what_makes_no_credential_is_not_moved() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        close(
            &machine.write_config("home", &keys(&[entry("MyApp", KEY_ID, "/nowhere.p8")])),
            0o600,
        );
        let before = contents(&machine.path(""));
        beside(&keyring, &machine, &["--fix", "--confirm"])
            .run()
            .code(10)
            .does_not_say("done:");
        assert_eq!(keyring.lookup("asc:credential:MyApp"), None);
        assert_eq!(contents(&machine.path("")), before);
    }

    #[test]
    fn a_locked_keychain_and_a_damaged_item_are_told_and_the_rest_is_looked_at() {
        let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
        let machine = healthy(&key);
        keyring.store("asc:credential:Broken", &key.pem());
        let ran = beside(&keyring, &machine, &[]).run().code(10);
        let ran = ran
            .says("1. the keychain's item of the profile \"Broken\" can't be read\n")
            .says("MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n");
        assert_key_kept("damaged", &ran, &key);

        keyring.lock();
        beside(&keyring, &machine, &[])
            .run()
            .code(10)
            .says("1. the keychain is locked, and was not unlocked\n")
            .says("--bypass-keychain")
            .says("MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n");
        let no_bus = Keyring::without_bus();
        beside(&no_bus, &machine, &[])
            .run()
            .code(0)
            .says("1. advice: there is no keychain here: DBUS_SESSION_BUS_ADDRESS is not set")
            .says("--bypass-keychain");
        beside(&no_bus, &machine, &[])
            .env("GITLAB_CI", "true")
            .run()
            .code(0)
            .says("No issues found.");
    }
}
