//! `ASC_AUTH_DIR`: which directories are trusted, what wins over one, and what goes on from it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use simulator::{ApiKey, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    auth_dir::{OTHER_ID, assert_good, change_record, kept, later, plant, token},
    job::{Job, kept_tokens},
    proof::{AUDIENCE, assert_key_kept, assert_refused, assert_token_of, judge},
    simulator_with,
};

// A directory that can't be trusted

/// `token` is refused from this directory, and so is everything else that reads it.
#[track_caller]
fn assert_unfit(row: &str, value: impl AsRef<Path>, why: &str, key: &TestKey) {
    for arguments in [&["token"][..], &["validate"], &["exec", "--no-validate", "--", "true"]] {
        let ran = later(value.as_ref(), arguments).run();
        assert_refused(row, &ran, 30, "ASC_AUTH_DIR can't be used: ", &key.pem());
        assert!(ran.text().contains(why), "{row}: no {why:?} in:\n{}", ran.text());
        assert!(
            ran.text().contains("Run asc-auth setup again"),
            "{row}:\n{}",
            ran.text()
        );
        assert_key_kept(row, &ran, key);
        assert_eq!(ran.stdout, "", "{row}");
    }
}

#[test]
fn a_directory_that_is_none_is_refused_with_advice() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let gone = directory.with_file_name("asc-auth-0123456789abcdef0123456789abcdef");
    assert_unfit("gone", &gone, "it does not exist", &job.key);
    fs::write(&gone, "mine").expect("a file");
    assert_unfit("a file", &gone, "it is not a directory", &job.key);
    let name = directory.file_name().expect("a name");
    let of_no_such_name = "no setup made a directory of this name";
    assert_unfit("relative", name, of_no_such_name, &job.key);
    assert_unfit(
        "relative, with a dot",
        Path::new(".").join(name),
        of_no_such_name,
        &job.key,
    );
    assert_unfit("the job's", job.directory(), of_no_such_name, &job.key);
    assert_unfit("the root", "/", of_no_such_name, &job.key);
    assert_unfit("its parent", directory.join(".."), of_no_such_name, &job.key);
    let ran = Run::new(&["token"])
        .env("ASC_AUTH_DIR", name)
        .dir(directory.parent().expect("a parent"))
        .run();
    assert_eq!(ran.code, Some(30), "relative, and it is there: {}", ran.text());
    let ran = later(job.key.pem(), &["token"]).run();
    assert_refused("a key", &ran, 30, "ASC_AUTH_DIR can't be used", &job.key.pem());
    let body: String = job
        .key
        .pem()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let ran = later(Path::new("/").join(&body), &["token"]).run();
    assert_refused("a path of a key", &ran, 30, "ASC_AUTH_DIR can't be used", &body);
}

#[test]
fn a_record_that_is_missing_or_damaged_is_refused() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let path = directory.join("credential.json");
    let record = fs::read(&path).expect("a record");
    let whole: Value = serde_json::from_slice(&record).expect("JSON");
    fs::remove_file(&path).expect("the record");
    assert_unfit("missing", &directory, "credential.json: it does not exist", &job.key);
    for (row, text) in [
        ("empty", Vec::new()),
        ("torn", record[..record.len() / 2].to_vec()),
        ("garbage", b"garbage".to_vec()),
        ("binary", vec![0xff; 100]),
        ("the key", job.key.pem().into_bytes()),
        ("another kind of JSON", b"[]".to_vec()),
        ("two records", [record.as_slice(), record.as_slice()].concat()),
    ] {
        fs::write(&path, text).expect("a file");
        assert_unfit(row, &directory, "credential.json can't be read", &job.key);
    }
    for (row, field, value) in [
        ("no key ID", "key_id", json!(null)),
        ("a short key ID", "key_id", json!("ABC")),
        ("a key for a key ID", "key_id", json!(job.key.pem())),
        ("no UUID", "issuer_id", json!("issuer")),
        ("a clock that is a week off", "clock_correction", json!(7 * 86_400)),
        ("a clock beyond all numbers", "clock_correction", json!(i64::MIN)),
        ("a lifetime below zero", "lifetime", json!(-1)),
        ("no lifetime", "lifetime", json!("15m")),
        ("no scopes", "scopes", json!(["GET /v1/apps"])),
        ("a way out", "key_file", json!("../AuthKey_2X9R4QWVK6.p8")),
        ("two ways out", "key_file", json!("../../x")),
        (
            "a way out and in",
            "key_file",
            json!(format!(
                "../{}/AuthKey_2X9R4QWVK6.p8",
                directory.file_name().unwrap().display()
            )),
        ),
        ("the parent", "key_file", json!("..")),
        ("itself", "key_file", json!(".")),
        ("no name", "key_file", json!("")),
        ("a slash behind", "key_file", json!("AuthKey_2X9R4QWVK6.p8/")),
        ("an absolute path", "key_file", json!("/etc/passwd")),
        (
            "the same, absolute",
            "key_file",
            json!(directory.join("AuthKey_2X9R4QWVK6.p8")),
        ),
        ("a NUL", "key_file", json!("AuthKey_2X9R4QWVK6.p8\u{0}")),
    ] {
        fs::write(&path, whole.to_string()).expect("a file");
        change_record(&directory, |record| record[field] = value.clone());
        assert_unfit(row, &directory, "", &job.key);
    }
    fs::write(&path, &record).expect("a file");
    assert_token_of("as it was", &later(&directory, &["token"]).run(), &job.key);
}

