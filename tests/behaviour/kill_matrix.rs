//! Every command that makes, changes or removes files, killed before any system call that leaves something behind: nothing
//! is lost, nothing is open to others, clean-up finds all that was left, and a second run ends well.

use crate::support::{
    calls::{Injected, can_trace, lasting_calls},
    commands::{
        ANOTHER_LOGIN, ANOTHER_TOKEN, CLEANUP_IN_GITHUB, CLEANUP_IN_GITLAB, EXEC_IN_GITLAB, EXEC_IN_SHELL, FIRST_LOGIN,
        FIRST_TOKEN, Row, SETUP_IN_GITHUB, SETUP_IN_GITLAB, SETUP_IN_SHELL,
    },
    mishaps::{at_calls, play_all},
    workplace::Workplace,
};

#[track_caller]
fn kill_at_every_call(row: &'static Row) {
    if can_trace() {
        let calls = lasting_calls(&Workplace::new(row).trace());
        play_all::<Workplace>(at_calls(calls, Injected::Kill, &[]), row);
    }
}

#[test]
fn a_setup_that_is_killed_in_a_github_step_leaves_nothing_behind_its_post_step() {
    kill_at_every_call(&SETUP_IN_GITHUB);
}

#[test]
fn a_setup_that_is_killed_in_a_gitlab_job_leaves_nothing_behind_its_after_script() {
    kill_at_every_call(&SETUP_IN_GITLAB);
}

#[test]
fn a_setup_that_is_killed_in_a_shell_leaves_nothing_that_doctor_does_not_tell_of() {
    kill_at_every_call(&SETUP_IN_SHELL);
}

#[test]
fn a_cleanup_that_is_killed_goes_on() {
    kill_at_every_call(&CLEANUP_IN_GITHUB);
    kill_at_every_call(&CLEANUP_IN_GITLAB);
}

#[test]
fn a_login_that_is_killed_loses_no_profile() {
    kill_at_every_call(&FIRST_LOGIN);
    kill_at_every_call(&ANOTHER_LOGIN);
}

#[test]
fn a_token_that_is_killed_tears_no_cache() {
    kill_at_every_call(&ANOTHER_TOKEN);
    kill_at_every_call(&FIRST_TOKEN);
}

#[test]
fn an_exec_that_is_killed_leaves_nothing_that_doctor_does_not_remove() {
    kill_at_every_call(&EXEC_IN_SHELL);
}

#[test]
fn an_exec_that_is_killed_in_a_gitlab_job_leaves_nothing_behind_its_after_script() {
    kill_at_every_call(&EXEC_IN_GITLAB);
}
