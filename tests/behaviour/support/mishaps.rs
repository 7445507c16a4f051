//! All that can befall a command: it is killed before a system call, a call fails, it is killed at a request. Each of
//! these is played by itself, many of them at the same time.

use std::{
    fmt::{self, Debug},
    os::unix::process::ExitStatusExt,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Output,
    sync::{Mutex, PoisonError},
    thread,
};

use nix::sys::signal::Signal;

use super::{
    Ran,
    calls::{Injected, Numbers, hit_itself, is_hit},
};

/// So many mishaps of a kind may not come about, beside a tenth of them.
const A_FEW: usize = 2;

/// More failures than this tell nothing new.
const STORIES: usize = 3;

/// What a run may end with that something befell: it was done all the same, the network failed, a file did.
pub const CODES: [i32; 3] = [0, 20, 30];

/// What befalls a run.
#[derive(Clone, Debug)]
pub enum Mishap {
    None,
    /// At the nth call of this name of any of its threads and children.
    Call {
        name: String,
        nth: usize,
        what: Injected,
    },
    /// It is killed when its nth request has arrived and has no effect.
    RequestArrived {
        nth: usize,
    },
    /// It is killed when its nth request has taken effect and nothing was answered.
    RequestTookEffect {
        nth: usize,
    },
}

impl Mishap {
    /// The next one of its kind.
    fn next(&self) -> Option<Self> {
        let mut mishap = self.clone();
        match &mut mishap {
            Self::None => return None,
            Self::Call { nth, .. } | Self::RequestArrived { nth } | Self::RequestTookEffect { nth } => *nth += 1,
        }
        Some(mishap)
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct End {
    pub code: Option<i32>,
    pub stdout: String,
    /// All that was printed.
    pub text: String,
    is_killed: bool,
    /// What strace saw of what was to be hit.
    calls: String,
}

impl End {
    pub fn of(output: Output, calls: String) -> Self {
        let is_killed = output.status.signal() == Some(Signal::SIGKILL as i32);
        let ran = Ran::from(output);
        Self {
            code: ran.code,
            text: ran.text(),
            stdout: ran.stdout,
            is_killed,
            calls,
        }
    }

    /// Whether something befell it, or a child of it.
    pub fn was_hit(&self) -> bool {
        self.is_killed || is_hit(&self.calls)
    }

    /// Whether something befell a program that it started, and not it.
    pub fn was_hit_elsewhere(&self) -> bool {
        self.was_hit() && !self.is_killed && !hit_itself(&self.calls)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let killed = if self.is_killed { ", killed" } else { "" };
        writeln!(f, "--- ended with {:?}{killed}\n{}", self.code, self.text)?;
        let hits = self.calls.lines().filter(|line| is_hit(line));
        hits.take(3).try_for_each(|line| writeln!(f, "call: {line}"))
    }
}

/// A command, and what is there before it runs. It is set anew for each play.
pub trait Stage: Sized {
    /// What is played.
    type Piece: Copy + Sync + Debug;

    /// How many are played at the same time.
    const AT_ONCE: usize;

    fn set(piece: Self::Piece) -> Self;

    /// Runs the command with each of these mishaps and judges what is left, then does what follows such a run, and judges
    /// what is there. Whether the last mishap came about.
    fn play(&mut self, mishaps: &[Mishap]) -> bool;

    /// All that there is to know about it.
    fn story(&self) -> String;
}

/// Mishaps of one kind in their order, each of them in a run that goes on after earlier ones.
pub struct Kind {
    pub before: Vec<Mishap>,
    pub mishaps: Vec<Mishap>,
}

/// This at every one of these calls, in a run that goes on after `before`.
pub fn at_calls(numbers: Numbers, what: Injected, before: &[Mishap]) -> Vec<Kind> {
    let of_name = |(name, (first, last)): (String, (usize, usize))| {
        let at = |nth| Mishap::Call {
            name: name.clone(),
            nth,
            what,
        };
        Kind {
            before: before.to_vec(),
            mishaps: (first..=last).map(at).collect(),
        }
    };
    numbers.into_iter().map(of_name).collect()
}

/// Plays each mishap on a stage of its own. No two runs are quite alike: where the last of a kind still comes about, the
/// one after it is played as well, until a run ends by itself.
#[track_caller]
pub fn play_all<S: Stage>(kinds: Vec<Kind>, piece: S::Piece) {
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| !kind.mishaps.is_empty()));
    let planned: usize = kinds.iter().map(|kind| kind.mishaps.len()).sum();
    let work = Mutex::new(Work::plan(kinds));
    thread::scope(|scope| {
        for _ in 0..S::AT_ONCE {
            scope.spawn(|| {
                while let Some(act) = with(&work, Work::next) {
                    let hit = play(&mut S::set(piece), piece, &act.mishaps);
                    with(&work, |work| work.note(act, hit));
                }
            });
        }
    });
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(work.failures, 0, "of {planned} mishaps of {piece:?}");
    // Some calls are made or not, such as one that finds that there is nothing to be read yet.
    assert!(
        work.hits > 0 && (work.hits + A_FEW) * 10 > planned * 9,
        "{} of {planned} mishaps of {piece:?} came about",
        work.hits
    );
}

/// Plays mishaps one after the other: whether the last of them came about. None if something was wrong then, which is
/// told.
fn play<S: Stage>(stage: &mut S, piece: S::Piece, mishaps: &[Mishap]) -> Option<bool> {
    let hit = catch_unwind(AssertUnwindSafe(|| stage.play(mishaps)));
    if hit.is_err() {
        eprintln!("{piece:?} {mishaps:?}\n{}", stage.story());
    }
    hit.ok()
}

/// What is to be played on one stage.
struct Act {
    mishaps: Vec<Mishap>,
    /// Whether no more of its kind were planned.
    is_last: bool,
}

struct Work {
    acts: Vec<Act>,
    hits: usize,
    failures: usize,
}

impl Work {
    fn plan(kinds: Vec<Kind>) -> Self {
        let mut acts = Vec::new();
        for Kind { before, mishaps } in kinds {
            let last = mishaps.len() - 1;
            acts.extend(mishaps.into_iter().enumerate().map(|(index, mishap)| Act {
                mishaps: [before.clone(), vec![mishap]].concat(),
                is_last: index == last,
            }));
        }
        Self {
            acts,
            hits: 0,
            failures: 0,
        }
    }

    fn next(&mut self) -> Option<Act> {
        self.acts.pop().filter(|_| self.failures < STORIES)
    }

    /// Whether an act's last mishap came about, None if something was wrong.
    fn note(&mut self, mut act: Act, hit: Option<bool>) {
        let Some(hit) = hit else {
            self.failures += 1;
            return;
        };
        self.hits += usize::from(hit);
        let next = act.mishaps.last().and_then(Mishap::next).filter(|_| hit && act.is_last);
        if let (Some(next), Some(last)) = (next, act.mishaps.last_mut()) {
            *last = next;
            self.acts.push(act);
        }
    }
}

fn with<T>(work: &Mutex<Work>, act: impl FnOnce(&mut Work) -> T) -> T {
    act(&mut work.lock().unwrap_or_else(PoisonError::into_inner))
}
