//! The flags of the commands that tell what can be known: inspect, roles, capabilities, completions, man.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::{CredentialArgs, OutputArgs, TimeoutArgs};
use crate::source::Flags;

#[derive(Args, Debug)]
#[command(after_help = INSPECT_CODES)]
pub struct InspectArgs {
    /// The token, or - for standard input, which keeps it out of the shell's history and the process list
    #[arg(value_name = "TOKEN")]
    pub token: String,
    /// Verify the signature with this .p8 or public key, a file or - for standard input
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// Judge it as a token for the Apple Developer Enterprise Program
    #[arg(long)]
    pub in_house: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

const INSPECT_CODES: &str =
    "A whole Authorization header is read as well. Nothing is sent anywhere, and the signature is never printed.

Exit codes:
   0  nothing is wrong, or what is wrong may pass
   2  usage: this is no token at all, but nothing, a word, a file's name or a private key
  10  Apple refuses this token, or --key holds no key
  30  the file of --key can't be read";

#[derive(Args, Debug)]
pub struct RolesArgs {
    /// Only the roles that can do this, such as 'certificates' or 'upload builds'; repeated: all of it
    #[arg(long, value_name = "TEXT")]
    pub can: Vec<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(after_help = CAPABILITIES_CODES)]
pub struct CapabilitiesArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    /// Ask for reports as well: the vendor number stands in App Store Connect → Payments and Financial Reports
    #[arg(long, value_name = "NUMBER", help_heading = "Requests")]
    pub vendor_number: Option<String>,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const CAPABILITIES_CODES: &str = "Exit codes, besides those of validate:
   0  every group was told of, also where the key is forbidden
  12  Apple refused the credential (401)
  20  a group could not be told of, or Apple could not be asked; trying again may help";

#[derive(Args, Debug)]
#[command(after_help = INSTALL_COMPLETIONS)]
pub struct CompletionsArgs {
    /// The shell to complete in
    pub shell: Shell,
}

const INSTALL_COMPLETIONS: &str = "To install them, once the directory is there:
  bash  asc-auth completions bash > ~/.local/share/bash-completion/completions/asc-auth
  zsh   asc-auth completions zsh > ~/.zfunc/_asc-auth    (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  fish  asc-auth completions fish > ~/.config/fish/completions/asc-auth.fish";

#[derive(Args, Debug)]
#[command(after_help = "To install them: asc-auth man --dir ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write asc-auth.1 and a page for each command into this directory, instead of printing asc-auth(1)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl InspectArgs {
    pub fn flags(&self) -> Flags {
        Flags::default()
            .with("TOKEN", Some(&self.token))
            .with("--key", self.key.as_deref())
    }
}

impl CapabilitiesArgs {
    pub fn flags(&self) -> Flags {
        self.credential
            .flags()
            .with("--vendor-number", self.vendor_number.as_deref())
    }
}
