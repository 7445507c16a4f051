//! `cargo xtask e2e`: the action, from this checkout, in jobs that a real runner (act) runs with a
//! real Node, against the simulator on loopback.
//!
//! Each case is a workflow in `xtask/e2e/workflows` and a function in `cases.rs` that says what must
//! have come of it. Whatever the case: nothing is left on disk, and the complete log holds no secret.

mod act;
mod by_hand;
mod cases;
mod checkout;
mod secrets;

use std::{fs, path::Path, time::Instant};

use tempfile::TempDir;

use self::{act::Act, cases::CASES};
use crate::{Outcome, build, tools};

/// Runs every case, one line each, and fails if any failed.
pub(crate) fn e2e(root: &Path) -> Outcome {
    let python = tools::python_tools(root)?;
    let node = tools::node(root)?;
    println!("$ cargo build --package asc-auth");
    let binary = build::asc_auth(root, &[])?;
    // A copy of its own, which no other build replaces and nothing else runs.
    let installed = TempDir::with_prefix("asc-auth-e2e-bin-")?;
    let binary_copy = installed.path().join("asc-auth");
    fs::copy(binary, &binary_copy)?;
    let checkout = checkout::copy_of(root)?;
    let logs = root.join("target/e2e");
    fs::create_dir_all(&logs)?;
    let act = Act {
        program: python.join("act"),
        node,
        checkout: checkout.path().to_owned(),
        logs,
    };

    let mut failed = 0;
    for case in CASES {
        let start = Instant::now();
        let outcome = (case.run)(&cases::Stage::new(&act, &binary_copy));
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => println!("ok      {} ({seconds:.1} s)", case.name),
            Err(error) => {
                failed += 1;
                println!("FAILED  {} ({seconds:.1} s): {error}", case.name);
                // The keys in it, if any, were made for this run.
                println!("{}", fs::read_to_string(act.log(case.name)).unwrap_or_default());
            }
        }
    }
    println!("{} passed, {failed} failed", CASES.len() - failed);
    if failed == 0 { Ok(()) } else { Err("e2e failed".into()) }
}
