//! The flags of status.

use clap::Args;

use super::{CredentialArgs, OutputArgs, TimeoutArgs};
use crate::source::Flags;

#[derive(Args, Debug)]
#[command(after_help = STATUS_CODES)]
pub struct StatusArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    /// Prove what is used here and every stored profile with a request each, all at once
    #[arg(long, help_heading = "Requests")]
    pub validate: bool,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const STATUS_CODES: &str = "Exit codes:
   0  done; with --validate: everything works
  10  a config file can't be understood
  30  the keychain, an item of it or a config file can't be read
With --validate the code is that of the worst failure, as validate has it. The worst first: 12, 13, 11, 10, 30, 20.
That several profiles are stored and none is the default is no failure.";

impl StatusArgs {
    pub fn flags(&self) -> Flags {
        self.credential.flags()
    }
}
