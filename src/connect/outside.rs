//! Text from outside, for messages: one short line that can't pose as anything else in a log.

/// `text` on one line of at most `longest` characters. A CI reads commands out of logs: GitHub's runner looks for
/// `::` at a line's start and for `##[` anywhere in a line, and a terminal obeys control characters.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(longest).collect();
    line.replace("##[", "## [")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn no_command_and_no_control_character_is_left() {
        assert_eq!(one_line("a\n::error::b\r\u{1b}[31m", 99), "a ::error::b [31m");
        assert_eq!(one_line("a##[error]b ###[warning]c", 99), "a## [error]b ### [warning]c");
        assert_eq!(one_line("a\u{2028}b\u{85}c", 99), "a b c");
        assert_eq!(one_line(&"x".repeat(1000), 300).len(), 300);
    }
}
