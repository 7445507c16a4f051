//! Parse, run, report, exit.
#![forbid(unsafe_code)]

use std::{
    alloc::System,
    env,
    io::{self, Write},
    panic, process,
};

use asc_auth::{commands, core_dumps, report::Console, source::Environment, usage};
use zeroizing_alloc::ZeroAlloc;

/// Whatever is freed is wiped: keys and tokens pass through buffers of libraries that don't do it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() {
    core_dumps::forbid();
    panic::set_hook(Box::new(on_panic));
    process::exit(run().into());
}

fn run() -> u8 {
    let environment = Environment::Process;
    let cli = match usage::read() {
        Ok(Some(cli)) => cli,
        Ok(None) => return 0,
        Err(error) => {
            let json = usage::asks_for_json(env::args_os().skip(1));
            Console::without_command(&environment, json).error(&error);
            return error.exit_code();
        }
    };
    let console = Console::of(&cli.command, &environment);
    match commands::run(&cli.command, &environment, console) {
        Ok(code) => code,
        Err(error) => {
            console.error(&error);
            error.exit_code()
        }
    }
}

/// A panic is a defect. Its message could hold anything, so only its place is told.
fn on_panic(info: &panic::PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    // A failure to tell must not panic in its turn.
    let _ = writeln!(
        io::stderr(),
        "error: a defect of asc-auth{place}. Please report it; nothing secret is in this line."
    );
    process::exit(1);
}
