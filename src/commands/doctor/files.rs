//! The files that credentials lie in: config files, and the key files that profiles and the environment name. What is in
//! them is judged where profiles are; here it is who else can read or change them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Patient,
    finding::{Check, Finding, Severity, count},
    repair::{Closed, Repair},
    stock::Stock,
};
use crate::{
    credential::tidy,
    explanation::Explanation,
    git, private_files,
    source::{
        Environment, SourceError, fields, holds_key,
        profiles::{ConfigFile, ConfigPlace, Item, Outcome, Profile, told_name},
    },
};

const CONFIG_ADVICE: &str =
    "It names your keys, and who can change it decides which of them is used. Close it to others.";

const KEY_ADVICE: &str = "Close it to others. Who could read a private key may have copied it: if others use this machine, \
                          make a new key and revoke this one.";

const SESSION_ADVICE: &str = "Who can read it can make and revoke keys in your name. Close it to others, and sign in anew if others use this machine.";

/// The config files of this environment.
pub(super) fn check_configs(stock: &Stock, environment: &Environment) -> Check {
    let mut check = Check::new("config_files");
    for file in stock.profiles.files() {
        check_config(&mut check, file, stock);
    }
    if ConfigFile::named(environment).is_none() && ConfigFile::home(environment).is_none() {
        check.line("~/.asc/config.json: not looked for, because the environment names no home directory");
    }
    check
}

fn check_config(check: &mut Check, file: &ConfigFile, stock: &Stock) {
    let (findings, path) = (check.findings.len(), file.path());
    let read = file.read();
    let is_unusable = read.is_err();
    match read {
        Ok(None) => {
            check.line(format!("{file}: there is none"));
            return;
        }
        Ok(Some(config)) => {
            let stored_in = file.stored_in();
            check.found(config.legacy(&stored_in).map(|legacy| legacy_credential(file, &legacy)));
            // What is in a repository is not this user's alone to move, and git can't always tell.
            let is_movable = file.place != ConfigPlace::Local && git::is_tracked(path) != Some(true);
            for (profile, resolved) in stock.readable().filter(|_| is_movable) {
                if profile.stored_in == stored_in && resolved.is_ok() {
                    check.found(outside_keychain(file, profile, stock));
                }
            }
        }
        Err(error) => check.found(Finding::problem("config_unusable", SourceError::from(error).explain())),
    }
    check.found(open_to_others(
        "config_mode",
        Closed::ConfigFile,
        path,
        &file.to_string(),
    ));
    // A folder that a variable names holds other things as well, and is the user's own affair.
    if let Some(folder) = path.parent().filter(|_| file.place != ConfigPlace::Named) {
        let told = format!("the folder of {file}");
        check.found(open_to_others("config_folder_mode", Closed::Folder, folder, &told));
    }
    let state = match check.findings.len() - findings {
        _ if is_unusable => "can't be used",
        0 => "in order",
        _ => "read, and told below",
    };
    check.line(format!("{file}: {state}"));
}

fn legacy_credential(file: &ConfigFile, legacy: &Profile) -> Finding {
    let explanation = Explanation::new(format!("{file} has a credential in its old place, beside keys"))
        .fact("profile", told_name(&legacy.name))
        .advice("It works. In keys it has a name of its own, and more profiles can be stored beside it.");
    Finding::advice("legacy_credential", explanation).with(Repair::AdoptLegacy { file: file.clone() })
}

