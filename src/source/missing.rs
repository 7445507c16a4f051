//! What of a credential was not given, and what to do about it. It names places only, and for each whether it is empty.

use super::{environment::Presence, error::store_again, places::Origin};
use crate::explanation::Explanation;

/// What was not given, and every place that could have given it.
#[derive(Debug)]
pub struct MissingField {
    pub what: &'static str,
    pub places: Vec<(Origin, Presence)>,
}

/// A stored profile that could have completed what was given, and is of another key.
#[derive(Debug)]
pub struct PassedOver {
    pub profile: Origin,
    /// The field that differs.
    pub what: &'static str,
    pub given: Origin,
}

pub(super) fn title(missing: &[MissingField]) -> String {
    let names: Vec<&str> = missing.iter().map(|field| field.what).collect();
    match names.as_slice() {
        [one] => format!("no {one} was given"),
        [rest @ .., last] => format!("no {} and no {last} were given", rest.join(", no ")),
        [] => String::new(),
    }
}

pub(super) fn explain(
    explanation: Explanation,
    missing: &[MissingField],
    individual: bool,
    passed_over: Option<&PassedOver>,
) -> Explanation {
    // Who writes a workflow has inputs and variables, and no flags.
    let all = || missing.iter().flat_map(|field| &field.places);
    let hide_flags = all().any(|(origin, _)| matches!(origin, Origin::Input(_)));
    let places = || all().filter(|(origin, _)| !(hide_flags && matches!(origin, Origin::Flag(_))));
    let explanation = places().fold(explanation, |explanation, (origin, presence)| match presence {
        Presence::Blank => explanation.fact(origin.to_string(), "set, but empty"),
        _ => explanation.fact(origin.to_string(), "not set"),
    });
    let explanation = passed_over.iter().fold(explanation, |explanation, passed| {
        let PassedOver { profile, what, given } = passed;
        explanation.fact(
            profile.to_string(),
            format!("not used: its {what} is not that of {given}"),
        )
    });
    let mut advice = String::new();
    if places().any(|(_, presence)| *presence == Presence::Blank) {
        advice.push_str(
            "An empty value is what CI gives for a secret whose name is misspelt or that this job may not see. \
             On GitHub a pull request from a fork gets no secrets: skip this step there, or use another trigger. \
             On GitLab a protected variable reaches protected branches and tags only.\n",
        );
    }
    // A command that reads no variable.
    let flags_alone = all().all(|(origin, _)| matches!(origin, Origin::Flag(_)));
    if missing.iter().any(|field| field.what == "issuer ID") && !individual {
        advice.push_str(
            "The issuer ID stands above the list of keys in Users and Access → Integrations. \
             An individual key has none: say so with ",
        );
        advice.push_str(if flags_alone {
            "--key-type individual.\n"
        } else {
            "ASC_KEY_TYPE=individual (in the Action: key-type: individual).\n"
        });
    }
    if missing.iter().any(|field| field.what == "key ID") {
        advice.push_str("The key ID stands beside the key's name, and in the file's name: AuthKey_<key ID>.p8.\n");
    }
    if missing.iter().any(|field| field.what == "private key") {
        advice.push_str(if flags_alone {
            "The private key is given as the path of the .p8 file, or as - and its content on standard input.\n"
        } else {
            "The private key is the content of the .p8 file, as text or as base64, or its path.\n"
        });
    }
    if let Some((profile @ Origin::Profile { .. }, _)) = places().next() {
        advice.push_str("The profile is incomplete. ");
        advice.push_str(&store_again(profile));
    }
    explanation.advice(advice.trim_end())
}
