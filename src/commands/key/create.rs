//! `asc-auth key create`.

use crate::{cli::KeyCreateArgs, error::Error, report::Console, source::Environment};

pub(super) fn run(args: &KeyCreateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let mut keys = super::sign_in(&args.web, environment, console)?;
    let _ = keys.list()?;
    Ok(())
}