#[test]
fn a_record_with_what_apple_would_refuse_is_damaged_and_no_mistake_of_the_caller() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let record = fs::read(directory.join("credential.json")).expect("a record");
    for (row, field, value) in [
        ("no lifetime", "lifetime", json!(0)),
        ("a lifetime without scopes", "lifetime", json!(86_400)),
        ("a lifetime without end", "lifetime", json!(u64::MAX)),
        ("a POST", "scopes", json!("POST /v1/apps")),
        ("no scope", "scopes", json!("garbage")),
    ] {
        fs::write(directory.join("credential.json"), &record).expect("a file");
        change_record(&directory, |record| record[field] = value.clone());
        let ran = later(&directory, &["token"]).run();
        assert_refused(row, &ran, 30, "ASC_AUTH_DIR can't be used", &job.key.pem());
    }
}

#[test]
fn a_key_file_that_is_missing_or_damaged_is_refused_and_not_told() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let key_file = directory.join("AuthKey_2X9R4QWVK6.p8");
    fs::write(&key_file, &job.key.pem()[..120]).expect("a file");
    assert_unfit("half a key", &directory, "its key file can't be used", &job.key);
    fs::write(&key_file, "").expect("a file");
    assert_unfit("empty", &directory, "its key file can't be used", &job.key);
    fs::remove_file(&key_file).expect("the key file");
    assert_unfit("missing", &directory, "it does not exist", &job.key);
    // A key that stands in the record where a name belongs must not come back either.
    let body: String = job
        .key
        .pem()
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    for name in [body.replace('/', "_"), job.key.pem().replace('/', "_")] {
        change_record(&directory, |record| record["key_file"] = json!(name));
        let ran = later(&directory, &["token"]).run();
        assert_refused("a key for a name", &ran, 30, "ASC_AUTH_DIR can't be used", &name);
    }
}

