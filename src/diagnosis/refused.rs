//! A 401: Apple's body is the same for every cause, so everything else that is known has to tell it.

use super::with_facts;
use crate::{
    clock::Skew,
    explanation::{Explanation, Fact},
};

/// A refusal, with everything that is known to tell its cause.
#[derive(Debug)]
pub struct Refused {
    /// Apple's, if the answer had one.
    pub code: Option<String>,
    pub facts: Vec<Fact>,
    pub bearer: Bearer,
    pub skew: Option<Skew>,
    /// The kind of key that Apple accepts it as: `team` or `individual`.
    pub works_as: Option<&'static str>,
    /// The API root, if it is not Apple's.
    pub other_root: Option<String>,
    pub request_id: Option<String>,
}

/// What is known of who was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// A well-formed team key, with a token that is as Apple wants it.
    Team,
    /// The same of an individual key.
    Individual,
    /// Nothing: only the answer is known.
    Unknown,
}

impl Refused {
    /// A refusal of which only the answer is known.
    pub fn of_unknown(code: Option<String>, request_id: Option<String>) -> Self {
        Self {
            code,
            facts: Vec::new(),
            bearer: Bearer::Unknown,
            skew: None,
            works_as: None,
            other_root: None,
            request_id,
        }
    }

    pub fn title(&self) -> String {
        let code = self.code.as_deref().unwrap_or("without a code");
        format!("Apple refused this credential (401 {code})")
    }

    pub fn explain(&self) -> Explanation {
        let explanation =
            with_facts(Explanation::new(self.title()), &self.facts).request_id(self.request_id.as_deref());
        if self.bearer == Bearer::Unknown {
            return explanation
                .advice("Apple's words are the same for every cause. One of these is wrong, most likely first:")
                .causes(self.causes());
        }
        let clock = self
            .skew
            .map_or_else(|| "unknown: the answer had no date".to_owned(), Skew::describe);
        let explanation = explanation.fact("clock", clock);
        let explanation = match &self.other_root {
            Some(root) => explanation.fact("API root", root),
            None => explanation,
        };
        if let Some(kind) = self.works_as {
            return explanation.advice(format!(
                "Apple accepts this key as {} key. Say so with key type {kind} (ASC_KEY_TYPE={kind}), {}.",
                if kind == "individual" {
                    "an individual"
                } else {
                    "a team"
                },
                if kind == "individual" {
                    "and leave the issuer ID out"
                } else {
                    "and keep the issuer ID"
                },
            ));
        }
        let intro = if self.skew.is_none_or(Skew::is_tolerable) {
            "The key is well formed and the clock is right, so one of these is wrong, most likely first:"
        } else if self.skew.is_some_and(|skew| !skew.needs_correction()) {
            return explanation.advice(
                "Set this machine's clock. It is off by more than a day, and that is never corrected on a server's word.",
            );
        } else {
            "The key is well formed, and a second attempt with Apple's clock was refused too. One of these is wrong, most likely first:"
        };
        explanation.advice(intro).causes(self.causes())
    }

    /// The most likely first.
    fn causes(&self) -> Vec<&'static str> {
        let (may_be_team, may_be_individual) = match self.bearer {
            Bearer::Team => (true, false),
            Bearer::Individual => (false, true),
            Bearer::Unknown => (true, true),
        };
        let mut causes = Vec::new();
        if may_be_team {
            causes.push("the issuer ID is not the one at the top of Users and Access → Integrations");
        }
        causes.push("the key ID does not belong to this .p8");
        if self.bearer == Bearer::Unknown {
            causes.push(
                "the token has expired, lives longer than 20 minutes, or is not as Apple wants it: asc-auth inspect tells",
            );
            causes.push("the clock of the machine that made the token is wrong");
        }
        causes.push("the key was revoked");
        if may_be_individual {
            causes.push("the key is a team key, which needs its issuer ID");
        }
        if self.bearer == Bearer::Unknown {
            causes.push("the key is an individual one, which has no issuer ID");
        }
        if self.other_root.is_some() {
            causes.push("the API root is not Apple's, and does not know this key");
        }
        causes.push("the key was made minutes ago, and is not known everywhere yet");
        causes
    }
}
