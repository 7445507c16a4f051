//! What a git repository gives away, or soon would: key files and config files that it tracks or does not ignore. Looked
//! at first, because a key that was committed can't be taken back.

use std::path::Path;

use super::{
    Patient,
    files::key_files,
    finding::{Check, Finding},
    stock::Stock,
};
use crate::{
    explanation::Explanation,
    git,
    source::profiles::{ConfigFile, ConfigPlace},
};

pub(super) fn check(patient: &Patient<'_>, stock: &Stock) -> Check {
    let mut check = Check::new("git");
    for file in key_files(patient, stock) {
        check.found(key_file(&file.path, &file.origin));
    }
    for file in stock.profiles.files().iter().filter(|file| file.path().exists()) {
        check.found(config_file(file));
    }
    if check.findings.is_empty() {
        check.line("would commit no key file and no ./.asc/config.json");
    }
    check
}

fn key_file(path: &Path, origin: &str) -> Option<Finding> {
    let told = |title: &str| {
        Explanation::new(format!("{title} {}", path.display())).fact("file", format!("a private key, from {origin}"))
    };
    if git::is_tracked(path) == Some(true) {
        let explanation = told("git tracks the private key").advice(
            "Whoever gets the repository gets the key, and the history keeps it when the file is gone. Revoke it under \
             Users and Access → Integrations, make a new one, and keep that out of the repository. Then take the file out \
             with git rm --cached.",
        );
        return Some(Finding::problem("key_file_tracked", explanation));
    }
    let explanation = told("git does not ignore the private key")
        .advice("The next git add -A commits it. Move it out of the repository, or add *.p8 to .gitignore.");
    (git::is_ignored(path) == Some(false)).then(|| Finding::advice("key_file_unignored", explanation))
}

fn config_file(file: &ConfigFile) -> Option<Finding> {
    if git::is_tracked(file.path()) == Some(true) {
        let explanation = Explanation::new(format!("git tracks {file}")).advice(
            "Whoever gets the repository gets key IDs, the issuer ID and paths with it, and who changes it there changes \
             which key is used here. Take it out with git rm --cached, and add .asc/ to .gitignore.",
        );
        return Some(Finding::problem("config_tracked", explanation));
    }
    // Other files are where their user put them.
    if file.place != ConfigPlace::Local || git::is_ignored(file.path()) != Some(false) {
        return None;
    }
    let explanation = Explanation::new(format!("git does not ignore {file}"))
        .advice("The next git add -A commits key IDs, the issuer ID and paths. Add the line .asc/ to .gitignore.");
    Some(Finding::advice("config_unignored", explanation))
}
