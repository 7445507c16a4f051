//! Every `asc-auth …` in the documentation is a command line that the binary understands: in scripts, in pipelines, in prose.

use asc_auth::cli::Cli;
use clap::{Parser, error::ErrorKind};

use super::{Kind, kind::kind, pages};

/// A command line as a shell would take it apart, up to its end. `before` is the character in front of it: a quote there ends it.
fn words(text: &str, before: Option<char>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\\') if characters.peek() == Some(&'\n') => {
                characters.next();
            }
            (None, '\'' | '"' | '`') if before == Some(character) => break,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '\n' | '|' | ';' | '&' | ')' | '>' | '<' | '`') => break,
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// The command lines in a text. What only has the project's name, or installs it, is none.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("asc-auth ") {
        let before = &text[..at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_comment = line.trim_start().starts_with('#') || line.contains(" #");
        let is_name = line.ends_with(|last: char| last.is_alphanumeric() || "/.-_".contains(last));
        let is_argument = ["install", "-C", "--tag"]
            .iter()
            .any(|word| line.trim_end().ends_with(word));
        if is_comment || is_name || is_argument {
            continue;
        }
        let words = words(&text[at..], before.chars().last());
        if words.len() > 1 {
            found.push(words);
        }
    }
    found
}

fn parse(words: &[String]) -> Result<(), (ErrorKind, String)> {
    Cli::try_parse_from(words)
        .map(|_| ())
        .map_err(|error| (error.kind(), format!("{words:?}: {error}")))
}

#[test]
fn every_command_in_a_block_is_understood() {
    let mut seen = 0;
    for block in pages().values().flat_map(|page| &page.blocks) {
        if kind(block) == Ok(Kind::Text) {
            continue;
        }
        for words in commands(&block.text) {
            seen += 1;
            if let Err((_, error)) = parse(&words) {
                panic!("{}: {error}", block.place);
            }
        }
    }
    assert!(seen > 60, "only {seen} commands were found");
}

/// Prose may name a command without what it needs: `asc-auth key rotate`.
#[test]
fn every_command_in_prose_is_understood() {
    for (name, page) in pages() {
        for (number, line) in &page.prose {
            for code in line.split('`').skip(1).step_by(2) {
                for words in commands(code) {
                    match parse(&words) {
                        Ok(())
                        | Err((
                            ErrorKind::MissingRequiredArgument
                            | ErrorKind::MissingSubcommand
                            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                            | ErrorKind::DisplayVersion,
                            _,
                        )) => {}
                        Err((_, error)) => panic!("{name}:{number}: {error}"),
                    }
                }
            }
        }
    }
}

#[test]
fn commands_are_found_wherever_they_stand() {
    for (text, expected) in [
        (
            "TOKEN=$(asc-auth token --min-remaining 5m)",
            "asc-auth token --min-remaining 5m",
        ),
        ("  - run: asc-auth cleanup --job", "asc-auth cleanup --job"),
        ("trap 'asc-auth cleanup' EXIT", "asc-auth cleanup"),
        ("asc-auth token | sed s/a/b/", "asc-auth token"),
        ("asc-auth token   # prints it", "asc-auth token"),
        (
            "gpg -d a | asc-auth exec \\\n  --export asc -- a 'b c'",
            "asc-auth exec --export asc -- a b c",
        ),
    ] {
        let found: Vec<String> = commands(text).iter().map(|words| words.join(" ")).collect();
        assert_eq!(found, [expected], "{text}");
    }
    for text in [
        "cargo install asc-auth  # builds it",
        "uses: org/asc-auth@v1",
        "git -C asc-auth diff",
        "docker build --tag asc-auth packaging",
        "# asc-auth: the binary",
        "asc-auth",
    ] {
        assert!(commands(text).is_empty(), "{text}");
    }
}

#[test]
fn a_flag_that_the_binary_does_not_know_is_found() {
    let words = commands("- asc-auth exec --exports fastlane -- fastlane beta").remove(0);
    assert_eq!(parse(&words).map_err(|(kind, _)| kind), Err(ErrorKind::UnknownArgument));
}
