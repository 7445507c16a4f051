//! Builds asc-auth with cargo, and says where cargo put it.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::process::{cargo, output_of};

/// `cargo build --package asc-auth` with these arguments. cargo shows its progress on stderr.
pub(crate) fn asc_auth(root: &Path, arguments: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let messages = output_of(
        cargo()
            .args(["build", "--locked", "--package", "asc-auth"])
            .args(arguments)
            .arg("--message-format=json-render-diagnostics")
            .current_dir(root)
            .stderr(Stdio::inherit()),
    )?;
    for message in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(message)?;
        if let (Some("asc-auth"), Some(executable)) =
            (message["target"]["name"].as_str(), message["executable"].as_str())
        {
            return Ok(executable.into());
        }
    }
    Err("cargo built no asc-auth".into())
}

/// Where cargo builds this workspace.
pub(crate) fn target_directory(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let metadata = output_of(
        cargo()
            .args(["metadata", "--locked", "--no-deps", "--format-version=1"])
            .current_dir(root),
    )?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let directory = metadata["target_directory"].as_str();
    Ok(directory.ok_or("cargo metadata names no target directory")?.into())
}
