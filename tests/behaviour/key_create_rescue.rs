//! A key that its directory has no room for, and a run that is told to end: the private half is on a disk all the same, or the
//! key is revoked.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::signal::Signal;
use simulator::{CertificateAuthority, Fault, Simulator, TeamKey, WebRole, WebStep};

use crate::support::{
    Run,
    calls::can_trace,
    child::{Running, entries, wait_until},
    job::mode,
    new_key::{
        active, assert_no_key_told, assert_nothing_left, assert_saved_in, blitz, create, done, file_in, left, the_key,
        times,
    },
    web::Person,
};

/// Someone whose key goes to `keys`, and that is gone when Apple hands it out: a file is in its place.
fn someone() -> Person {
    let person = Person::new();
    let folder = person.home.work().join("keys");
    person.apple.before_web(move |step| {
        if step == WebStep::Download && folder.is_dir() {
            fs::remove_dir_all(&folder).expect("it is ours");
            fs::write(&folder, "").expect("a file");
        }
    });
    person
}

/// What is run with a temporary directory of its own.
fn in_temp(person: &Person, temp: &Path, arguments: &[&str]) -> Run {
    create(person, &[&["--output-dir", "keys"], arguments].concat()).env("TMPDIR", temp)
}

fn temp(person: &Person) -> PathBuf {
    let temp = person.home.path().join("temp");
    fs::create_dir(&temp).expect("a directory");
    temp
}

#[track_caller]
fn assert_rescued(person: &Person, temp: &Path) -> (TeamKey, PathBuf) {
    let [directory] = entries(temp).try_into().expect("one directory");
    let name = directory.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("asc-auth-key-"), "{name}");
    assert_eq!(mode(&directory), 0o700);
    (assert_saved_in(&directory, person), directory)
}

#[test]
fn a_key_that_its_directory_can_not_take_is_saved_elsewhere_and_left_there() {
    let person = someone();
    let temp = temp(&person);
    let ran = done(&person, in_temp(&person, &temp, &[])).code(0);
    let (key, directory) = assert_rescued(&person, &temp);
    let file = file_in(&directory, &key);
    let keys = person.home.work().join("keys");
    let ran = ran
        .says(&format!(
            "warning: the private key could not be saved in {}: a part of its path is no directory. It is in {} instead",
            keys.display(),
            file.display()
        ))
        .says(&format!("  file       {}\n", file.display()));
    assert_eq!(ran.stdout, "");
    assert_eq!(left(&person), ["key.lock"]);
    for words in [
        &["doctor", "--fix", "--confirm", "--bypass-keychain"][..],
        &["cleanup"],
        &["cleanup", "--dir", directory.to_str().expect("UTF-8")],
    ] {
        person.done(person.run(words).env("TMPDIR", &temp));
        assert_saved_in(&directory, &person);
    }
}

#[test]
fn a_key_that_was_saved_elsewhere_is_found_by_the_next_run() {
    let person = someone();
    let temp = temp(&person);
    person.apple.fail_web(WebStep::Issuer, Fault::Status(403));
    done(&person, in_temp(&person, &temp, &[])).code(13);
    let (key, directory) = assert_rescued(&person, &temp);
    let ran = done(&person, in_temp(&person, &temp, &[])).code(0);
    ran.says(&file_in(&directory, &key).display().to_string());
    assert_eq!(assert_saved_in(&directory, &person).id, key.id);
    assert_eq!(
        (times(&person, WebStep::Create), left(&person)),
        (1, vec!["key.lock".to_owned()])
    );
}

#[test]
fn a_key_that_can_be_saved_nowhere_is_revoked() {
    let person = someone();
    let nowhere = person.home.path().join("nowhere");
    done(&person, in_temp(&person, &nowhere, &[]))
        .code(30)
        .says("its private key is lost: it could not be saved anywhere: a part of its path is no directory; ")
        .says("TMPDIR can't hold the private directory")
        .says("revoked: nobody can use it");
    assert_eq!(active(&person), []);
    assert_eq!(left(&person), ["key.lock"]);
    fs::remove_file(person.home.work().join("keys")).expect("it is there");
    person.apple.before_web(|_| {});
    done(&person, in_temp(&person, &nowhere, &[])).code(0);
    assert_saved_in(&person.home.work().join("keys"), &person);
}

