//! The component as a GitLab project of its own: a tagged bare repository with what is in
//! `gitlab-ci-component/`, made as a release makes it, and git told to find it at gitlab.com.

use std::{error::Error, fs, path::Path, path::PathBuf};

use tempfile::TempDir;

use super::super::{
    checkout::{copy_of, git},
    release::Release,
};

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Component {
    folder: TempDir,
}

impl Component {
    /// The component as it is in the checkout at `root`, with what a release writes into it, tagged as 1.0.0.
    pub(crate) fn released(root: &Path, release: &Release) -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::with_prefix("asc-auth-e2e-component-")?;
        let checkout = copy_of(root, |copy| release.write_into(copy))?;
        let split = split(checkout.path())?;
        git(checkout.path(), &["tag", "1.0.0", split.trim_end()])?;

        let bare = folder.path().join("asc-auth.git");
        let bare_text = bare.to_string_lossy();
        git(folder.path(), &["init", "--quiet", "--bare", &bare_text])?;
        git(
            checkout.path(),
            &["push", "--quiet", &bare_text, "1.0.0", "1.0.0^{commit}:refs/heads/main"],
        )?;
        git(&bare, &["config", "uploadpack.allowAnySHA1InWant", "true"])?;
        git(&bare, &["config", "uploadarchive.allowUnreachable", "true"])?;

        // gitlab-ci-local asks for both, depending on what it wants to know.
        let served = format!("file://{bare_text}");
        let config = [
            "ssh://git@gitlab.com:22/org/asc-auth.git",
            "git@gitlab.com:org/asc-auth",
        ]
        .map(|address| format!("[url \"{served}\"]\n\tinsteadOf = {address}\n"));
        let config = format!("[protocol \"file\"]\n\tallow = always\n{}", config.concat());
        fs::write(folder.path().join("gitconfig"), config)?;
        Ok(Self { folder })
    }

    /// What `GIT_CONFIG_GLOBAL` names.
    pub(crate) fn git_config(&self) -> PathBuf {
        self.folder.path().join("gitconfig")
    }
}

/// The commit of the component alone. Some builds of git come without `subtree`; of a single commit, a
/// commit of the folder's tree is what it would make.
fn split(checkout: &Path) -> Result<String, Box<dyn Error>> {
    const FOLDER: &str = "gitlab-ci-component";
    match git(checkout, &["subtree", "split", "--quiet", "--prefix", FOLDER]) {
        Err(error) if error.to_string().contains("'subtree' is not a git command") => {
            println!("this git has no subtree: the component's commit is made by hand");
            let tree = format!("HEAD:{FOLDER}");
            git(checkout, &["commit-tree", "-m", "The component", &tree])
        }
        outcome => outcome,
    }
}
