//! `asc-auth completions SHELL`: print what a shell completes the command line with.

use clap::{Arg, Command, CommandFactory, ValueHint, builder::Str};

use crate::{
    cli::{Cli, CompletionsArgs},
    error::Error,
    report::Console,
};

/// Generates the completions from the flags themselves; hidden ones stay hidden.
pub(super) fn run(args: &CompletionsArgs, console: Console) -> Result<(), Error> {
    let mut command = visible(&Cli::command());
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    // Bash would complete nothing behind a command: the hyphen in our name is spelt in two ways (clap issue 6421).
    let script = String::from_utf8_lossy(&script).replace("asc__subcmd__auth", "asc__auth");
    console.result(&script)
}

/// The command without what is hidden: clap_complete shows everything.
fn visible(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let subcommands = command.get_subcommands().filter(|command| !command.is_hide_set());
    let shown = Command::new(forever(command.get_name()))
        .about(command.get_about().cloned().unwrap_or_default())
        .args(arguments.cloned().map(hinted))
        .subcommands(subcommands.map(visible));
    match command.get_version() {
        Some(version) => shown.version(forever(version)),
        None => shown,
    }
}

/// What a value may be, as its name tells: shells would offer files for everything. Reading stays as it is, and accepts
/// more than what is offered.
fn hinted(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() {
        return argument;
    }
    let name = argument.get_value_names().and_then(|names| names.first());
    match name.map(Str::as_str) {
        Some("FILE") => argument.value_hint(ValueHint::FilePath),
        Some("DIR") => argument.value_hint(ValueHint::DirPath),
        Some("CMD") if argument.is_positional() => argument.value_hint(ValueHint::CommandWithArguments),
        Some("CMD") => argument.value_hint(ValueHint::CommandString),
        Some("BOOL") => argument.value_parser(["true", "false"]),
        Some("TYPE") => argument.value_parser(["team", "individual"]),
        _ => argument.value_hint(ValueHint::Other),
    }
}

/// clap wants names that live as long as the process, and these nearly do: it prints and ends.
fn forever(name: &str) -> &'static str {
    String::from(name).leak()
}
