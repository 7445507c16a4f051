//! What a run that makes a key has done so far, so that the same command goes on after any death and makes no second
//! key.
//!
//! It holds no secret: IDs, a name, paths. It is private, replaced as a whole, and on the disk before the next step
//! begins.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::HandoffError;
use crate::{
    private_files::{self, Lock},
    random,
    source::Environment,
    text::io_reason,
};

/// Below the home directory.
const FOLDER: [&str; 2] = [".blitz", "asc-auth"];

/// One run at a time: two could take each other's key for their own.
const LOCK: &str = "key.lock";

/// How long another run may take: a publish command may be slow, and a person is waiting.
const PATIENCE: Duration = Duration::from_secs(20);

/// In bytes.
const LARGEST: u64 = 1024 * 1024;

/// The form of the file.
const VERSION: u32 = 1;

/// What is to be done. A run goes on with another one's only if it wants the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub web_root: String,
    pub name: String,
    /// Apple's names.
    pub roles: Vec<String>,
    /// The key that is to be replaced.
    pub old_key_id: Option<String>,
}

/// What has been done of it, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    version: u32,
    pub plan: Plan,
    /// The team that was asked for a key, if it was told.
    pub team: Option<String>,
    /// Every key that the team had when it was asked for one more.
    pub before: Vec<String>,
    /// Where the private half goes.
    pub output_dir: Option<PathBuf>,
    /// The key that Apple made.
    pub key_id: Option<String>,
    /// Whether it was found by its name, because the answer with its ID was lost.
    #[serde(default)]
    pub is_adopted: bool,
    /// Whether an adopted key's private half was asked for, so that whoever got it is this command.
    #[serde(default)]
    pub is_downloading: bool,
    /// Where its private half is on the disk.
    pub private_key_path: Option<PathBuf>,
    pub issuer_id: Option<String>,
    /// What it was handed on to: a digest of the profile and the publish command.
    pub handed_on: Option<String>,
    /// How often Apple has accepted a token of it: once before it was handed on, and once after that.
    #[serde(default)]
    pub proofs: u8,
}

impl Progress {
    pub fn new(plan: Plan) -> Self {
        Self {
            version: VERSION,
            plan,
            team: None,
            before: Vec::new(),
            output_dir: None,
            key_id: None,
            is_adopted: false,
            is_downloading: false,
            private_key_path: None,
            issuer_id: None,
            handed_on: None,
            proofs: 0,
        }
    }
}

/// The file of one run, which no other run touches meanwhile.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    name: String,
    _lock: Lock,
}

