//! A job that runs `asc-auth exec`: a temporary directory in which nothing may be left, another one for what the child
//! writes past the log, and processes that a test talks to while they run.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simulator::TestKey;
use tempfile::TempDir;

use super::Run;

pub const BINARY: &str = env!("CARGO_BIN_EXE_asc-auth");

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `done`, for half a minute at most.
#[track_caller]
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Where a job lives: `TMPDIR`, and a directory whose path the child finds in `OUT`.
pub struct Job {
    root: TempDir,
}

impl Job {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["temp", "out"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        Self { root }
    }

    pub fn temp(&self) -> PathBuf {
        self.root.path().join("temp")
    }

    /// What the child was told to leave outside of the log.
    pub fn out(&self, name: &str) -> PathBuf {
        self.root.path().join("out").join(name)
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.out(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The environment that the child wrote with `env -0 >"$OUT/env"`.
    pub fn environment(&self) -> BTreeMap<String, String> {
        self.read("env")
            .split_terminator('\0')
            .map(|line| line.split_once('=').expect("a variable"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// `asc-auth ARGUMENTS` in this job. `BIN` is the binary, for a child that runs it again.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::new(arguments)
            .env("PATH", env::var_os("PATH").expect("a path"))
            .env("TMPDIR", self.temp())
            .env("OUT", self.root.path().join("out"))
            .env("BIN", BINARY)
    }

    /// `asc-auth exec --no-validate FLAGS -- COMMAND` with a team key.
    pub fn exec(&self, key: &TestKey, flags: &[&str], command: &[&str]) -> Run {
        self.run(&[&["exec", "--no-validate"], flags, &["--"], command].concat())
            .team_key(key)
    }

    /// The same, for a script.
    pub fn sh(&self, key: &TestKey, script: &str) -> Run {
        self.exec(key, &[], &["sh", "-c", script])
    }

    pub fn leftovers(&self) -> Vec<PathBuf> {
        entries(&self.temp())
    }

    #[track_caller]
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new());
    }
}

/// What is in a directory.
pub fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// What comes out of a process, as far as it has come.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    /// Reads to the end in the background.
    pub fn of(mut stream: impl Read + Send + 'static) -> Self {
        let seen = Self::default();
        let all = seen.clone();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut chunk) {
                all.0.lock().expect("no poison").extend_from_slice(&chunk[..length]);
            }
        });
        seen
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no poison")).into_owned()
    }

    /// Waits until this text has come.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_for_times(text, 1);
    }

    #[track_caller]
    pub fn wait_for_times(&self, text: &str, times: usize) {
        let began = Instant::now();
        while self.text().matches(text).count() < times {
            assert!(began.elapsed() < PATIENCE, "no {text:?} in: {:?}", self.text());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A process that a test talks to. It is killed if the test ends before it.
pub struct Running {
    child: Child,
    /// None once it is closed.
    pub stdin: Option<ChildStdin>,
    pub stdout: Seen,
    pub stderr: Seen,
}

impl Running {
    /// Starts it with three pipes.
    pub fn start(run: Run) -> Self {
        let mut command = run.into_command();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self::spawn(&mut command)
    }

    /// Starts it as it is.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(Seen::of).unwrap_or_default();
        let stderr = child.stderr.take().map(Seen::of).unwrap_or_default();
        Self {
            child,
            stdin,
            stdout,
            stderr,
        }
    }

    pub fn type_in(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(text.as_bytes()).expect("it reads");
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process ID"))
    }

    pub fn send(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it is there");
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// Waits for its end and gives its code, or minus the signal that killed it.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        let status = self.status();
        let signal = status.signal().map(|signal| -signal);
        status.code().or(signal).expect("one of them")
    }

    /// Waits for its end.
    #[track_caller]
    pub fn status(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not end; so far:\n{}{}",
                self.stdout.text(),
                self.stderr.text()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
