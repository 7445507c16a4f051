//! `asc-auth exec -- CMD`
use crate::{cli::ExecArgs, error::Error, report::Console, source::Environment};
pub(super) fn run(_args: &ExecArgs, _environment: &Environment, _console: Console) -> Result<u8, Error> {
    Ok(1)
}
