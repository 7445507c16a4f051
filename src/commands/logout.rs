//! `asc-auth logout`: remove profiles.

use std::{collections::BTreeSet, path::Path};

use serde::Serialize;

use super::{options, validate::line};
use crate::{
    cli::LogoutArgs,
    error::Error,
    private_files,
    report::Console,
    source::{
        Environment, Origin, SourceError,
        profiles::{Entry, Leaving, Profile, Profiles, Stock, told_name},
    },
    terminal,
    text::{defuse, has_short_parts},
};

#[derive(Serialize)]
struct LoggedOut<'a> {
    removed: Vec<Removed>,
    /// Config files that named one of them as the default, and name none any more.
    no_default_in: Vec<String>,
    /// The profile that is used from now on where none is named.
    default: Option<String>,
    /// Key files that are still there.
    key_files: Vec<&'a str>,
    /// Why there is no keychain to remove anything from.
    no_keychain: Option<String>,
}

#[derive(Serialize)]
struct Removed {
    name: String,
    /// `keychain`, or a config file.
    stored_in: String,
}

/// Removes one profile from every place, or every profile if that was confirmed.
pub(super) fn run(args: &LogoutArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let profiles = options::profiles(&args.settings(), environment)?;
    let name = match (&args.name, args.all) {
        (Some(name), false) => Some(options::profile_name(name)?),
        (None, true) => None,
        _ => return Err(unclear()),
    };
    let within = if args.local {
        &profiles.local_alone().ok_or_else(options::no_local_file)?
    } else {
        &profiles
    };
    let leaving = name.as_ref().map_or(Leaving::All, |name| Leaving::Named(name.as_str()));
    let stock = within.stock(leaving);
    if let Some(name) = name.as_ref().filter(|_| stock.is_empty()) {
        return Err(within.no_such(Origin::Flag("--name"), name.as_str()).into());
    }
    if !args.confirm && name.is_none() && !stock.is_empty() && !is_confirmed(&stock)? {
        return tell(&Stock::default(), &profiles, console);
    }
    let gone = within.remove(leaving);
    if gone.failures.is_empty() {
        return tell(&gone, &profiles, console);
    }
    Err(SourceError::NotRemoved {
        gone: gone.items.iter().map(told).collect(),
        why: gone.failures,
    }
    .into())
}

fn unclear() -> Error {
    Error::Usage {
        what: "which profile is to be removed was not said".to_owned(),
        advice: "Name it, as in asc-auth logout --name MyApp, or give --all.".to_owned(),
    }
}

/// Shows what goes, and asks. Nobody there is no yes.
fn is_confirmed(stock: &Stock) -> Result<bool, Error> {
    if !terminal::is_attended() {
        return Err(Error::Usage {
            what: "logout --all removes every profile, and nobody is there to say yes".to_owned(),
            advice: "Nothing was removed. Give --confirm as well if that is meant.".to_owned(),
        });
    }
    let lines: Vec<String> = stock
        .items
        .iter()
        .map(|item| format!("  {}\n", defuse(&told(item))))
        .collect();
    let question = format!("Stored profiles:\n{}Remove all of them?", lines.concat());
    Ok(terminal::confirms(&question)?)
}

fn tell(gone: &Stock, profiles: &Profiles, console: Console) -> Result<(), Error> {
    let default = profiles.default();
    let key_files = key_files(gone);
    let left = listed(profiles);
    if console.is_json() {
        let removed = gone.items.iter().map(|item| Removed {
            name: told_name(&item.name),
            stored_in: item.stored_in.to_string(),
        });
        return console.json(&LoggedOut {
            removed: removed.collect(),
            no_default_in: gone.defaults.iter().map(ToString::to_string).collect(),
            default: default
                .as_ref()
                .ok()
                .and_then(|found| Some(told_name(&found.as_ref()?.profile.name))),
            key_files,
            no_keychain: gone.no_keychain.as_ref().map(ToString::to_string),
        });
    }
    let mut lines: Vec<String> = gone.items.iter().map(|item| line("removed", &told(item))).collect();
    lines.extend(
        gone.defaults
            .iter()
            .map(|file| line("removed", &format!("default_key_name in {file}"))),
    );
    lines.extend(key_files.iter().map(|file| line("kept", &kept(file, &left))));
    lines.extend(
        gone.no_keychain
            .iter()
            .map(|error| line("keychain", &error.to_string())),
    );
    lines.push(line(
        "default",
        &match default {
            Ok(Some(found)) => format!("{}, in {}", told_name(&found.profile.name), found.profile.stored_in),
            Ok(None) => "none: no profile is stored".to_owned(),
            Err(error) => format!("none: {error}"),
        },
    ));
    let names: BTreeSet<&str> = gone.items.iter().map(|item| item.name.as_str()).collect();
    let headline = match names.len() {
        0 => "no profile was removed".to_owned(),
        1 => "removed one profile".to_owned(),
        number => format!("removed {number} profiles"),
    };
    console.report(&format!("App Store Connect: {headline}"), &lines);
    Ok(())
}

/// A key file that another profile needs must not look like one that is left over.
fn kept(file: &str, left: &[Profile]) -> String {
    match left.iter().find(|profile| profile.private_key_path == file) {
        Some(profile) => format!("{file}, the key file: {} needs it", told_name(&profile.name)),
        None => format!("{file}, the key file: yours to keep or remove"),
    }
}

/// What config files still have. The keychain's profiles need no file.
fn listed(profiles: &Profiles) -> Vec<Profile> {
    let files = profiles.files().iter();
    files.filter_map(|file| file.profiles().ok()).flatten().collect()
}

fn told(item: &Entry) -> String {
    format!("{}, in {}", told_name(&item.name), item.stored_in)
}

/// The key files that are still there. What is no file may be anything, and is not told.
fn key_files(gone: &Stock) -> Vec<&str> {
    let paths = gone.items.iter().map(|item| item.key_path.as_str());
    let mut files: Vec<&str> = paths
        .filter(|path| has_short_parts(path) && private_files::is_regular(Path::new(path)))
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}
