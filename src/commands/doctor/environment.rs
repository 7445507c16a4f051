//! What the environment gives: which variables are set, never their values; which can't be read; and what the resolver
//! makes of all of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Patient,
    finding::{Check, Finding, count},
    stock::Stock,
};
use crate::{
    commands::options::{self, Stdin},
    connect::Root,
    explanation::Explanation,
    source::{self, AUTH_DIR, AuthDir, Environment, Mix, Presence, Resolved, SourceError, fields, unreadable_settings},
};

/// Every variable that is read.
const VARIABLES: [&str; 14] = [
    "ASC_KEY_ID",
    "ASC_ISSUER_ID",
    "ASC_PRIVATE_KEY_PATH",
    "ASC_PRIVATE_KEY_B64",
    "ASC_PRIVATE_KEY",
    "ASC_KEY_TYPE",
    "ASC_PROFILE",
    "ASC_BYPASS_KEYCHAIN",
    "ASC_STRICT_AUTH",
    "ASC_CONFIG_PATH",
    "ASC_API_URL",
    "ASC_WEB_URL",
    "ASC_WEB_SESSION",
    AUTH_DIR,
];

/// Names that people and other tools use, and the variable that is read.
const SIMILAR: [(&str, &str); 17] = [
    ("ASC_API_KEY_ID", "ASC_KEY_ID"),
    ("ASC_KEYID", "ASC_KEY_ID"),
    ("APP_STORE_CONNECT_KEY_ID", "ASC_KEY_ID"),
    ("APP_STORE_CONNECT_KEY_IDENTIFIER", "ASC_KEY_ID"),
    ("APP_STORE_CONNECT_API_KEY_KEY_ID", "ASC_KEY_ID"),
    ("ASC_ISSUER", "ASC_ISSUER_ID"),
    ("ASC_API_ISSUER_ID", "ASC_ISSUER_ID"),
    ("APP_STORE_CONNECT_ISSUER_ID", "ASC_ISSUER_ID"),
    ("APP_STORE_CONNECT_API_KEY_ISSUER_ID", "ASC_ISSUER_ID"),
    ("ASC_PRIVATE_KEY_BASE64", "ASC_PRIVATE_KEY_B64"),
    ("ASC_KEY_PATH", "ASC_PRIVATE_KEY_PATH"),
    ("ASC_PRIVATE_KEY_FILE", "ASC_PRIVATE_KEY_PATH"),
    ("APP_STORE_CONNECT_API_KEY_KEY_FILEPATH", "ASC_PRIVATE_KEY_PATH"),
    ("ASC_API_KEY", "ASC_PRIVATE_KEY"),
    ("ASC_KEY_CONTENT", "ASC_PRIVATE_KEY"),
    ("APP_STORE_CONNECT_PRIVATE_KEY", "ASC_PRIVATE_KEY"),
    ("APP_STORE_CONNECT_API_KEY_KEY", "ASC_PRIVATE_KEY"),
];

/// Whether a variable holds anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Set,
    /// It is set, and has nothing in it that can be seen: it counts as not set.
    Empty,
    NotSet,
}

const STRICT: &str =
    "strict-auth refuses this, and is on in the GitHub Action and the GitLab component. Unset what is not meant.";

pub(super) fn check(patient: &Patient<'_>, stock: &Stock) -> Check {
    let mut check = Check::new("environment");
    tell_variables(&mut check, patient.environment);
    check_settings(&mut check, patient);
    check_credential(&mut check, patient, stock);
    for (given, read) in SIMILAR {
        check.found(similar(patient.environment, given, read));
    }
    check
}

/// Which variables are set: never to what.
pub(super) fn variables(environment: &Environment) -> BTreeMap<&'static str, State> {
    let state = |name| match environment.get(name) {
        Presence::Set(_) => State::Set,
        Presence::Blank => State::Empty,
        Presence::Unset => State::NotSet,
    };
    VARIABLES.into_iter().map(|name| (name, state(name))).collect()
}

/// What is not set is only counted: it is most of them.
fn tell_variables(check: &mut Check, environment: &Environment) {
    let variables = variables(environment);
    let of = |state: State| {
        VARIABLES
            .into_iter()
            .filter(|name| variables[name] == state)
            .collect::<Vec<_>>()
    };
    for (state, told) in [(State::Set, "set"), (State::Empty, "set, but empty")] {
        let names = of(state);
        if !names.is_empty() {
            check.line(format!("{told}: {}", names.join(", ")));
        }
    }
    let unset = of(State::NotSet).len();
    check.line(format!(
        "{} not set",
        count(unset, "ASC_… variable is", "ASC_… variables are")
    ));
}

