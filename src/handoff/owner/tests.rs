#![cfg(target_os = "linux")]

use std::{fs, path::PathBuf};

use super::*;

/// A directory of this process, and what its record says.
fn directory() -> (tempfile::TempDir, PathBuf, Record) {
    let folder = tempfile::tempdir().expect("a directory");
    record(folder.path(), For::ThisProcess);
    let path = folder.path().to_owned();
    let written = read(&path).expect("a record");
    (folder, path, written)
}

#[test]
fn who_is_there_is_alive_and_who_shares_only_the_number_is_gone() {
    let (_folder, path, mut written) = directory();
    let here = system::world().expect("a world");
    assert_eq!(of(&path), Owners::Alive(std::process::id()));

    written.processes[0].started = Some(1);
    assert_eq!(written.judge(&here, &path), Owners::Gone);
    written.are_all = false;
    assert!(matches!(written.judge(&here, &path), Owners::Unknown(_)));
    written.processes[0].started = None;
    assert_eq!(written.judge(&here, &path), Owners::Alive(std::process::id()));
    written.processes.clear();
    assert!(matches!(written.judge(&here, &path), Owners::Unknown(_)));
}

#[test]
fn who_ran_before_the_boot_is_gone_and_whoever_runs_elsewhere_is_unknown() {
    let (_folder, path, mut written) = directory();
    written.world.machine = Some("one".to_owned());
    let here = || World {
        machine: Some("one".to_owned()),
        ..system::world().expect("a world")
    };
    let rebooted = World {
        boot: Some("another".to_owned()),
        pid_namespace: Some("pid:[1]".to_owned()),
        ..here()
    };
    assert_eq!(written.judge(&rebooted, &path), Owners::Gone);
    // Whether all of them were known matters only while they can live.
    written.are_all = false;
    assert_eq!(written.judge(&rebooted, &path), Owners::Gone);
    let container = World {
        pid_namespace: Some("pid:[1]".to_owned()),
        ..here()
    };
    assert!(matches!(written.judge(&container, &path), Owners::Unknown(_)));
    // Two machines may share a directory, and each has a boot of its own.
    let machine = World {
        host: "another".to_owned(),
        ..rebooted.clone()
    };
    assert!(matches!(written.judge(&machine, &path), Owners::Unknown(_)));
    // They may even have one name.
    for id in [Some("another".to_owned()), None] {
        let machine = World {
            machine: id,
            ..rebooted.clone()
        };
        assert!(matches!(written.judge(&machine, &path), Owners::Unknown(_)));
        written.world.machine = None;
        assert!(matches!(written.judge(&machine, &path), Owners::Unknown(_)));
    }
}

#[test]
fn a_record_that_can_not_be_read_tells_nothing() {
    let (_folder, path, _) = directory();
    let file = path.join(OWNERS);
    for text in ["", "{", "[]", r#"{"world":{},"processes":[]}"#] {
        fs::write(&file, text).expect("a file");
        assert!(matches!(of(&path), Owners::Unknown(_)), "{text}");
    }
    fs::remove_file(&file).expect("a file");
    std::os::unix::fs::symlink("/proc/self/stat", &file).expect("a link");
    assert!(matches!(of(&path), Owners::Unknown(_)));
}

#[test]
fn the_callers_of_a_test_are_at_least_its_parent() {
    let (callers, _) = system::callers().expect("they are told");
    assert_eq!(callers[0].pid, std::os::unix::process::parent_id());
    assert!(callers.iter().all(system::may_be_alive));
}
