//! The private directory: a fresh directory of an unguessable name, 0700 from the start, whose files are 0600
//! and exclusively created. Its place is known before it exists, so that clean-up finds it after any death.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    HandoffError,
    owner::{self, For},
    place::{self, Place},
};
use crate::{
    private_files, random,
    source::{PRIVATE_PREFIX, is_private_name},
    text::io_reason,
};

/// How often another process may take the job's directory away in the very moment that it is used.
const TRIES: usize = 8;

/// A private directory. Dropping it removes it and everything in it, unless it was handed over.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    handed_over: Arc<AtomicBool>,
}

impl PrivateDir {
    /// Creates a directory at `place`, and tells in it for whom. `record` gets its path first.
    pub fn create(
        place: &Place,
        made_for: For,
        record: impl FnOnce(&Path) -> Result<(), HandoffError>,
    ) -> Result<Self, HandoffError> {
        place.prepare()?;
        let path = place.directory().join(private_name()?);
        record(&path)?;
        for _ in 0..TRIES {
            place.ensure_job_dir()?;
            // A name that exists already is an error, never a directory to use.
            match private_files::create_dir(&path) {
                Ok(()) => {
                    owner::record(&path, made_for);
                    return Ok(Self {
                        path,
                        handed_over: Arc::default(),
                    });
                }
                // Another process of this job has just removed its own, and the job's directory with it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(place.bad(io_reason(&error))),
            }
        }
        Err(place.bad("it is removed as often as it is made".to_owned()))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates `name` with `contents`, readable for this user alone.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf, HandoffError> {
        let path = self.path.join(name);
        match private_files::create_file(&path).and_then(|mut file| file.write_all(contents)) {
            Ok(()) => Ok(path),
            Err(error) => Err(HandoffError::write(name, path, &error)),
        }
    }

    /// Leaves the directory to the steps that follow and to `cleanup`.
    pub fn hand_over(self) {
        self.handed_over.store(true, Ordering::Release);
    }

    /// Removes the directory unless it was handed over: for whoever ends this process before it comes to that.
    pub fn remover(&self) -> impl Fn() + Send + 'static {
        let (path, handed_over) = (self.path.clone(), Arc::clone(&self.handed_over));
        move || {
            if !handed_over.load(Ordering::Acquire) {
                // Its place is known, so clean-up tries again whatever went wrong here.
                let _ = remove_all(&path);
            }
        }
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        self.remover()();
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
        Err(error) => return Err(HandoffError::remove(path, &error)),
        Ok(metadata) if metadata.is_symlink() => return Err(refuse("it is a symbolic link")),
        Ok(metadata) if !metadata.is_dir() => return Err(refuse("it is not a directory")),
        Ok(_) => {}
    }
    match remove_all(path) {
        Ok(()) => Ok(Removal::Removed),
        // Somebody else removed it at the same time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Removal::Removed),
        Err(error) => Err(HandoffError::remove(path, &error)),
    }
}

/// Removes a private directory, and the job's directory around it if nothing else is in it.
fn remove_all(path: &Path) -> io::Result<()> {
    let removed = private_files::remove_dir(path);
    if let Some(parent) = path.parent().filter(|parent| place::is_job_dir(parent)) {
        let _ = fs::remove_dir(parent);
    }
    removed
}

fn private_name() -> Result<String, HandoffError> {
    let digits = random::hex().map_err(|error| HandoffError::Random(error.to_string()))?;
    Ok(format!("{PRIVATE_PREFIX}{digits}"))
}
