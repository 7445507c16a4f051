//! `asc-auth key create` and `key rotate`, killed anywhere and run again: one new key, its private half on the disk, the
//! old key revoked when the new one was proven and not sooner, nothing told and nothing left.

use std::thread;

use simulator::WebStep;

use crate::support::{
    calls::can_trace,
    killed::{Maker, Scene, at_every_call, at_requests},
    mishaps::{Mishap, Stage, play_all},
};

/// Behind the list and the creation comes the download: the private half was handed out, and nobody has it.
const KEY_LOST: [Mishap; 1] = [Mishap::RequestTookEffect { nth: 3 }];

#[test]
fn a_create_that_is_killed_at_any_file_operation_goes_on_and_leaves_one_key() {
    die_at_every_call(Maker::Create, &[]);
}

#[test]
fn a_rotation_that_is_killed_at_any_file_operation_goes_on_and_leaves_one_key() {
    die_at_every_call(Maker::Rotate, &[]);
}

#[test]
fn a_create_that_lost_its_key_and_is_killed_at_any_file_operation_leaves_one_key() {
    let mut scene = Scene::new(Maker::Create);
    scene.run(&KEY_LOST[0]);
    assert_eq!(scene.person.apple.web_requests().last(), Some(&WebStep::Download));
    die_at_every_call(Maker::Create, &KEY_LOST);
}

#[test]
fn a_create_that_is_killed_at_any_request_goes_on_and_leaves_one_key() {
    play_all::<Scene>(at_requests(Maker::Create, &[]), Maker::Create);
}

#[test]
fn a_rotation_that_is_killed_at_any_request_goes_on_and_leaves_one_key() {
    play_all::<Scene>(at_requests(Maker::Rotate, &[]), Maker::Rotate);
}

#[test]
fn a_create_that_is_killed_at_any_request_and_again_at_any_leaves_one_key() {
    die_at_two_requests(Maker::Create);
}

#[test]
fn a_rotation_that_is_killed_at_any_request_and_again_at_any_leaves_one_key() {
    die_at_two_requests(Maker::Rotate);
}

#[test]
fn a_rotation_that_is_killed_while_it_publishes_publishes_again() {
    const KILL: &str = "[ -e $MARK ] || { : >$MARK; kill -9 $PPID; exit 1; }";
    for (before, after) in [(KILL, ""), ("", KILL)] {
        let mut scene = Scene::new(Maker::Rotate).publishing(before, after);
        assert!(scene.play(&[Mishap::None]), "{}", scene.story());
    }
}

#[test]
fn a_rotation_that_is_killed_when_it_has_published_goes_on_and_leaves_one_key() {
    // The command is gone when nobody can send it a signal any more.
    const KILL: &str = "[ -e $MARK ] || { : >$MARK; (while kill -0 $$; do :; done; kill -9 $PPID) >/dev/null 2>&1 & }";
    let mut scene = Scene::new(Maker::Rotate).publishing("", KILL);
    assert!(scene.play(&[Mishap::None]), "{}", scene.story());
}

#[track_caller]
fn die_at_every_call(maker: Maker, before: &[Mishap]) {
    if can_trace() {
        play_all::<Scene>(at_every_call(maker, before), maker);
    }
}

/// What the first death leaves is the same before a request takes effect as after the one before it.
#[track_caller]
fn die_at_two_requests(maker: Maker) {
    let requests = Scene::new(maker).requests_after(&[]);
    let kinds = thread::scope(|scope| {
        let after = |nth| scope.spawn(move || at_requests(maker, &[Mishap::RequestTookEffect { nth }]));
        let planned: Vec<_> = (1..=requests).map(after).collect();
        planned
            .into_iter()
            .flat_map(|kinds| kinds.join().expect("they are planned"))
            .collect()
    });
    play_all::<Scene>(kinds, maker);
}