#[test]
fn another_key_in_the_directory_gets_no_token_of_the_first() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let first = kept(&directory);
    let other = TestKey::generate();
    fs::write(directory.join("AuthKey_2X9R4QWVK6.p8"), other.pem()).expect("a file");
    let second = token(&directory, &[]);
    assert_ne!(second, first);
    assert_good("the other key's", &second, &other);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;
    use crate::support::{
        job::{is_root, kill, mode, wait_until},
        shell::in_shell,
    };

    #[test]
    fn a_directory_that_others_may_use_is_refused() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        for wide in [0o755, 0o750, 0o710, 0o701, 0o702, 0o704, 0o777, 0o1777] {
            fs::set_permissions(&directory, fs::Permissions::from_mode(wide)).expect("a mode");
            assert_unfit("wide", &directory, "others may use it", &job.key);
            assert_eq!(mode(&directory), wide, "it is not made private behind its owner's back");
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("a mode");
        assert_token_of("as it was", &later(&directory, &["token"]).run(), &job.key);
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        if !is_root() {
            eprintln!("skipped: only root can give a directory away");
            return;
        }
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        chown(&directory, Some(65534), None).expect("root may");
        assert_unfit("foreign", &directory, "it belongs to somebody else", &job.key);
    }

    #[test]
    fn a_link_is_refused_however_it_is_spelt() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        let link = job.beside("asc-auth-0123456789abcdef0123456789abcdef");
        symlink(&directory, &link).expect("a link");
        let spelt = link.to_str().expect("Unicode");
        for spelling in [
            spelt.to_owned(),
            format!("{spelt}/"),
            format!("{spelt}//"),
            format!("{spelt}/."),
        ] {
            assert_unfit(&spelling, &spelling, "it is a symbolic link", &job.key);
        }
        // The directory itself may be spelt like that.
        let spelt = directory.to_str().expect("Unicode");
        for spelling in [format!("{spelt}/"), format!("{spelt}/.")] {
            assert_token_of(&spelling, &later(&spelling, &["token"]).run(), &job.key);
        }
    }

    #[test]
    fn what_is_kept_is_private_whatever_the_umask() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        fs::remove_file(directory.join("tokens.jsonl")).expect("the cache");
        in_shell("umask 000; exec \"$0\" \"$@\"", later(&directory, &["token"])).code(0);
        for file in crate::support::job::entries(&directory) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    #[test]
    fn a_directory_that_can_not_be_written_gives_what_is_fresh_and_nothing_else() {
        if is_root() {
            eprintln!("skipped: root may write anywhere");
            return;
        }
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        let fresh = kept(&directory);
        fs::set_permissions(directory.join("tokens.jsonl"), fs::Permissions::from_mode(0o400)).expect("a mode");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o500)).expect("a mode");
        assert_eq!(token(&directory, &[]), fresh);
        assert_can_not_be_written(&later(&directory, &["token", "--lifetime", "5m"]).run(), &job.key);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("a mode");
    }

    /// A token that could not be kept is not handed out: nobody would redact it.
    pub(super) fn assert_can_not_be_written(ran: &Ran, key: &TestKey) {
        assert_refused("read-only", ran, 30, "the token could not be written", &key.pem());
        assert_eq!(ran.stdout, "");
        assert!(
            !ran.text().contains("was removed"),
            "the directory is still there:\n{}",
            ran.text()
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_directory_on_a_read_only_file_system_gives_what_is_fresh_and_nothing_else() {
        use crate::support::shell::{has_namespaces, in_namespace};

        if !has_namespaces() {
            eprintln!("skipped: no namespaces here");
            return;
        }
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        let script = "mount --bind \"$ASC_AUTH_DIR\" \"$ASC_AUTH_DIR\" || exit 99
            mount -o remount,bind,ro \"$ASC_AUTH_DIR\" || exit 99
            exec \"$0\" \"$@\"";
        let ran = in_namespace(script, later(&directory, &["token"])).code(0);
        assert_eq!(ran.stdout.trim_end(), kept(&directory));
        let ran = in_namespace(script, later(&directory, &["token", "--lifetime", "5m"]));
        assert_can_not_be_written(&ran, &job.key);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_waits_for_the_lock_takes_what_the_other_has_minted() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        plant(&job, &directory, 1);
        let path = directory.join("tokens.lock");
        let lock = fs::File::create(&path).expect("a file");
        lock.lock().expect("the lock");
        let mut command = later(&directory, &["token"]).into_command();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let files = PathBuf::from(format!("/proc/{}/fd", child.id()));
        let is_waiting = || {
            let files = fs::read_dir(&files).into_iter().flatten().flatten();
            files
                .into_iter()
                .any(|file| fs::read_link(file.path()).is_ok_and(|file| file == path))
        };
        wait_until("the lock's file to be opened", || {
            is_waiting() || child.try_wait().expect("a child").is_some()
        });
        let minted = plant(&job, &directory, 800);
        drop(lock);
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code(0).stdout.trim_end(), minted);
        assert_eq!(kept_tokens(&directory).len(), 1, "it minted none");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_is_killed_with_the_lock_in_hand_leaves_none_behind() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        plant(&job, &directory, 1);
        let path = directory.join("tokens.lock");
        let mut holder = std::process::Command::new("flock")
            .args(["--no-fork", path.to_str().expect("Unicode"), "sleep", "1000"])
            .spawn()
            .expect("util-linux has flock");
        wait_until("the lock", || {
            let file = fs::File::open(&path);
            file.is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
        });
        let mut command = later(&directory, &["token"]).into_command();
        let waiting = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        kill(&mut holder);
        let ran = Ran::from(waiting.wait_with_output().expect("it ends"));
        assert_token_of("who was waiting", &ran, &job.key);
        assert_token_of("who came afterwards", &later(&directory, &["token"]).run(), &job.key);
    }

    #[test]
    fn who_is_killed_in_the_middle_of_it_leaves_a_cache_that_works() {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        // Killed a little later each time, so that some die before, some in, and some after it.
        for round in 0..40_u64 {
            empty_cache(&directory);
            let mut command = later(&directory, &["token"]).into_command();
            let mut child = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            std::thread::sleep(std::time::Duration::from_micros(round * 500));
            let _ = child.kill();
            child.wait().expect("it ends");
            assert_token_of("after a death", &later(&directory, &["token"]).run(), &job.key);
        }
    }

    /// An empty cache is as stale as one can be.
    fn empty_cache(directory: &Path) {
        fs::write(directory.join("tokens.jsonl"), "").expect("a file");
    }
}

