//! A herd: jobs that share a key and start together, each with the pauses that `pause` gives it, against a server that
//! counts. Time is virtual and chance is seeded, so that every run gives the figures that `docs/scale.md` shows;
//! `cargo test --lib herd -- --nocapture` prints them. `tests/behaviour/herd.rs` sees the same of real processes.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    fs,
    time::Duration,
};

use reqwest::StatusCode;

use super::{RateLimit, Setback, pause};

/// `--timeout`, if it is not given.
const BUDGET: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
/// Requests an hour, as Apple documents them.
const HOURLY: usize = 3600;
const JOBS: usize = 1000;
const SEEDS: u64 = 10;

/// Requests let through in a second that are enough for a thousand jobs in their minute, with some to spare.
const BURSTS: [usize; 8] = [1000, 900, 800, 500, 200, 100, 50, 30];
/// What `Retry-After` tells, in seconds. More than this leaves fewer seconds than the smallest burst needs.
const AFTER: [Option<u64>; 3] = [None, Some(1), Some(5)];

/// What starts, and what it meets.
#[derive(Clone, Copy, Debug)]
struct Scene {
    jobs: usize,
    /// All of them start in this time.
    within: Duration,
    /// Requests let through in any second.
    burst: usize,
    after: Option<u64>,
    /// Whether answers tell what is left of the hour.
    tells_hour: bool,
}

/// A thousand jobs in one second.
fn a_thousand(burst: usize, after: Option<u64>) -> Scene {
    Scene {
        jobs: JOBS,
        within: SECOND,
        burst,
        after,
        tells_hour: true,
    }
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    succeeded: usize,
    requests: usize,
    refused_at_first: usize,
    /// The longest that a job took that succeeded.
    longest: Duration,
    /// When each second and later request arrived.
    retries: Vec<Duration>,
}

impl Outcome {
    /// The most retries in any span of this length that starts at a multiple of it.
    fn busiest(&self, span: Duration) -> usize {
        let mut spans = BTreeMap::new();
        for retry in &self.retries {
            *spans.entry(retry.as_millis() / span.as_millis()).or_default() += 1;
        }
        spans.into_values().max().unwrap_or(0)
    }

    /// No job that was refused can do with fewer than two requests.
    fn fewest_possible(&self, scene: Scene) -> usize {
        scene.jobs + self.refused_at_first
    }
}

/// So many requests in any span of this length. What is turned away does not count.
struct Limit {
    most: usize,
    span: Duration,
    recent: VecDeque<Duration>,
}

impl Limit {
    fn new(most: usize, span: Duration) -> Self {
        let recent = VecDeque::new();
        Self { most, span, recent }
    }

    fn left(&mut self, now: Duration) -> usize {
        while self
            .recent
            .front()
            .is_some_and(|then| now.saturating_sub(*then) >= self.span)
        {
            self.recent.pop_front();
        }
        self.most - self.recent.len()
    }
}

/// SplitMix64: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    /// A number in 0..1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits");
        f64::from(top) / f64::from(u32::MAX)
    }

    /// One way of a request or of its answer.
    fn way(&mut self) -> Duration {
        Duration::from_millis(50) + Duration::from_millis(200).mul_f64(self.fraction())
    }
}

fn count(number: usize) -> u64 {
    number.try_into().expect("few")
}

/// A request on its way: when it arrives, whose it is, and how many were refused before it.
type Request = Reverse<(Duration, usize, u32)>;

fn play(scene: Scene, seed: u64) -> Outcome {
    let mut chance = Chance(seed);
    let starts: Vec<Duration> = (0..scene.jobs)
        .map(|_| scene.within.mul_f64(chance.fraction()))
        .collect();
    let mut on_the_way: BinaryHeap<Request> = starts
        .iter()
        .enumerate()
        .map(|(job, start)| Reverse((*start + chance.way(), job, 0)))
        .collect();
    let (mut burst, mut hour) = (Limit::new(scene.burst, SECOND), Limit::new(HOURLY, HOUR));
    let mut outcome = Outcome::default();

    while let Some(Reverse((now, job, failures))) = on_the_way.pop() {
        outcome.requests += 1;
        if failures > 0 {
            outcome.retries.push(now);
        }
        let (in_second, in_hour) = (burst.left(now), hour.left(now));
        if in_second > 0 && in_hour > 0 {
            burst.recent.push_back(now);
            hour.recent.push_back(now);
            outcome.succeeded += 1;
            outcome.longest = outcome.longest.max((now + chance.way()).saturating_sub(starts[job]));
            continue;
        }
        outcome.refused_at_first += usize::from(failures == 0);
        let after = if in_second == 0 { scene.after } else { None };
        let rate = scene.tells_hour.then_some(RateLimit {
            limit: count(HOURLY),
            remaining: count(in_hour),
        });
        let setback = Setback::of(StatusCode::TOO_MANY_REQUESTS, after, rate).expect("a setback");
        let told = now + chance.way();
        let left = (starts[job] + BUDGET).saturating_sub(told);
        if let Some(pause) = pause(setback, failures, left, chance.fraction()) {
            on_the_way.push(Reverse((told + pause + chance.way(), job, failures + 1)));
        }
    }
    outcome
}

