//! Text for messages: what comes from outside must not pose as anything else in a log.

use std::io;

/// `text` on one line of at most `longest` characters. A CI reads commands out of logs: GitHub's runner looks for
/// `::` at a line's start and for `##[` anywhere in a line, and a terminal obeys control characters.
pub fn one_line(text: &str, longest: usize) -> String {
    let spaced: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(longest).collect();
    without_commands(&line)
}

/// A line that is our own and may hold a name from outside, such as a path: its spaces stay, commands don't.
pub fn defuse(line: &str) -> String {
    let visible: String = line.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    without_commands(&visible)
}

/// Azure's agent looks for `##vso[` as well, and both look anywhere in a line.
fn without_commands(line: &str) -> String {
    line.replace("##[", "## [").replace("##vso[", "## vso[")
}

/// Why a file could not be read or written, in our own words where there are some.
pub fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission was denied".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is no directory".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => "a quota or size limit was reached".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether no part of a path or a name is as long as a line of a key or a part of a token.
pub fn has_short_parts(text: &str) -> bool {
    text.len() < 1024
        && !text.contains(char::is_control)
        && text.split(['/', '\\', '.', ':', ' ']).all(|part| part.len() <= 40)
}

/// As a word of a command that a person pastes into a shell.
pub fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./@+:,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Control characters, line and paragraph separators, what turns the direction of text around, and what has no width,
/// tags among it: a name with one looks like another name.
pub fn is_unprintable(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns || hides || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{defuse, one_line, quoted};

    #[test]
    fn a_line_of_our_own_keeps_its_spaces_and_loses_commands() {
        assert_eq!(
            defuse("  key  a\n::warning::b\u{1b}[1m##[error]"),
            "  key  a ::warning::b [1m## [error]"
        );
    }

    #[test]
    fn a_word_stays_one_word_when_it_is_pasted() {
        for (text, word) in [
            ("MyApp", "MyApp"),
            ("My App", "'My App'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }

    #[test]
    fn no_command_and_no_control_character_is_left() {
        assert_eq!(one_line("a\n::error::b\r\u{1b}[31m", 99), "a ::error::b [31m");
        assert_eq!(one_line("a##[error]b ###[warning]c", 99), "a## [error]b ### [warning]c");
        assert_eq!(one_line("a\u{2028}b\u{85}c", 99), "a b c");
        assert_eq!(one_line("a\u{202e}b\u{2066}c", 99), "a b c");
        assert_eq!(one_line("a\u{200b}b\u{ad}c\u{feff}d\u{e0041}e", 99), "a b c d e");
        assert_eq!(one_line(&"x".repeat(1000), 300).len(), 300);
    }
}
