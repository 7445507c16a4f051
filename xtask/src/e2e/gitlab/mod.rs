//! The component, from this checkout, in pipelines that gitlab-ci-local runs, included as a consumer
//! does: from a tagged project.
//!
//! Each case is a pipeline in `xtask/e2e/pipelines` and a function in `cases.rs` that says what must
//! have come of it. gitlab-ci-local masks nothing, so its log is the raw one.

mod cases;
mod component;
mod downloads;
mod runner;
mod stage;

use std::path::Path;

use self::{cases::CASES, component::Component, runner::GitLab, stage::Stage};
use super::{Tally, release::Release};
use crate::{Outcome, tools};

/// The names of the cases.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// Runs the cases that are asked for.
pub(crate) fn run(root: &Path, binary: &Path, release: &Release, logs: &Path, tally: &mut Tally) -> Outcome {
    let gitlab = GitLab {
        node: tools::node(root)?,
        program: tools::gitlab_ci_local(root)?,
        component: Component::released(root, release)?,
        root: root.to_owned(),
        logs: logs.to_owned(),
    };
    for case in CASES {
        tally.run("gitlab", case.name, &gitlab.log(case.name), || {
            (case.run)(&Stage::new(&gitlab, release, binary))
        });
    }
    Ok(())
}
