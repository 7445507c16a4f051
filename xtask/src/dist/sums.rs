//! `SHA256SUMS`, in the form that `sha256sum --check` reads.

use std::{fs, path::Path};

use super::{
    manifest::{Release, sha256},
    sbom,
};
use crate::Outcome;

/// Writes the digests of the release's archives and of its SBOM beside them.
pub(super) fn write(folder: &Path, release: &Release) -> Outcome {
    let sbom = sbom::name(release.version());
    let digest = sha256(&fs::read(folder.join(&sbom))?);
    let mut files: Vec<(&str, &str)> = release.archives().collect();
    files.push((&sbom, &digest));
    files.sort_unstable();
    let lines = files.iter().map(|(name, sha256)| format!("{sha256}  {name}\n"));
    Ok(fs::write(folder.join("SHA256SUMS"), lines.collect::<String>())?)
}