/// Every limit with every `Retry-After`, with ten herds each.
fn scenes() -> impl Iterator<Item = (Scene, Outcome)> {
    let scenes = BURSTS
        .into_iter()
        .flat_map(|burst| AFTER.map(|after| a_thousand(burst, after)));
    scenes.flat_map(|scene| (1..=SEEDS).map(move |seed| (scene, play(scene, seed))))
}

#[test]
fn every_job_of_a_thousand_succeeds_in_its_minute() {
    for (scene, outcome) in scenes() {
        assert_eq!(outcome.succeeded, JOBS, "{scene:?}");
        assert!(outcome.longest <= BUDGET + SECOND, "{scene:?}: {:?}", outcome.longest);
    }
}

#[test]
fn a_long_wish_is_granted_where_the_rest_of_the_minute_is_enough() {
    for seed in 1..=SEEDS {
        assert_eq!(play(a_thousand(100, Some(30)), seed).succeeded, JOBS);
    }
}

/// Who is refused needs a second request, so that a job has 1.2 on average only where four fifths get through at once.
#[test]
fn a_thousand_jobs_make_hardly_more_requests_than_the_limit_forces_them_to() {
    for (scene, outcome) in scenes() {
        let fewest = outcome.fewest_possible(scene);
        assert!(outcome.requests * 10 <= fewest * 12, "{scene:?}: {outcome:?}");
        assert!(scene.burst < 800 || outcome.requests * 10 <= JOBS * 12, "{scene:?}");
    }
}

/// A thousand came in the first second. Of those refused, evenly spread over half a minute, 35 come in a second and
/// three or four in a tenth of one; chance and those refused twice make it more.
#[test]
fn those_refused_together_do_not_come_back_together() {
    for (scene, outcome) in scenes() {
        assert!(outcome.busiest(SECOND) <= JOBS / 10, "{scene:?}");
        assert!(outcome.busiest(SECOND / 10) <= JOBS / 40, "{scene:?}");
    }
}

/// Ten thousand jobs in an hour, evenly, of which the limit lets 3,600 through.
fn ten_thousand(tells_hour: bool) -> Outcome {
    let scene = Scene {
        jobs: 10_000,
        within: HOUR,
        burst: HOURLY,
        after: None,
        tells_hour,
    };
    play(scene, 1)
}

#[test]
fn jobs_that_an_hours_limit_refuses_ask_once_if_they_are_told() {
    let told = ten_thousand(true);
    assert_eq!((told.succeeded, told.requests), (HOURLY, 10_000));
    assert!(told.longest < SECOND);
    // Where Apple leaves the header out, they try for their minute.
    let untold = ten_thousand(false);
    assert!(untold.requests > 5 * told.requests, "{}", untold.requests);
}

/// A row of the page's table: the limit, then what came of it without `Retry-After` and with five seconds.
fn row(burst: usize) -> String {
    let [silent, telling] = [None, Some(5)].map(|after| {
        let scene = a_thousand(burst, after);
        let outcome = play(scene, 1);
        let each = |requests: usize| format!("{}.{:02}", requests / JOBS, requests % JOBS / 10);
        format!(
            "{} | {} | {} s | {}",
            each(outcome.requests),
            each(outcome.fewest_possible(scene)),
            outcome.longest.as_secs(),
            outcome.busiest(SECOND),
        )
    });
    format!("| {burst} | {silent} | {telling} |")
}

#[test]
fn the_page_has_these_figures() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md");
    let mut rows = BURSTS.map(row).to_vec();
    rows.push(format!(
        "more than {},000 requests",
        ten_thousand(false).requests / 1000
    ));
    println!("{}", rows.join("\n"));
    let page = fs::read_to_string(page).expect("the page");
    for row in rows {
        assert!(page.contains(&row), "docs/scale.md lacks {row}");
    }
}
