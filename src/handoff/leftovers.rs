//! Private directories that lie where this user's are made, whoever made them.
//!
//! Only what is this user's own and closed to everybody else is looked at, and nothing is ever removed while one of its
//! owners may be alive.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{HandoffError, Owners, Place, Removal, owner, place, private_dir};
use crate::{
    private_files,
    source::{Environment, is_private_name},
};

/// A private directory that was found.
#[derive(Clone, Debug)]
pub struct Leftover {
    pub path: PathBuf,
    pub owners: Owners,
}

/// Every private directory in `temporary` directories and in the directories of jobs there, in the order of their
/// paths.
pub fn leftovers(temporary: &[PathBuf]) -> Vec<Leftover> {
    let mut found = BTreeSet::new();
    for directory in temporary {
        for path in closed_dirs(directory) {
            if place::is_job_dir(&path) {
                found.extend(closed_dirs(&path).filter(|path| is_private(path)));
            } else if is_private(&path) {
                found.insert(path);
            }
        }
    }
    let told = found.into_iter().map(|path| Leftover {
        owners: owner::of(&path),
        path,
    });
    told.collect()
}

/// Removes a directory that a dead process left. Who has told of an owner by now, or is not closed any more, stays:
/// then nothing is removed, and `None` is the answer.
pub fn remove_leftover(path: &Path) -> Result<Option<Removal>, HandoffError> {
    if private_files::check_dir(path).is_err() || owner::of(path) != Owners::Gone {
        return Ok(None);
    }
    private_dir::remove(path).map(Some)
}

/// The directories in `directory` that are this user's alone.
fn closed_dirs(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| is_ours_by_name(path) && private_files::check_dir(path).is_ok())
}

fn is_ours_by_name(path: &Path) -> bool {
    place::is_job_dir(path) || is_private(path)
}

fn is_private(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(is_private_name)
}

impl Place {
    /// The temporary directories in which this environment, and one without a CI, make their private directories.
    pub fn temporary(environment: &Environment) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = Vec::new();
        for place in [Self::of(environment), Self::outside_of_ci(environment)] {
            let directory = place.temp().canonicalize().unwrap_or_else(|_| place.temp().to_owned());
            if !all.contains(&directory) {
                all.push(directory);
            }
        }
        all
    }
}
