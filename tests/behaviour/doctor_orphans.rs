//! Private directories that earlier runs left: one whose processes are gone is found and removed, and never one whose
//! processes live, whatever else it looks like.

use std::{
    fs,
    fs::{File, FileTimes},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::UNIX_EPOCH,
};

use nix::{pty::openpty, sys::signal::Signal};
use serde_json::Value;
use simulator::TestKey;

use crate::support::{
    Ran, Run,
    child::{Job, Running, entries, wait_until},
    proof::assert_key_kept,
    shell::as_arguments,
};

/// What is done to a directory that was left.
type Spoil = fn(&Path);

/// What `doctor` finds of directories: the names of its findings, each with the directory.
#[track_caller]
fn found(job: &Job) -> Vec<(String, PathBuf)> {
    let ran = doctor(job, &["--output=json"]).run();
    let told = ran.json();
    let findings = told["findings"].as_array().expect("findings").iter();
    let directories = findings.filter(|finding| finding["check"] == "directories");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    directories
        .map(|finding| (text(&finding["id"]), text(&finding["facts"][0]["text"]).into()))
        .collect()
}

fn doctor(job: &Job, arguments: &[&str]) -> Run {
    job.run(&[&["doctor", "--bypass-keychain"], arguments].concat())
}

#[track_caller]
fn the_directory(job: &Job) -> PathBuf {
    let [directory] = job.leftovers().try_into().expect("one directory");
    directory
}

/// Nothing is found, and a repair leaves it as it is.
#[track_caller]
fn assert_in_use(row: &str, job: &Job, directory: &Path) {
    assert_eq!(found(job), [], "{row}");
    let ran = doctor(job, &["--fix", "--confirm"]).run().code(0);
    let line = format!("directories   1 is in use in {}\n", job.temp().display());
    assert!(ran.stdout.contains(&line), "{row}: {}", ran.text());
    assert!(directory.join("owners.json").is_file(), "{row}");
    assert!(directory.join("AuthKey_2X9R4QWVK6.p8").is_file(), "{row}");
}

/// It is named, and a repair leaves it as it is.
#[track_caller]
fn assert_left_alone(row: &str, job: &Job, directory: &Path) {
    assert_eq!(
        found(job),
        [("unowned_directory".to_owned(), directory.to_owned())],
        "{row}"
    );
    let ran = doctor(job, &["--fix", "--confirm"]).run().code(0);
    ran.does_not_say("done:").says("asc-auth cleanup");
    assert!(directory.join("AuthKey_2X9R4QWVK6.p8").is_file(), "{row}");
}

#[track_caller]
fn assert_removed(row: &str, job: &Job, directory: &Path, key: &TestKey) {
    assert_eq!(
        found(job),
        [("orphaned_directory".to_owned(), directory.to_owned())],
        "{row}"
    );
    let told = format!("remove {}", directory.display());
    let ran = doctor(job, &["--fix"]).run().code(10);
    assert_key_kept(row, &ran.says(&format!("--fix --confirm would {told}.")), key);
    assert!(directory.is_dir(), "{row}");

    doctor(job, &["--fix", "--confirm"])
        .run()
        .code(0)
        .says(&format!("done: {told}\n"))
        .says("none in use");
    assert_eq!(job.leftovers(), Vec::<PathBuf>::new(), "{row}");
}

/// Changes the record that tells whose a directory is.
fn doctor_record(directory: &Path, change: impl FnOnce(&mut Value)) {
    let path = directory.join("owners.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
    change(&mut record);
    fs::write(&path, record.to_string()).expect("a file");
}

// exec

#[test]
fn an_exec_that_was_killed_leaves_its_directory_to_doctor() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut exec = Running::start(job.sh(&key, "echo ready; read line"));
    exec.stdout.wait_for("ready");
    let directory = the_directory(&job);
    assert_in_use("running", &job, &directory);

    exec.send(Signal::SIGKILL);
    assert_eq!(exec.end(), -9);
    assert_in_use("its command goes on", &job, &directory);

    // Now the command ends too.
    drop(exec.stdin.take());
    wait_until("the end of the command", || !found(&job).is_empty());
    assert_removed("gone", &job, &directory, &key);
}

