//! What this process remembers stays in it: no core file of a crash holds it, and no other program of the same user can look
//! into it. A program that it starts is as it always was.

use std::{fs, os::unix::process::ExitStatusExt, path::PathBuf, process::Command};

use nix::sys::signal::Signal;
use simulator::TestKey;

use crate::support::{
    Run,
    child::{Running, entries, wait_until},
    simulator_with,
    user::User,
};

/// Without any limit on the size of a core file.
const UNLIMITED: [&str; 3] = ["sh", "-c", r#"ulimit -c unlimited && exec "$0" "$@""#];

/// A shell that is killed by a signal, of which its caller tells whether a core was dumped.
const CRASH: &str = r"sh -c 'kill -SEGV $$'; exit 7";

/// Whether a crash has its core dumped on this machine, into a file or to a program that is told of crashes.
fn has_core_dumps() -> bool {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut crash = Command::new("sh");
    crash
        .args(["-c", "ulimit -c unlimited && kill -SEGV $$"])
        .current_dir(place.path());
    let is_dumped = crash.status().expect("sh starts").core_dumped();
    if !is_dumped {
        println!("no crash has its core dumped on this machine: skipped");
    }
    is_dumped
}

#[test]
fn a_crash_dumps_no_core() {
    if !has_core_dumps() {
        return;
    }
    let (key, place) = (TestKey::generate(), tempfile::tempdir().expect("a directory"));
    for signal in [Signal::SIGABRT, Signal::SIGILL, Signal::SIGFPE] {
        let apple = simulator_with(&key);
        apple.answer_together(2);
        let run = Run::new(&["validate"]).team_key(&key).api(&apple).dir(place.path());
        let mut running = Running::start(run.through(&UNLIMITED));
        wait_until("the request", || apple.most_at_once() == 1);
        running.send(signal);
        let status = running.status();
        assert_eq!(status.signal(), Some(signal as i32));
        assert!(!status.core_dumped(), "{signal}");
        assert_eq!(entries(place.path()), Vec::<PathBuf>::new(), "{signal}");
    }
}

#[test]
fn a_command_of_exec_has_its_own_core_dumps() {
    if !has_core_dumps() {
        return;
    }
    let (key, place) = (TestKey::generate(), tempfile::tempdir().expect("a directory"));
    let run = Run::new(&["exec", "--no-validate", "--", "sh", "-c", CRASH]);
    let run = run.team_key(&key).dir(place.path()).through(&UNLIMITED);
    run.env("PATH", std::env::var_os("PATH").expect("a path"))
        .run()
        .code(7)
        .says("core dumped");
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
