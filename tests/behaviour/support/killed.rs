//! A team, a command that makes a key for it, and the death of that command: it is killed, what it left is judged, the
//! same command is run again, and what is there then is judged.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use simulator::{Fault, SeenRequest, Simulator, TeamKey, WebRole, WebStep};
use tempfile::TempDir;

use super::{
    KEY_ID, Ran, Run,
    deaths::{Death, read_calls, traced},
    web::{Person, write_private},
};

const NAME: &str = "CI pipeline";
const PROFILE: &str = "ci";

/// So many characters in a row of a private key are no accident.
const PIECE: usize = 20;

/// How the forms of any private key and of any token begin: the PEM, its base64, its body, a header's base64.
const BEGINNINGS: [&str; 5] = ["PRIVATE KEY", "LS0tLS1CRUdJTi", "MIGHAgEAMB", "MIGTAgEAMB", "eyJ"];

/// What makes a key.
#[derive(Clone, Copy, Debug)]
pub enum Maker {
    Create,
    Rotate,
}

/// A request, and whether the publish command had handed the key on before it.
#[derive(Debug)]
struct Event {
    request: SeenRequest,
    was_published: bool,
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
    place: TempDir,
    watch: Arc<Mutex<Watch>>,
    maker: Maker,
    publish: String,
    runs: Vec<End>,
}

/// How a run ended.
#[derive(Debug)]
pub struct End {
    pub code: Option<i32>,
    pub is_killed: bool,
    pub text: String,
    /// The calls of the name that was to be hit.
    calls: String,
}

impl End {
    /// Whether the process, or a child of it, was hit.
    pub fn was_hit(&self) -> bool {
        self.is_killed || self.calls.contains("killed by SIGKILL")
    }
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

    /// Kills the command in each of these ways and judges what is left, then runs it once more and judges what is there.
    /// Gives how the last run ended that was to be killed.
    pub fn play(&mut self, deaths: &[Death]) -> &End {
        for death in deaths {
            self.run(death);
            self.assert_nothing_is_lost();
        }
        let was_finished = self.is_finished();
        self.run(&Death::Never);
        self.assert_told_and_done(was_finished);
        &self.runs[deaths.len() - 1]
    }

    /// How many requests a run makes that goes on after these deaths.
    pub fn requests_after(&mut self, deaths: &[Death]) -> usize {
        deaths.iter().for_each(|death| self.run(death));
        let before = self.requests();
        self.run(&Death::Never);
        self.requests() - before
    }

    /// What strace sees of a run that is left alone, and the home directory of that run.
    pub fn trace(&self) -> (String, PathBuf) {
        let log = self.place.path().join("calls");
        traced(self.command(), &log, None).run().code(0);
        (read_calls(&log), self.person.home.path())
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
        locked(&self.watch).events.len()
    }

    pub fn run(&mut self, death: &Death) {
        let log = self.place.path().join("calls");
        let run = match death {
            Death::Call { name, nth } => traced(self.command(), &log, Some((name, *nth))),
            _ => self.command(),
        };
        let mut command = run.into_command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut watch = locked(&self.watch);
        watch.kill_at = None;
        if let Death::RequestArrived { nth } | Death::RequestTookEffect { nth } = death {
            watch.kill_at = Some(watch.events.len() + nth);
            if let Death::RequestArrived { .. } = death {
                // No fault at all for the ones before.
                (1..*nth).for_each(|_| self.person.apple.fail_next(Fault::Latency(std::time::Duration::ZERO)));
                self.person.apple.fail_next(Fault::ResetBeforeAction);
            }
        }
        let child = command.spawn().expect("it starts");
        watch.process = i32::try_from(child.id()).ok();
        drop(watch);
        let output = child.wait_with_output().expect("it ends");
        self.person.apple.clear_faults();
        locked(&self.watch).kill_at = None;
        let is_killed = output.status.signal() == Some(Signal::SIGKILL as i32);
        let ran = Ran::from(output);
        self.runs.push(End {
            code: ran.code,
            is_killed,
            text: ran.text(),
            calls: read_calls(&log),
        });
    }

