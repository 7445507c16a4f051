//! Where the private half of a new key is kept: a directory that was proven before the key is made, because Apple gives
//! the private half out once.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf, absolute},
};

use zeroize::Zeroizing;

use super::{HandoffError, Place};
use crate::{
    credential::{KeyFileName, KeyId, PrivateKey},
    private_files, random,
    source::Environment,
    text::io_reason,
};

/// As large as any key file, so that there is room for one.
const PROBE: [u8; 4096] = [b'\n'; 4096];

/// How the name of a probe begins; random digits follow.
const PROBE_PREFIX: &str = ".asc-auth-probe-";

/// How the name of the directory begins that takes a key which its own has no room for. No clean-up removes it.
const RESCUE_PREFIX: &str = "asc-auth-key-";

/// A directory for keys. Before a key is made for it, it is [proven](KeyFolder::prove).
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// Whatever is there. Nothing is made. What is written down of a run, and of a profile, is text: so is the path.
    pub fn of(directory: &Path) -> Result<Self, HandoffError> {
        let refuse = |reason: String| HandoffError::KeyFolder {
            path: directory.to_owned(),
            reason,
        };
        let path = absolute(directory).map_err(|error| refuse(io_reason(&error)))?;
        if path.to_str().is_none() {
            return Err(refuse(
                "its path is not Unicode, and could not be written down".to_owned(),
            ));
        }
        Ok(Self(path))
    }

    /// Makes the directory if it is missing, private, and proves that a key can be saved in it.
    pub fn prove(&self) -> Result<(), HandoffError> {
        let directory = &self.0;
        let refuse = |error: io::Error| HandoffError::KeyFolder {
            path: directory.clone(),
            reason: io_reason(&error),
        };
        private_files::ensure_dir(directory).map_err(refuse)?;
        remove_probes(directory).map_err(refuse)?;
        let name = format!("{PROBE_PREFIX}{}", random::hex().map_err(refuse)?);
        let probe = private_files::create_on_disk(directory, &name, &PROBE).map_err(refuse)?;
        let closed = refuse_if_wide(&probe);
        remove_probes(directory).and(closed).map_err(refuse)
    }

    /// Why a key that is saved here may not stay what it is, if that can be seen.
    #[cfg(unix)]
    pub fn doubt(&self) -> Option<String> {
        use std::os::unix::fs::MetadataExt;

        let metadata = fs::metadata(&self.0).ok()?;
        let me = nix::unistd::geteuid().as_raw();
        doubt_of(metadata.uid(), metadata.mode(), me).map(|why| format!("{}: {why}", self.0.display()))
    }

    /// Windows has access lists, which say nothing as simple.
    #[cfg(windows)]
    pub fn doubt(&self) -> Option<String> {
        None
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the key of this ID is saved.
    fn file_of(&self, id: &KeyId) -> PathBuf {
        self.0.join(KeyFileName::of(id, false))
    }

    /// Saves a key, and returns once it is on the disk. A file of its name is never replaced.
    pub fn save(&self, id: &KeyId, key: &PrivateKey) -> io::Result<PathBuf> {
        private_files::create_on_disk(&self.0, &KeyFileName::of(id, false), key.to_pem().as_bytes())
    }

    /// The file of a key that was saved, here or where [`rescue`] puts one, if it is whole. One that is there and can't be
    /// read is an error: it may be the only copy.
    pub fn saved(&self, id: &KeyId, environment: &Environment) -> Result<Option<PathBuf>, HandoffError> {
        let temp = Place::of(environment).temp().to_owned();
        let entries = fs::read_dir(&temp).into_iter().flatten().flatten();
        let rescued = entries
            .map(|entry| entry.path())
            .filter(|path| is_rescue(path) && private_files::check_dir(path).is_ok());
        let files = rescued.map(|directory| directory.join(KeyFileName::of(id, false)));
        for path in [self.file_of(id)].into_iter().chain(files) {
            match read(&path) {
                Ok(bytes) if PrivateKey::decode(&bytes).is_ok() => return Ok(Some(path)),
                Ok(_) => {}
                Err(error) if is_absence(&error) => {}
                Err(error) => return Err(unread(&path, &io_reason(&error))),
            }
        }
        Ok(None)
    }

    /// Removes what a process that was killed has left of a file.
    pub fn remove_torn(&self, id: &KeyId) {
        let path = self.file_of(id);
        if read(&path).is_ok_and(|bytes| PrivateKey::decode(&bytes).is_err()) {
            // Nobody can do anything with it.
            let _ = fs::remove_file(path);
        }
    }
}

