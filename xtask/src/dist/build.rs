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

/// What builds, by name and version.
pub(crate) fn built_with() -> Result<[(&'static str, String); 3], Box<dyn Error>> {
    let pinned = |tool| {
        let version = crate::tools::pinned(tool).ok_or("the pin of a tool is missing");
        version.map(str::to_owned)
    };
    let rustc = crate::process::output_of(std::process::Command::new("rustc").arg("--version"))?;
    let rustc = rustc.split(' ').nth(1).ok_or("rustc does not say its version")?;
    Ok([
        ("rustc", rustc.to_owned()),
        ("zig", pinned("ziglang")?),
        ("cargo-zigbuild", pinned("cargo-zigbuild")?),
    ])
}
