//! Tokens that asc-auth signs, and keys at the edges of the rules, held against other people's libraries: PyJWT, jose,
//! OpenSSL (as Node brings it) and ring. Each gets the same ten thousand tokens in one process, and as many spoilt
//! ones as it must refuse.
//!
//! Public keys come from ring, and from OpenSSL for the scalars at the edges: none is worked out by what signs.

mod batch;
mod spoil;

use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use self::batch::Batch;
use super::{Tally, apple::require};
use crate::{Outcome, process::wait, tools};

/// A peer a case, and the keys.
const CASES: [&str; 5] = ["pyjwt", "jose", "openssl", "ring", "keys"];

/// Far more than any of them takes.
const LIMIT: Duration = Duration::from_secs(300);

/// The names of the cases.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CASES.into_iter()
}

/// Runs the cases that are asked for, on one batch.
pub(crate) fn run(root: &Path, binary: &Path, logs: &Path, tally: &mut Tally) -> Outcome {
    let start = Instant::now();
    let batch = Batch::mint(binary)?;
    println!(
        "{} tokens by {} keys, {} spoilt ones ({:.1} s); {}",
        batch.tokens.len(),
        batch.signers.len(),
        batch.spoilt.len(),
        start.elapsed().as_secs_f32(),
        batch.rare_signatures()?,
    );
    // The keys in it were made for this run, and are gone with it.
    let folder = TempDir::with_prefix("asc-auth-e2e-peers-")?;
    let file = folder.path().join("batch.json");
    fs::write(&file, batch.to_json().to_string())?;
    let scripts = root.join("xtask/e2e/peers");
    let python = tools::python_tools(root)?.join("python");
    let node = tools::node(root)?.join("node");
    for case in CASES {
        let log = logs.join(format!("{case}.log"));
        let peer = |program: &PathBuf, script: &str| {
            let mut command = Command::new(program);
            command.arg(scripts.join(script)).arg(&file);
            command
        };
        tally.run("peers", case, &log, || match case {
            "ring" => batch.verify_with_ring(),
            "pyjwt" => listen_to(peer(&python, "pyjwt.py"), &log),
            "jose" => {
                let mut command = peer(&node, "jose.mjs");
                command.arg(tools::node_modules(root));
                listen_to(command, &log)
            }
            _ => listen_to(peer(&node, &format!("{case}.mjs")), &log),
        });
    }
    Ok(())
}

/// Runs a peer, which ends with 0 only if it agrees with all of the batch.
fn listen_to(mut command: Command, log: &Path) -> Outcome {
    let output = File::create(log)?;
    let mut child = command.env_clear().stdout(output.try_clone()?).stderr(output).spawn()?;
    let status = wait(&mut child, Instant::now() + LIMIT)?;
    let status = status.ok_or_else(|| format!("it took longer than {} s", LIMIT.as_secs()))?;
    require(status.success(), "it disagrees")?;
    print!("{}", fs::read_to_string(log)?);
    Ok(())
}

type Failure = Box<dyn Error>;
