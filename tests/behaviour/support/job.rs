//! A job of a CI without channels of its own, as a runner would start its steps: a temporary directory and a job's ID.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use simulator::TestKey;
use tempfile::TempDir;

use super::Run;

pub const JOB_ID: &str = "8471123";

/// A job, its temporary directory and its key. Everything is removed when it is dropped.
pub struct Job {
    root: TempDir,
    pub key: TestKey,
}

impl Job {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(root.path().join("temp")).expect("a directory");
        Self {
            root,
            key: TestKey::generate(),
        }
    }

    /// The runner's temporary directory.
    pub fn temp(&self) -> PathBuf {
        self.root.path().join("temp")
    }

    /// A path beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The job's own directory in it.
    pub fn directory(&self) -> PathBuf {
        self.temp().join(format!("asc-auth-job-{JOB_ID}"))
    }

    /// `asc-auth ARGUMENTS` in this job, on GitLab, without a credential.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::new(arguments)
            .env("GITLAB_CI", "true")
            .env("CI_JOB_ID", JOB_ID)
            .env("RUNNER_TEMP_PROJECT_DIR", self.temp())
    }

    /// `asc-auth setup ARGUMENTS` with the job's key and without a request.
    pub fn setup(&self, arguments: &[&str]) -> Run {
        self.run(&[&["setup", "--validate=false"], arguments].concat())
            .team_key(&self.key)
    }

    /// The private directory of a `setup` that went well.
    pub fn auth_dir(&self, arguments: &[&str]) -> PathBuf {
        let ran = self.setup(&[arguments, &["--output", "json"]].concat()).run().code(0);
        ran.json()["key_dir"].as_str().expect("a path").into()
    }

    /// What lies in the temporary directory.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        entries(&self.temp())
    }
}

/// What lies in a directory, sorted.
pub fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    entries
}

/// The whole lines of a private directory's tokens, oldest first.
pub fn kept_tokens(auth_dir: &Path) -> Vec<BTreeMap<String, Value>> {
    fs::read_to_string(auth_dir.join("tokens.jsonl"))
        .expect("UTF-8")
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("a torn line: {error}: {line}")))
        .collect()
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970");
    i64::try_from(since.as_secs()).expect("not that far")
}

#[cfg(unix)]
pub use unix::{is_root, kill, mode, wait_until};

#[cfg(unix)]
mod unix {
    use std::{
        os::unix::{
            fs::{MetadataExt, PermissionsExt},
            process::ExitStatusExt,
        },
        process::{Child, Command},
        thread,
        time::{Duration, Instant},
    };

    use super::{Path, fs};

    /// Waits until `done`, for a minute at most.
    pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends a child that can do nothing about it.
    pub fn kill(child: &mut Child) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -9 {}", child.id())])
            .status()
            .expect("sh starts");
        assert!(sent.success());
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.signal(), Some(9), "{ended}");
    }

    pub fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    /// Whether the tests run as root, who may give files away.
    pub fn is_root() -> bool {
        let file = tempfile::tempfile().expect("a file");
        file.metadata().expect("its owner").uid() == 0
    }
}

/// The env file of a `setup` that went well.
#[track_caller]
pub fn env_file(ran: &super::Ran) -> PathBuf {
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    ran.stdout.strip_suffix('\n').expect("a path and a line end").into()
}
