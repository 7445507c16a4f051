//! One file a subcommand. Each reads like the sentence in its `--help`.

mod cleanup;
mod options;
mod setup;
mod token;
mod validate;

use crate::{cli::Command, error::Error, report::Console, source::Environment};

/// Runs a command. What it has to say, it has said through `console` when this returns; an error is the caller's to tell.
pub fn run(command: &Command, environment: &Environment, console: Console) -> Result<(), Error> {
    match command {
        Command::Setup(args) => setup::run(args, environment, console),
        Command::Cleanup(args) => cleanup::run(args, environment, console),
        Command::Token(args) => token::run(args, environment, console),
        Command::Validate(args) => validate::run(args, environment, console),
    }
}
