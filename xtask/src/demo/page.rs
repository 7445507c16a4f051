//! What the demo displays. A line goes out only if no part of a secret is in it, so that the demo can
//! say so at its end.

use crate::Outcome;

/// So many characters in a row are no coincidence, and fewer of a key are worth nothing.
const PART: usize = 16;

/// The page, and what must never be on it.
#[derive(Debug, Default)]
pub(super) struct Page {
    secrets: Vec<String>,
    sections: usize,
    checks: usize,
}

impl Page {
    pub(super) fn add_secret(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// How many things were checked.
    pub(super) fn checks(&self) -> usize {
        self.checks
    }

    pub(super) fn section(&mut self, title: &str) -> Outcome {
        self.sections += 1;
        self.display(&format!("\n{}. {title}\n", self.sections))
    }

    pub(super) fn line(&mut self, text: &str) -> Outcome {
        self.display(&format!("   {text}"))
    }

    /// A claim that was checked; the demo ends here if it doesn't hold.
    pub(super) fn check(&mut self, holds: bool, claim: &str) -> Outcome {
        if !holds {
            return Err(format!("the demo failed, this does not hold: {claim}").into());
        }
        self.checks += 1;
        self.display(&format!("   ✓ {claim}"))
    }

    fn display(&mut self, text: &str) -> Outcome {
        if self.is_clean(text) {
            println!("{text}");
            Ok(())
        } else {
            Err("the demo failed: it was about to display a part of the key or the token".into())
        }
    }

    /// Whether no part of a secret is in `text`.
    pub(super) fn is_clean(&self, text: &str) -> bool {
        let mut parts = self.secrets.iter().flat_map(|secret| secret.as_bytes().windows(PART));
        // Secrets are ASCII, so that a part of one is text as well.
        !parts.any(|part| std::str::from_utf8(part).is_ok_and(|part| text.contains(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_secret_is_not_displayed() {
        let mut page = Page::default();
        page.add_secret("abcdefghijklmnopqrstuvwxyz");
        assert!(page.line("<fghijklmnopqrstu>").is_err());
        assert!(page.line("<fghijklmnopqrst>").is_ok());
    }

    #[test]
    fn a_claim_that_does_not_hold_ends_the_demo() {
        let mut page = Page::default();
        assert!(page.check(false, "it holds").is_err());
        assert!(page.check(true, "it holds").is_ok());
        assert_eq!(page.checks(), 1);
    }
}
