//! Throw-away repositories: one with the checkout's files as they are, committed or not, which is what
//! `actions/checkout` gives a job and what `uses: ./` runs the action from; and others like it.

use std::{error::Error, fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{Outcome, lint::checkout_files, process::output_of};

/// Copies the files of the checkout at `root`, without what git ignores, changes them, and commits them.
pub(crate) fn copy_of(root: &Path, change: impl FnOnce(&Path) -> Outcome) -> Result<TempDir, Box<dyn Error>> {
    let copy = TempDir::with_prefix("asc-auth-e2e-checkout-")?;
    for file in checkout_files(root)? {
        let target = copy.path().join(&file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(root.join(&file), target)?;
    }
    change(copy.path())?;
    // act reads the name of the repository off its origin.
    commit(copy.path(), "https://github.com/org/asc-auth.git")?;
    Ok(copy)
}

/// Makes the folder a repository with this origin, and commits everything in it.
pub(crate) fn commit(folder: &Path, origin: &str) -> Outcome {
    git(folder, &["init", "--quiet", "--initial-branch=main"])?;
    git(folder, &["remote", "add", "origin", origin])?;
    git(folder, &["add", "--all"])?;
    git(folder, &["commit", "--quiet", "--message=The checkout"])?;
    Ok(())
}

/// What git prints in this folder, without the configuration of whoever runs this: it may sign commits, or
/// run hooks.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    output_of(
        Command::new("git")
            .args(["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1"),
    )
}