// Beside other credentials

#[test]
fn flags_win_over_the_directory() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let other = TestKey::generate();
    let file = job.beside("AuthKey_ZZZZZZZZZZ.p8");
    fs::write(&file, other.pem()).expect("a file");
    let file = file.to_str().expect("Unicode");
    let other_key = ApiKey::team(OTHER_ID, ISSUER_ID, &other);
    let flags = [
        "--key-id",
        OTHER_ID,
        "--issuer-id",
        ISSUER_ID,
        "--private-key-path",
        file,
    ];
    let first = token(&directory, &flags);
    assert_eq!(
        judge(&first, other_key.clone(), "/v1/apps", AUDIENCE),
        Ok(other_key.clone())
    );
    let ran = later(
        &directory,
        &["token", "--key-id", OTHER_ID, "--private-key-variable", "OTHER"],
    )
    .env("OTHER", other.pem())
    .env("ASC_ISSUER_ID", ISSUER_ID)
    .run()
    .code(0);
    assert_eq!(
        judge(ran.stdout.trim_end(), other_key.clone(), "/v1/apps", AUDIENCE),
        Ok(other_key)
    );
    assert_token_of("without them", &later(&directory, &["token"]).run(), &job.key);
    // It says what is missing, and takes nothing from the directory.
    let ran = later(&directory, &["token", "--key-id", OTHER_ID]).run();
    assert_refused(
        "half of it",
        &ran,
        10,
        "no issuer ID and no private key were given",
        &job.key.pem(),
    );
    let ran = later(&directory, &["token", "--profile", "work"]).run();
    assert_refused("a profile", &ran, 10, "no profile named", &job.key.pem());
}

#[test]
fn flags_win_over_a_directory_that_can_not_be_trusted() {
    let job = Job::new();
    let run = Run::new(&["token", "--key-id", KEY_ID])
        .team_key(&job.key)
        .env("ASC_AUTH_DIR", "/nowhere/asc-auth-0123456789abcdef0123456789abcdef");
    assert_token_of("gone", &run.run(), &job.key);
}

#[test]
fn what_the_environment_says_besides_may_agree() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    for strict in ["true", "false"] {
        let ran = later(&directory, &["token"])
            .team_key(&job.key)
            .env("ASC_KEY_TYPE", "team")
            .env("ASC_PRIVATE_KEY_PATH", directory.join("AuthKey_2X9R4QWVK6.p8"))
            .env("ASC_STRICT_AUTH", strict)
            .run();
        assert_token_of(strict, &ran, &job.key);
        assert_eq!(
            (ran.stderr.as_str(), ran.stdout.trim_end()),
            ("", kept(&directory).as_str())
        );
    }
}

