//! `asc-auth completions SHELL`: print what a shell completes the command line with.

use clap::{Command, CommandFactory};

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
        .args(arguments.cloned())
        .subcommands(subcommands.map(visible));
    match command.get_version() {
        Some(version) => shown.version(forever(version)),
        None => shown,
    }
}

/// clap wants names that live as long as the process, and these nearly do: it prints and ends.
fn forever(name: &str) -> &'static str {
    String::from(name).leak()
}
