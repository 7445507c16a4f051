//! The releases on GitHub, through its own program `gh`, which finds the repository in the checkout and its token in
//! `GH_TOKEN`. Nothing here changes or deletes a release that is published.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use tempfile::NamedTempFile;

use super::version::Version;
use crate::{
    Outcome,
    process::{output_of, run},
};

/// Some ten megabytes, on a slow day.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The repository's releases.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) gh: PathBuf,
    pub(super) folder: PathBuf,
}

/// How far a version's release is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Published,
    /// So many drafts: GitHub tells drafts apart by more than their tag.
    Drafts(usize),
}

impl Host {
    pub(super) fn of(root: &Path) -> Self {
        Self {
            gh: "gh".into(),
            folder: root.to_owned(),
        }
    }

    pub(super) fn state(&self, version: &Version) -> Result<State, Box<dyn Error>> {
        let listed = output_of(&mut self.gh(&["release", "list", "--limit", "1000", "--json", "tagName,isDraft"]))?;
        let listed: Vec<Value> = serde_json::from_str(&listed)?;
        let of_this = |release: &&Value| release["tagName"] == version.tag().as_str();
        let releases: Vec<&Value> = listed.iter().filter(of_this).collect();
        if releases.iter().any(|release| release["isDraft"] != true) {
            return Ok(State::Published);
        }
        Ok(State::Drafts(releases.len()))
    }

    pub(super) fn draft(&self, version: &Version, notes: &str, folder: &Path) -> Outcome {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        files.retain(|path| path.is_file());
        files.sort();
        let text = NamedTempFile::new()?;
        fs::write(&text, notes)?;
        let tag = version.tag();
        run(
            self.gh(&["release", "create", &tag, "--draft", "--title", &version.number()])
                .arg("--notes-file")
                .arg(text.path())
                .args(files),
            LIMIT,
        )
    }

    pub(super) fn delete_draft(&self, version: &Version) -> Outcome {
        run(&mut self.gh(&["release", "delete", &version.tag(), "--yes"]), LIMIT)
    }

    pub(super) fn publish(&self, version: &Version) -> Outcome {
        let tag = version.tag();
        // Without the tag GitHub would make one, at whatever main is then.
        run(
            &mut self.gh(&["release", "edit", &tag, "--verify-tag", "--draft=false", "--latest"]),
            LIMIT,
        )
    }

    /// Whether GitHub has locked the tag and the files.
    pub(super) fn is_immutable(&self, version: &Version) -> Result<bool, Box<dyn Error>> {
        let path = format!("repos/{{owner}}/{{repo}}/releases/tags/{}", version.tag());
        let release: Value = serde_json::from_str(&output_of(&mut self.gh(&["api", &path]))?)?;
        Ok(release["immutable"] == true)
    }

    fn gh(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.gh);
        command.args(arguments).current_dir(&self.folder);
        command
    }
}
