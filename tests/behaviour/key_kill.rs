//! `asc-auth key create` and `key rotate`, killed anywhere and run again: one new key, its private half on the disk, the
//! old key revoked when the new one was proven and not sooner, nothing told and nothing left.

use crate::support::{
    deaths::{Death, at_calls, at_requests, can_trace, play_all},
    killed::{Maker, Scene},
};

#[test]
fn a_create_that_is_killed_at_any_file_operation_goes_on_and_leaves_one_key() {
    die_at_every_call(Maker::Create);
}

#[test]
fn a_rotation_that_is_killed_at_any_file_operation_goes_on_and_leaves_one_key() {
    die_at_every_call(Maker::Rotate);
}

#[test]
fn a_create_that_is_killed_at_any_request_goes_on_and_leaves_one_key() {
    play_all(at_requests(Maker::Create), Maker::Create);
}

#[test]
fn a_rotation_that_is_killed_at_any_request_goes_on_and_leaves_one_key() {
    play_all(at_requests(Maker::Rotate), Maker::Rotate);
}

#[track_caller]
fn die_at_every_call(maker: Maker) {
    if can_trace() {
        play_all(at_calls(maker), maker);
    } else {
        eprintln!("skipped: strace is not here, or may not trace");
    }
}
