//! Every command that makes, changes or removes files, with each of its system calls failing once, and with disks that take
//! so much and no more: it says what failed, tells of no success that was none, loses nothing, and clean-up and a second
//! run find nothing that keeps them from their work.

use std::{process::Command, thread};

use crate::support::{
    calls::{Injected, calls, can_trace},
    commands::{
        ANOTHER_LOGIN, ANOTHER_TOKEN, CLEANUP_IN_GITHUB, CLEANUP_IN_GITLAB, EXEC_IN_GITLAB, EXEC_IN_SHELL, FIRST_LOGIN,
        FIRST_TOKEN, Row, SETUP_IN_GITHUB, SETUP_IN_GITLAB, SETUP_IN_SHELL,
    },
    killed::{Maker, Scene},
    mishaps::{Stage, at_calls, play_all},
    workplace::Workplace,
};

/// Errors, and the calls that can fail with each, by their manual pages. Whether a call may do so for the very file that it
/// is about is not asked: which file that is may change.
const ERRORS: [(&str, &[&str]); 4] = [
    // A directory on the way may be closed, and a file; a security module may forbid anything.
    (
        "EACCES",
        &[
            "connect",
            "link",
            "linkat",
            "mkdir",
            "newfstatat",
            "openat",
            "readlink",
            "rename",
            "rmdir",
            "socket",
            "statx",
            "unlink",
            "unlinkat",
        ],
    ),
    // All that makes a name or writes: a full disk tells of itself at any of them. Standard output may be on one too.
    (
        "ENOSPC",
        &[
            "fsync",
            "ftruncate",
            "link",
            "linkat",
            "mkdir",
            "openat",
            "rename",
            "write",
        ],
    ),
    // All that can wait, on a file system over the network for instance, and that a signal can come into.
    (
        "EINTR",
        &[
            "epoll_wait",
            "fsync",
            "openat",
            "poll",
            "read",
            "recvfrom",
            "sendto",
            "wait4",
            "write",
        ],
    ),
    // All that makes a descriptor. Not socketpair: tokio makes one for signals, which asc-auth leaves out; the simulator
    // brings them into the build that is tested.
    (
        "EMFILE",
        &["epoll_create1", "eventfd2", "fcntl", "openat", "pipe2", "socket"],
    ),
];

/// In bytes. Larger than any file that is written, and steps that none of them is a multiple of.
const LARGEST: usize = 2100;
const STEP: usize = 70;

#[track_caller]
fn fail_at_every_call(row: &'static Row) {
    if can_trace() {
        fail_at_calls_of::<Workplace>(&Workplace::new(row).trace(), row);
    }
}

#[track_caller]
fn fail_at_calls_of<S: Stage>(trace: &str, piece: S::Piece) {
    for (error, names) in ERRORS {
        let calls = calls(trace, |name| names.contains(&name));
        play_all::<S>(at_calls(calls, Injected::Error(error), &[]), piece);
    }
}

/// A file that may not become larger than this takes what still fits, which is what a short write is, and then no more.
/// strace could give back a small number only without writing anything.
#[track_caller]
fn write_no_more_than(row: &'static Row) {
    let can_limit = Command::new("prlimit").arg("--version").output();
    if !can_limit.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: prlimit is not here");
        return;
    }
    let mut codes = Vec::new();
    for largest in (0..=LARGEST).step_by(STEP) {
        let mut place = Workplace::new(row);
        // The signal would kill it: a full disk sends none.
        let script = "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"";
        let end = place.run_as(|run| run.through(&["sh", "-c", script, &largest.to_string()]));
        codes.push(end.code);
        place.assert_recovered();
    }
    assert_eq!(codes.first(), Some(&Some(30)), "{row:?}, when nothing can be written");
    assert_eq!(codes.last(), Some(&Some(0)), "{row:?}, when all can be written");
}

#[test]
fn a_setup_of_which_any_call_fails_takes_all_of_it_back() {
    for row in [&SETUP_IN_GITHUB, &SETUP_IN_GITLAB, &SETUP_IN_SHELL] {
        fail_at_every_call(row);
    }
}

#[test]
fn a_cleanup_of_which_any_call_fails_can_be_done_again() {
    for row in [&CLEANUP_IN_GITHUB, &CLEANUP_IN_GITLAB] {
        fail_at_every_call(row);
    }
}

#[test]
fn a_login_of_which_any_call_fails_loses_no_profile() {
    for row in [&FIRST_LOGIN, &ANOTHER_LOGIN] {
        fail_at_every_call(row);
    }
}

#[test]
fn a_token_of_which_any_call_fails_is_whole_or_not_printed() {
    for row in [&FIRST_TOKEN, &ANOTHER_TOKEN] {
        fail_at_every_call(row);
    }
}

#[test]
fn an_exec_of_which_any_call_fails_leaves_nothing() {
    for row in [&EXEC_IN_SHELL, &EXEC_IN_GITLAB] {
        fail_at_every_call(row);
    }
}

#[test]
fn a_create_of_which_any_call_fails_goes_on_and_leaves_one_key() {
    if can_trace() {
        fail_at_calls_of::<Scene>(&Scene::new(Maker::Create).trace(), Maker::Create);
    }
}

#[test]
fn a_rotation_of_which_any_call_fails_goes_on_and_leaves_one_key() {
    if can_trace() {
        fail_at_calls_of::<Scene>(&Scene::new(Maker::Rotate).trace(), Maker::Rotate);
    }
}

#[test]
fn a_file_that_is_written_in_part_is_no_success() {
    let rows = [
        &SETUP_IN_GITHUB,
        &SETUP_IN_GITLAB,
        &FIRST_LOGIN,
        &ANOTHER_LOGIN,
        &FIRST_TOKEN,
        &ANOTHER_TOKEN,
        &EXEC_IN_SHELL,
    ];
    thread::scope(|scope| {
        for row in rows {
            scope.spawn(|| write_no_more_than(row));
        }
    });
}