#[test]
fn a_process_that_lives_keeps_its_directory_however_old_it_looks() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut exec = Running::start(job.sh(&key, "echo ready; read line"));
    exec.stdout.wait_for("ready");
    let directory = the_directory(&job);
    let old = FileTimes::new().set_modified(UNIX_EPOCH).set_accessed(UNIX_EPOCH);
    for path in [
        directory.join("owners.json"),
        directory.join("AuthKey_2X9R4QWVK6.p8"),
        directory.clone(),
    ] {
        File::open(path).and_then(|file| file.set_times(old)).expect("times");
    }
    assert_in_use("old", &job, &directory);

    // As if another process had its number: the command still has the directory in its environment.
    doctor_record(&directory, |record| record["processes"][0]["started"] = 1.into());
    assert_in_use("another start", &job, &directory);
    exec.type_in("\n");
    assert_eq!(exec.end(), 0);
    job.assert_nothing_left();
}

#[test]
fn what_can_not_be_told_is_named_and_left_alone() {
    let key = TestKey::generate();
    let rows: [(&str, Spoil); 8] = [
        ("no record", |directory| {
            fs::remove_file(directory.join("owners.json")).expect("it is there");
        }),
        ("a torn record", |directory| {
            fs::write(directory.join("owners.json"), "{\"wor").expect("a file");
        }),
        ("another container", |directory| {
            doctor_record(directory, |record| record["world"]["pid_namespace"] = "pid:[1]".into());
        }),
        ("another machine", |directory| {
            doctor_record(directory, |record| {
                record["world"]["host"] = "elsewhere".into();
                record["world"]["boot"] = "another".into();
            });
        }),
        ("another machine of this name", |directory| {
            doctor_record(directory, |record| {
                record["world"]["machine"] = "another".into();
                record["world"]["boot"] = "another".into();
            });
        }),
        ("a step of a job", |directory| {
            doctor_record(directory, |record| record["are_all"] = false.into());
        }),
        ("nobody", |directory| {
            doctor_record(directory, |record| record["processes"] = Value::Array(Vec::new()));
        }),
        ("no directory of this user alone", |directory| {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("a mode");
        }),
    ];
    for (row, spoil) in rows {
        let job = Job::new();
        let directory = orphan(&job, &key);
        spoil(&directory);
        if row == "no directory of this user alone" {
            assert_eq!(found(&job), [], "{row}");
        } else {
            assert_left_alone(row, &job, &directory);
        }
        assert!(directory.join("AuthKey_2X9R4QWVK6.p8").is_file(), "{row}");
    }
}

/// The directory of an `exec` that was killed with its command.
fn orphan(job: &Job, key: &TestKey) -> PathBuf {
    let mut exec = Running::start(job.sh(key, "echo ready; read line"));
    exec.stdout.wait_for("ready");
    exec.send(Signal::SIGKILL);
    exec.end();
    drop(exec.stdin.take());
    let directory = the_directory(job);
    wait_until("the end of the command", || !found(job).is_empty());
    directory
}

#[test]
fn a_process_that_was_told_of_the_directory_by_an_argument_keeps_it() {
    let (job, key) = (Job::new(), TestKey::generate());
    let directory = orphan(&job, &key);
    let mut user = Command::new("sh");
    user.args(["-c", "echo ready; read line", "sh"])
        .arg(directory.join("AuthKey.p8"));
    let mut user = Running::spawn(user.stdin(Stdio::piped()).stdout(Stdio::piped()));
    user.stdout.wait_for("ready");
    assert_in_use("an argument", &job, &directory);
    user.type_in("\n");
    user.end();
    assert_removed("gone", &job, &directory, &key);
}

