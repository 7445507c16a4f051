//! `asc-auth key list`.

use crate::{cli::KeyListArgs, error::Error, report::Console, source::Environment};

pub(super) fn run(args: &KeyListArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let mut keys = super::sign_in(&args.web, environment, console)?;
    let _ = keys.list()?;
    Ok(())
}
