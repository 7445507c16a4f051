//! `THIRD-PARTY.txt`: the licences of everything that is linked into the binaries.

use std::{error::Error, path::Path};

pub(super) fn third_party(_root: &Path) -> Result<String, Box<dyn Error>> {
    Ok(String::new())
}
