//! All the moments at which a command can be killed: at every system call that leaves something behind, and at every
//! request. strace finds the calls and kills; the simulator's observer kills at a request.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use super::{
    Run,
    killed::{Maker, Scene},
};

/// How many scenes are played at the same time. Nearly all of their time they wait, between two requests.
const AT_ONCE: usize = 16;

/// More failures than this tell nothing new.
const STORIES: usize = 3;

/// Calls that only look, wait, or change what ends with the process: dead before one of them, it leaves what it leaves
/// before the next other call. Every other call that has to do with files or the network is one to be killed at.
const WITHOUT_TRACE: [&str; 28] = [
    "access",
    "close",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "faccessat2",
    "fcntl",
    "fstat",
    "getcwd",
    "getdents64",
    "getpeername",
    "getsockname",
    "getsockopt",
    "lseek",
    "mmap",
    "newfstatat",
    "pipe2",
    "poll",
    "ppoll",
    "pread64",
    "read",
    "readlink",
    "setsockopt",
    "socketpair",
    "stat",
    "statx",
];

/// When a run is killed.
#[derive(Clone, Debug)]
pub enum Death {
    Never,
    /// Before the nth call of this name of any of its threads and children.
    Call {
        name: String,
        nth: usize,
    },
    /// When its nth request has arrived and has no effect.
    RequestArrived {
        nth: usize,
    },
    /// When its nth request has taken effect and nothing was answered.
    RequestTookEffect {
        nth: usize,
    },
}

impl Death {
    /// The next one of its kind.
    fn next(&self) -> Option<Self> {
        let mut death = self.clone();
        match &mut death {
            Self::Never => return None,
            Self::Call { nth, .. } | Self::RequestArrived { nth } | Self::RequestTookEffect { nth } => *nth += 1,
        }
        Some(death)
    }
}

/// Deaths of one kind in their order, each of them in a run that goes on where earlier ones died.
pub struct Kind {
    before: Vec<Death>,
    deaths: Vec<Death>,
}

/// Every call of a run that goes on after `before`, by its name, up to the last one that strace saw in a run that was left
/// alone.
#[track_caller]
pub fn at_calls(maker: Maker, before: &[Death]) -> Vec<Kind> {
    let mut scene = Scene::new(maker);
    for death in before {
        scene.run(death);
    }
    let (trace, home) = scene.trace();
    let of_name = |(name, (first, last)): (String, (usize, usize))| Kind {
        before: before.to_vec(),
        deaths: (first..=last)
            .map(|nth| Death::Call {
                name: name.clone(),
                nth,
            })
            .collect(),
    };
    calls(&trace, &home).into_iter().map(of_name).collect()
}

/// Every request of a run that goes on after `before`, twice: as it arrives, and when it has taken effect.
#[track_caller]
pub fn at_requests(maker: Maker, before: &[Death]) -> Vec<Kind> {
    let requests = Scene::new(maker).requests_after(before);
    let kind = |death: fn(usize) -> Death| Kind {
        before: before.to_vec(),
        deaths: (1..=requests).map(death).collect(),
    };
    vec![
        kind(|nth| Death::RequestArrived { nth }),
        kind(|nth| Death::RequestTookEffect { nth }),
    ]
}

/// Plays each death in a scene of its own. No two runs are quite alike: where the last death of a kind still hits, the one
/// after it is played as well, until a run ends by itself.
#[track_caller]
pub fn play_all(kinds: Vec<Kind>, maker: Maker) {
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| !kind.deaths.is_empty()));
    let planned: usize = kinds.iter().map(|kind| kind.deaths.len()).sum();
    let work = Mutex::new(Work::plan(kinds));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(act) = with(&work, Work::next) {
                    let hit = play(&mut Scene::new(maker), &act.deaths);
                    with(&work, |work| work.note(act, hit));
                }
            });
        }
    });
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(work.failures, 0, "of {planned} deaths");
    // Some calls are made or not, such as one that finds that there is nothing to be read yet.
    assert!(
        work.hits * 10 > planned * 9,
        "{} of {planned} runs were killed",
        work.hits
    );
}

/// Plays deaths one after the other: whether the last of them hit. None if something was wrong then, which is told.
fn play(scene: &mut Scene, deaths: &[Death]) -> Option<bool> {
    let hit = catch_unwind(AssertUnwindSafe(|| scene.play(deaths).was_hit()));
    if hit.is_err() {
        eprintln!("{deaths:?}\n{}", scene.story());
    }
    hit.ok()
}

