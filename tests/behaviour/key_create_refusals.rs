//! What `asc-auth key create` refuses: before Apple is asked for anything where that can be known, and with nothing made.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use simulator::{ApiKey, Role, Simulator, TestKey, WebRole, WebStep};

use crate::support::{
    KEY_ID,
    new_key::{NAME, assert_saved_in, blitz, create, done, left, the_key},
    shell::in_shell,
    web::Person,
};

/// No request came at all.
#[track_caller]
fn assert_untouched(row: &str, person: &Person) {
    assert!(person.apple.requests().is_empty(), "{row}");
}

#[test]
fn a_directory_whose_path_is_no_text_is_refused_before_a_key_is_made() {
    let person = Person::new();
    let home = OsStr::from_bytes(b"/nowhere/\xff");
    let run = create(&person, &[])
        .env("HOME", home)
        .env("ASC_WEB_SESSION", person.session_file());
    let ran = done(&person, run).code(30).says("no key can be saved in /nowhere/");
    ran.says("its path is not Unicode").says("--output-dir");
    assert_untouched("not Unicode", &person);
}

#[test]
fn a_name_and_a_role_are_required_and_never_guessed() {
    let person = Person::new();
    for (words, named) in [
        (&["create", "--role", "developer"][..], "--name"),
        (&["create", "--name", NAME], "--role"),
        (&["create", "--name", NAME, "--role"], "--role"),
        (
            &["create", "--name", "", "--role", "developer"],
            "the key's name can't be used: it is empty",
        ),
        (
            &["create", "--name", "a\nb", "--role", "developer"],
            "it has control characters",
        ),
        (
            &["create", "--name", NAME, "--role", "developer", "--output-dir", " "],
            "--output-dir is empty",
        ),
        (
            &["create", "--name", NAME, "--role", "developer", "--login", ""],
            "a profile",
        ),
        (
            &[
                "create",
                "--name",
                NAME,
                "--role",
                "developer",
                "--bypass-keychain=maybe",
            ],
            "--bypass-keychain",
        ),
    ] {
        person.key(words).code(2).says(named);
    }
    person
        .key(&["create", "--name", NAME, "--role", "boss"])
        .code(2)
        .says("there is no such role")
        .says("app-manager")
        .does_not_say("boss");
    assert_untouched("usage", &person);
    assert_eq!(left(&person), [""; 0]);
}

#[test]
fn an_admin_key_needs_a_second_yes() {
    let person = Person::new();
    let words = ["key", "create", "--name", NAME, "--role", "admin"];
    let ran = done(&person, person.run(&words)).code(2);
    ran.says("--confirm-admin").says("Nothing was made.");
    assert_untouched("without --confirm-admin", &person);
    let run = person.run(&[&words[..], &["--confirm-admin"]].concat());
    done(&person, run)
        .code(0)
        .says("warning: this will be an Admin key: whoever has it has the whole team");
    assert_eq!(the_key(&person).roles, [Role::Admin]);
}

#[test]
fn where_no_key_can_be_saved_none_is_made() {
    let person = Person::new();
    let file = person.home.key_file();
    let below = file.join("keys");
    for (row, folder) in [("a file", &file), ("below a file", &below)] {
        let folder = folder.to_str().expect("UTF-8");
        done(&person, create(&person, &["--output-dir", folder]))
            .code(30)
            .says(&format!("no key can be saved in {folder}"))
            .says("No private key was downloaded.");
        assert_untouched(row, &person);
    }
    let run = create(&person, &["--output-dir", "keys"]);
    in_shell("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", run)
        .code(30)
        .says("a quota or size limit was reached");
    let keys = person.home.work().join("keys");
    assert_eq!(fs::read_dir(&keys).expect("it was made").count(), 0, "a probe is left");
    assert_untouched("a quota", &person);
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_read_only_or_full_disk_no_key_is_made() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        // A quota shows the same without them.
        eprintln!("skipped: no namespaces here");
        return;
    }
    for (row, options, says) in [
        ("read-only", "ro", "the file system is read-only"),
        ("full", "size=4k,nr_inodes=1", "the disk is full"),
    ] {
        let person = Person::new();
        let script = format!("mkdir keys; mount -t tmpfs -o {options} tmpfs keys || exit 99; exec \"$0\" \"$@\"");
        in_namespace(&script, create(&person, &["--output-dir", "keys"]))
            .code(30)
            .says(says);
        assert_untouched(row, &person);
    }
}