/// The key in a file that was saved.
pub fn read_key(path: &Path) -> Result<PrivateKey, HandoffError> {
    let bytes = read(path).map_err(|error| unread(path, &io_reason(&error)))?;
    PrivateKey::decode(&bytes).map_err(|defect| unread(path, &defect.to_string()))
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = private_files::open_regular(path)?;
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PROBE.len() + 64));
    file.take(PROBE.len() as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unread(path: &Path, reason: &str) -> HandoffError {
    HandoffError::SavedKey {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Saves a key in a fresh private directory among the temporary ones, where its own directory failed. It stays there.
pub fn rescue(environment: &Environment, id: &KeyId, key: &PrivateKey) -> Result<PathBuf, HandoffError> {
    let place = Place::of(environment);
    place.prepare()?;
    let digits = random::hex().map_err(|error| HandoffError::Random(error.to_string()))?;
    let directory = place.temp().join(format!("{RESCUE_PREFIX}{digits}"));
    let failed = |error: io::Error| HandoffError::write("the private key", &directory, &error);
    private_files::create_dir_on_disk(&directory).map_err(failed)?;
    let saved = private_files::create_on_disk(&directory, &KeyFileName::of(id, false), key.to_pem().as_bytes());
    saved.map_err(|error| {
        let _ = fs::remove_dir(&directory);
        failed(error)
    })
}

fn is_rescue(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(RESCUE_PREFIX))
        .is_some_and(random::is_hex)
}

/// A file system without permissions takes the mode of a new file, and forgets it.
fn refuse_if_wide(file: &Path) -> io::Result<()> {
    match private_files::wide_mode(file) {
        None => Ok(()),
        Some(mode) => Err(io::Error::other(format!(
            "others could read it: its file system keeps no permissions, and made a private file {mode:04o}"
        ))),
    }
}

/// What is wrong with a directory of this owner and mode for the user `me`. Whoever may write into a directory can remove
/// what is in it, unless it is sticky.
#[cfg(unix)]
fn doubt_of(owner: u32, mode: u32, me: u32) -> Option<&'static str> {
    const WRITABLE_FOR_ALL: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;
    if owner != me && owner != ROOT {
        Some("it belongs to somebody else, who can replace the only copy of the key")
    } else if mode & (WRITABLE_FOR_ALL | STICKY) == WRITABLE_FOR_ALL {
        Some("everybody may write into it, and replace the only copy of the key")
    } else {
        None
    }
}

/// Removes the probe, and any that a process which was killed has left.
fn remove_probes(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix(PROBE_PREFIX));
        if digits.is_some_and(random::is_hex) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[track_caller]
    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    #[test]
    fn a_file_that_did_not_stay_private_is_refused() {
        let folder = tempfile::tempdir().expect("a directory");
        let probe = private_files::create_on_disk(folder.path(), "probe", &PROBE).expect("a file");
        refuse_if_wide(&probe).expect("it is private");
        for mode in [0o644, 0o640, 0o777] {
            set_mode(&probe, mode);
            let reason = refuse_if_wide(&probe).expect_err("others may read it").to_string();
            assert!(reason.ends_with(&format!("made a private file {mode:04o}")), "{reason}");
        }
    }

    #[test]
    fn a_directory_that_everybody_may_write_into_is_doubted() {
        let folder = tempfile::tempdir().expect("a directory");
        for (mode, is_doubted) in [
            (0o700, false),
            (0o775, false),
            (0o1777, false),
            (0o777, true),
            (0o702, true),
        ] {
            set_mode(folder.path(), mode);
            let doubt = KeyFolder::of(folder.path()).expect("a path").doubt();
            assert_eq!(doubt.is_some(), is_doubted, "{mode:o}");
            if let Some(doubt) = doubt {
                let expected = format!("{}: everybody may write into it", folder.path().display());
                assert!(doubt.starts_with(&expected), "{doubt}");
            }
        }
    }

    #[test]
    fn a_directory_of_somebody_else_is_doubted() {
        assert_eq!(doubt_of(1000, 0o700, 1000), None);
        let doubt = doubt_of(1001, 0o1777, 1000).expect("a doubt");
        assert!(doubt.starts_with("it belongs to somebody else"), "{doubt}");
    }
}
