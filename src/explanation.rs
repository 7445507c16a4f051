//! The one shape every error is told in, on a terminal, in a CI annotation and in JSON.
//!
//! An explanation says what happened, what was known when it happened, and what to do next.
//! It must never hold a secret, nor any value that was refused: only the names of places.

use serde::Serialize;

/// What happened, and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One line without a full stop, as it follows `error: `.
    pub title: String,
    /// What was known, in order: a short label and its text.
    pub facts: Vec<Fact>,
    /// What it means and what to do, in whole sentences.
    pub advice: String,
    /// The likely causes, the most likely first.
    pub causes: Vec<String>,
    /// Apple's `X-Request-ID`, which Apple's support asks for.
    pub request_id: Option<String>,
}

/// One line of what was known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: String,
    pub text: String,
}

impl Explanation {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn fact(mut self, label: impl Into<String>, text: impl Into<String>) -> Self {
        self.facts.push(Fact {
            label: label.into(),
            text: text.into(),
        });
        self
    }

    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    #[must_use]
    pub fn causes<S: Into<String>>(mut self, causes: impl IntoIterator<Item = S>) -> Self {
        self.causes = causes.into_iter().map(Into::into).collect();
        self
    }

    #[must_use]
    pub fn request_id(mut self, request_id: Option<&str>) -> Self {
        self.request_id = request_id.map(Into::into);
        self
    }

    /// Everything below the title, one line each.
    pub fn body(&self) -> Vec<String> {
        let width = self
            .facts
            .iter()
            .map(|fact| fact.label.chars().count())
            .max()
            .unwrap_or(0)
            .max(9);
        let facts = self
            .facts
            .iter()
            .map(|fact| format!("  {:<width$}  {}", fact.label, fact.text));
        let causes = self
            .causes
            .iter()
            .enumerate()
            .map(|(index, cause)| format!("  {}. {cause}", index + 1));
        let request = self
            .request_id
            .iter()
            .map(|id| format!("request ID {id} (Apple's support asks for it)"));
        facts
            .chain(self.advice.lines().map(str::to_owned))
            .chain(causes)
            .chain(request)
            .collect()
    }
}
