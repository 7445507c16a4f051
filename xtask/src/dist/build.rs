//! Builds the binary that ships.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use super::target::Target;

/// The stripped release binary.
pub(crate) fn build(root: &Path, target: &Target, target_directory: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let directory = target_directory.to_string_lossy();
    let arguments = ["--release", "--target", target.triple(), "--target-dir", &directory];
    crate::build::asc_auth(root, &arguments)
}
