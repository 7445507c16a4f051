//! What this process remembers stays in it: no core file of a crash holds it, and no other program of the same user can look
//! into it. A program that it starts is as it always was.

use std::{fs, os::unix::process::ExitStatusExt, path::PathBuf, process::Command};

use nix::sys::signal::Signal;
use simulator::TestKey;
use tempfile::TempDir;

use crate::support::{
    Run,
    child::{Running, entries, wait_until},
    simulator_with,
    user::User,
};

/// Without any limit on the size of a core file.
const UNLIMITED: [&str; 3] = ["sh", "-c", r#"ulimit -c unlimited && exec "$0" "$@""#];

/// Whether a crash leaves a core file on this machine: it may have no room for one, or somebody else who gets it.
fn has_core_files() -> bool {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut crash = Command::new("sh");
    crash
        .args(["-c", "ulimit -c unlimited && kill -SEGV $$"])
        .current_dir(place.path());
    let status = crash.status().expect("sh starts");
    let is_left = status.core_dumped() && !entries(place.path()).is_empty();
    if !is_left {
        println!("no crash leaves a core file on this machine: skipped");
    }
    is_left
}

fn core_files(place: &TempDir) -> Vec<PathBuf> {
    entries(place.path())
}

#[test]
fn a_crash_leaves_no_core_file() {
    if !has_core_files() {
        return;
    }
    let (key, place) = (TestKey::generate(), tempfile::tempdir().expect("a directory"));
    for signal in [Signal::SIGABRT, Signal::SIGQUIT, Signal::SIGFPE] {
        let apple = simulator_with(&key);
        apple.answer_together(2);
        let run = Run::new(&["validate"]).team_key(&key).api(&apple).dir(place.path());
        let mut running = Running::start(run.through(&UNLIMITED));
        wait_until("the request", || apple.most_at_once() == 1);
        running.send(signal);
        assert_eq!(running.end(), -(signal as i32));
        assert_eq!(core_files(&place), Vec::<PathBuf>::new(), "{signal}");
    }
}

#[test]
fn a_command_of_exec_has_its_own_core_files() {
    if !has_core_files() {
        return;
    }
    let (key, place) = (TestKey::generate(), tempfile::tempdir().expect("a directory"));
    let run = Run::new(&["exec", "--no-validate", "--", "sh", "-c", "kill -SEGV $$"]);
    let run = run.team_key(&key).dir(place.path()).through(&UNLIMITED);
    run.run().code(128 + Signal::SIGSEGV as i32);
    assert_eq!(core_files(&place).len(), 1);
}

#[test]
fn other_programs_of_the_user_can_not_look_into_it() {
    let (key, user) = (TestKey::generate(), User::new());
    let run = user.run(&["exec", "--no-validate", "--", "sh", "-c", "echo $$ $PPID; read line"]);
    let mut running = Running::start(run.team_key(&key));
    running.stdout.wait_for("\n");
    let told = running.stdout.text();
    let (command, ours) = told.trim_end().split_once(' ').expect("two numbers");
    assert_eq!(ours, running.pid().to_string());
    for file in ["environ", "maps", "mem", "auxv"] {
        let path = |pid: &str| PathBuf::from(format!("/proc/{pid}/{file}"));
        assert!(!User::can_read(&path(ours)), "{file}");
        // At its beginning is nothing of a process.
        if file != "mem" {
            assert!(User::can_read(&path(command)), "{file} of the command");
        }
    }
    running.type_in("\n");
    assert_eq!(running.end(), 0);
}

#[test]
fn a_user_without_powers_finds_whose_a_directory_is() {
    let (key, user) = (TestKey::generate(), User::new());
    let doctor = |arguments: &[&str]| user.run(&[&["doctor", "--bypass-keychain"], arguments].concat());
    let exec = |script| {
        user.run(&["exec", "--no-validate", "--", "sh", "-c", script])
            .team_key(&key)
    };
    let mut running = Running::start(exec("echo ready; read line"));
    running.stdout.wait_for("ready");
    doctor(&["--fix", "--confirm"]).run().code(0).says("1 is in use");

    running.send(Signal::SIGKILL);
    assert_eq!(running.end(), -9);
    drop(running.stdin.take());
    wait_until("the end of its command", || {
        doctor(&[]).run().text().contains("asc-auth doctor --fix")
    });
    doctor(&["--fix", "--confirm"]).run().code(0).says("done: remove ");
    assert_eq!(fs::read_dir(user.path("temp")).expect("a directory").count(), 0);
}