#[test]
fn what_the_environment_says_against_it_warns_or_under_strict_auth_stops() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    for (name, value) in [
        ("ASC_KEY_ID", OTHER_ID),
        ("ASC_ISSUER_ID", "00000000-0000-4000-8000-000000000000"),
        ("ASC_KEY_TYPE", "individual"),
    ] {
        let run = || later(&directory, &["token"]).env(name, value);
        let ran = run().run();
        assert_token_of(name, &ran, &job.key);
        assert!(
            ran.stderr.starts_with("warning: ") && ran.stderr.contains(name),
            "{}",
            ran.stderr
        );
        let ran = run().env("ASC_STRICT_AUTH", "true").run();
        assert_refused(name, &ran, 11, name, &job.key.pem());
        assert!(ran.text().contains("ASC_AUTH_DIR"), "{}", ran.text());
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_private_key_in_the_environment_is_not_looked_at() {
    // A CI's own variables stay in the environment, whichever of them setup was told to use. The key ID tells keys apart.
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let other = TestKey::generate();
    let ran = later(&directory, &["token"])
        .env("ASC_PRIVATE_KEY", other.pem())
        .env("ASC_STRICT_AUTH", "true")
        .run();
    assert_token_of("another key", &ran, &job.key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_unreadable_value_is_never_guessed() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    for name in ["ASC_STRICT_AUTH", "ASC_KEY_TYPE", "ASC_BYPASS_KEYCHAIN"] {
        for command in ["token", "validate"] {
            let ran = later(&directory, &[command]).env(name, "maybe").run();
            assert_refused(name, &ran, 2, &format!("{name} can't be read"), &job.key.pem());
        }
    }
}

#[test]
fn a_blank_variable_counts_as_unset() {
    let job = Job::new();
    for blank in ["", " ", "\t", "\n"] {
        let ran = Run::new(&["token"]).team_key(&job.key).env("ASC_AUTH_DIR", blank).run();
        assert_token_of(&format!("{blank:?}"), &ran, &job.key);
        let ran = Run::new(&["token"]).env("ASC_AUTH_DIR", blank).run();
        assert_refused("nothing else", &ran, 10, "no key ID", &job.key.pem());
        let ran = Run::new(&["cleanup"]).env("ASC_AUTH_DIR", blank).run();
        assert!(ran.text().contains("nothing to remove"), "{blank:?}: {}", ran.text());
    }
}

// The rest of the job

#[cfg(unix)]
#[test]
fn validate_and_exec_go_on_from_the_directory_alone() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    let directory = job.auth_dir(&[]);
    let ran = later(&directory, &["validate"]).api(&simulator).run().code(0);
    let ran = ran.says("2X9R4QWVK6 (team key), from ASC_AUTH_DIR");
    assert_key_kept("validate", &ran, &job.key);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let exec = |arguments: &[&str]| {
        let run = later(&directory, &[&["exec"], arguments].concat()).env("PATH", &path);
        run.env("TMPDIR", job.temp())
    };
    exec(&["--no-validate", "--", "true"]).run().code(0);
    exec(&["--", "true"]).api(&simulator).run().code(0);
    exec(&["--no-validate", "--", "false"]).run().code(1);
    assert_eq!(simulator.requests().len(), 2);
    assert!(directory.is_dir(), "it is the job's, and not exec's");
    assert_eq!(job.leftovers(), [job.directory()], "exec removed its own");
    simulator.revoke(KEY_ID);
    let ran = later(&directory, &["validate"]).api(&simulator).run();
    assert_refused("revoked", &ran, 12, "Apple refused this credential", &job.key.pem());
}

#[test]
fn after_a_cleanup_the_directory_is_refused() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    later(&directory, &["cleanup"]).run().code(0).says("removed");
    assert_unfit("after cleanup", &directory, "it does not exist", &job.key);
    // It is not taken for a wish to use what else there is.
    let ran = later(&directory, &["token"]).team_key(&job.key).run();
    assert_refused(
        "with a credential",
        &ran,
        30,
        "ASC_AUTH_DIR can't be used",
        &job.key.pem(),
    );
    assert!(!directory.exists());
    // A setup asks nobody, and the job goes on.
    job.setup(&[]).env("ASC_AUTH_DIR", &directory).run().code(0);
}

#[test]
fn a_line_is_appended_and_what_stood_before_is_left_alone() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let path = directory.join("tokens.jsonl");
    let before = fs::read(&path).expect("the cache");
    let mut file = fs::OpenOptions::new().append(true).open(&path).expect("the cache");
    file.write_all(b"half of a li").expect("a write");
    token(&directory, &["--lifetime", "5m"]);
    let after = fs::read(&path).expect("the cache");
    assert!(after.starts_with(&[before.as_slice(), b"half of a li\n"].concat()));
    assert!(after.ends_with(b"}\n"));
}

#[test]
fn a_key_file_that_a_cleanup_took_along_is_told_as_that() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let key_file = directory.join("AuthKey_2X9R4QWVK6.p8");
    later(&directory, &["cleanup"]).run().code(0);
    // As the env file left it in the shell.
    let ran = Run::new(&["token"])
        .team_key(&job.key)
        .unset("ASC_PRIVATE_KEY")
        .env("ASC_PRIVATE_KEY_PATH", &key_file)
        .run();
    assert_refused("a removed key", &ran, 30, "cleanup has removed", &job.key.pem());
}
