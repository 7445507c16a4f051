//! A place in which any command can run: a home directory with a key, a temporary directory, a CI's files, Apple. And what
//! must be true of it whatever befell the command: nothing is lost, nothing is open to others, no secret is where it does
//! not belong, and clean-up leaves nothing.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
};

use simulator::{Simulator, TestKey};
use tempfile::TempDir;

use super::{
    KEY_ID, Run,
    aftermath::files_below,
    calls::{Injected, read_calls, traced},
    commands::Row,
    job::JOB_ID,
    mishaps::{CODES, End, Mishap, Stage},
    profiles, read_entries,
    runner::{assert_no_mask, masks, without_masks},
    secrets::Secrets,
    simulator_with,
    web::write_private,
};

/// How the base64 of a token's header begins.
const TOKEN: &str = "eyJ";

/// The standard library opens a file again, and a directory not: that is told.
const OPEN: &str = "openat";

/// A call that fails so is made again.
const INTERRUPTED: Injected = Injected::Error("EINTR");

/// Where a command runs, and so who cleans up behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A step of a GitHub job; its post step.
    GitHub,
    /// A job of GitLab's; its `after_script`.
    GitLab,
    /// A shell; whoever asks doctor.
    Shell,
}

pub struct Workplace {
    root: TempDir,
    row: &'static Row,
    pub key: TestKey,
    apple: Simulator,
    secrets: Secrets,
    /// The private directory that a `setup` before has made.
    directory: Option<PathBuf>,
    /// The tokens that were in it, and the names of the profiles that were stored.
    tokens: String,
    names: Vec<String>,
    runs: Vec<End>,
    /// What the runs before it told the runner to hide.
    masks: Vec<String>,
}

