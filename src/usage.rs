//! Reading the command line, and telling what is wrong with it without repeating what was given.
//!
//! clap repeats a wrong argument in its message, and a wrong argument may be a key that somebody pasted: so the error
//! is told anew, with the names of flags and without any value.

use std::fmt::Write;

use clap::{
    Parser,
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
        // No other command has an argument that is required.
        (ErrorKind::MissingRequiredArgument, _) => {
            advice.insert_str(0, EXEC);
            "no command to run was given".to_owned()
        }
        (ErrorKind::InvalidSubcommand, _) => {
            advice.insert_str(
                0,
                "Commands are: setup, cleanup, token, exec, validate, login, switch, logout. ",
            );
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
    fn a_misspelt_flag_is_named_and_the_right_one_suggested() {
        let told = told(&["asc-auth", "token", "--lifetme", "5m"]);
        assert!(told.contains("--lifetme"), "{told}");
        assert!(told.contains("--lifetime"), "{told}");
    }

    #[test]
    fn a_command_without_its_dashes_is_told_where_it_belongs() {
        for arguments in [&["asc-auth", "exec", "fastlane", "beta"][..], &["asc-auth", "exec"]] {
            let told = told(arguments);
            assert!(told.contains("asc-auth exec -- fastlane beta"), "{told}");
        }
    }
}
