//! Jobs that share a key and start together: what `src/connect/retry/herd.rs` computes, seen with real processes.

use std::process::{Child, Stdio};

use simulator::{SeenRequest, Simulator, TestKey};

use crate::support::{Ran, Run, simulator_with};

/// As many processes as a small machine starts in a second or two.
const JOBS: usize = 40;

/// Starts all jobs, waits for all of them, and gives what Apple saw.
fn run_herd(apple: &Simulator, key: &TestKey, timeout: &str) -> (Vec<Ran>, Vec<SeenRequest>) {
    let start = |_| -> Child {
        let run = Run::new(&["validate", "--timeout", timeout]).team_key(key).api(apple);
        let mut command = run.into_command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    };
    let jobs: Vec<Child> = (0..JOBS).map(start).collect();
    let ended = jobs.into_iter().map(|job| job.wait_with_output().expect("it ends"));
    (ended.map(Ran::from).collect(), apple.requests())
}

fn refused(seen: &[SeenRequest]) -> usize {
    seen.iter().filter(|request| request.status == Some(429)).count()
}

/// A limit that lets an eighth of the herd through in a second, and a third of the usual minute for all.
fn meet_a_burst_limit(retry_after: Option<u64>) {
    let key = TestKey::generate();
    let apple = simulator_with(&key);
    apple.set_burst_limit(JOBS / 8, retry_after);
    let (ended, seen) = run_herd(&apple, &key, "20s");
    for ran in ended {
        ran.code(0).says("the credential works");
    }
    let refused = refused(&seen);
    assert_eq!(seen.len() - refused, JOBS);
    // One refusal a job is what the limit forces; a half is for chance, which is rough among so few.
    assert!(refused > 0 && refused <= JOBS * 3 / 2, "{refused} were refused");
}

#[test]
fn a_herd_that_is_turned_away_succeeds_with_few_requests() {
    meet_a_burst_limit(None);
}

#[test]
fn a_herd_that_is_told_when_to_come_back_succeeds_with_few_requests() {
    meet_a_burst_limit(Some(2));
}

#[test]
fn a_herd_that_finds_the_hour_used_up_asks_once_a_job() {
    let key = TestKey::generate();
    let apple = simulator_with(&key);
    let room = u64::try_from(JOBS / 2).expect("few");
    apple.set_rate_limit(3600, room);
    let (ended, seen) = run_herd(&apple, &key, "10m");
    assert_eq!(seen.len(), JOBS);
    assert_eq!(refused(&seen), JOBS / 2);
    let told = ended.into_iter().filter(|ran| ran.code == Some(20));
    let told = told.map(|ran| ran.says("0 of 3600 requests left this hour"));
    assert_eq!(told.count(), JOBS / 2);
}
