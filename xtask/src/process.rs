//! Runs other programs. Each is shown before it runs, has a time limit, and is ended by its own
//! process ID only, never by name.

use std::{
    env,
    error::Error,
    io::ErrorKind,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;

const POLL: Duration = Duration::from_millis(20);

/// cargo, as if it was started from a shell: what `cargo run` says of xtask would make the build scripts
/// of others, ring's first, run again.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let about_xtask = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if about_xtask
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Shows the command, runs it to its end, and fails when it fails or outlasts `limit`.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Outcome {
    let shown = show(command);
    println!("$ {shown}");
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{} is not installed", first_word(&shown)),
        _ => format!("{shown}: {error}"),
    })?;
    match wait(&mut child, Instant::now() + limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{}: {status}", first_word(&shown)).into()),
        None => Err(format!("{} took longer than {} s", first_word(&shown), limit.as_secs()).into()),
    }
}

/// What the command prints on stdout. For short questions to tools such as git; not shown.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let shown = show(command);
    let output = command.output().map_err(|error| format!("{shown}: {error}"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{shown}: {}\n{reason}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Waits until the child ends. At the deadline it is killed, and the answer is None.
pub(crate) fn wait(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>, Box<dyn Error>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// Asks a child to end, as Ctrl-C does, but it alone.
pub(crate) fn interrupt(child: &Child) -> Outcome {
    let pid = Pid::from_raw(i32::try_from(child.id())?).ok_or("no such process")?;
    Ok(kill_process(pid, Signal::INT)?)
}

/// Waits until something holds; false when the deadline comes first.
pub(crate) fn wait_until(deadline: Instant, mut holds: impl FnMut() -> bool) -> bool {
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
}

/// The command as a person would type it: the program by its name, words with blanks quoted.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| {
        let word = word.to_string_lossy();
        if word.contains(char::is_whitespace) {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn first_word(shown: &str) -> &str {
    shown.split(' ').next().unwrap_or(shown)
}
