//! A team, a command that makes a key for it, and the death of that command: it is killed, what it left is judged
//! ([`aftermath`](super::aftermath)), the same command is run again, and what is there then is judged.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use simulator::{Fault, SeenRequest, Simulator, WebRole};
use tempfile::TempDir;

use super::{
    KEY_ID, Run,
    aftermath::files_below,
    calls::{Injected, lasting_calls, read_calls, traced},
    mishaps::{End, Kind, Mishap, Stage, at_calls},
    web::{Person, write_private},
};

pub const NAME: &str = "CI pipeline";
pub const PROFILE: &str = "ci";

/// What makes a key.
#[derive(Clone, Copy, Debug)]
pub enum Maker {
    Create,
    Rotate,
}

/// A request, and whether the publish command had handed the key on before it.
#[derive(Debug)]
pub struct Event {
    pub request: SeenRequest,
    pub was_published: bool,
}

/// What the simulator's observer shares with the test.
#[derive(Debug, Default)]
struct Watch {
    events: Vec<Event>,
    /// Which request is the last one.
    kill_at: Option<usize>,
    process: Option<i32>,
}

pub struct Scene {
    pub person: Person,
    pub maker: Maker,
    /// In their order.
    pub runs: Vec<End>,
    place: TempDir,
    watch: Arc<Mutex<Watch>>,
    publish: String,
}

impl Scene {
    pub fn new(maker: Maker) -> Self {
        let place = tempfile::tempdir().expect("a temporary directory");
        let temp = place.path().join("temp");
        fs::DirBuilder::new().mode(0o700).create(&temp).expect("a directory");
        let published = place.path().join("published");
        let watch = Arc::<Mutex<Watch>>::default();
        let observed = Arc::clone(&watch);
        let file = published.clone();
        let apple = Simulator::builder()
            .on_request(move |request| observe(&mut locked(&observed), request, &file))
            .start();
        let person = Person::at(apple.expect("loopback has a free port"), WebRole::Admin);
        if let Maker::Rotate = maker {
            person.register(KEY_ID, "Old pipeline");
            let config = json!({ "default_key_name": PROFILE, "keys": [person.home.entry(PROFILE)] });
            write_private(&person.home.config_path(), &config.to_string());
        }
        Self {
            person,
            publish: format!("umask 077; printf '%s\\n' \"$ASC_KEY_ID\" >> '{}'", published.display()),
            place,
            watch,
            maker,
            runs: Vec::new(),
        }
    }

    /// The same with words before and after those that hand the key on. `$MARK` is a file that is not there yet.
    pub fn publishing(mut self, before: &str, after: &str) -> Self {
        let mark = self.place.path().join("mark");
        let publish = format!("{before}\n{}\n{after}", self.publish);
        self.publish = publish.replace("$MARK", &mark.display().to_string());
        self
    }

    /// How many requests a run makes that goes on after these mishaps.
    pub fn requests_after(&mut self, mishaps: &[Mishap]) -> usize {
        for mishap in mishaps {
            self.run(mishap);
        }
        let before = self.requests();
        self.run(&Mishap::None);
        self.requests() - before
    }

    /// What strace sees of a run that is left alone.
    pub fn trace(&self) -> String {
        let log = self.place.path().join("calls");
        traced(self.command(), &log, None).run().code(0);
        read_calls(&log)
    }

    fn command(&self) -> Run {
        let (first, rest): (&[&str], &[&str]) = match self.maker {
            Maker::Create => (&["key", "create"], &["--login", PROFILE]),
            Maker::Rotate => (
                &["key", "rotate", KEY_ID],
                &["--profile", PROFILE, "--revoke-old", "--publish", &self.publish],
            ),
        };
        let shared: &[&str] = &["--name", NAME, "--role", "developer", "--bypass-keychain"];
        self.person
            .run(&[first, shared, rest].concat())
            .env("TMPDIR", self.temp())
    }

    fn requests(&self) -> usize {
        self.events(<[Event]>::len)
    }

    /// What was asked of Apple so far, in its order.
    pub fn events<T>(&self, judge: impl FnOnce(&[Event]) -> T) -> T {
        judge(&locked(&self.watch).events)
    }