#[test]
fn a_directory_from_before_the_boot_is_an_orphan_and_a_file_or_a_link_of_that_name_is_nothing() {
    let (job, key) = (Job::new(), TestKey::generate());
    let directory = orphan(&job, &key);
    let others = job.out("others");
    fs::rename(&directory, &others).expect("it moves");
    std::os::unix::fs::symlink(&others, &directory).expect("a link");
    fs::write(job.temp().join("asc-auth-0123456789abcdef0123456789abcdef"), "").expect("a file");
    assert_eq!(found(&job), []);
    assert!(others.join("owners.json").is_file());

    fs::remove_file(&directory).expect("the link");
    fs::rename(&others, &directory).expect("it moves back");
    let mut has_machine_id = false;
    doctor_record(&directory, |record| {
        record["world"]["boot"] = "the one before".into();
        record["processes"][0]["pid"] = std::process::id().into();
        has_machine_id = record["world"]["machine"].is_string();
    });
    fs::remove_file(job.temp().join("asc-auth-0123456789abcdef0123456789abcdef")).expect("the file");
    if has_machine_id {
        assert_removed("rebooted", &job, &directory, &key);
    } else {
        // It may be another machine's boot.
        assert_left_alone("rebooted", &job, &directory);
    }
}

// setup

/// A step, as a runner starts it: a process of its own session, without the test among its parents.
/// It is done with `setup` once the file `ready` is there, and ends when `end` is.
const STEP: &str = r#"
    ("$0" "$@" >"$OUT/env_file") || exit 1
    : >"$OUT/ready"
    while [ ! -e "$OUT/end" ]; do sleep 0.05; done
"#;

/// Starts `STEP`, whose parent ends at once. `setsid` gives it a session.
fn start_step(job: &Job, mut setsid: Command, setup: Run) {
    setsid.args(["sh", "-c", STEP]);
    as_arguments(setup, &mut setsid);
    assert!(setsid.status().expect("setsid starts").success());
    wait_until("the end of setup", || job.out("ready").exists());
}

/// Ends it, and waits until it is gone.
fn end_step(job: &Job) {
    fs::write(job.out("end"), "").expect("a file");
    wait_until("the end of the step", || !found(job).is_empty());
}

/// A session that belongs to no terminal, as a job's.
fn detached() -> Command {
    let mut setsid = Command::new("setsid");
    setsid.arg("--fork").stdin(Stdio::null());
    setsid.stdout(Stdio::null()).stderr(Stdio::null());
    setsid
}

/// A session that belongs to a terminal, as a person's shell has it. The terminal is there until the file is dropped.
fn at_a_terminal() -> (Command, File) {
    let pty = openpty(None, None).expect("a terminal");
    let mut setsid = Command::new("setsid");
    setsid.args(["--fork", "--ctty"]).stdin(pty.slave);
    setsid.stdout(Stdio::null()).stderr(Stdio::null());
    (setsid, pty.master.into())
}

fn setup(job: &Job, key: &TestKey) -> Run {
    job.run(&["setup", "--ci=none", "--validate=false"]).team_key(key)
}

#[test]
fn a_setup_in_a_persons_shell_is_found_once_the_shell_is_gone() {
    let (job, key) = (Job::new(), TestKey::generate());
    let (setsid, terminal) = at_a_terminal();
    start_step(&job, setsid, setup(&job, &key));
    let directory = the_directory(&job);
    // asc-auth and the subshell that started it are gone; the shell is not.
    assert_in_use("its shell lives", &job, &directory);

    drop(terminal);
    end_step(&job);
    assert_removed("gone", &job, &directory, &key);
}

#[test]
fn a_setup_in_a_step_that_was_detached_from_its_job_is_left_alone_when_the_step_ends() {
    let (job, key) = (Job::new(), TestKey::generate());
    start_step(&job, detached(), setup(&job, &key));
    let directory = the_directory(&job);
    assert_in_use("its shell lives", &job, &directory);

    end_step(&job);
    // The job may still be there: it is no parent of the step.
    assert_left_alone("the job may go on", &job, &directory);
}

