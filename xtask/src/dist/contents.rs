//! What an archive holds beside the binary: what to read, the licences of all that is linked in, completions and
//! manual pages. It is the same for every target.

use std::{collections::BTreeMap, error::Error, fs, path::Path, process::Command};

use tempfile::TempDir;

use super::licences;
use crate::process::output_of;

/// Read from the checkout as they are.
const COPIED: [&str; 4] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Each shell, and where its users look for a file of what name.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "completions/asc-auth.bash"),
    ("zsh", "completions/_asc-auth"),
    ("fish", "completions/asc-auth.fish"),
    ("powershell", "completions/_asc-auth.ps1"),
    ("elvish", "completions/asc-auth.elv"),
];

/// Files by their path within the archive's folder.
#[derive(Debug)]
pub(crate) struct Contents {
    files: BTreeMap<String, Vec<u8>>,
}

impl Contents {
    /// Gathers them from the checkout at `root`, and from a binary of it that runs on this machine.
    pub(crate) fn gather(root: &Path, runnable_binary: &Path) -> Result<Self, Box<dyn Error>> {
        let mut files = BTreeMap::new();
        for name in COPIED {
            let bytes = fs::read(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
            files.insert(name.to_owned(), bytes);
        }
        files.insert("THIRD-PARTY.txt".to_owned(), licences::third_party(root)?.into_bytes());
        for (shell, path) in COMPLETIONS {
            let script = output_of(asc_auth(runnable_binary).args(["completions", shell]))?;
            files.insert(path.to_owned(), script.into_bytes());
        }
        let pages = TempDir::with_prefix("asc-auth-man-")?;
        output_of(asc_auth(runnable_binary).args(["man", "--dir"]).arg(pages.path()))?;
        for page in fs::read_dir(pages.path())? {
            let page = page?;
            let path = format!("man/{}", page.file_name().to_string_lossy());
            files.insert(path, fs::read(page.path())?);
        }
        Ok(Self { files })
    }

    pub(crate) fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    #[cfg(test)]
    pub(super) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        Self {
            files: files.map(|(path, text)| (path.to_owned(), text.into())).into(),
        }
    }
}

/// The binary without this machine's variables: no page of a release may depend on one.
fn asc_auth(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear();
    command
}
