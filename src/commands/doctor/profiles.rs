//! Whether every stored profile makes a credential by itself, under a name of its own, and whether one is the default.

use std::collections::BTreeSet;

use super::{
    finding::{Check, Finding},
    stock::Stock,
};
use crate::{
    explanation::Explanation,
    source::{
        Origin, Resolved, SourceError,
        profiles::{Inventory, Item, Profile, ProfileName, told_name},
    },
};

pub(super) fn check(stock: &Stock) -> Check {
    let mut check = Check::new("profiles");
    for item in stock.inventory.items.iter().filter(|item| item.read.is_err()) {
        check.line(format!(
            "{}: can't be read, in {}",
            told_name(&item.name),
            item.stored_in
        ));
    }
    for (profile, resolved) in stock.readable() {
        check.line(line(profile, resolved));
        match resolved {
            Ok(resolved) => check.found(nameless_key_id(profile, resolved)),
            Err(error) => check.found(unusable(profile, error)),
        }
    }
    match (stock.inventory.items.is_empty(), stock.inventory.is_all_known()) {
        (true, true) => check.line("none is stored"),
        (true, false) => check.line("none could be read"),
        _ => {}
    }
    for item in &stock.inventory.items {
        check.found(misnamed(item));
    }
    for name in names(&stock.inventory) {
        check.found(repeated(&stock.inventory, name));
    }
    check_default(&mut check, &stock.inventory);
    check
}

/// `MyApp: 2X9R4QWVK6 (team key), in keychain`.
fn line(profile: &Profile, resolved: &Result<Resolved, SourceError>) -> String {
    let state = match resolved {
        Ok(Resolved { credential, .. }) => format!("{} ({} key)", credential.key_id, credential.kind.name()),
        Err(_) => "can't be used".to_owned(),
    };
    format!("{}: {state}, in {}", told_name(&profile.name), profile.stored_in)
}

/// It works for as long as nobody renames the file.
fn nameless_key_id(profile: &Profile, resolved: &Resolved) -> Option<Finding> {
    let origin @ Origin::FileName(_) = &resolved.origins.key_id else {
        return None;
    };
    let explanation = Explanation::new(format!("profile {} has no key ID of its own", told_name(&profile.name)))
        .fact("key ID", format!("{}, from {origin}", resolved.credential.key_id))
        .fact("stored in", profile.stored_in.to_string())
        .advice(
            "It works until the file has another name. The field is key_id: correct it there, or store the profile again \
             with asc-auth login --force.",
        );
    Some(Finding::advice("profile_key_id", explanation))
}

fn unusable(profile: &Profile, error: &SourceError) -> Finding {
    let mut explanation = error.explain();
    explanation.title = format!("profile {}: {}", told_name(&profile.name), explanation.title);
    Finding::problem("profile_unusable", explanation)
}

fn misnamed(item: &Item) -> Option<Finding> {
    let defect = ProfileName::parse(&item.name).err()?;
    let explanation = Explanation::new(format!("a profile has no proper name: {defect}"))
        .fact("stored in", item.stored_in.to_string())
        .advice("It can't be asked for by name. Rename it in the place that stores it: visible text of at most 64 characters.");
    Some(Finding::problem("profile_name", explanation))
}

/// Every name once.
fn names(inventory: &Inventory) -> BTreeSet<&str> {
    inventory.items.iter().map(|item| item.name.as_str()).collect()
}

/// One name for profiles that differ: in several places the first of them is used, and strict-auth refuses that.
fn repeated(inventory: &Inventory, name: &str) -> Option<Finding> {
    let mut named = inventory.items.iter().filter(|item| item.name == name);
    let first = named.next()?;
    let others: Vec<&Item> = named.filter(|other| !agree(first, other)).collect();
    if others.is_empty() {
        return None;
    }
    let title = format!("different profiles are stored under the name {}", told_name(name));
    let used = Explanation::new(title).fact(first.stored_in.to_string(), "is used");
    let explanation = others.iter().fold(used, |explanation, other| {
        explanation.fact(other.stored_in.to_string(), "stores another one")
    });
    let explanation = explanation.advice(
        "strict-auth refuses this name. Remove the profile with asc-auth logout and store the right one again, or store \
         one of them under another name.",
    );
    Some(Finding::problem("profile_repeated", explanation))
}

fn agree(one: &Item, other: &Item) -> bool {
    match (&one.read, &other.read) {
        (Ok(one), Ok(other)) => one.agrees_with(other),
        // An item that can't be read is a finding of its own.
        _ => true,
    }
}

fn check_default(check: &mut Check, inventory: &Inventory) {
    match &inventory.default {
        Some(default) if inventory.first_named(&default.name).is_some() => {
            check.line(format!(
                "the default is {}: {}",
                told_name(&default.name),
                default.said_by
            ));
        }
        // Where a place can't be read, it may be there.
        _ if !inventory.is_all_known() => {}
        Some(default) => {
            let explanation = Explanation::new("the default profile is not stored any more")
                .fact(
                    "default",
                    format!("{}, from {}", told_name(&default.name), default.said_by),
                )
                .advice(
                    "Make another the default with asc-auth switch --name NAME, or store it again with asc-auth login.",
                );
            check.found(Finding::problem("default_missing", explanation));
        }
        None if names(inventory).len() > 1 => {
            let explanation = Explanation::new("several profiles are stored, and none is the default").advice(
                "Commands without --profile can't choose one. Make one the default with asc-auth switch --name NAME.",
            );
            check.found(Finding::problem("no_default", explanation));
        }
        None => {}
    }
}