#[test]
fn a_key_that_can_be_saved_nowhere_and_not_be_revoked_is_told_loudly() {
    let person = someone();
    let nowhere = person.home.path().join("nowhere");
    person.apple.fail_web(WebStep::Revoke, Fault::Status(403));
    let ran = done(&person, in_temp(&person, &nowhere, &["--output=json"])).code(30);
    let lost = the_key(&person);
    let told = ran.says(&format!("{}, STILL ACTIVE", lost.id)).json();
    assert_eq!(told["exit_code"], 30);
    fs::remove_file(person.home.work().join("keys")).expect("it is there");
    person.apple.before_web(|_| {});
    done(&person, in_temp(&person, &nowhere, &[])).code(0);
    assert_ne!(assert_saved_in(&person.home.work().join("keys"), &person).id, lost.id);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_by_then_does_not_lose_the_key() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        // The tests above show the same for a directory that is gone.
        eprintln!("skipped: no namespaces here");
        return;
    }
    let person = Person::new();
    let temp = temp(&person);
    let flag = person.home.path().join("asked");
    let filled = person.home.path().join("filled");
    let (asked, full) = (flag.clone(), filled.clone());
    person.apple.before_web(move |step| {
        if step == WebStep::Download {
            fs::write(&asked, "").expect("a file");
            wait_until("the filler", || full.exists());
        }
    });
    // Whoever fills the disk must be in the namespace.
    let script = "mkdir keys; mount -t tmpfs -o size=16k tmpfs keys || exit 99
        { until [ -e \"$ASKED\" ]; do sleep 0.02; done
          cat /dev/zero >keys/filler 2>/dev/null; : >\"$FILLED\"; } &
        \"$0\" \"$@\"
        code=$?
        wait
        echo left: $(ls -A keys)
        exit $code";
    let run = in_temp(&person, &temp, &[]).env("ASKED", &flag).env("FILLED", &filled);
    let ran = in_namespace(script, run)
        .code(0)
        .says("could not be saved in")
        .says(": the disk is full. It is in ")
        .says("left: filler\n");
    person.assert_kept(&ran.text());
    assert_no_key_told(&person, &ran.text());
    assert_rescued(&person, &temp);
}

/// Waits until Apple is asked for `step`, whose answer takes a while, sends a signal, and gives what the process said.
#[track_caller]
fn interrupt(person: &Person, step: WebStep, signal: Signal, run: Run) -> String {
    let before = times(person, step);
    person.apple.fail_web(step, Fault::Latency(Duration::from_secs(2)));
    let mut running = Running::start(run);
    wait_until("the request", || times(person, step) > before);
    running.send(signal);
    assert_eq!(running.end(), -(signal as i32), "{step:?}: {}", running.stderr.text());
    let said = format!("{}{}", running.stdout.text(), running.stderr.text());
    person.assert_kept(&said);
    assert_no_key_told(person, &said);
    said
}

#[test]
fn who_interrupts_it_gets_the_key_all_the_same() {
    for (step, signal) in [
        (WebStep::Create, Signal::SIGTERM),
        (WebStep::Download, Signal::SIGTERM),
        (WebStep::Download, Signal::SIGHUP),
    ] {
        let person = Person::new();
        let said = interrupt(&person, step, signal, create(&person, &[]));
        let key = assert_saved_in(&blitz(&person), &person);
        let file = file_in(&blitz(&person), &key).display().to_string();
        assert_eq!(
            said,
            format!(
                "saved the private key of {} in {file}; if this is interrupted, the same command goes on\n",
                key.id
            ),
            "{step:?}"
        );
        done(&person, create(&person, &[])).code(0).says(&file);
        assert_eq!(assert_saved_in(&blitz(&person), &person).id, key.id);
        assert_eq!(times(&person, WebStep::Create), 1);
        assert_nothing_left(&blitz(&person), &person);
    }
}

/// With TLS the host has a name, which another thread looks up: no signal may find its way through that one.
#[cfg(target_os = "linux")]
#[test]
fn who_interrupts_it_where_the_host_has_a_name_gets_the_key_all_the_same() {
    let authority = CertificateAuthority::generate();
    let apple = Simulator::start_tls(&authority.issue("localhost"));
    let person = Person::at(apple, WebRole::Admin);
    let roots = person.home.path().join("roots.pem");
    fs::write(&roots, authority.pem()).expect("a file");
    let run = || create(&person, &[]).env("SSL_CERT_FILE", &roots);
    interrupt(&person, WebStep::Download, Signal::SIGTERM, run());
    let key = assert_saved_in(&blitz(&person), &person);
    done(&person, run()).code(0).says(&key.id);
    assert_eq!(times(&person, WebStep::Create), 1);
    assert_eq!(active(&person).len(), 1);
}

#[test]
fn before_apple_is_asked_for_a_key_and_after_it_is_saved_a_signal_ends_the_run_at_once() {
    let person = Person::new();
    interrupt(&person, WebStep::List, Signal::SIGTERM, create(&person, &[]));
    assert_eq!(person.apple.web_requests(), [WebStep::List]);
    interrupt(&person, WebStep::Issuer, Signal::SIGTERM, create(&person, &[]));
    let key = assert_saved_in(&blitz(&person), &person);
    done(&person, create(&person, &[])).code(0);
    assert_eq!(assert_saved_in(&blitz(&person), &person).id, key.id);
}

/// What had to reach the disk before the run went on, as strace tells it.
#[track_caller]
fn synced(person: &Person, run: Run) -> String {
    let log = person.home.path().join("calls");
    let words = ["strace", "-f", "-qq", "-y", "--trace=fsync", "--output"];
    let run = run.through(&[&words[..], &[log.to_str().expect("UTF-8")]].concat());
    done(person, run).code(0);
    fs::read_to_string(log).expect("what strace saw")
}

#[test]
fn a_directory_that_is_made_for_the_key_is_on_the_disk_as_well() {
    if !can_trace() {
        return;
    }
    let person = Person::new();
    let calls = synced(&person, create(&person, &["--output-dir", "keys/of/ci"]));
    let work = person.home.work();
    for above in [&work, &work.join("keys"), &work.join("keys/of")] {
        assert!(
            calls.contains(&format!("<{}>", above.display())),
            "{}:\n{calls}",
            above.display()
        );
    }
    let person = someone();
    let temp = temp(&person);
    let calls = synced(&person, in_temp(&person, &temp, &[]));
    assert_rescued(&person, &temp);
    assert!(calls.contains(&format!("<{}>", temp.display())), "{calls}");
}
