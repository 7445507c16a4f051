//! A step of a GitHub job, as the runner would start it, and a plain shell: both with nothing in the environment
//! but what a test puts there.

#[cfg(unix)]
pub mod aftermath;
pub mod auth_dir;
#[cfg(unix)]
pub mod calls;
#[cfg(unix)]
pub mod child;
#[cfg(unix)]
pub mod commands;
pub mod http;
pub mod job;
#[cfg(target_os = "linux")]
pub mod keyring;
#[cfg(unix)]
pub mod killed;
pub mod machine;
#[cfg(target_os = "linux")]
pub mod memory;
#[cfg(unix)]
pub mod mishaps;
#[cfg(unix)]
pub mod new_key;
#[cfg(unix)]
pub mod posix;
#[cfg(unix)]
pub mod profiles;
pub mod reflecting;
pub mod runner;
pub mod secrets;
#[cfg(unix)]
pub mod shell;
#[cfg(target_os = "linux")]
pub mod terminal;
#[cfg(target_os = "linux")]
pub mod user;
#[cfg(unix)]
pub mod web;
#[cfg(unix)]
pub mod workplace;

pub mod proof;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use simulator::{ApiKey, Simulator, TestKey};
use tempfile::TempDir;

pub use simulator::forms;

pub const KEY_ID: &str = "2X9R4QWVK6";
pub const ISSUER_ID: &str = "57246542-96fe-1a63-e053-0824d011072a";

/// The binary under test, with an environment of its own.
pub struct Run {
    command: Command,
    stdin: Option<Vec<u8>>,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// `asc-auth ARGUMENTS` with an empty environment.
    pub fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asc-auth"));
        command.args(arguments).env_clear().stdin(Stdio::null());
        // Windows can't open a socket without it.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        Self { command, stdin: None }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn unset(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// `ASC_KEY_ID`, `ASC_ISSUER_ID` and `ASC_PRIVATE_KEY` of a team key.
    pub fn team_key(self, key: &TestKey) -> Self {
        self.env("ASC_KEY_ID", KEY_ID)
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .env("ASC_PRIVATE_KEY", key.pem())
    }

    pub fn api(self, simulator: &Simulator) -> Self {
        self.env("ASC_API_URL", simulator.url())
    }

    /// The same with a copy of the binary.
    #[cfg(target_os = "linux")]
    pub fn of_copy(mut self, copy: &Path) -> Self {
        let mut command = Command::new(copy);
        command.args(self.command.get_args()).env_clear().stdin(Stdio::null());
        self.command = command;
        self
    }

    /// The same, started by another program: its words come first.
    #[cfg(unix)]
    pub fn through(mut self, words: &[&str]) -> Self {
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .arg(self.command.get_program())
            .args(self.command.get_args());
        let variables = self.command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(variables).stdin(Stdio::null());
        if let Some(directory) = self.command.get_current_dir() {
            command.current_dir(directory);
        }
        self.command = command;
        self
    }

    /// The command itself, for tests that start it in their own way.
    pub fn into_command(self) -> Command {
        self.command
    }

    pub fn run(self) -> Ran {
        Ran::from(self.output())
    }

    /// The same for output that is no text.
    pub fn output(mut self) -> Output {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.stdin.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().expect("the binary starts");
        if let Some(bytes) = self.stdin {
            let mut stdin = child.stdin.take().expect("a pipe");
            match stdin.write_all(&bytes) {
                // What is wrong with its flags, it says without reading.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                written => written.expect("the binary reads its input"),
            }
        }
        child.wait_with_output().expect("the binary ends")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ran {
    /// Everything that was printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{}", self.text());
        self
    }

    #[track_caller]
    pub fn says(self, expected: &str) -> Self {
        assert!(self.text().contains(expected), "no {expected:?} in:\n{}", self.text());
        self
    }

    #[track_caller]
    pub fn does_not_say(self, unwanted: &str) -> Self {
        assert!(!self.text().contains(unwanted), "{unwanted:?} in:\n{}", self.text());
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.text()))
    }
}

/// A step of a GitHub job: its own RUNNER_TEMP and command files, removed when dropped.
pub struct Step {
    root: TempDir,
}

impl Step {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(root.path().join("temp")).expect("a directory");
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            fs::write(root.path().join(name), "").expect("a file");
        }
        Self { root }
    }

    /// The folder that `RUNNER_TEMP` names.
    pub fn temp(&self) -> PathBuf {
        self.root.path().join("temp")
    }

    /// The file that `GITHUB_<name>` names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// `asc-auth ARGUMENTS` in this step.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut run = Run::new(arguments)
            .env("GITHUB_ACTIONS", "true")
            .env("RUNNER_TEMP", self.temp());
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            run = run.env(&format!("GITHUB_{name}"), self.file(name));
        }
        run
    }

    pub fn outputs(&self) -> BTreeMap<String, String> {
        read_entries(&self.file("OUTPUT"))
    }

    pub fn environment(&self) -> BTreeMap<String, String> {
        read_entries(&self.file("ENV"))
    }

    pub fn state(&self) -> BTreeMap<String, String> {
        read_entries(&self.file("STATE"))
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("a file of the step")
    }

    /// What lies in `RUNNER_TEMP`.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        fs::read_dir(self.temp())
            .expect("a directory")
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    /// What the post step would do.
    pub fn cleanup(&self) -> Ran {
        let state = self.state();
        let directory = state.get("private_dir").expect("a recorded directory");
        self.run(&["cleanup", "--dir", directory]).run()
    }
}

/// Reads a command file as the runner does: `name<<DELIMITER`, lines, `DELIMITER`.
pub fn read_entries(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).expect("a command file");
    let mut lines = text.lines();
    let mut entries = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap_or_else(|| panic!("no heredoc: {line}"));
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        entries.insert(name.to_owned(), value.join("\n"));
    }
    entries
}

/// A simulator that knows a team key of the App Manager role.
pub fn simulator_with(key: &TestKey) -> Simulator {
    let simulator = Simulator::start();
    simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, key));
    simulator
}
