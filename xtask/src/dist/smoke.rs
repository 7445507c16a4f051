//! Runs what was built, where this machine can: its own binary as it is, and that of another processor under qemu.
//! Says plainly what could not be run.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use simulator::{ApiKey, Simulator, TestKey, random_issuer_id, random_key_id};

use super::target::Target;
use crate::{Outcome, process::output_of, step::Step};

/// Debian's, of qemu-user-static.
const QEMU: &str = "/usr/bin/qemu-aarch64-static";

/// How a binary is started here.
#[derive(Debug, PartialEq, Eq)]
enum Start {
    AsItIs,
    Under(&'static str),
}

/// Lets each binary that this machine can run do its work once, and names the others.
pub(crate) fn smoke(built: &[(&'static Target, PathBuf)]) -> Outcome {
    for (target, binary) in built {
        let triple = target.triple();
        match start(target, Path::new(QEMU).exists()) {
            Some(start) => {
                let what = works(binary, &start).map_err(|error| format!("{triple}: {error}"))?;
                println!("{triple}: {what}");
            }
            None => println!("{triple}: not run, this machine can't"),
        }
    }
    Ok(())
}

fn start(target: &Target, has_qemu: bool) -> Option<Start> {
    if Target::of_this_machine() == Some(target) {
        Some(Start::AsItIs)
    } else if target.triple() == "aarch64-unknown-linux-musl" && cfg!(target_os = "linux") && has_qemu {
        Some(Start::Under(QEMU))
    } else {
        None
    }
}

/// A whole step: the key is read, a token is minted and accepted (the simulator verifies its signature), and all is
/// removed again.
fn works(binary: &Path, start: &Start) -> Result<String, Box<dyn Error>> {
    let key = TestKey::generate();
    let (key_id, issuer_id) = (random_key_id(), random_issuer_id());
    let apple = Simulator::start();
    apple.register(ApiKey::team(&key_id, &issuer_id, &key));
    let step = Step::new()?;
    let command = || -> Command {
        match start {
            Start::AsItIs => step.command(binary),
            Start::Under(emulator) => {
                let mut command = step.command(Path::new(emulator));
                command.arg(binary);
                command
            }
        }
    };

    let version = output_of(command().arg("--version"))?;
    output_of(
        command()
            .arg("setup")
            .env("ASC_KEY_ID", &key_id)
            .env("ASC_ISSUER_ID", &issuer_id)
            .env("ASC_PRIVATE_KEY", key.pem())
            .env("ASC_API_URL", apple.url()),
    )?;
    let requests = apple.requests().len();
    if requests != 1 {
        return Err(format!("setup made {requests} requests instead of one").into());
    }
    let directory = step.recorded_directory()?;
    output_of(command().args(["cleanup", "--dir"]).arg(&directory))?;
    if fs::exists(&directory)? {
        return Err("cleanup left the private directory".into());
    }
    Ok(format!("ran; {} set up, was accepted and cleaned up", version.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_linux_for_another_processor_needs_qemu() {
        let named = |name| Target::named(name).unwrap();
        assert_eq!(start(named("x86_64-pc-windows-gnu"), true), None);
        assert_eq!(start(named("aarch64-pc-windows-gnullvm"), true), None);
        if let Some(here) = Target::of_this_machine() {
            assert_eq!(start(here, false), Some(Start::AsItIs));
        }
    }
}
