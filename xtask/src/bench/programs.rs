//! The programs that are compared: asc-auth as it ships, and others that do the same. Whatever is
//! missing is named with the command that installs it.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    Outcome,
    build::target_directory,
    dist::{packed, target::Target},
    process::{cargo, run},
};

const TARGET: &str = "x86_64-unknown-linux-musl";

/// The fastest of the tools that mint such tokens.
const JWT_CLI: &str = "6.2.0";

/// A slow network, and two cores that compile.
const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

#[derive(Debug)]
pub(super) struct Programs {
    pub(super) asc_auth: PathBuf,
    /// What is downloaded.
    pub(super) archive: PathBuf,
    pub(super) jwt: PathBuf,
}

impl Programs {
    /// Builds and installs what can be; asks for the rest.
    pub(super) fn ready(root: &Path) -> Result<Self, Box<dyn Error>> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err("the limits are those of the static Linux binary: bench runs on x86_64 Linux only".into());
        }
        needs("curl", "curl")?;
        needs("gzip", "gzip")?;
        let (asc_auth, archive) = packed(root, Target::named(TARGET)?)?;
        Ok(Self {
            asc_auth,
            archive,
            jwt: jwt_cli(&target_directory(root)?.join("tools/jwt-cli"))?,
        })
    }
}

/// The size of a file after `gzip -9`, in bytes.
pub(super) fn gzipped_size(path: &Path) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("gzip").args(["-9", "--stdout"]).arg(path).output()?;
    if !output.status.success() {
        return Err(format!("gzip: {}", output.status).into());
    }
    Ok(output.stdout.len().try_into()?)
}

fn needs(program: &str, package: &str) -> Outcome {
    let started = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match started {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{program} is missing; on Debian: apt-get install {package}").into()),
    }
}

fn jwt_cli(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let installed = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    if !installed.contains(&format!("jwt-cli {JWT_CLI} ")) {
        run(
            cargo()
                .args(["install", "--quiet", "--locked", "--root"])
                .arg(folder)
                .args(["--version", &format!("={JWT_CLI}"), "jwt-cli"]),
            INSTALL_LIMIT,
        )?;
    }
    Ok(folder.join("bin/jwt"))
}