/// A key file of its own can be read by every program of this user; the keychain keeps the key itself.
fn outside_keychain(file: &ConfigFile, profile: &Profile, stock: &Stock) -> Option<Finding> {
    let is_elsewhere = |other: &&Item| {
        let is_copy =
            matches!(&other.read, Ok(other) if !other.private_key_pem.is_empty() && other.agrees_with(profile));
        other.name == profile.name && !is_copy
    };
    // Another one of this name could be chosen in its place from then on.
    let is_alone = stock.inventory.items.iter().filter(is_elsewhere).count() == 1;
    if !matches!(stock.keychain(), Outcome::Holds(_)) || !is_alone {
        return None;
    }
    let explanation = Explanation::new(format!("the key of profile {} lies outside of the keychain", told_name(&profile.name)))
        .fact("stored in", file.to_string())
        .advice("It works. The keychain keeps the key itself, locked while you are away; a key file is read by every program of yours.");
    let repair = Repair::IntoKeychain {
        file: file.clone(),
        name: profile.name.clone(),
    };
    Some(Finding::advice("key_outside_keychain", explanation).with(repair))
}

/// A key file, and who names it.
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    pub(super) origin: String,
    /// How bad it is that others can read it.
    severity: Severity,
}

/// The key files that are named, each once.
pub(super) fn key_files(patient: &Patient<'_>, stock: &Stock) -> Vec<KeyFile> {
    let mut named: BTreeMap<PathBuf, (Severity, String)> = BTreeMap::new();
    if let Some((origin, path)) = patient.sources.text(&fields::KEY_PATH) {
        // A CI may have made it, and nobody else may be on its machine.
        named.insert(path.into(), (Severity::Advice, origin.to_string()));
    }
    for (profile, _) in stock
        .readable()
        .filter(|(profile, _)| profile.private_key_pem.is_empty())
    {
        let (path, origin) = (
            PathBuf::from(tidy(&profile.private_key_path)),
            format!("profile {} ({})", told_name(&profile.name), profile.stored_in),
        );
        if private_files::is_regular(&path) {
            named.insert(path, (Severity::Problem, origin));
        }
    }
    let files = named.into_iter().filter(|(path, _)| is_key_file(path));
    files
        .map(|(path, (severity, origin))| KeyFile { path, origin, severity })
        .collect()
}

/// Who else can read the key files.
pub(super) fn check_keys(patient: &Patient<'_>, stock: &Stock) -> Check {
    let mut check = Check::new("key_files");
    let mut in_order = 0;
    for file in key_files(patient, stock) {
        match key_file(&file) {
            Some(finding) => check.found(finding),
            None => in_order += 1,
        }
    }
    check.line(match in_order {
        0 => "none to look at".to_owned(),
        number => format!("{} of this user alone", count(number, "file", "files")),
    });
    check
}

/// Whatever else a config file names, which may have come with a checked-out repository, is left alone, and what is wrong
/// with it the resolver tells.
fn is_key_file(path: &Path) -> bool {
    private_files::open_regular(path).is_ok_and(|mut file| holds_key(&mut file))
}

fn key_file(file: &KeyFile) -> Option<Finding> {
    let KeyFile { path, origin, severity } = file;
    let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    if is_link {
        let explanation = Explanation::new("a key file is reached through a symbolic link")
            .fact("file", format!("{}, from {origin}", path.display()))
            .advice("Who changes the link changes which key is used, and nothing is repaired behind one. Name the file itself.");
        return Some(Finding::advice("key_file_link", explanation));
    }
    let mut finding = open_to_others("key_file_mode", Closed::KeyFile, path, &path.display().to_string())?;
    finding.severity = *severity;
    finding.explanation = finding.explanation.fact("named by", origin.as_str());
    Some(finding)
}

pub(super) fn open_to_others(id: &'static str, what: Closed, path: &Path, told: &str) -> Option<Finding> {
    let mode = private_files::wide_mode(path)?;
    let advice = match what {
        Closed::KeyFile => KEY_ADVICE,
        Closed::ConfigFile | Closed::Folder => CONFIG_ADVICE,
        Closed::SessionFile => SESSION_ADVICE,
    };
    let explanation = Explanation::new(format!("others can get at {told}"))
        .fact("mode", format!("{mode:04o}, not {}", what.mode()))
        .advice(advice);
    let repair = Repair::Close {
        path: path.to_owned(),
        told: told.to_owned(),
        what,
    };
    Some(Finding::problem(id, explanation).with(repair))
}