impl Workplace {
    pub fn new(row: &'static Row) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["home", "work", "temp", "files"] {
            let mut builder = fs::DirBuilder::new();
            builder.mode(0o700).create(root.path().join(name)).expect("a directory");
        }
        let key = TestKey::generate();
        let place = Self {
            apple: simulator_with(&key),
            secrets: Secrets::of_key(&key),
            root,
            row,
            key,
            directory: None,
            tokens: String::new(),
            names: Vec::new(),
            runs: Vec::new(),
            masks: Vec::new(),
        };
        write_private(&place.key_file(), &place.key.pem());
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            write_private(&place.file(name), "");
        }
        place.prepared()
    }

    /// What is there before the command runs.
    fn prepared(mut self) -> Self {
        for arguments in self.row.before {
            let ran = self.command(arguments).run().code(0);
            self.masks.extend(masks(&ran.stdout));
        }
        self.directory = self.private_dirs().pop();
        if let Some(directory) = &self.directory {
            (self.row.spoil)(directory);
            self.tokens = fs::read_to_string(directory.join("tokens.jsonl")).unwrap_or_default();
        }
        self.names = self.names();
        self
    }

    pub fn temp(&self) -> PathBuf {
        self.root.path().join("temp")
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    fn key_file(&self) -> PathBuf {
        self.home().join(format!("AuthKey_{KEY_ID}.p8"))
    }

    /// The file that `GITHUB_<name>` names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.path().join("files").join(name)
    }

    /// The names of the stored profiles, in order.
    pub fn names(&self) -> Vec<String> {
        let config = self.home().join(".asc/config.json");
        if config.exists() {
            profiles::names(&profiles::read(&config))
        } else {
            Vec::new()
        }
    }

    /// Every private directory that is there.
    pub fn private_dirs(&self) -> Vec<PathBuf> {
        let all = files_below(&self.temp()).into_iter();
        all.filter(|path| path.is_dir() && is_private_dir(path)).collect()
    }

    /// What is run with a mishap, in the environment that the row names.
    pub fn command(&self, arguments: &[&str]) -> Run {
        let (key_file, directory) = (self.key_file(), self.directory.clone().unwrap_or_default());
        let words: Vec<&str> = arguments
            .iter()
            .map(|word| match *word {
                "KEY_FILE" => key_file.to_str().expect("UTF-8"),
                "DIRECTORY" => directory.to_str().expect("UTF-8"),
                word => word,
            })
            .collect();
        let mut run = Run::new(&words)
            .env("HOME", self.home())
            .env("TMPDIR", self.temp())
            .env("PATH", std::env::var_os("PATH").expect("a path"))
            .dir(&self.root.path().join("work"))
            .api(&self.apple);
        if let Some(directory) = &self.directory {
            run = run.env("ASC_AUTH_DIR", directory);
        }
        if matches!(words[0], "setup" | "exec") {
            run = run.team_key(&self.key);
        }
        match self.row.way {
            Way::Shell => {}
            Way::GitLab => {
                run = run
                    .env("GITLAB_CI", "true")
                    .env("CI_JOB_ID", JOB_ID)
                    .env("RUNNER_TEMP_PROJECT_DIR", self.temp());
            }
            Way::GitHub => {
                run = run.env("GITHUB_ACTIONS", "true").env("RUNNER_TEMP", self.temp());
                for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
                    run = run.env(&format!("GITHUB_{name}"), self.file(name));
                }
            }
        }
        run
    }

    /// What strace sees of a run that is left alone.
    pub fn trace(&self) -> String {
        let log = self.root.path().join("calls");
        traced(self.command(self.row.arguments), &log, None).run().code(0);
        read_calls(&log)
    }

    /// Runs the row's command in this way, and remembers how it ended.
    pub fn run_as(&mut self, run: impl FnOnce(Run) -> Run) -> &End {
        let log = self.root.path().join("calls");
        let mut command = run(self.command(self.row.arguments)).into_command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = command.output().expect("it starts");
        self.runs.push(End::of(output, read_calls(&log)));
        self.runs.last().expect("it ran")
    }

    /// Judges what a run has left, does what follows such a run, and judges what is there then.
    pub fn assert_recovered(&mut self) {
        self.assert_told(self.runs.last().expect("it ran"));
        self.assert_nothing_is_lost();
        if !self.row.goes_on {
            self.clean_up();
        }
        self.run_as(|run| run);
        let again = self.runs.last().expect("it ran");
        let was_done = self.row.done_before.is_some_and(|said| again.text.contains(said));
        assert!(was_done || again.code == Some(0), "the second run failed");
        (self.row.done)(self, again);
        self.assert_nothing_is_lost();
        self.clean_up();
    }

    /// That a run which came to its end has done what it said, or has said what it could not do.
    fn assert_told(&self, end: &End) {
        let Some(code) = end.code.filter(|_| !end.was_hit_elsewhere()) else {
            return;
        };
        assert!(CODES.contains(&code), "it ended with code {code}");
        if code == 0 {
            (self.row.done)(self, end);
        }
        if code == 30 {
            let root = self.root.path().to_str().expect("UTF-8");
            let all = [
                root,
                "~/.asc/config.json",
                "the log could",
                "the output could",
                "the command",
            ];
            let names_it = all.iter().any(|name| end.text.contains(name));
            assert!(names_it, "it does not say what failed");
        }
    }

    /// What must be true at any moment.
    fn assert_nothing_is_lost(&self) {
        for path in [files_below(&self.home()), files_below(&self.temp())].concat() {
            let mode = fs::symlink_metadata(&path).expect("it is there").mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:04o}", path.display());
        }
        let names = self.names();
        let lost = self.names.iter().find(|name| !names.contains(name));
        assert_eq!(lost, None, "of the profiles {names:?}");
        if let Some(directory) = self.directory.as_ref().filter(|_| self.row.prints_token()) {
            let tokens = fs::read_to_string(directory.join("tokens.jsonl")).unwrap_or_default();
            assert!(tokens.starts_with(&self.tokens), "tokens were lost");
        }
        self.assert_no_secret_was_told();
        for path in files_below(self.root.path()) {
            let is_its_place = path == self.key_file() || path.ancestors().any(is_private_dir);
            if path.is_file() && !is_its_place {
                self.assert_keeps_secrets(&path);
            }
        }
    }

    fn assert_keeps_secrets(&self, path: &Path) {
        let text = String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned();
        assert_eq!(self.secrets.found_in(&text), [""; 0], "in {}", path.display());
        if path != self.file("OUTPUT") {
            assert!(!text.contains(TOKEN), "a token in {}", path.display());
            return;
        }
        // It is the step's own channel; its runner must have been told what to hide.
        let of_runs = self.runs.iter().flat_map(|run| masks(&run.stdout));
        let told: Vec<String> = of_runs.chain(self.masks.clone()).collect();
        for token in text.lines().filter(|line| line.starts_with(TOKEN)) {
            assert!(told.iter().any(|mask| mask == token), "a token was not masked");
        }
    }

    fn assert_no_secret_was_told(&self) {
        for run in &self.runs {
            let told = match self.row.way {
                Way::GitHub => without_masks(&run.text),
                Way::GitLab | Way::Shell => {
                    assert_no_mask(&run.text);
                    run.text.clone()
                }
            };
            assert_eq!(self.secrets.found_in(&told), [""; 0], "in its output");
            let may_tell_it = self.row.prints_token() || !told.contains(TOKEN);
            assert!(may_tell_it, "a token in its output");
        }
    }

    /// As the place's own way of it does. Nothing secret remains but what the user had.
    fn clean_up(&self) {
        match self.row.way {
            Way::GitHub => {
                if let Some(directory) = read_entries(&self.file("STATE")).get("private_dir") {
                    self.command(&["cleanup", "--dir", directory]).run().code(0);
                }
            }
            Way::GitLab => drop(self.command(&["cleanup", "--job"]).run().code(0)),
            Way::Shell => self.ask_doctor(),
        }
        assert_eq!(files_below(&self.temp()), Vec::<PathBuf>::new(), "after clean-up");
        let folder = self.home().join(".asc");
        let known = [
            self.key_file(),
            folder.join("config.json"),
            folder.join("config.json.lock"),
        ];
        for path in files_below(&self.home()).into_iter().filter(|path| path.is_file()) {
            assert!(known.contains(&path), "{} is left", path.display());
        }
    }

    /// Doctor removes what it knows the owners of, and tells of what is in use or may be. What `setup` makes is for whoever
    /// called it, who is alive here. What `exec` makes is for itself, which has ended.
    fn ask_doctor(&self) {
        let told = self
            .command(&["doctor", "--fix", "--confirm", "--bypass-keychain"])
            .run();
        for directory in self.private_dirs() {
            let path = directory.to_str().expect("UTF-8");
            let is_callers = self.row.arguments[0] == "setup";
            assert!(
                is_callers || names_no_owner(&directory),
                "doctor left {path}, whose owner has ended:\n{}",
                told.text()
            );
            let is_in_use = told.stdout.contains(" in use in ") && !told.stdout.contains("none in use");
            assert!(
                told.text().contains(path) || is_callers && is_in_use,
                "no {path} in:\n{}",
                told.text()
            );
            self.command(&["cleanup", "--dir", path]).run().code(0);
        }
    }
}

