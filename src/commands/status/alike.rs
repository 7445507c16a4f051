//! What many credentials have in common is told once: a revoked issuer or a dead network has one diagnosis, whatever the
//! number of profiles. Nothing is left out of the JSON for it.

use crate::explanation::{Explanation, Fact};

/// The explanations, each with the name of its credential, where those that say and advise the same are one. Of their
/// facts it keeps what all of them agree in.
pub(super) fn merged(explanations: impl Iterator<Item = (String, Explanation)>) -> Vec<Explanation> {
    let mut groups: Vec<(Vec<String>, Explanation)> = Vec::new();
    for (name, explanation) in explanations {
        match groups.iter_mut().find(|(_, other)| is_like(other, &explanation)) {
            Some((names, first)) => {
                names.push(name);
                first.facts.retain(|fact| explanation.facts.contains(fact));
                first.request_id = None;
            }
            None => groups.push((vec![name], explanation)),
        }
    }
    groups
        .into_iter()
        .map(|(names, explanation)| of(&names, explanation))
        .collect()
}

fn is_like(one: &Explanation, other: &Explanation) -> bool {
    one.title == other.title && one.advice == other.advice && one.causes == other.causes
}

fn of(names: &[String], mut explanation: Explanation) -> Explanation {
    if names.len() > 1 {
        let fact = Fact {
            label: "profiles".to_owned(),
            text: names.join(", "),
        };
        explanation.facts.insert(0, fact);
    }
    explanation
}
