//! A throw-away repository with the checkout's files as they are, committed or not: what
//! `actions/checkout` gives a job, and what `uses: ./` runs the action from.

use std::{error::Error, fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{lint::checkout_files, process::output_of};

/// Copies the files of the checkout at `root`, without what git ignores, and commits them.
pub(crate) fn copy_of(root: &Path) -> Result<TempDir, Box<dyn Error>> {
    let copy = TempDir::with_prefix("asc-auth-e2e-checkout-")?;
    for file in checkout_files(root)? {
        let target = copy.path().join(&file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(root.join(&file), target)?;
    }
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        // act reads the name of the repository off its origin.
        &["remote", "add", "origin", "https://github.com/org/asc-auth.git"],
        &["add", "--all"],
        &[
            "-c",
            "user.name=e2e",
            "-c",
            "user.email=e2e@localhost",
            "commit",
            "--quiet",
            "--message=The checkout",
        ],
    ] {
        // Without the configuration of whoever runs this: it may sign commits, or run hooks.
        output_of(
            Command::new("git")
                .args(arguments)
                .current_dir(copy.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1"),
        )?;
    }
    Ok(copy)
}
