//! `asc-auth key revoke`.

use crate::{cli::KeyRevokeArgs, error::Error, report::Console, source::Environment};

pub(super) fn run(args: &KeyRevokeArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let mut keys = super::sign_in(&args.web, environment, console)?;
    let _ = keys.list()?;
    Ok(())
}
