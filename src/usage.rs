//! Reading the command line, and telling what is wrong with it without repeating what was given.
//!
//! clap repeats a wrong argument in its message, and a wrong argument may be a key that somebody pasted: so the error
//! is told anew, with the names of flags and without any value.

use std::{env, ffi::OsString, fmt::Write};

use clap::{
    Args, CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    cli::{Cli, Command},
    error::Error,
    source::parse_bool,
    token::is_private_key,
};

/// The command line. `None` if help or the version was asked for, and has been printed.
pub fn read() -> Result<Option<Cli>, Error> {
    if let Some(command) = read_named() {
        return Ok(Some(Cli { command }));
    }
    match Cli::try_parse() {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if !error.use_stderr() => {
            error.print().map_err(Error::Output)?;
            Ok(None)
        }
        Err(error) => Err(retell(&error, &Named::of(env::args_os().skip(1)))),
    }
}

/// The command that is named, if a job runs it and its flags can be read. Building the flags of all the others takes as
/// long as a signature. Whatever else there is to say, the whole command line says.
fn read_named() -> Option<Command> {
    match env::args_os().nth(1)?.to_str()? {
        "setup" => read_flags().map(Command::Setup),
        "cleanup" => read_flags().map(Command::Cleanup),
        "token" => read_flags().map(Command::Token),
        "exec" => read_flags().map(Command::Exec),
        "validate" => read_flags().map(Command::Validate),
        _ => None,
    }
}

fn read_flags<T: Args>() -> Option<T> {
    let flags = T::augment_args(clap::Command::new("asc-auth"));
    let read = flags.try_get_matches_from(env::args_os().skip(1)).ok()?;
    T::from_arg_matches(&read).ok()
}

/// Whether a command line that can't be read asks for JSON. Not so where its command has no JSON, and what follows `--`
/// belongs to the command that `exec` runs.
pub fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let command = Named::of(arguments.iter().cloned()).command;
    // What has commands below it is not the one that was meant.
    let has_json = command.has_subcommands() || flags(&command).any(|flag| flag == "output");
    let pairs = arguments.windows(2).any(|pair| pair == ["--output", "json"]);
    has_json && (pairs || arguments.iter().any(|argument| argument == "--output=json"))
}

/// The command that a line names by the words it begins with, as far as there are such commands.
struct Named {
    /// `key create`. Empty if there is none.
    name: String,
    /// asc-auth itself, if there is none.
    command: clap::Command,
}

impl Named {
    fn of(arguments: impl Iterator<Item = OsString>) -> Self {
        let (mut words, mut command) = (Vec::new(), Cli::command());
        for word in arguments {
            let Some(below) = command.find_subcommand(&word).cloned() else {
                break;
            };
            words.push(below.get_name().to_owned());
            command = below;
        }
        Self {
            name: words.join(" "),
            command,
        }
    }
}

/// The names of its flags.
fn flags(command: &clap::Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(clap::Arg::get_long)
}

const KEY: &str = "It is in the history of this shell now, and others could see it: remove it there. A flag takes the path \
                   of the .p8 file, or - to read the key from standard input.";
const NEW_KEY: &str = "What the new key is called follows a flag, as in --name 'CI pipeline'. ";
const EXEC: &str = "The command that exec runs follows --, as in asc-auth exec -- fastlane beta. ";

