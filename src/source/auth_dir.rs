//! The private directory that a `setup` made, as a source: `ASC_AUTH_DIR`.
//!
//! Beside the key file it holds a record of whose key it is, for how long its tokens are, and how wrong the clock was.
//! A directory that others could have changed is refused.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    SourceError, fields,
    judge::Judge,
    parts::said_individual,
    places::{Origin, Sources},
};
use crate::{
    clock::Clock,
    credential::{IssuerId, KeyId, KeyKind, PrivateKey},
    private_files, random,
    text::io_reason,
};

/// The variable that names the directory.
pub const AUTH_DIR: &str = "ASC_AUTH_DIR";

/// How every private directory's name begins; 32 hexadecimal digits follow.
pub const PRIVATE_PREFIX: &str = "asc-auth-";

/// The record's name in the directory.
pub const RECORD: &str = "credential.json";

/// Whether a directory of this name can be a private directory.
pub fn is_private_name(name: &str) -> bool {
    name.strip_prefix(PRIVATE_PREFIX).is_some_and(random::is_hex)
}

/// What a `setup` found out and was asked for. Nothing in it is secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    pub key_id: String,
    /// None for an individual key.
    pub issuer_id: Option<String>,
    /// The name of the key file beside the record.
    pub key_file: String,
    pub in_house: bool,
    /// Seconds.
    pub lifetime: u64,
    /// One a line.
    pub scopes: String,
    /// Seconds to add to this machine's clock.
    pub clock_correction: i64,
}

/// A private directory that was found fit, and what its record says.
#[derive(Debug)]
pub struct AuthDir {
    path: PathBuf,
    pub key_id: KeyId,
    pub kind: KeyKind,
    /// Whether its tokens are for the Enterprise Program.
    pub in_house: bool,
    /// Of its tokens, in seconds.
    pub lifetime: u64,
    /// Of its tokens, one a line.
    pub scopes: String,
    /// The clock that `setup` found right.
    pub clock: Clock,
    /// What strict-auth would have refused, in one sentence each.
    pub warnings: Vec<String>,
    /// The key file's bytes.
    key: Zeroizing<Vec<u8>>,
}

impl AuthDir {
    /// The directory that the environment names, if this command reads one and nothing else was asked for: a flag
    /// or a profile names a credential itself. What else is in the environment must not contradict it.
    pub fn named(sources: &Sources<'_>) -> Result<Option<Self>, SourceError> {
        let asks_for_another = || sources.gives_a_flag(&fields::CREDENTIAL) || sources.text(&fields::PROFILE).is_some();
        let Some(path) = sources.auth_dir().filter(|_| !asks_for_another()) else {
            return Ok(None);
        };
        // What can't be read is refused, whoever would have read it.
        sources.boolean(&fields::BYPASS_KEYCHAIN)?;
        said_individual(sources)?;
        let mut directory = Self::open(&path)?;
        let mut judge = Judge::appoint(sources)?;
        let origin = Origin::Variable(AUTH_DIR);
        for (field, value) in [
            (&fields::KEY_ID, Some(directory.key_id.as_str())),
            (&fields::ISSUER_ID, directory.kind.issuer_id().map(IssuerId::as_str)),
            (&fields::KEY_TYPE, Some(directory.kind.name())),
        ] {
            if let Some(value) = value {
                judge.agrees_with(&origin, value, sources, field)?;
            }
        }
        directory.warnings = judge.warnings;
        Ok(Some(directory))
    }

    fn open(path: &Path) -> Result<Self, SourceError> {
        // Without the `/` or `/.` behind which a link would be followed.
        let path = &path.components().collect::<PathBuf>();
        let refuse = |why: String| SourceError::AuthDir {
            path: is_private_path(path).then(|| path.to_owned()),
            why,
        };
        if !is_private_path(path) {
            return Err(refuse("no setup made a directory of this name".to_owned()));
        }
        private_files::check_dir(path).map_err(|unfit| refuse(unfit.to_string()))?;
        let read = |what: &str, name: &str| {
            let bytes = fs::read(path.join(name)).map_err(|error| refuse(format!("{what}: {}", io_reason(&error))))?;
            Ok::<_, SourceError>(Zeroizing::new(bytes))
        };
        let damaged = || refuse(format!("{RECORD} can't be read"));
        let record: Record = serde_json::from_slice(&read(RECORD, RECORD)?).map_err(|_| damaged())?;
        // A name, and no way out of the directory.
        if Path::new(&record.key_file)
            .file_name()
            .is_none_or(|name| name != record.key_file.as_str())
        {
            return Err(damaged());
        }
        // What stands there for a name may be anything, and is not told.
        let key = read("its key file", &record.key_file)?;
        Self::of(path, record, key).ok_or_else(damaged)
    }

    fn of(path: &Path, record: Record, key: Zeroizing<Vec<u8>>) -> Option<Self> {
        let kind = match &record.issuer_id {
            Some(issuer) => KeyKind::Team(IssuerId::parse(issuer).ok()?),
            None => KeyKind::Individual,
        };
        Some(Self {
            path: path.to_owned(),
            key_id: KeyId::parse(&record.key_id).ok()?,
            kind,
            in_house: record.in_house,
            lifetime: record.lifetime,
            scopes: record.scopes,
            clock: Clock::with_correction(record.clock_correction)?,
            warnings: Vec::new(),
            key,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its record says something that no `setup` writes.
    pub fn damaged(&self) -> SourceError {
        SourceError::AuthDir {
            path: Some(self.path.clone()),
            why: format!("{RECORD} can't be read"),
        }
    }

    /// The bytes of the key file, which tell this key from every other.
    pub fn key_bytes(&self) -> &[u8] {
        &self.key
    }

    pub fn private_key(&self) -> Result<PrivateKey, SourceError> {
        PrivateKey::decode(&self.key).map_err(|defect| SourceError::AuthDir {
            path: Some(self.path.clone()),
            why: format!("its key file can't be used: {defect}"),
        })
    }
}

/// The directory that `ASC_AUTH_DIR` names, if tokens can be told to whoever watches it.
pub fn fit_directory(path: Option<PathBuf>) -> Option<PathBuf> {
    let path: PathBuf = path.filter(|path| is_private_path(path))?.components().collect();
    private_files::check_dir(&path).ok().map(|()| path)
}

fn is_private_path(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    path.is_absolute() && name.is_some_and(is_private_name)
}
