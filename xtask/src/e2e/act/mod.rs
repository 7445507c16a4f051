//! The action, from this checkout, in jobs that act runs with a real Node.
//!
//! Each case is a workflow in `xtask/e2e/workflows` and a function in `cases.rs` that says what must
//! have come of it.

mod by_hand;
mod cases;
mod downloads;
pub(crate) mod runner;
mod stage;

use std::path::Path;

use self::{cases::CASES, runner::Act, stage::Stage};
use super::{Tally, checkout, release::Release};
use crate::{Outcome, tools};

/// The names of the cases.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// Runs the cases that are asked for.
pub(crate) fn run(root: &Path, binary: &Path, release: &Release, logs: &Path, tally: &mut Tally) -> Outcome {
    let python = tools::python_tools(root)?;
    let node = tools::node(root)?;
    let checkout = checkout::copy_of(root, Release::none)?;
    let released = checkout::copy_of(root, |copy| release.write_into(copy))?;
    let act = Act {
        program: python.join("act"),
        node,
        checkout: checkout.path().to_owned(),
        released: released.path().to_owned(),
        binary: binary.to_owned(),
        logs: logs.to_owned(),
    };
    for case in CASES {
        tally.run("act", case.name, &act.log(case.name), || {
            (case.run)(&Stage::new(&act, release, binary))
        });
    }
    Ok(())
}
