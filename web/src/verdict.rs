//! What is said of one field, or of all of them: a tone, and the words that the binary says it in.

use asc_auth::explanation::{Explanation, Fact};
use serde::Serialize;

/// How good or bad a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tone {
    /// Nothing was given yet.
    Waiting,
    Good,
    /// Good, and something is worth a word.
    Note,
    Doubtful,
    Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) tone: Tone,
    #[serde(flatten)]
    pub(crate) words: Explanation,
}

impl Verdict {
    pub(crate) fn new(tone: Tone, title: impl Into<String>) -> Self {
        Self {
            tone,
            words: Explanation::new(title),
        }
    }

    pub(crate) fn of(tone: Tone, words: Explanation) -> Self {
        Self { tone, words }
    }

    pub(crate) fn fact(mut self, label: &str, text: impl Into<String>) -> Self {
        self.words = self.words.fact(label, text);
        self
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.words = self.words.advice(advice);
        self
    }
}

/// A line of what was found, for people.
pub(crate) fn fact(label: &str, text: impl Into<String>) -> Fact {
    Fact {
        label: label.to_owned(),
        text: text.into(),
    }
}