fn retell(error: &clap::Error, named: &Named) -> Error {
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
            let stray = context(ContextKind::InvalidArg).unwrap_or_default();
            if is_private_key(&stray) || stray.contains("-----BEGIN") {
                KEY.clone_into(&mut advice);
                "a private key was given as an argument".to_owned()
            } else {
                advice.insert_str(0, &where_it_belongs(named, &stray));
                "an argument that belongs to no flag".to_owned()
            }
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            if named.name == "exec" {
                advice.insert_str(0, EXEC);
                "no command to run was given".to_owned()
            } else {
                missing(error)
            }
        }
        (ErrorKind::InvalidSubcommand, _) => {
            advice.insert_str(0, &format!("Commands are: {}. ", commands(&named.command)));
            "there is no such command".to_owned()
        }
        (ErrorKind::InvalidValue, Some(flag))
            if context(ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) =>
        {
            format!("a value is missing: {flag}")
        }
        (ErrorKind::InvalidValue, Some(flag)) => format!("the value can't be read: {flag}"),
        (ErrorKind::ArgumentConflict, Some(flag)) => match context(ContextKind::PriorArg) {
            Some(other) if other != flag => format!("{} and {} exclude each other", bare(&flag), bare(&other)),
            _ => format!("{} was given twice", bare(&flag)),
        },
        (kind, Some(flag)) => format!("{kind}: {flag}"),
        (kind, None) => kind.to_string(),
    };
    Error::Usage { what, advice }
}

/// What was not given of what must be: flags by their names, the others by what they are.
fn missing(error: &clap::Error) -> String {
    let names = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => names.as_slice(),
        _ => &[],
    };
    let told = names.iter().map(|name| match name.strip_prefix('<') {
        Some(value) => format!("no {}", what_it_is(value.trim_end_matches('>'))),
        None => format!("no {}", bare(name)),
    });
    format!("{} was given", told.collect::<Vec<_>>().join(" and "))
}

/// `TOKEN` as `token`, and `KEY_ID` as `key ID`.
fn what_it_is(value: &str) -> String {
    value.to_ascii_lowercase().replace('_', " ").replace("key id", "key ID")
}

/// What a word may be meant for that follows no flag.
fn where_it_belongs(named: &Named, stray: &str) -> String {
    let Named { name, command } = named;
    match name.as_str() {
        "exec" => return EXEC.to_owned(),
        "key create" | "key rotate" => return NEW_KEY.to_owned(),
        "key revoke" => return "One key is revoked at a time. ".to_owned(),
        _ => {}
    }
    if parse_bool(stray).is_some() {
        return "A value follows its flag with =, as in --strict-auth=true. ".to_owned();
    }
    let naming = flags(command).find(|flag| ["name", "profile"].contains(flag));
    naming.map_or_else(String::new, |naming| {
        format!("A profile is named with a flag, as in asc-auth {name} --{naming} MyApp. ")
    })
}

/// The names of the commands below one, in the order of the help.
fn commands(command: &clap::Command) -> String {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(clap::Command::get_name).collect::<Vec<_>>().join(", ")
}

/// The name of a flag without the value that it takes.
fn bare(flag: &str) -> &str {
    flag.split([' ', '=', '[']).next().unwrap_or(flag)
}

/// Whether this is the name of a flag, as clap shows a known one (`--output <OUTPUT>`) or as a person misspells one.
fn is_flag(text: &str) -> bool {
    let (name, value) = text.split_once([' ', '=', '[']).unwrap_or((text, ""));
    let is_name = |name: &str| name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    name.starts_with("--") && is_name(name) && (value.is_empty() || value.contains('<'))
}

#[cfg(test)]
mod tests {
    use simulator::TestKey;

    use super::*;

    fn told(arguments: &[&str]) -> String {
        let error = Cli::try_parse_from(arguments).expect_err("a usage error");
        let named = Named::of(arguments.iter().skip(1).map(OsString::from));
        let explanation = retell(&error, &named).explain();
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
            vec!["asc-auth", "key", secret],
            vec!["asc-auth", "key", "create", secret],
            vec!["asc-auth", "key", "list", secret],
            vec!["asc-auth", "key", "revoke", "--confirm=MIGTAgEAMBMGByqGSM49AgEG"],
            vec!["asc-auth", "key", "rotate", secret, "--output", secret],
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
            ("key list --output json --bogus", true),
            ("key create --output=json", true),
            ("key lsit --output json", true),
            ("key list --bogus", false),
            ("key list --output text --bogus", false),
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
        let told = self::told(&["asc-auth", "key", "lsit"]);
        assert!(told.contains("Commands are: create, list, revoke, rotate. "), "{told}");
        assert!(told.contains("Similar is: list"), "{told}");
    }

