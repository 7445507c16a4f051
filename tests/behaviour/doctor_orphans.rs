//! Private directories that earlier runs left: one whose processes are gone is found and removed, and never one whose
//! processes live, whatever else it looks like.

use std::{
    fs,
    fs::{File, FileTimes},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::UNIX_EPOCH,
};

use nix::sys::signal::Signal;
use serde_json::Value;
use simulator::TestKey;

use crate::support::{
    Ran, Run,
    child::{Job, Running, wait_until},
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
    let rows: [(&str, Spoil); 6] = [
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
        let expected = match row {
            "no directory of this user alone" => vec![],
            _ => vec![("unowned_directory".to_owned(), directory.clone())],
        };
        assert_eq!(found(&job), expected, "{row}");
        doctor(&job, &["--fix", "--confirm"])
            .run()
            .code(0)
            .does_not_say("done:");
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
    doctor_record(&directory, |record| {
        record["world"]["boot"] = "the one before".into();
        record["processes"][0]["pid"] = std::process::id().into();
    });
    fs::remove_file(job.temp().join("asc-auth-0123456789abcdef0123456789abcdef")).expect("the file");
    assert_removed("rebooted", &job, &directory, &key);
}

// setup

/// A step of a job, as a runner starts it: a process of its own session, without the test among its parents.
/// It is done with `setup` once the file `ready` is there, and ends when `end` is.
const STEP: &str = r#"
    ("$0" "$@" >"$OUT/env_file") || exit 1
    : >"$OUT/ready"
    while [ ! -e "$OUT/end" ]; do sleep 0.05; done
"#;

/// Starts `STEP`, whose parent ends at once.
fn start_step(job: &Job, setup: Run) {
    let mut launcher = Command::new("setsid");
    launcher.args(["--fork", "sh", "-c", STEP]);
    as_arguments(setup, &mut launcher);
    launcher
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(launcher.status().expect("setsid starts").success());
    wait_until("the end of setup", || job.out("ready").exists());
}

fn setup(job: &Job, key: &TestKey) -> Run {
    job.run(&["setup", "--ci=none", "--validate=false"]).team_key(key)
}

#[test]
fn a_setup_whose_job_lives_is_not_touched_and_is_found_once_all_of_it_is_gone() {
    let (job, key) = (Job::new(), TestKey::generate());
    start_step(&job, setup(&job, &key));
    let directory = the_directory(&job);
    // asc-auth and the subshell that started it are gone; the step's shell is not.
    assert_in_use("its shell lives", &job, &directory);

    fs::write(job.out("end"), "").expect("a file");
    wait_until("the end of the step", || !found(&job).is_empty());
    assert_removed("gone", &job, &directory, &key);
}

#[test]
fn the_directory_that_the_environment_names_is_in_use() {
    let (job, key) = (Job::new(), TestKey::generate());
    start_step(&job, setup(&job, &key));
    let directory = the_directory(&job);
    fs::write(job.out("end"), "").expect("a file");
    wait_until("the end of the step", || !found(&job).is_empty());
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
fn in_a_ci_the_directories_of_other_jobs_are_looked_at_too() {
    let (job, key) = (Job::new(), TestKey::generate());
    start_step(&job, setup(&job, &key).env("BUILDKITE_JOB_ID", "0189-ab"));
    let of_the_job = job.temp().join("asc-auth-job-0189-ab");
    let [directory] = fs::read_dir(&of_the_job)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect::<Vec<_>>()
        .try_into()
        .expect("one directory");
    assert_eq!(found(&job), []);
    fs::write(job.out("end"), "").expect("a file");
    wait_until("the end of the step", || !found(&job).is_empty());
    assert_removed("another job's", &job, &directory, &key);
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
