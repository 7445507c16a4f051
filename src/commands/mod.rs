//! One file a subcommand. Each reads like the sentence in its `--help`.

mod capabilities;
mod cleanup;
mod completions;
mod doctor;
mod exec;
mod inspect;
mod key;
mod login;
mod logout;
mod man;
mod options;
mod roles;
mod session;
mod setup;
mod status;
mod switch;
mod token;
mod validate;

use crate::{cli::Command, error::Error, report::Console, source::Environment};

/// Runs a command, and says with which code the process ends: 0, the code of the child that `exec` ran, or of a
/// result that is no good news. What it has
/// to say, it has said through `console` when this returns; an error is the caller's to tell.
pub fn run(command: &Command, environment: &Environment, console: Console) -> Result<u8, Error> {
    match command {
        Command::Exec(args) => return exec::run(args, environment, console),
        Command::Inspect(args) => return inspect::run(args, environment, console),
        Command::Capabilities(args) => return capabilities::run(args, environment, console),
        Command::Status(args) => return status::run(args, environment, console),
        Command::Doctor(args) => return doctor::run(args, environment, console),
        Command::Setup(args) => setup::run(args, environment, console),
        Command::Cleanup(args) => cleanup::run(args, environment, console),
        Command::Token(args) => token::run(args, environment, console),
        Command::Validate(args) => validate::run(args, environment, console),
        Command::Roles(args) => roles::run(args, console),
        Command::Completions(args) => completions::run(args, console),
        Command::Man(args) => man::run(args, console),
        Command::Login(args) => login::run(args, environment, console),
        Command::Switch(args) => switch::run(args, environment, console),
        Command::Logout(args) => logout::run(args, environment, console),
        Command::Key(args) => key::run(args, environment, console),
    }
    .map(|()| 0)
}
