//! `SHA256SUMS`, in the form that `sha256sum --check` reads.

use std::{fs, path::Path};

use super::manifest::Release;
use crate::Outcome;

/// Writes the digests of the release's archives beside them.
pub(super) fn write(folder: &Path, release: &Release) -> Outcome {
    let mut lines: Vec<String> = release
        .archives()
        .map(|(name, sha256)| format!("{sha256}  {name}\n"))
        .collect();
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    Ok(fs::write(folder.join("SHA256SUMS"), lines.concat())?)
}
