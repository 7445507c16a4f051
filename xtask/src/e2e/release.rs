//! A release of the binary that e2e built, packed as a release is, the hosts that have it, and checkouts that name it.

use std::{error::Error, fs, io, path::Path};

use tempfile::TempDir;

use super::release_host::ReleaseHost;
use crate::{
    Outcome,
    dist::{
        archive::{self, Effort},
        contents::Contents,
        manifest::{self, sha256},
        target::Target,
    },
};

/// A version that no checkout has, so that nothing else can be meant.
const VERSION: &str = "7.8.9";

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Release {
    /// As a host has it.
    folder: TempDir,
    /// The archive's.
    name: String,
    digest_of_binary: String,
    manifest: manifest::Release,
}

impl Release {
    /// The release of this binary, for this machine alone.
    pub(crate) fn of(root: &Path, binary: &Path) -> Result<Self, Box<dyn Error>> {
        let target = Target::of_this_machine().ok_or("there is no release for this machine")?;
        let folder = TempDir::with_prefix("asc-auth-e2e-release-")?;
        let archives = folder.path().join(format!("v{VERSION}"));
        let contents = Contents::gather(root, binary)?;
        archive::pack(&archives, target, VERSION, binary, &contents, Effort::Fast)?;
        Ok(Self {
            name: archive::name(target, VERSION),
            digest_of_binary: sha256(&fs::read(binary)?),
            manifest: manifest::Release::of(&archives, VERSION)?,
            folder,
        })
    }

    /// Where a host has the archive.
    pub(crate) fn path(&self) -> String {
        format!("/v{VERSION}/{}", self.name)
    }

    /// The directory of the binary in a runner's tool cache.
    pub(crate) fn place_in_the_cache(&self) -> String {
        format!("asc-auth/{VERSION}/{}", self.digest_of_binary)
    }

    pub(crate) fn host(&self) -> io::Result<ReleaseHost> {
        ReleaseHost::of(self.folder.path())
    }

    /// A host that has it below a path, which begins and ends with a slash.
    pub(crate) fn mirror(&self, root: &str) -> io::Result<ReleaseHost> {
        ReleaseHost::below(root, self.folder.path())
    }

    /// Makes this checkout one that names the release, as the commit that adds a release does.
    pub(crate) fn write_into(&self, checkout: &Path) -> Outcome {
        self.manifest.write_into(checkout)
    }

    /// Makes this checkout one that names no release, as before the first.
    pub(crate) fn none(checkout: &Path) -> Outcome {
        let none = "{ \"version\": null, \"assets\": {} }\n";
        Ok(fs::write(checkout.join("action/release.json"), none)?)
    }
}
