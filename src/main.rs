//! Parse, run, report, exit.
#![forbid(unsafe_code)]

use std::{panic, process};

use asc_auth::{cli::Cli, commands, report::Console, source::Environment};
use clap::Parser;

fn main() {
    panic::set_hook(Box::new(on_panic));
    let cli = Cli::parse();
    let environment = Environment::Process;
    let console = Console::new(&environment, cli.command.wants_json());
    let code = match commands::run(&cli.command, &environment, console) {
        Ok(()) => 0,
        Err(error) => {
            console.error(&error);
            error.exit_code()
        }
    };
    process::exit(code.into());
}

/// A panic is a defect. Its message could hold anything, so only its place is told.
fn on_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    eprintln!("error: a defect of asc-auth{place}. Please report it; nothing secret is in this line.");
    process::exit(1);
}