#[test]
fn a_key_that_is_pasted_in_the_place_of_something_else_is_never_repeated() {
    let person = Person::new();
    let pem = person.home.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for flag in ["--output-dir", "--name", "--login", "--role"] {
        for text in [&pem, &body] {
            let words = ["key", "create", "--name", NAME, "--role", "developer"];
            let mut words: Vec<&str> = words.into_iter().filter(|word| *word != flag).collect();
            words.retain(|word| (flag, *word) != ("--name", NAME) && (flag, *word) != ("--role", "developer"));
            let flag = format!("{flag}={text}");
            done(&person, person.run(&[&words[..], &[&flag]].concat())).code(2);
        }
    }
    assert_untouched("a pasted key", &person);
    assert_eq!(fs::read_dir(person.home.work()).expect("a directory").count(), 0);
}

#[test]
fn where_no_profile_can_be_stored_no_key_is_made() {
    let person = Person::new().stored(&["MyApp"]);
    done(&person, create(&person, &["--login", "MyApp", "--bypass-keychain"]))
        .code(2)
        .says("MyApp");
    done(&person, create(&person, &["--login", "Other"]))
        .code(30)
        .says("there is no keychain here");
    assert_untouched("a profile that is taken", &person);
    assert!(
        left(&person).iter().all(|name| name == "key.lock"),
        "{:?}",
        left(&person)
    );
}

#[test]
fn a_name_that_an_active_key_has_is_refused() {
    let person = Person::new();
    person.register(KEY_ID, NAME);
    done(&person, create(&person, &[]))
        .code(2)
        .says("an active key has this name already")
        .says(KEY_ID)
        .says("Nothing was made.");
    assert_eq!(person.apple.web_requests(), [WebStep::List]);
    assert_eq!(left(&person), ["key.lock"]);
    // Of a revoked key the name is free.
    person.apple.revoke(KEY_ID);
    done(&person, create(&person, &[])).code(0);
    assert_saved_in(&blitz(&person), &person);
}

#[test]
fn a_name_that_is_taken_meanwhile_is_apples_to_refuse() {
    let person = Person::new();
    let (keys, issuer) = (person.apple.keys(), person.apple.issuer_id());
    person.apple.before_web(move |step| {
        if step == WebStep::Create {
            keys.register(ApiKey::team(KEY_ID, &issuer, &TestKey::generate()).named(NAME));
        }
    });
    done(&person, create(&person, &[]))
        .code(2)
        .says("Apple refused to make a key (409)");
    assert_eq!(the_key(&person).id, KEY_ID);
    assert_eq!(left(&person), ["key.lock"]);
}

#[test]
fn a_team_that_has_all_its_keys_gets_no_more() {
    let person = Person::new();
    for number in 0..Simulator::WEB_KEY_LIMIT {
        person.register(&format!("KEYNUMB{number:03}"), &format!("key {number}"));
    }
    done(&person, create(&person, &[]))
        .code(13)
        .says("the team has 50 active keys, which is as many as it may have")
        .says("asc-auth key list --stale");
    assert_eq!(person.apple.web_requests(), [WebStep::List]);
    assert_eq!(left(&person), ["key.lock"]);
}

#[test]
fn who_may_not_and_who_is_not_signed_in_makes_nothing() {
    let expired = Person::new();
    expired.session.expire();
    for (person, code, says) in [
        (expired, 12, "the web session has expired (status 401)"),
        (
            Person::who_is(WebRole::AppManager),
            13,
            "Only an Account Holder or an Admin may",
        ),
    ] {
        done(&person, create(&person, &[])).code(code).says(says);
        assert_eq!(person.apple.web_requests(), [WebStep::List]);
        assert_eq!(person.apple.team_keys(), []);
    }
    // It may also end in between.
    let person = Person::new();
    let session = person.session.clone();
    person.apple.before_web(move |step| {
        if step == WebStep::Create {
            session.expire();
        }
    });
    done(&person, create(&person, &[]))
        .code(12)
        .does_not_say("whether a key was made is not known");
    assert_eq!(person.apple.team_keys(), []);
    assert_eq!(left(&person), ["key.lock"]);
}
