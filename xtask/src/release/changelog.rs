//! The changelog's section of a version: what the release says of itself.

use std::{error::Error, fs, path::Path};

use jiff::civil::Date;

use super::version::Version;

/// The text under the version's heading, in the checkout's `CHANGELOG.md`.
pub(super) fn notes(root: &Path, version: &Version) -> Result<String, Box<dyn Error>> {
    Ok(section(
        &fs::read_to_string(root.join("CHANGELOG.md"))?,
        &version.number(),
    )?)
}

/// The section `## 1.0.0 - 2026-01-31`: dated, because a version that is out is no longer `Unreleased`.
pub(super) fn section(changelog: &str, number: &str) -> Result<String, String> {
    let mut lines = changelog.lines();
    let date = lines
        .find_map(|line| line.strip_prefix("## ")?.strip_prefix(number)?.strip_prefix(" - "))
        .ok_or_else(|| format!("CHANGELOG.md has no section \"## {number} - YYYY-MM-DD\""))?;
    date.parse::<Date>()
        .map_err(|_| format!("CHANGELOG.md dates {number} with {date}, which is no day"))?;
    let text: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let text = text.join("\n").trim().to_owned();
    if text.is_empty() {
        return Err(format!("CHANGELOG.md says nothing of {number}"));
    }
    Ok(text)
}
