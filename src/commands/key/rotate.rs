//! `asc-auth key rotate`.

use crate::{cli::KeyRotateArgs, error::Error, report::Console, source::Environment};

pub(super) fn run(args: &KeyRotateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let mut keys = super::sign_in(&args.web, environment, console)?;
    let _ = keys.list()?;
    Ok(())
}