fn check_settings(check: &mut Check, patient: &Patient<'_>) {
    for error in unreadable_settings(&patient.sources) {
        check.found(Finding::problem("value_unreadable", error.explain()));
    }
    let roots = [
        options::api_root(&patient.sources, false, None).map(|(root, _)| root),
        Root::web(patient.sources.text(&fields::WEB_URL)),
    ];
    for error in roots.into_iter().filter_map(Result::err) {
        check.found(Finding::problem("value_unreadable", error.explain()));
    }
}

/// What any command would use here, as the resolver has it.
fn check_credential(check: &mut Check, patient: &Patient<'_>, stock: &Stock) {
    match resolve(patient, stock) {
        Ok(resolved) => {
            for fact in resolved.facts() {
                check.line(format!("{}: {}", fact.label, fact.text));
            }
            check.lines.extend(resolved.notes);
            // Of two profiles of one name, the check of the profiles tells.
            let warnings = resolved.warnings.into_iter();
            for warning in warnings.filter(|warning| !warning.starts_with(Mix::STORED_TWICE)) {
                check.found(Finding::advice(
                    "mixed_sources",
                    Explanation::new(warning).advice(STRICT),
                ));
            }
        }
        Err(error) if is_told(&error, stock) => check.line("no credential can be used, for the reasons below"),
        Err(error) => check.found(refused(&error, stock)),
    }
}

fn resolve(patient: &Patient<'_>, stock: &Stock) -> Result<Resolved, SourceError> {
    let sources = patient.sources.with_profiles(&stock.profiles);
    let auth_dir = AuthDir::named(&sources)?;
    let resolved = source::resolve(&sources, auth_dir.as_ref(), &mut Stdin, &mut |key| {
        options::mask_key(key, patient.console)
    })?;
    resolved.check_key()?;
    Ok(resolved)
}

/// Whether another check has found the same.
fn is_told(error: &SourceError, stock: &Stock) -> bool {
    match error {
        SourceError::Unreadable { .. }
        | SourceError::Config(_)
        | SourceError::Keychain(_)
        | SourceError::NoDefaultAmong { .. }
        | SourceError::NoDefaultProfile { .. } => true,
        SourceError::Mixed(mix) if matches!(**mix, Mix::StoredTwice { .. }) => true,
        _ => {
            let explanation = error.explain();
            let mut failed = stock.readable().filter_map(|(_, resolved)| resolved.as_ref().err());
            failed.any(|failed| failed.explain() == explanation)
        }
    }
}

fn refused(error: &SourceError, stock: &Stock) -> Finding {
    let id = match error {
        SourceError::Missing { missing, .. } => {
            let mut places = missing.iter().flat_map(|field| &field.places);
            let is_nothing_given = missing.len() == 3 && places.all(|(_, presence)| *presence == Presence::Unset);
            if is_nothing_given && stock.inventory.items.is_empty() {
                return nothing_given();
            }
            "credential_incomplete"
        }
        SourceError::Mixed(_) => "mixed_sources",
        SourceError::Swapped { .. } => "ids_swapped",
        SourceError::AuthDir { .. } => "auth_dir",
        _ => "credential_unusable",
    };
    Finding::problem(id, error.explain())
}

/// Nothing is broken where nothing was set up.
fn nothing_given() -> Finding {
    let explanation = Explanation::new("no credential is given here, and no profile is stored").advice(
        "Store one with asc-auth login, or set ASC_KEY_ID, ASC_ISSUER_ID and one of ASC_PRIVATE_KEY_PATH, \
         ASC_PRIVATE_KEY_B64 and ASC_PRIVATE_KEY.",
    );
    Finding::advice("no_credential", explanation)
}

/// A name that is nearly right counts where the right one is missing: setup and exec set other tools' variables as well.
fn similar(environment: &Environment, given: &str, read: &str) -> Option<Finding> {
    let is_set = |name: &str| environment.get(name).text().is_some();
    if !is_set(given) || is_set(read) || is_set(AUTH_DIR) {
        return None;
    }
    let explanation = Explanation::new(format!("{given} is set, which asc-auth does not read"))
        .advice(format!("If it is meant for asc-auth, its name is {read}."));
    Some(Finding::advice("similar_variable", explanation))
}
