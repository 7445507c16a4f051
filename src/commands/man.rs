//! `asc-auth man`: print the manual page, or write all of them for a package.

use std::{fs, io, path::Path};

use clap::CommandFactory;
use clap_mangen::Man;

use super::options;
use crate::{
    cli::{Cli, ManArgs},
    error::Error,
    report::Console,
    text::{has_short_parts, io_reason},
};

/// Prints asc-auth(1), or writes it and a page for each command into a directory.
pub(super) fn run(args: &ManArgs, console: Console) -> Result<(), Error> {
    if let Some(dir) = &args.dir {
        options::refuse_key_as_path("--dir", dir.as_os_str().as_encoded_bytes())?;
        return write_all(dir).map_err(|error| unwritten(dir, &error));
    }
    let mut page = Vec::new();
    Man::new(Cli::command()).render(&mut page).map_err(Error::Output)?;
    console.result(&String::from_utf8_lossy(&page))
}

/// `asc-auth.1`, `asc-auth-token.1` and so on. Pages of another version that are there already are replaced.
fn write_all(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Cli::command(), dir)
}

/// What is too long for a name may be a key in its place, and is not told.
fn unwritten(dir: &Path, error: &io::Error) -> Error {
    let shown = dir.to_str().filter(|dir| has_short_parts(dir));
    let place = shown.map_or_else(|| "--dir".to_owned(), |dir| format!("{dir}, from --dir"));
    Error::Output(io::Error::new(error.kind(), format!("{place}: {}", io_reason(error))))
}