    /// What must be true at any moment.
    fn assert_nothing_is_lost(&self) {
        let all = [files_below(&self.person.home.path()), files_below(&self.temp())].concat();
        for path in all {
            let mode = fs::symlink_metadata(&path).expect("it is there").mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:04o}", path.display());
        }
        self.assert_no_secret_was_told();
        let new = self.new_keys();
        assert!(new.len() <= 1, "{new:?}");
        if !new.is_empty() && !self.is_finished() {
            assert!(!self.journals().is_empty(), "nobody knows of {new:?}");
        }
        self.assert_the_order();
    }

    /// What must be true when the command has run without being killed.
    fn assert_told_and_done(&self, was_finished: bool) {
        self.assert_nothing_is_lost();
        let last = self.runs.last().expect("it ran");
        if was_finished {
            assert_eq!(last.code, Some(2), "it was done already");
            let said = match self.maker {
                Maker::Create => "a profile of this name is stored already",
                Maker::Rotate => "was revoked already",
            };
            assert!(last.text.contains(said), "it was done already");
        } else {
            assert_eq!(last.code, Some(0));
        }
        let [new] = self.new_keys().try_into().expect("one new key");
        let active = self.person.apple.team_keys().iter().filter(|key| key.active).count();
        assert_eq!(active, 1, "a key was left behind");

        let path = self.person.home.path().join(format!(".blitz/AuthKey_{}.p8", new.id));
        let pem = fs::read_to_string(&path).expect("the private key");
        assert!(new.is_private_half(&pem), "{}", path.display());
        let told = self
            .runs
            .iter()
            .any(|run| run.text.contains(&path.display().to_string()));
        assert!(told, "{} was not told", path.display());
        self.assert_only_these(&path);
        let validate = ["validate", "--profile", PROFILE, "--bypass-keychain"];
        self.person.done(self.person.run(&validate)).code(0).says(&new.id);

        if let Maker::Rotate = self.maker {
            let published = fs::read_to_string(self.published()).expect("it was published");
            let is_new = !published.is_empty() && published.lines().all(|id| id == new.id);
            assert!(is_new, "published:\n{published}");
        }
    }

    /// No draft, no probe, no torn file, no journal is left. What a publish command was lent, doctor takes away.
    fn assert_only_these(&self, key: &Path) {
        let home = self.person.home.path();
        let mut expected = vec![
            self.person.home.key_file(),
            self.person.home.config_path(),
            self.person.home.path().join(".asc/config.json.lock"),
            self.person.session_file(),
            home.join(".blitz/asc-auth/key.lock"),
            key.to_owned(),
        ];
        expected.sort();
        let left: Vec<PathBuf> = files_below(&home).into_iter().filter(|path| path.is_file()).collect();
        assert_eq!(left, expected);
        self.assert_doctor_finds_what_was_lent();
    }

    /// Doctor removes it, or tells of it where it can't know whose it is, and how it is removed.
    fn assert_doctor_finds_what_was_lent(&self) {
        if files_below(&self.temp()).is_empty() {
            return;
        }
        let run = |arguments: &[&str]| {
            let run = self.person.run(arguments).env("TMPDIR", self.temp());
            self.person.done(run)
        };
        let told = run(&["doctor", "--fix", "--confirm", "--bypass-keychain"]);
        for entry in fs::read_dir(self.temp()).expect("a directory").flatten() {
            let path = entry.path().display().to_string();
            run(&["cleanup", "--dir", &path]).code(0);
            assert!(told.text().contains(&path), "no {path} in:\n{}", told.text());
        }
        let left = files_below(&self.temp());
        assert!(left.is_empty(), "{left:?} after:\n{}", told.text());
    }

    /// The old key is revoked by one who has proven the new one, before and after it was handed on.
    fn assert_the_order(&self) {
        let watch = locked(&self.watch);
        let old = format!("/{KEY_ID}");
        let revoked = watch
            .events
            .iter()
            .position(|event| event.request.web_step == Some(WebStep::Revoke) && event.request.path.ends_with(&old));
        let keys = self.person.apple.team_keys();
        let is_active = keys.iter().any(|key| key.id == KEY_ID && key.active);
        let Some(revoked) = revoked else {
            assert!(
                is_active || matches!(self.maker, Maker::Create),
                "the old key was revoked"
            );
            return;
        };
        let new = self.new_keys();
        let is_proof = |event: &&Event| {
            let token = event.request.token.as_ref().and_then(|token| token.key_id());
            event.request.status == Some(200) && token == new.first().map(|key| key.id.as_str())
        };
        let proofs: Vec<bool> = watch.events[..revoked]
            .iter()
            .filter(is_proof)
            .map(|event| event.was_published)
            .collect();
        assert_eq!(proofs.first(), Some(&false), "it was published before it was proven");
        assert_eq!(proofs.last(), Some(&true), "it was not proven after it was published");
    }

    fn assert_no_secret_was_told(&self) {
        let told: String = self.runs.iter().map(|run| run.text.as_str()).collect();
        self.person.assert_kept(&told);
        for beginning in BEGINNINGS {
            assert!(!told.contains(beginning), "{beginning:?} was told");
        }
        let files = files_below(&self.person.home.path()).into_iter();
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "p8")) {
            let pem = fs::read_to_string(&path).expect("a key file");
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            for piece in body.as_bytes().windows(PIECE) {
                let piece = str::from_utf8(piece).expect("ASCII");
                assert!(!told.contains(piece), "the key in {} was told", path.display());
            }
        }
    }

    /// The active keys of the name.
    fn new_keys(&self) -> Vec<TeamKey> {
        let keys = self.person.apple.team_keys().into_iter();
        keys.filter(|key| key.active && key.nickname == NAME).collect()
    }

    fn journals(&self) -> Vec<PathBuf> {
        let files = files_below(&self.person.home.path().join(".blitz/asc-auth")).into_iter();
        files
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect()
    }

    /// Whether there is a new key and nothing left to be done.
    fn is_finished(&self) -> bool {
        let keys = self.person.apple.team_keys();
        let old_is_active = keys.iter().any(|key| key.id == KEY_ID && key.active);
        !self.new_keys().is_empty() && self.journals().is_empty() && !old_is_active
    }

    fn temp(&self) -> PathBuf {
        self.place.path().join("temp")
    }

    fn published(&self) -> PathBuf {
        self.place.path().join("published")
    }

    /// All that there is to know about it.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for run in &self.runs {
            let last: Vec<&str> = run.calls.lines().rev().take(3).collect();
            let _ = writeln!(
                story,
                "--- ended with {:?}{}\n{}",
                run.code,
                if run.is_killed { ", killed" } else { "" },
                run.text
            );
            last.iter().rev().for_each(|line| story.extend(["call: ", line, "\n"]));
        }
        for path in self.journals() {
            let _ = writeln!(story, "{}: {:?}", path.display(), fs::read_to_string(&path));
        }
        for key in self.person.apple.team_keys() {
            let _ = writeln!(story, "{} {:?} active: {}", key.id, key.nickname, key.active);
        }
        for path in [files_below(&self.person.home.path()), files_below(&self.temp())].concat() {
            let mode = fs::symlink_metadata(&path).map(|metadata| metadata.permissions().mode() & 0o777);
            let _ = writeln!(story, "{:04o} {}", mode.unwrap_or_default(), path.display());
        }
        for event in &locked(&self.watch).events {
            let SeenRequest {
                method, path, status, ..
            } = &event.request;
            let _ = writeln!(story, "{method} {path} {status:?}");
        }
        story
    }
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

/// All that is below a directory, sorted.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

fn locked(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}
