//! Proves that two builds give the same bytes.

use std::path::Path;

use super::target::Target;
use crate::Outcome;

pub(crate) fn check(_root: &Path, _targets: &[&Target]) -> Outcome {
    Err("not built yet".into())
}