    #[test]
    fn a_command_that_has_commands_shows_them() {
        let told = told(&["asc-auth", "key"]);
        assert!(told.contains("no command was given"), "{told}");
        assert!(told.contains("asc-auth key <COMMAND>"), "{told}");
    }

    #[test]
    fn a_missing_argument_is_named() {
        assert!(told(&["asc-auth", "inspect"]).contains("no token was given"));
        assert!(told(&["asc-auth", "completions"]).contains("no shell was given"));
        assert!(told(&["asc-auth", "key", "revoke"]).contains("no key ID was given"));
        assert!(told(&["asc-auth", "key", "create"]).contains("no --name and no --role was given"));
        assert!(told(&["asc-auth", "key", "create", "--name", "CI"]).contains("no --role was given"));
        let told = told(&["asc-auth", "key", "rotate"]);
        for name in ["no --name", "no --role", "no old key ID"] {
            assert!(told.contains(name), "{told}");
        }
    }

    #[test]
    fn a_word_without_a_flag_is_told_where_it_may_belong() {
        for (arguments, advice) in [
            (["asc-auth", "switch", "MyApp"], "asc-auth switch --name MyApp"),
            (["asc-auth", "token", "MyApp"], "asc-auth token --profile MyApp"),
            (["asc-auth", "man", "login"], "asc-auth COMMAND --help"),
            (["asc-auth", "token", "true"], "--strict-auth=true"),
        ] {
            let told = told(&arguments);
            assert!(told.contains(advice), "{told}");
            assert!(!told.contains("exec"), "{told}");
        }
    }

    #[test]
    fn a_word_beside_a_key_is_told_where_it_may_belong() {
        for (arguments, advice) in [
            (&["key", "create", "CI pipeline"][..], "--name 'CI pipeline'"),
            (&["key", "rotate", "2X9R4QWVK6", "3Y8S5RXWL7"], "--name 'CI pipeline'"),
            (
                &["key", "revoke", "2X9R4QWVK6", "3Y8S5RXWL7"],
                "One key is revoked at a time",
            ),
            (&["key", "list", "MyApp"], "asc-auth COMMAND --help"),
        ] {
            let told = told(&[&["asc-auth"], arguments].concat());
            assert!(told.contains("an argument that belongs to no flag"), "{told}");
            assert!(told.contains(advice), "{told}");
            assert!(!told.contains("profile"), "{told}");
        }
    }

    #[test]
    fn a_key_without_a_flag_is_named_and_never_repeated() {
        let pem = TestKey::generate().pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for key in [pem.as_str(), body.as_str(), "-----BEGIN"] {
            for command in ["login", "token", "exec"] {
                let told = told(&["asc-auth", command, key]);
                assert!(told.contains("a private key was given as an argument"), "{told}");
                assert!(told.contains("history of this shell"), "{told}");
                assert!(!told.contains(key), "{told}");
            }
            let told = told(&["asc-auth", "key", "create", key]);
            assert!(told.contains("a private key was given as an argument"), "{told}");
            assert!(!told.contains(key), "{told}");
        }
    }

    #[test]
    fn flags_that_exclude_each_other_are_named() {
        let told = told(&["asc-auth", "logout", "--name", "MyApp", "--all"]);
        assert!(told.contains("--name and --all exclude each other"), "{told}");
        let told = self::told(&["asc-auth", "logout", "--name", "MyApp", "--name", "Other"]);
        assert!(told.contains("--name was given twice"), "{told}");
    }

    #[test]
    fn a_command_without_its_dashes_is_told_where_it_belongs() {
        for arguments in [&["asc-auth", "exec", "fastlane", "beta"][..], &["asc-auth", "exec"]] {
            let told = told(arguments);
            assert!(told.contains("asc-auth exec -- fastlane beta"), "{told}");
        }
    }
}
