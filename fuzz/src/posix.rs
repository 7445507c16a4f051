//! The words of a shell script that has nothing but plain words and quotes. (POSIX: Shell Command Language, 2.2 and 2.3.)
//!
//! Whatever a shell would expand, substitute or run in the background is refused, so that a quote which ends too early
//! can't go unnoticed. Single quotes hold everything; `"${PATH:+:$PATH}"` alone may stand in double ones.

use std::{iter::Peekable, mem, str::Chars};

/// Stands in a word where a shell puts the PATH that there was.
pub const OLD_PATH: char = '\0';
const OLD_PATH_TEXT: &str = "${PATH:+:$PATH}";

/// Every command of a script, as its words.
pub fn commands(script: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut commands, mut words) = (Vec::new(), Vec::new());
    let mut word: Option<String> = None;
    let mut rest = script.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' => {
                words.extend(word.take());
                if c == '\n' && !words.is_empty() {
                    commands.push(mem::take(&mut words));
                }
            }
            '\'' => word.get_or_insert_default().push_str(&until('\'', &mut rest)?),
            '"' => match until('"', &mut rest)?.as_str() {
                OLD_PATH_TEXT => word.get_or_insert_default().push(OLD_PATH),
                other => return Err(format!("{other:?} in double quotes")),
            },
            '\\' => match rest.next() {
                Some(c) if c != '\n' => word.get_or_insert_default().push(c),
                _ => return Err("a line that goes on".to_owned()),
            },
            c if "|&;<>()$`*?[]#~{}!^".contains(c) => return Err(format!("{c:?} without quotes")),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if !words.is_empty() {
        commands.push(words);
    }
    Ok(commands)
}

fn until(quote: char, rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match rest.next() {
            Some(c) if c == quote => return Ok(text),
            Some(c) => text.push(c),
            None => return Err("a quote that does not end".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        let read = |script| commands(script).expect("words");
        assert_eq!(read("A='it'\\''s'\nexport A\n"), [vec!["A=it's"], vec!["export", "A"]]);
        assert_eq!(read("P='/b'\"${PATH:+:$PATH}\""), [["P=/b\0"]]);
        assert_eq!(read("a '' 'b\nc'"), [["a", "", "b\nc"]]);
    }

    #[test]
    fn what_a_shell_would_do_more_with_is_refused() {
        for script in ["A=$B", "a;b", "a`b`", "\"$A\"", "'a", "a\\\nb"] {
            assert!(commands(script).is_err(), "{script}");
        }
    }
}
