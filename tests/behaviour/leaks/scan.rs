//! Every command, every end of it, every form, every place: what is told, and where.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use asc_auth::cli::Cli;
use clap::CommandFactory;

use super::{
    ends::End,
    rows::{NO_ROOM_FOR_JSON, ROWS, Row},
    scene::{Place, Scene},
};

/// How many runs at the same time.
const AT_ONCE: usize = 8;

/// One run.
type Case = (&'static Row, &'static End, &'static str, Place);

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in ROWS {
        for end in row.ends.iter().copied().flatten() {
            // Which roots are trusted is the platform's affair elsewhere, and not every one has a disk that is always full.
            let is_of_linux = ["no roots", "no room for the output", NO_ROOM_FOR_JSON].contains(&end.what);
            if is_of_linux && !cfg!(target_os = "linux") {
                continue;
            }
            if end.what != NO_ROOM_FOR_JSON {
                for place in [Place::GitHub, Place::GitLab, Place::Shell] {
                    cases.push((row, end, "text", place));
                }
            }
            if row.has_json {
                for place in [Place::GitHub, Place::GitLab] {
                    cases.push((row, end, "json", place));
                }
            }
        }
    }
    cases
}

/// The words of a case.
fn words(row: &Row, end: &End, output: &str, place: Place) -> Vec<&'static str> {
    let output = ["--output", if output == "json" { "json" } else { "text" }];
    let output = if row.has_json { &output[..] } else { &[] };
    // Elsewhere, setup has to be told where it is.
    let ci: &[&str] = match (row.command, place) {
        (["setup"], Place::Shell) => &["--ci=none"],
        _ => &[],
    };
    [row.command, output, ci, row.given, end.arguments, row.last].concat()
}

/// What is wrong with a case.
fn judge(&(row, end, output, place): &Case) -> Option<String> {
    let scene = Scene::new(place);
    (row.prepare)(&scene);
    let run = scene.run(&words(row, end, output, place));
    let ran = (end.spoil)(run, &scene).run();
    let case = format!("{:?}, {}, {output}, {place:?}", row.command, end.what);
    if ran.code != Some(end.code) {
        return Some(format!(
            "{case}: {:?} instead of {}\n{}",
            ran.code,
            end.code,
            ran.text()
        ));
    }
    let leaks = scene.leaks(row, &ran);
    (!leaks.is_empty()).then(|| format!("{case}: {leaks:?}\n{}", ran.text()))
}

/// What is wrong with each of them.
fn judge_all<T: Sync>(cases: &[T], judge: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = judge(case);
                    wrong.lock().expect("no poison").extend(found);
                }
            });
        }
    });
    wrong.into_inner().expect("no poison")
}

#[test]
fn nothing_tells_a_secret_in_any_form() {
    let wrong = judge_all(&cases(), judge);
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same run under strace, which sees every program that is started, and with what.
#[cfg(target_os = "linux")]
fn judge_arguments(&(row, end, output, place): &Case) -> Option<String> {
    let scene = Scene::new(place);
    (row.prepare)(&scene);
    let run = (end.spoil)(scene.run(&words(row, end, output, place)), &scene);
    let log = scene.path("started");
    let log = log.to_str().expect("UTF-8");
    let words = [
        "strace",
        "-f",
        "-qq",
        "-s",
        "1000000",
        "--trace=execve,execveat",
        "-o",
        log,
    ];
    let ran = run.through(&words).run();
    let started = std::fs::read_to_string(log).expect("what strace saw");
    let case = format!("{:?}, {}, {output}, {place:?}", row.command, end.what);
    if ran.code != Some(end.code) || !started.contains("execve(") {
        return Some(format!(
            "{case}: {:?} instead of {}\n{}",
            ran.code,
            end.code,
            ran.text()
        ));
    }
    let found = scene.secrets().found_in(&started);
    (!found.is_empty()).then(|| format!("{case}: {found:?}\n{started}"))
}

#[cfg(target_os = "linux")]
#[test]
fn no_program_is_started_with_a_secret_among_its_arguments() {
    if !crate::support::calls::can_trace() {
        return;
    }
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|(_, end, output, place)| end.code == 0 && *output == "text" && *place != Place::Shell)
        .collect();
    let wrong = judge_all(&cases, judge_arguments);
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_command_and_every_code_of_it_is_looked_at() {
    for row in ROWS {
        let ends = row.ends.iter().copied().flatten();
        let codes: BTreeSet<i32> = ends.map(|end| end.code).collect();
        assert_eq!(codes, row.codes.iter().copied().collect(), "{:?}", row.command);
    }
    let looked_at: BTreeSet<String> = ROWS.iter().map(|row| row.command.join(" ")).collect();
    let mut commands = BTreeSet::new();
    add_commands(&Cli::command(), "", &mut commands);
    assert_eq!(commands, looked_at);
}

/// The commands that have none below them.
fn add_commands(command: &clap::Command, before: &str, commands: &mut BTreeSet<String>) {
    for below in command.get_subcommands() {
        let name = format!("{before}{}", below.get_name());
        if below.has_subcommands() {
            add_commands(below, &format!("{name} "), commands);
        } else {
            commands.insert(name);
        }
    }
}
