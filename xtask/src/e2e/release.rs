//! A release of the binary that e2e built, packed as a release is, and hosts that have it.

use std::{error::Error, fs, io, path::Path, process::Command};

use tempfile::TempDir;

use super::release_host::ReleaseHost;
use crate::process::output_of;

/// A version that no checkout has, so that nothing else can be meant.
const VERSION: &str = "7.8.9";

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Release {
    folder: TempDir,
    name: String,
    digest: String,
}

impl Release {
    pub(crate) fn of(binary: &Path) -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::with_prefix("asc-auth-e2e-release-")?;
        let packed = TempDir::with_prefix("asc-auth-e2e-packed-")?;
        let inner = format!("asc-auth-{VERSION}-x86_64-unknown-linux-musl");
        let name = format!("{inner}.tar.gz");
        fs::create_dir(packed.path().join(&inner))?;
        fs::copy(binary, packed.path().join(&inner).join("asc-auth"))?;
        let files = folder.path().join(format!("v{VERSION}"));
        fs::create_dir(&files)?;
        output_of(
            Command::new("tar")
                .args(["-I", "gzip -1", "-cf"])
                .arg(files.join(&name))
                .arg(&inner)
                .current_dir(packed.path()),
        )?;
        let sum = output_of(Command::new("sha256sum").arg(files.join(&name)))?;
        Ok(Self {
            folder,
            name,
            digest: sum.split(' ').next().unwrap_or_default().to_owned(),
        })
    }

    pub(crate) fn version(&self) -> &'static str {
        VERSION
    }

    /// The SHA-256 of the archive for this machine.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Where a host has that archive.
    pub(crate) fn path(&self) -> String {
        format!("/v{VERSION}/{}", self.name)
    }

    pub(crate) fn host(&self) -> io::Result<ReleaseHost> {
        ReleaseHost::of(self.folder.path())
    }

    /// A host that has it below a path.
    pub(crate) fn mirror(&self, root: &str) -> io::Result<ReleaseHost> {
        ReleaseHost::below(root, self.folder.path())
    }
}
