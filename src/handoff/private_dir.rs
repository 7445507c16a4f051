//! The private directory: a fresh directory of an unguessable name, 0700 from the start, whose files are 0600
//! and exclusively created. Its path is recorded before it exists, so that clean-up finds it after any death.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{HandoffError, random};
use crate::text::io_reason;

const PREFIX: &str = "asc-auth-";

/// A private directory. Dropping it removes it and everything in it, unless it was handed over.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    handed_over: bool,
}

impl PrivateDir {
    /// Creates a directory in `parent`, the directory that `variable` named. `record` gets its path first.
    pub fn create(
        parent: &Path,
        variable: &'static str,
        record: impl FnOnce(&Path) -> Result<(), HandoffError>,
    ) -> Result<Self, HandoffError> {
        // Without the slash at the end behind which a link would be followed.
        let parent: &Path = &parent.components().collect::<PathBuf>();
        let bad = |why: String| HandoffError::BadTemp {
            variable,
            path: parent.to_owned(),
            why,
        };
        if !parent.is_absolute() {
            return Err(bad("it is not an absolute path".to_owned()));
        }
        let metadata = fs::symlink_metadata(parent).map_err(|error| bad(io_reason(&error)))?;
        if metadata.is_symlink() {
            return Err(bad("it is a symbolic link".to_owned()));
        }
        if !metadata.is_dir() {
            return Err(bad("it is not a directory".to_owned()));
        }
        let path = parent.join(format!("{PREFIX}{}", random::hex()?));
        record(&path)?;
        // A name that exists already is an error, never a directory to use.
        private_builder()
            .create(&path)
            .map_err(|error| bad(io_reason(&error)))?;
        let directory = Self {
            path,
            handed_over: false,
        };
        restrict(&directory.path).map_err(|error| bad(io_reason(&error)))?;
        Ok(directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates `name` with `contents`, readable for this user alone.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf, HandoffError> {
        let path = self.path.join(name);
        let written =
            create_private(&path).and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()));
        match written {
            Ok(()) => Ok(path),
            Err(error) => Err(HandoffError::write(name, path, &error)),
        }
    }

    /// Leaves the directory to the steps that follow and to `cleanup`.
    pub fn hand_over(mut self) -> PathBuf {
        self.handed_over = true;
        std::mem::take(&mut self.path)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        if !self.handed_over {
            // It is recorded, so clean-up tries again whatever went wrong here.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// What [`remove`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Removed,
    /// It was removed before, or never came to be.
    NothingThere,
}

/// Removes a private directory. Refuses whatever can't be one: another name, a link, a file.
pub fn remove(path: &Path) -> Result<Removal, HandoffError> {
    let refuse = |why| HandoffError::NotPrivateDir {
        path: path.to_owned(),
        why,
    };
    if !path.is_absolute() {
        return Err(refuse("it is not an absolute path"));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_private_name(name) {
        return Err(refuse("its path does not end in asc-auth- and 32 hexadecimal digits"));
    }
    // Without the `/` or `/.` that may follow the name, and that would make the system follow a link.
    let path = &path.components().collect::<PathBuf>();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Removal::NothingThere),
        Err(error) => return Err(HandoffError::write("the private directory", path, &error)),
        Ok(metadata) if metadata.is_symlink() => return Err(refuse("it is a symbolic link")),
        Ok(metadata) if !metadata.is_dir() => return Err(refuse("it is not a directory")),
        Ok(_) => {}
    }
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(Removal::Removed),
        // Somebody else removed it at the same time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Removal::Removed),
        Err(error) => Err(HandoffError::write("the private directory", path, &error)),
    }
}

fn is_private_name(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == random::DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(unix)]
fn private_builder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The mode was given at creation; a file system without modes ignores it.
#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    match fs::symlink_metadata(path)?.mode() & 0o777 {
        0o700 => Ok(()),
        _ => Err(io::Error::other("its file system keeps no permissions")),
    }
}

#[cfg(windows)]
fn private_builder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(windows)]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Takes away what the empty directory inherited and leaves its owner alone (`S-1-3-4`, OWNER RIGHTS), before
/// anything is written into it. Windows has no mode to give at creation.
#[cfg(windows)]
fn restrict(path: &Path) -> io::Result<()> {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
    let status = std::process::Command::new(Path::new(&root).join("System32").join("icacls.exe"))
        .arg(path)
        .args(["/inheritance:r", "/grant:r", "*S-1-3-4:(OI)(CI)F", "/Q"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("its access list could not be restricted (icacls)"))
    }
}