    /// Runs the command to its death, or to its end.
    pub fn run(&mut self, mishap: &Mishap) {
        let log = self.place.path().join("calls");
        let run = match mishap {
            Mishap::Call { name, nth, what } => traced(self.command(), &log, Some((name, *nth, *what))),
            _ => self.command(),
        };
        let mut command = run.into_command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut watch = locked(&self.watch);
        watch.kill_at = None;
        if let Mishap::RequestArrived { nth } | Mishap::RequestTookEffect { nth } = mishap {
            watch.kill_at = Some(watch.events.len() + nth);
            if let Mishap::RequestArrived { .. } = mishap {
                // No fault at all for the ones before.
                for _ in 1..*nth {
                    self.person.apple.fail_next(Fault::Latency(Duration::ZERO));
                }
                self.person.apple.fail_next(Fault::ResetBeforeAction);
            }
        }
        let child = command.spawn().expect("it starts");
        watch.process = i32::try_from(child.id()).ok();
        drop(watch);
        let output = child.wait_with_output().expect("it ends");
        self.person.apple.clear_faults();
        locked(&self.watch).kill_at = None;
        self.runs.push(End::of(output, read_calls(&log)));
    }

    pub fn temp(&self) -> PathBuf {
        self.place.path().join("temp")
    }

    pub fn published(&self) -> PathBuf {
        self.place.path().join("published")
    }
}

impl Stage for Scene {
    type Piece = Maker;

    /// Nearly all of their time they wait, between two requests.
    const AT_ONCE: usize = 16;

    fn set(maker: Maker) -> Self {
        Self::new(maker)
    }

    /// Kills the command in each of these ways and judges what is left, then runs it once more and judges what is there.
    fn play(&mut self, mishaps: &[Mishap]) -> bool {
        for mishap in mishaps {
            self.run(mishap);
            self.assert_code();
            self.assert_nothing_is_lost();
        }
        let was_finished = self.is_finished();
        self.run(&Mishap::None);
        self.assert_told_and_done(was_finished);
        self.runs[mishaps.len() - 1].was_hit()
    }

    fn story(&self) -> String {
        let mut story = String::new();
        for run in &self.runs {
            let _ = write!(story, "{run}");
        }
        for path in self.journals() {
            let _ = writeln!(story, "{}: {:?}", path.display(), fs::read_to_string(&path));
        }
        for key in self.person.apple.team_keys() {
            let _ = writeln!(story, "{} {:?} active: {}", key.id, key.nickname, key.active);
        }
        for path in [files_below(&self.person.home.path()), files_below(&self.temp())].concat() {
            let mode = fs::symlink_metadata(&path).map(|metadata| metadata.mode() & 0o777);
            let _ = writeln!(story, "{:04o} {}", mode.unwrap_or_default(), path.display());
        }
        self.events(|events| {
            for Event { request, .. } in events {
                let _ = writeln!(story, "{} {} {:?}", request.method, request.path, request.status);
            }
        });
        story
    }
}

/// Dead at every call that leaves something behind, of a run that goes on after `before`.
#[track_caller]
pub fn at_every_call(maker: Maker, before: &[Mishap]) -> Vec<Kind> {
    let mut scene = Scene::new(maker);
    for mishap in before {
        scene.run(mishap);
    }
    at_calls(lasting_calls(&scene.trace()), Injected::Kill, before)
}

/// Dead at every request of a run that goes on after `before`, twice: as it arrives, and when it has taken effect.
#[track_caller]
pub fn at_requests(maker: Maker, before: &[Mishap]) -> Vec<Kind> {
    let requests = Scene::new(maker).requests_after(before);
    let kind = |mishap: fn(usize) -> Mishap| Kind {
        before: before.to_vec(),
        mishaps: (1..=requests).map(mishap).collect(),
    };
    vec![
        kind(|nth| Mishap::RequestArrived { nth }),
        kind(|nth| Mishap::RequestTookEffect { nth }),
    ]
}

/// Remembers a request, and kills the process whose last one it is to be.
fn observe(watch: &mut Watch, request: &SeenRequest, published: &Path) {
    watch.events.push(Event {
        request: request.clone(),
        was_published: published.exists(),
    });
    if watch.kill_at == Some(watch.events.len()) {
        let process = watch.process.expect("it was started");
        kill(Pid::from_raw(process), Signal::SIGKILL).expect("it is alive");
    }
}

fn locked(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}
