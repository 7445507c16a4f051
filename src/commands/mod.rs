//! One file a subcommand. Each reads like the sentence in its `--help`.

mod cleanup;
mod exec;
mod login;
mod logout;
mod options;
mod session;
mod setup;
mod switch;
mod token;
mod validate;

use crate::{cli::Command, error::Error, report::Console, source::Environment};

/// Runs a command, and says with which code the process ends: 0, or the code of the child that `exec` ran. What it has
/// to say, it has said through `console` when this returns; an error is the caller's to tell.
pub fn run(command: &Command, environment: &Environment, console: Console) -> Result<u8, Error> {
    match command {
        Command::Exec(args) => return exec::run(args, environment, console),
        Command::Setup(args) => setup::run(args, environment, console),
        Command::Cleanup(args) => cleanup::run(args, environment, console),
        Command::Token(args) => token::run(args, environment, console),
        Command::Validate(args) => validate::run(args, environment, console),
        Command::Login(args) => login::run(args, environment, console),
        Command::Switch(args) => switch::run(args, environment, console),
        Command::Logout(args) => logout::run(args, environment, console),
    }
    .map(|()| 0)
}