/// Whether nothing in a private directory tells whose it is, so that nobody can know that they have ended: the record of it
/// was not written yet, or was removed first. A removal takes the files as the file system lists them, so a key may be left
/// without the record.
fn names_no_owner(directory: &Path) -> bool {
    fs::read(directory.join("owners.json")).unwrap_or_default().is_empty()
}

impl Stage for Workplace {
    type Piece = &'static Row;

    /// They wait for strace and for the disk alone.
    const AT_ONCE: usize = 4;

    fn set(row: &'static Row) -> Self {
        Self::new(row)
    }

    fn play(&mut self, mishaps: &[Mishap]) -> bool {
        let log = self.root.path().join("calls");
        for mishap in mishaps {
            self.run_as(|run| match mishap {
                Mishap::Call { name, nth, what } => traced(run, &log, Some((name, *nth, *what))),
                _ => run,
            });
        }
        let end = self.runs.last().expect("it ran");
        let was_hit = end.was_hit();
        if let Some(Mishap::Call {
            what: INTERRUPTED,
            name,
            ..
        }) = mishaps.last()
            && name != OPEN
            && !end.was_hit_elsewhere()
        {
            assert_eq!(end.code, Some(0), "it did not try again");
        }
        self.assert_recovered();
        was_hit
    }

    fn story(&self) -> String {
        let mut story: String = self.runs.iter().map(ToString::to_string).collect();
        for path in files_below(self.root.path()) {
            let mode = fs::symlink_metadata(&path).map(|metadata| metadata.mode() & 0o777);
            let _ = writeln!(story, "{:04o} {}", mode.unwrap_or_default(), path.display());
        }
        story
    }
}

/// Whether this path can be a private directory's, by its name.
fn is_private_dir(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let digits = name.and_then(|name| name.strip_prefix("asc-auth-"));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