/// What is to be played in one scene.
struct Act {
    deaths: Vec<Death>,
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
        for Kind { before, deaths } in kinds {
            let last = deaths.len() - 1;
            acts.extend(deaths.into_iter().enumerate().map(|(index, death)| Act {
                deaths: [before.clone(), vec![death]].concat(),
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

    /// Whether an act's last run was hit, None if something was wrong.
    fn note(&mut self, mut act: Act, hit: Option<bool>) {
        let Some(hit) = hit else {
            self.failures += 1;
            return;
        };
        self.hits += usize::from(hit);
        let next = act.deaths.last().and_then(Death::next).filter(|_| hit && act.is_last);
        if let (Some(next), Some(last)) = (next, act.deaths.last_mut()) {
            *last = next;
            self.acts.push(act);
        }
    }
}

fn with<T>(work: &Mutex<Work>, act: impl FnOnce(&mut Work) -> T) -> T {
    act(&mut work.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether processes can be traced here.
pub fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// The run under strace, which writes what it sees into `log`. With a death it sees only what is to be hit.
pub fn traced(run: Run, log: &Path, death: Option<(&str, usize)>) -> Run {
    let flags = match death {
        None => vec!["--trace=%file,%desc,%network".to_owned()],
        Some((name, nth)) => vec![
            format!("--trace={name}"),
            // Counted for each process and thread by itself: whichever comes to this number first is killed. The threads
            // that serve the publish command make few calls, whose numbers the main one had before; a death while it
            // publishes has a test of its own.
            format!("--inject={name}:signal=KILL:when={nth}"),
        ],
    };
    let log = log.to_str().expect("UTF-8");
    let mut words = vec!["strace", "--follow-forks", "--quiet=attach", "--output", log];
    words.extend(flags.iter().map(String::as_str));
    run.through(&words)
}

/// Of each call that leaves a trace: its first number that counts, and its last. None of the calls before the first look at
/// `home` counts: until then there is nothing of a key's to be left half done.
fn calls(trace: &str, home: &Path) -> BTreeMap<String, (usize, usize)> {
    let home = home.to_str().expect("UTF-8");
    let mut made: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut is_begun = false;
    for line in trace.lines() {
        let Some((process, name)) = call(line) else { continue };
        let nth = made.entry((process, name)).or_default();
        *nth += 1;
        is_begun |= line.contains(home) && !name.starts_with("exec");
        if is_begun && !WITHOUT_TRACE.contains(&name) {
            let (_, last) = found.entry(name.to_owned()).or_insert((*nth, *nth));
            *last = (*last).max(*nth);
        }
    }
    found
}

/// The process and the name in a line of strace's, as in `1234  openat(AT_FDCWD, …`. None where a call goes on.
fn call(line: &str) -> Option<(&str, &str)> {
    let (process, rest) = line.split_once(' ')?;
    let (name, _) = rest.trim_start().split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((process, name))
}

/// What strace left of the calls of a run.
pub fn read_calls(log: &Path) -> String {
    let calls = fs::read_to_string(log).unwrap_or_default();
    let _ = fs::remove_file(log);
    calls
}

#[test]
fn calls_are_counted_from_the_first_look_at_the_home_directory() {
    let trace = "10 execve(\"/bin/asc-auth\", …) = 0\n\
                 10 openat(AT_FDCWD, \"/etc/ld.so.cache\", …) = 3\n\
                 10 openat(AT_FDCWD, \"/home/x/session\", …) = 3\n\
                 10 read(3, \"\", 10) = 0\n\
                 10 write(1, \"\", 1 <unfinished ...>\n\
                 11 write(2, \"\", 1) = 1\n\
                 10 <... write resumed>) = 1\n\
                 11 openat(AT_FDCWD, \"/\", …) = 3\n\
                 10 openat(AT_FDCWD, \"/\", …) = 3\n\
                 10 +++ killed by SIGKILL +++\n";
    let found = calls(trace, Path::new("/home/x"));
    let expected = [("openat", (2, 3)), ("write", (1, 1))].map(|(name, numbers)| (name.to_owned(), numbers));
    assert_eq!(found, expected.into());
}
