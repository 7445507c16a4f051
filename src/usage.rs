//! Reading the command line, and telling what is wrong with it without repeating what was given.
//!
//! clap repeats a wrong argument in its message, and a wrong argument may be a key that somebody pasted: so the error
//! is told anew, with the names of flags and without any value.

use std::{ffi::OsString, fmt::Write};

use clap::{
    CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{cli::Cli, error::Error};

/// The command line. `None` if help or the version was asked for, and has been printed.
pub fn read() -> Result<Option<Cli>, Error> {
    match Cli::try_parse() {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if !error.use_stderr() => {
            error.print().map_err(Error::Output)?;
            Ok(None)
        }
        Err(error) => Err(retell(&error)),
    }
}

/// Whether a command line that can't be read asks for JSON. Not so where its command has no JSON, and what follows `--`
/// belongs to the command that `exec` runs.
pub fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let named = arguments.first().and_then(|name| name.to_str());
    let cli = Cli::command();
    let command = named.and_then(|name| cli.find_subcommand(name));
    let has_json = command.is_none_or(|command| command.get_arguments().any(|flag| flag.get_long() == Some("output")));
    let pairs = arguments.windows(2).any(|pair| pair == ["--output", "json"]);
    has_json && (pairs || arguments.iter().any(|argument| argument == "--output=json"))
}

const EXEC: &str = "The command that exec runs follows --, as in asc-auth exec -- fastlane beta. ";

fn retell(error: &clap::Error) -> Error {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Error::Usage {
            what: "no command was given".to_owned(),
            advice: error.render().to_string(),
        };
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let mut advice = String::new();
    for (kind, label) in [
        (ContextKind::ValidValue, "It accepts"),
        (ContextKind::ValidSubcommand, "Commands are"),
        (ContextKind::SuggestedArg, "Similar is"),
        (ContextKind::SuggestedSubcommand, "Similar is"),
    ] {
        if let Some(text) = context(kind).filter(|text| !text.is_empty()) {
            let _ = write!(advice, "{label}: {text}. ");
        }
    }
    advice.push_str("asc-auth COMMAND --help lists the flags of a command.");
    let flag = context(ContextKind::InvalidArg).filter(|text| is_flag(text));
    let what = match (error.kind(), flag) {
        (ErrorKind::UnknownArgument, Some(flag)) => format!("there is no {flag}"),
        (ErrorKind::UnknownArgument, None) => {
            advice.insert_str(0, "A value follows its flag with =, as in --strict-auth=true. ");
            advice.insert_str(0, EXEC);
            "an argument that belongs to no flag".to_owned()
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            let missing = context(ContextKind::InvalidArg).unwrap_or_default();
            if missing.contains("CMD") {
                advice.insert_str(0, EXEC);
                "no command to run was given".to_owned()
            } else {
                format!("something is missing: {missing}")
            }
        }
        (ErrorKind::InvalidSubcommand, _) => {
            advice.insert_str(0, &format!("Commands are: {}. ", commands()));
            "there is no such command".to_owned()
        }
        (ErrorKind::InvalidValue, Some(flag))
            if context(ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) =>
        {
            format!("a value is missing: {flag}")
        }
        (ErrorKind::InvalidValue, Some(flag)) => format!("the value can't be read: {flag}"),
        (kind, Some(flag)) => format!("{kind}: {flag}"),
        (kind, None) => kind.to_string(),
    };
    Error::Usage { what, advice }
}

/// The names of the commands, in the order of the help.
fn commands() -> String {
    let cli = Cli::command();
    let shown = cli.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(clap::Command::get_name).collect::<Vec<_>>().join(", ")
}

/// Whether this is the name of a flag, as clap shows a known one (`--output <OUTPUT>`) or as a person misspells one.
fn is_flag(text: &str) -> bool {
    let (name, value) = text.split_once([' ', '=', '[']).unwrap_or((text, ""));
    let is_name = |name: &str| name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    name.starts_with("--") && is_name(name) && (value.is_empty() || value.contains('<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let error = Cli::try_parse_from(arguments).expect_err("a usage error");
        let explanation = retell(&error).explain();
        format!("{}\n{}", explanation.title, explanation.advice)
    }

    #[test]
    fn what_was_given_is_never_repeated() {
        let secret = "MIGTAgEAMBMGByqGSM49AgEG";
        for arguments in [
            vec!["asc-auth", secret],
            vec!["asc-auth", "token", secret],
            vec!["asc-auth", "token", "--output", secret],
            vec!["asc-auth", "token", "--in-house", secret],
            vec!["asc-auth", "setup", "--ci", secret],
            vec!["asc-auth", "token", "--in-house=MIGTAgEAMBMGByqGSM49AgEG"],
            vec!["asc-auth", "token", "--MIGTAgEAMBMGByqGSM49AgEG"],
            vec!["asc-auth", "token", "--private-key=MIGTAgEAMBMGByqGSM49AgEG"],
        ] {
            assert!(!told(&arguments).contains(secret), "{}", told(&arguments));
        }
    }

    #[test]
    fn json_is_asked_for_by_commands_that_have_it_and_before_the_dashes() {
        for (line, wanted) in [
            ("status --output json --bogus", true),
            ("--output=json", true),
            ("toekn --output json", true),
            ("status --bogus", false),
            ("status --output text --bogus", false),
            ("status --bogus --output", false),
            ("status json --output", false),
            ("exec fastlane --output json", false),
            ("exec --bogus -- fastlane --output json", false),
            ("status --bogus -- --output=json", false),
        ] {
            let asks = asks_for_json(line.split(' ').map(OsString::from));
            assert_eq!(asks, wanted, "{line}");
        }
    }

    #[test]
    fn a_misspelt_flag_is_named_and_the_right_one_suggested() {
        let told = told(&["asc-auth", "token", "--lifetme", "5m"]);
        assert!(told.contains("--lifetme"), "{told}");
        assert!(told.contains("--lifetime"), "{told}");
    }

    #[test]
    fn every_command_is_named_where_there_is_no_such_command() {
        let told = told(&["asc-auth", "toekn"]);
        assert!(
            told.contains("setup, cleanup, token, exec, validate, inspect"),
            "{told}"
        );
        assert!(!told.contains("help,"), "{told}");
    }

    #[test]
    fn a_missing_argument_is_named() {
        assert!(told(&["asc-auth", "inspect"]).contains("something is missing: <TOKEN>"));
        assert!(told(&["asc-auth", "completions"]).contains("something is missing: <SHELL>"));
    }

    #[test]
    fn a_command_without_its_dashes_is_told_where_it_belongs() {
        for arguments in [&["asc-auth", "exec", "fastlane", "beta"][..], &["asc-auth", "exec"]] {
            let told = told(arguments);
            assert!(told.contains("asc-auth exec -- fastlane beta"), "{told}");
        }
    }
}
