//! What GitHub's runner does with the lines that a step prints: it learns what to mask, shows `***`
//! in its place from then on, and opens groups.

/// The runner's view of one step.
#[derive(Debug, Default)]
pub(super) struct Runner {
    masks: Vec<String>,
}

/// A step's log as the runner shows it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) lines: Vec<String>,
    /// How many masks came before the first other line.
    pub(super) masked_first: usize,
}

impl Runner {
    /// Reads what a step printed, line by line: a mask works on what follows it only.
    pub(super) fn read(&mut self, printed: &str) -> Log {
        let mut log = Log {
            lines: Vec::new(),
            masked_first: 0,
        };
        for line in printed.lines() {
            if let Some(value) = line.strip_prefix("::add-mask::") {
                self.masks.push(unescape(value));
                // The longest first, so that no part of it is replaced before the whole.
                self.masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
                if log.lines.is_empty() {
                    log.masked_first += 1;
                }
            } else if line != "::endgroup::" {
                log.lines
                    .push(self.mask(line.strip_prefix("::group::").unwrap_or(line)));
            }
        }
        log
    }

    /// The text with every masked value replaced.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for mask in &self.masks {
            shown = shown.replace(mask, "***");
        }
        shown
    }
}

fn unescape(data: &str) -> String {
    data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_works_on_what_follows_it() {
        let log =
            Runner::default().read("::add-mask::one\na one\na two\n::add-mask::two\n::group::a two\n::endgroup::\n");
        assert_eq!(log.lines, ["a ***", "a two", "a ***"]);
        assert_eq!(log.masked_first, 1);
    }

    #[test]
    fn a_mask_is_unescaped() {
        let mut runner = Runner::default();
        runner.read("::add-mask::100%25%0A!\n");
        assert_eq!(runner.mask("<100%\n!>"), "<***>");
    }
}