impl Journal {
    /// The journal of whatever makes a key under this plan, and what an unfinished run has written into it.
    pub fn open(plan: &Plan, environment: &Environment) -> Result<(Self, Option<Progress>), HandoffError> {
        let folder = folder(environment).ok_or(HandoffError::NoHome)?;
        let failed = |path: &Path, error: &io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => HandoffError::JournalBusy { path: path.to_owned() },
            _ => HandoffError::Journal {
                path: path.to_owned(),
                reason: io_reason(error),
            },
        };
        private_files::ensure_dir(&folder).map_err(|error| failed(&folder, &error))?;
        private_files::check_dir(&folder).map_err(|unfit| failed(&folder, &io::Error::other(unfit)))?;
        let lock = Lock::acquire(&folder, LOCK, PATIENCE).map_err(|error| failed(&folder.join(LOCK), &error))?;
        let journal = Self {
            name: file_name(plan),
            folder,
            _lock: lock,
        };
        let path = journal.path();
        let text = match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((journal, None)),
            text => text.map_err(|error| failed(&path, &error))?,
        };
        match serde_json::from_slice(&text) {
            Ok(progress @ Progress { version: VERSION, .. }) => Ok((journal, Some(progress))),
            _ => Err(journal.damaged()),
        }
    }

    /// That what stands in it can't be.
    pub fn damaged(&self) -> HandoffError {
        HandoffError::JournalDamaged { path: self.path() }
    }

    /// What an unfinished run under this plan has written down. Nothing is locked or made.
    pub fn peek(plan: &Plan, environment: &Environment) -> Option<Progress> {
        let text = read(&folder(environment)?.join(file_name(plan))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Writes down what is done, all of it or nothing. It is on the disk when this returns.
    pub fn write(&self, progress: &Progress) -> Result<(), HandoffError> {
        let json = serde_json::to_vec(progress).map_err(io::Error::from);
        let written = json.and_then(|json| private_files::replace(&self.folder, &self.name, &json));
        written.map_err(|error| HandoffError::Journal {
            path: self.path(),
            reason: io_reason(&error),
        })
    }

    /// Forgets it: there is nothing to go on with.
    pub fn finish(&self) -> Result<(), HandoffError> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HandoffError::Journal {
                path: self.path(),
                reason: io_reason(&error),
            }),
            _ => Ok(()),
        }
    }

    /// The runs of this user that were not finished: the file of each, and the name of its key.
    pub fn unfinished(environment: &Environment) -> Vec<(PathBuf, Option<Progress>)> {
        let entries = folder(environment).and_then(|folder| fs::read_dir(folder).ok());
        let files = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<_> = files
            .filter(|path| is_journal(path))
            .map(|path| {
                let text = read(&path).unwrap_or_default();
                (path, serde_json::from_slice(&text).ok())
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found
    }
}

fn folder(environment: &Environment) -> Option<PathBuf> {
    Some(FOLDER.iter().fold(environment.home()?, |path, part| path.join(part)))
}

/// One name for all runs of the same command: `create` by the key's name, `rotate` by the old key.
fn file_name(plan: &Plan) -> String {
    let (command, subject) = match &plan.old_key_id {
        None => ("create", &plan.name),
        Some(old) => ("rotate", old),
    };
    let digest = Sha256::digest(format!("{}\n{subject}", plan.web_root));
    format!("{command}-{}.json", random::digits(&digest[..16]))
}

fn is_journal(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.strip_suffix(".json").unwrap_or_default();
    ["create-", "rotate-"]
        .iter()
        .any(|command| stem.strip_prefix(command).is_some_and(random::is_hex))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    private_files::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str, old: Option<&str>) -> Plan {
        Plan {
            web_root: "https://appstoreconnect.apple.com/".to_owned(),
            name: name.to_owned(),
            roles: vec!["DEVELOPER".to_owned()],
            old_key_id: old.map(str::to_owned),
        }
    }

    fn home() -> (tempfile::TempDir, Environment) {
        let home = tempfile::tempdir().expect("a directory");
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let variables = [(name.to_owned(), home.path().display().to_string())];
        (home, Environment::Fixed(variables.into()))
    }

    #[test]
    fn what_was_written_is_found_again_until_it_is_finished() {
        let (_home, environment) = home();
        let plan = plan("CI", None);
        let mut progress = Progress::new(plan.clone());
        {
            let (journal, before) = Journal::open(&plan, &environment).expect("a journal");
            assert_eq!(before, None);
            journal.write(&progress).expect("written");
            progress.key_id = Some("2X9R4QWVK6".to_owned());
            journal.write(&progress).expect("written");
        }
        assert_eq!(Journal::unfinished(&environment).len(), 1);
        let (journal, before) = Journal::open(&plan, &environment).expect("a journal");
        assert_eq!(before, Some(progress));
        assert_eq!(private_files::wide_mode(&journal.path()), None);
        journal.finish().expect("finished");
        journal.finish().expect("finished twice");
        assert!(Journal::unfinished(&environment).is_empty());
    }

    #[test]
    fn each_command_has_a_file_of_its_own() {
        let names = [plan("a", None), plan("b", None), plan("a", Some("2X9R4QWVK6"))].map(|plan| file_name(&plan));
        assert_ne!(names[0], names[1]);
        assert_ne!(names[0], names[2]);
        assert_eq!(names[2], file_name(&plan("b", Some("2X9R4QWVK6"))));
        assert!(names.iter().all(|name| is_journal(Path::new(name))));
        assert!(!is_journal(Path::new("key.lock")) && !is_journal(Path::new("create-x.json")));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_use_is_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let (home, environment) = home();
        let plan = plan("CI", None);
        let folder = folder(&environment).expect("a folder");
        let reason = || match Journal::open(&plan, &environment).map(|_| ()) {
            Err(HandoffError::Journal { path, reason }) if path == folder => reason,
            opened => panic!("{opened:?}"),
        };
        private_files::ensure_dir(&folder).expect("a folder");
        for mode in [0o755, 0o777, 0o710] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("it is ours");
            assert_eq!(reason(), format!("others may use it: its mode is {mode:04o}, not 0700"));
        }
        fs::remove_dir(&folder).expect("nothing was made in it");
        symlink(home.path(), &folder).expect("a link");
        assert_eq!(reason(), "it is a symbolic link");
    }

    #[test]
    fn what_is_no_journal_is_not_passed_over() {
        let (_home, environment) = home();
        let plan = plan("CI", None);
        let path = {
            let (journal, _) = Journal::open(&plan, &environment).expect("a journal");
            journal.path()
        };
        for text in ["", "{}", "{\"version\":2}"] {
            fs::write(&path, text).expect("written");
            let opened = Journal::open(&plan, &environment);
            assert!(matches!(opened, Err(HandoffError::JournalDamaged { .. })), "{text}");
        }
    }
}
