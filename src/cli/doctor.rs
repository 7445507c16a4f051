//! The flags of doctor.

use clap::Args;

use super::{CredentialArgs, OutputArgs, TimeoutArgs};
use crate::source::Flags;

#[derive(Args, Debug)]
#[command(after_help = DOCTOR_CODES)]
pub struct DoctorArgs {
    /// Show what could be repaired, and change nothing
    #[arg(long, help_heading = "Repairs")]
    pub fix: bool,
    /// With --fix: repair it, and look again
    #[arg(long, help_heading = "Repairs")]
    pub confirm: bool,
    /// Compare the clock with Apple's, with one request that carries no token
    #[arg(long, help_heading = "Requests")]
    pub network: bool,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    #[command(flatten)]
    pub credential: CredentialArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const DOCTOR_CODES: &str = "Exit codes:
   0  nothing is broken; there may be advice
   2  usage: unknown flag, --confirm without --fix
  10  something is broken, after repairs if there were any";

impl DoctorArgs {
    pub fn flags(&self) -> Flags {
        self.credential.flags()
    }
}
