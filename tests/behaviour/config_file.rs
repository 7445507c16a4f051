//! Config files that can't be used, and config files that many processes change at once.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    Ran, Run,
    profiles::{Home, names},
};

const BYPASS: &[&str] = &["--bypass-keychain"];

/// What a config file may have become, and what is said of it.
const BROKEN: [(&str, i32, &str); 8] = [
    ("", 10, "it is empty"),
    (" \n\t\n", 10, "it is empty"),
    (
        r#"{"keys": [{"name": "MyA"#,
        10,
        "it is no JSON from line 1, column 23 on",
    ),
    ("-----BEGIN PRIVATE KEY-----", 10, "it is no JSON from line 1"),
    ("[]", 10, "it is no JSON object"),
    (r#"{"keys": {"MyApp": {}}}"#, 10, "its keys is no list of objects"),
    (r#"{"keys": [{"name": 7}]}"#, 10, "its keys[0].name is no text"),
    (
        r#"{"default_key_name": ["MyApp"]}"#,
        10,
        "its default_key_name is no text",
    ),
];

fn changes(home: &Home) -> [Run; 4] {
    [
        home.login("New", BYPASS),
        home.run(&["switch", "--name", "MyApp"]),
        home.run(&["logout", "--name", "MyApp"]),
        home.run(&["logout", "--all", "--confirm"]),
    ]
}

#[test]
fn a_file_of_another_shape_is_named_and_left_as_it_is() {
    let home = Home::new();
    for (text, code, defect) in BROKEN {
        for run in changes(&home) {
            home.write_config(text);
            run.run()
                .code(code)
                .says(&format!("~/.asc/config.json can't be used: {defect}"));
            let after = fs::read_to_string(home.config_path()).expect("text");
            assert_eq!(after, text);
        }
    }
}

#[test]
fn what_is_no_file_is_named_and_left_as_it_is() {
    type Make = fn(&Home);
    let kinds: [(Make, &str); 4] = [
        (
            |home| fs::create_dir_all(home.config_path()).expect("a directory"),
            "it is a directory",
        ),
        (
            |home| {
                fs::create_dir(home.path().join(".asc")).expect("a directory");
                fs::write(home.work().join("target"), "{}").expect("a file");
                symlink(home.work().join("target"), home.config_path()).expect("a link");
            },
            "it is a symbolic link",
        ),
        (
            |home| symlink(home.work(), home.path().join(".asc")).expect("a link"),
            "its directory is a symbolic link",
        ),
        (
            |home| home.write_config(&format!(r#"{{"note": "{}"}}"#, "x".repeat(1024 * 1024))),
            "it is larger than 1 MiB",
        ),
    ];
    for (make, reason) in kinds {
        let home = Home::new();
        make(&home);
        for run in changes(&home) {
            run.run().code(30).says("~/.asc/config.json").says(reason);
        }
        assert_eq!(
            fs::read_to_string(home.work().join("target")).unwrap_or_default().len() % 2,
            0
        );
        assert!(!home.work().join("config.json").exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_this_user_may_not_read_is_named() {
    use std::os::unix::fs::PermissionsExt;

    use crate::support::shell::{has_namespaces, in_namespace};

    let home = Home::new().stored(&["MyApp"]);
    fs::set_permissions(home.config_path(), fs::Permissions::from_mode(0o000)).expect("it is ours");
    // Root may read whatever the mode says, save what belongs to somebody that its namespace does not know.
    let is_root = nix::unistd::geteuid().is_root();
    if is_root {
        if !has_namespaces() {
            eprintln!("skipped: no namespaces here");
            return;
        }
        std::os::unix::fs::chown(home.config_path(), Some(12345), Some(12345)).expect("root may");
    }
    for run in changes(&home) {
        let ran = if is_root {
            in_namespace(r#"exec "$0" "$@""#, run)
        } else {
            run.run()
        };
        ran.code(30)
            .says("~/.asc/config.json can't be read: permission was denied");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_on_a_read_only_file_system_is_named_and_nothing_is_lost() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        eprintln!("skipped: no namespaces here");
        return;
    }
    let home = Home::new().stored(&["MyApp", "Other"]);
    let before = home.config();
    let read_only = r#"mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" || exit 99; exec "$0" "$@""#;
    for run in [
        home.login("New", BYPASS),
        home.run(&["switch", "--name", "Other"]),
        home.run(&["logout", "--name", "MyApp"]),
    ] {
        in_namespace(read_only, run)
            .code(30)
            .says("~/.asc/config.json could not be changed: the file system is read-only");
    }
    assert_eq!(home.config(), before);

    let empty = Home::new();
    in_namespace(read_only, empty.login("New", BYPASS))
        .code(30)
        .says("~/.asc/config.json could not be changed: the file system is read-only");
}

#[test]
fn a_profile_whose_key_file_has_moved_says_how_to_mend_it() {
    let home = Home::new().stored(&["MyApp"]);
    let moved = home.work().join("moved.p8");
    fs::rename(home.key_file(), &moved).expect("it moves");
    home.run(&["token", "--profile", "MyApp"])
        .run()
        .code(30)
        .says("the private key file can't be read: it does not exist")
        .says("asc-auth login --name MyApp --force --bypass-keychain");
    let given = [
        "login",
        "--name",
        "MyApp",
        "--force",
        "--bypass-keychain",
        "--key-id",
        crate::support::KEY_ID,
    ];
    let given = [&given[..], &["--issuer-id", crate::support::ISSUER_ID, "--private-key"]].concat();
    home.run(&[&given[..], &[moved.to_str().expect("UTF-8")]].concat())
        .run()
        .code(0);
    home.run(&["token", "--profile", "MyApp"]).run().code(0);
}

#[test]
fn what_the_asc_cli_wrote_is_kept_as_it_is() {
    let home = Home::new();
    let others = r#""app_id": "1", "timeout": "30s", "odd": 1234567890123456789012.0e-5, "nested": {"z" : [ 1,2 ]}"#;
    home.write_config(&format!(r#"{{{others}, "keys": [{}]}}"#, home.entry("Theirs")));
    home.login("Ours", BYPASS).run().code(0);
    home.run(&["switch", "--name", "Ours"]).run().code(0);
    home.run(&["logout", "--name", "Theirs"]).run().code(0);
    let text = fs::read_to_string(home.config_path()).expect("text");
    for part in [
        "1234567890123456789012.0e-5",
        r#"{"z" : [ 1,2 ]}"#,
        r#""timeout": "30s""#,
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert_eq!(names(&home.config()), ["Ours"]);
}

// Many at once

/// Starts it and does not wait.
fn start(run: Run) -> Child {
    let mut command = run.into_command();
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}

#[track_caller]
fn all_end_well(children: Vec<Child>) {
    for child in children {
        Ran::from(child.wait_with_output().expect("it ends")).code(0);
    }
}

/// Every profile is there once, one of them is the default, and the copy beside them is its own.
#[track_caller]
fn assert_whole(home: &Home, wanted: &BTreeSet<String>) {
    let config = home.config();
    let stored = names(&config);
    assert_eq!(&stored.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(stored.len(), wanted.len(), "none is there twice");
    let default = config["default_key_name"].as_str().expect("a default");
    assert!(wanted.contains(default), "{default}");
    assert_eq!(config["private_key_path"], json!(home.key_file()));
    assert_eq!(config["kept"], json!({"by": "others"}));
    assert_eq!(
        files_beside(home),
        BTreeSet::from(["config.json".to_owned(), "config.json.lock".to_owned()])
    );
}

fn files_beside(home: &Home) -> BTreeSet<String> {
    fs::read_dir(home.path().join(".asc"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect()
}

#[test]
fn a_hundred_processes_at_once_lose_nothing() {
    let home = Home::new();
    home.write_config(r#"{"kept": {"by": "others"}}"#);
    let home = home.stored(&["seed-0", "seed-1", "seed-2"]);
    let mut wanted: BTreeSet<String> = (0..2).map(|index| format!("seed-{index}")).collect();
    let mut children = Vec::new();
    for index in 0..100 {
        children.push(start(match index % 10 {
            8 => home.run(&["switch", "--bypass-keychain", "--name", &format!("seed-{}", index % 2)]),
            9 if index == 99 => home.run(&["logout", "--bypass-keychain", "--name", "seed-2"]),
            _ => {
                let name = format!("profile-{index}");
                let run = home.login(&name, BYPASS);
                wanted.insert(name);
                run
            }
        }));
    }
    all_end_well(children);
    assert_whole(&home, &wanted);
}

#[test]
fn of_many_first_profiles_one_becomes_the_default() {
    let home = Home::new();
    let children = (0..20).map(|index| start(home.login(&format!("profile-{index}"), BYPASS)));
    all_end_well(children.collect());
    let config = home.config();
    assert_eq!(names(&config).len(), 20);
    assert!(
        names(&config)
            .iter()
            .any(|name| config["default_key_name"] == name.as_str())
    );
}

#[cfg(target_os = "linux")]
#[test]
fn many_at_once_lose_nothing_in_a_keychain() {
    use crate::support::keyring::Keyring;

    let (home, keyring) = (Home::new(), Keyring::unlocked());
    let children = (0..20).map(|index| {
        let run = home.login(&format!("profile-{index}"), &[]);
        start(home.in_session(&keyring, run))
    });
    all_end_well(children.collect());
    for index in 0..20 {
        let item = keyring
            .lookup(&format!("asc:credential:profile-{index}"))
            .expect("an item");
        let item: Value = serde_json::from_str(&item).expect("JSON");
        assert_eq!(item["key_id"], crate::support::KEY_ID);
    }
    let config = home.config();
    let default = config["default_key_name"].as_str().expect("a default");
    assert!(default.starts_with("profile-"), "{default}");
    assert_eq!(config.as_object().expect("an object").len(), 1, "{config}");
}

#[test]
fn a_process_that_is_killed_leaves_a_whole_file_and_holds_up_no_other() {
    let home = Home::new();
    // So large that writing it takes a while.
    home.write_config(&format!(
        r#"{{"kept": {{"by": "others"}}, "large": "{}"}}"#,
        "x".repeat(900_000)
    ));
    let home = home.stored(&["seed"]);
    let mut wanted = BTreeSet::from(["seed".to_owned()]);
    for moment in 0..40 {
        let name = format!("profile-{moment}");
        let mut child = start(home.login(&name, BYPASS));
        // Whatever it does by then, which differs from one machine to the next.
        thread::sleep(Duration::from_millis(2 * moment));
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        let stored = names(&home.config());
        assert!(stored.contains(&"seed".to_owned()), "{stored:?}");
        if stored.contains(&name) {
            wanted.insert(name);
        }
    }
    home.login("last", BYPASS).run().code(0);
    wanted.insert("last".to_owned());
    assert_whole(&home, &wanted);
}
