//! Windows tells nothing here yet: every directory's owners are unknown, and none is taken for left behind.

use std::path::Path;

use super::{Process, World};

pub(super) fn world() -> Option<World> {
    None
}

pub(super) fn this_process() -> Option<Process> {
    None
}

pub(super) fn callers() -> Option<(Vec<Process>, bool)> {
    None
}

pub(super) fn may_be_alive(_: &Process) -> bool {
    true
}

pub(super) fn somebody_told(_: &Path) -> Option<u32> {
    None
}