#[test]
fn a_setup_in_a_ci_is_left_alone_even_under_a_terminal() {
    let key = TestKey::generate();
    for (name, value, directory) in [
        ("BUILD_TAG", "jenkins-app-12", "asc-auth-job-jenkins-app-12"),
        ("GITLAB_CI", "true", ""),
    ] {
        let job = Job::new();
        let (setsid, terminal) = at_a_terminal();
        start_step(&job, setsid, setup(&job, &key).env(name, value));
        assert_eq!(found(&job), [], "{name}");
        drop(terminal);
        end_step(&job);
        let [directory] = entries(&job.temp().join(directory)).try_into().expect("one directory");
        assert_left_alone(name, &job, &directory);
    }
}

#[test]
fn a_setup_in_a_shell_that_entered_a_container_is_left_alone_when_the_shell_ends() {
    // Under a terminal of its own, and without a parent there, as by docker exec.
    let script = r#"
        unshare -rpfm --mount-proc true || exit 77
        unshare -rpfm --mount-proc --kill-child sh -c ': >"$OUT/up"; exec sleep 1000' </dev/null >/dev/null & outside=$!
        until [ -e "$OUT/up" ]; do sleep 0.05; done
        read -r first rest <"/proc/$outside/task/$outside/children"
        enter() { nsenter --target "$first" --user --preserve-credentials --pid --mount "$@"; }
        enter setsid --ctty sh -c '("$0" setup --ci=none --validate=false >"$OUT/env_file") || exit 98' "$0"
        entered=$?
        enter "$0" doctor --bypass-keychain --fix --confirm >"$OUT/told"
        kill -KILL "$outside"
        exit "$entered"
    "#;
    let (job, key) = (Job::new(), TestKey::generate());
    let pty = openpty(None, None).expect("a terminal");
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).stdin(pty.slave);
    as_arguments(job.run(&[]).team_key(&key), &mut shell);
    let ended = shell.output().expect("sh starts");
    if ended.status.code() == Some(77) {
        eprintln!("skipped: no namespaces here");
        return;
    }
    assert!(ended.status.success(), "{ended:?}");
    let told = job.read("told");
    assert!(
        told.contains("the step that made it has ended, and its job may go on"),
        "{told}"
    );
    assert!(the_directory(&job).join("AuthKey_2X9R4QWVK6.p8").is_file());
}

#[test]
fn the_directory_that_the_environment_names_is_in_use() {
    let (job, key) = (Job::new(), TestKey::generate());
    let directory = orphan(&job, &key);
    let ran = doctor(&job, &["--fix", "--confirm"])
        .env("ASC_AUTH_DIR", &directory)
        .run()
        .code(0);
    assert_key_kept("named", &ran.says("1 is in use"), &key);
    assert!(directory.join("AuthKey_2X9R4QWVK6.p8").is_file());
}

#[test]
fn the_directory_of_a_test_that_still_runs_is_in_use() {
    let (job, key) = (Job::new(), TestKey::generate());
    let ran: Ran = setup(&job, &key).run().code(0);
    assert!(ran.stdout.contains("asc-auth-"));
    assert_in_use("its caller lives", &job, &the_directory(&job));
}

#[test]
fn a_container_whose_first_process_is_the_job_keeps_its_directory_while_that_lives() {
    // The first process is the job's own shell: the subshell that ran setup has ended, and the job has not.
    let script = r#"
        ("$0" setup --ci=none --validate=false >"$OUT/env_file") || exit 98
        "$0" doctor --bypass-keychain --fix --confirm >"$OUT/told"
    "#;
    let (job, key) = (Job::new(), TestKey::generate());
    let mut unshare = Command::new("unshare");
    unshare.args(["-rpfm", "--mount-proc", "sh", "-c", script]);
    as_arguments(job.run(&[]).team_key(&key), &mut unshare);
    let ended = unshare.output().expect("unshare starts");
    if ended.status.code() == Some(1) && !job.out("told").exists() {
        eprintln!("skipped: no namespaces here");
        return;
    }
    assert!(ended.status.success(), "{ended:?}");
    let told = job.read("told");
    assert!(told.contains("1 is in use"), "{told}");
    assert_eq!(job.leftovers().len(), 1);
    // From outside nobody can tell whether that container is there.
    assert_eq!(found(&job), [("unowned_directory".to_owned(), the_directory(&job))]);
}
