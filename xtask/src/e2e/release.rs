//! A release of the binary that e2e built, packed as a release is, and hosts that have it.

use std::{error::Error, fs, io, path::Path, process::Command};

use tempfile::TempDir;

use super::release_host::ReleaseHost;
use crate::{Outcome, process::output_of};

/// A version that no checkout has, so that nothing else can be meant.
const VERSION: &str = "7.8.9";

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Release {
    folder: TempDir,
    name: String,
    digest: String,
    size: u64,
    binary_digest: String,
    binary_size: u64,
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
        let size = fs::metadata(files.join(&name))?.len();
        let bsum = output_of(Command::new("sha256sum").arg(binary))?;
        let binary_size = fs::metadata(binary)?.len();
        Ok(Self {
            folder,
            name,
            digest: sum.split(' ').next().unwrap_or_default().to_owned(),
            size,
            binary_digest: bsum.split(' ').next().unwrap_or_default().to_owned(),
            binary_size,
        })
    }

    /// Makes this checkout one that names no release, as before the first.
    pub(crate) fn none(checkout: &Path) -> Outcome {
        let none = "{ \"version\": null, \"assets\": {} }\n";
        Ok(fs::write(checkout.join("action/release.json"), none)?)
    }

    /// Makes this checkout one that names this release, as the commit that a release adds does.
    pub(crate) fn write_into(&self, checkout: &Path) -> Outcome {
        let text = format!(
            r#"{{"version":"{VERSION}","assets":{{"x86_64-unknown-linux-musl":{{"name":"{}","sha256":"{}","size":{},"binary":{{"sha256":"{}","size":{}}}}}}}}}"#,
            self.name, self.digest, self.size, self.binary_digest, self.binary_size
        );
        Ok(fs::write(checkout.join("action/release.json"), text)?)
    }

    /// The directory of the binary in the tool cache of a runner.
    pub(crate) fn place_in_the_cache(&self) -> String {
        format!("asc-auth/{VERSION}/{}", self.binary_digest)
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
