//! Where config files are, and how they are read and changed: never through a symbolic link, one process at a time,
//! and all of a change or nothing of it.

use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

use super::{Config, ConfigDefect, Profile, StoredIn};
use crate::{
    private_files::{self, Lock},
    source::Environment,
    text::io_reason,
};

/// The variable that names the only config file.
pub const CONFIG_PATH: &str = "ASC_CONFIG_PATH";

const FOLDER: &str = ".asc";
const NAME: &str = "config.json";

/// In bytes: no config file is larger.
const LARGEST: u64 = 1024 * 1024;

/// How long others may take to change it: each of a hundred waits for the ninety-nine before it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a config file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigPlace {
    /// [`CONFIG_PATH`] names it.
    Named,
    /// It lies in the working directory, and may have come with a checked-out repository.
    Local,
    /// It lies in the home directory.
    Home,
}

/// A config file, which may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    pub place: ConfigPlace,
    path: PathBuf,
}

/// Why a config file can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{file} can't be used: {defect}")]
    Defect { file: String, defect: ConfigDefect },
    #[error("{file} can't be read: {reason}")]
    Read { file: String, reason: String },
    #[error("{file} could not be changed: {reason}")]
    Write { file: String, reason: String },
    /// Another process keeps it.
    #[error("{file} could not be changed: another asc-auth is changing it")]
    Busy { file: String },
}

impl ConfigError {
    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Defect { .. } => 10,
            _ => 30,
        }
    }

    /// What to do, in whole sentences.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Defect {
                defect: ConfigDefect::Empty,
                ..
            } => {
                "A program that was interrupted may have left it so. Restore it from a backup, or remove it and store the profiles again."
            }
            Self::Defect { .. } => {
                "Correct it in an editor, or move it away and store the profiles again with asc-auth login."
            }
            Self::Read { .. } => {
                "It must be a regular file that this user may read, and no symbolic link. ASC_CONFIG_PATH names another one."
            }
            Self::Write { .. } => {
                "Nothing was changed. Check its directory, space and permissions; ASC_CONFIG_PATH names another file."
            }
            Self::Busy { .. } => {
                "Nothing was changed. Run this again; if it stays so, a stopped process holds the lock."
            }
        }
    }
}

impl ConfigFile {
    /// The config file in the working directory.
    pub fn local() -> Self {
        Self {
            place: ConfigPlace::Local,
            path: Path::new(FOLDER).join(NAME),
        }
    }

    /// The config file in the home directory, if this environment has one.
    pub fn home(environment: &Environment) -> Option<Self> {
        Some(Self {
            place: ConfigPlace::Home,
            path: environment.home()?.join(FOLDER).join(NAME),
        })
    }

    /// The config file that a variable names instead of the others.
    pub fn named(environment: &Environment) -> Option<Self> {
        Some(Self {
            place: ConfigPlace::Named,
            path: environment.path(CONFIG_PATH)?,
        })
    }

    /// Those that this environment has, the first to be asked first.
    pub fn all(environment: &Environment) -> Vec<Self> {
        if let Some(named) = Self::named(environment) {
            return vec![named];
        }
        let local = Some(Self::local());
        let home = Self::home(environment);
        let is_home = |local: &Self| {
            let folders = (fs::canonicalize("."), home.as_ref().and_then(Self::above));
            matches!(folders, (Ok(here), Some(home)) if here == home && local.place == ConfigPlace::Local)
        };
        let local = local.filter(|local| !is_home(local));
        local.into_iter().chain(home).collect()
    }

    /// The directory that its folder lies in, without links.
    fn above(&self) -> Option<PathBuf> {
        fs::canonicalize(self.path.parent()?.parent()?).ok()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn stored_in(&self) -> StoredIn {
        StoredIn::Config(self.to_string())
    }

    /// What stands in it, or nothing if it does not exist.
    pub fn read(&self) -> Result<Option<Config>, ConfigError> {
        let unreadable = |error: &io::Error| ConfigError::Read {
            file: self.to_string(),
            reason: io_reason(error),
        };
        let text = match self.read_text() {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        Config::parse(&text).map(Some).map_err(|defect| ConfigError::Defect {
            file: self.to_string(),
            defect,
        })
    }

    pub fn profiles(&self) -> Result<Vec<Profile>, ConfigError> {
        let config = self.read()?;
        Ok(config.map_or_else(Vec::new, |config| config.profiles(&self.stored_in())))
    }

    /// Changes what stands in it, while no other process does. If `change` fails, or changes nothing, nothing is
    /// written.
    pub fn change<T, E: From<ConfigError>>(&self, change: impl FnOnce(&mut Config) -> Result<T, E>) -> Result<T, E> {
        let unwritten = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => ConfigError::Busy { file: self.to_string() },
            _ => ConfigError::Write {
                file: self.to_string(),
                reason: io_reason(&error),
            },
        };
        let (folder, name) = self.folder_and_name().map_err(unwritten)?;
        self.ensure_folder(folder).map_err(unwritten)?;
        let _lock = Lock::acquire(folder, &format!("{name}.lock"), PATIENCE).map_err(unwritten)?;
        let mut config = self.read()?.unwrap_or_default();
        let before = config.to_json().map_err(unwritten)?;
        let outcome = change(&mut config)?;
        let after = config.to_json().map_err(unwritten)?;
        if before != after {
            private_files::replace(folder, name, &after).map_err(unwritten)?;
        }
        Ok(outcome)
    }

    fn read_text(&self) -> io::Result<Option<Vec<u8>>> {
        self.refuse_linked_folder()?;
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
            Ok(metadata) if metadata.is_symlink() => return Err(io::Error::other("it is a symbolic link")),
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is no regular file")),
            Ok(_) => {}
        }
        let mut text = Vec::new();
        private_files::open(&self.path)?
            .take(LARGEST + 1)
            .read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(Some(text))
    }

    /// A link in the place of `.asc` would lead the file elsewhere. What [`CONFIG_PATH`] names is the user's own affair.
    fn refuse_linked_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|_| self.place != ConfigPlace::Named);
        match folder.map(fs::symlink_metadata) {
            Some(Ok(metadata)) if metadata.is_symlink() => Err(io::Error::other("its directory is a symbolic link")),
            _ => Ok(()),
        }
    }

    fn ensure_folder(&self, folder: &Path) -> io::Result<()> {
        self.refuse_linked_folder()?;
        match private_files::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created,
        }
    }

    fn folder_and_name(&self) -> io::Result<(&Path, &str)> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = self.path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::other("its path names no file"))?;
        Ok((folder.unwrap_or(Path::new(".")), name))
    }
}

/// As people write it.
impl fmt::Display for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            ConfigPlace::Named => write!(f, "{}", self.path.display()),
            ConfigPlace::Local => write!(f, "./{FOLDER}/{NAME}"),
            ConfigPlace::Home => write!(f, "~/{FOLDER}/{NAME}"),
        }
    }
}
