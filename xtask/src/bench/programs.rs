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
    dist::{build::build, packed, target::Target},
    process::{cargo, run},
    tools,
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
    /// A program that does nothing, for the same target.
    pub(super) empty: PathBuf,
    pub(super) jwt: PathBuf,
    /// With PyJWT.
    pub(super) python: PathBuf,
    pub(super) node: PathBuf,
    /// With jsonwebtoken.
    pub(super) node_modules: PathBuf,
}

impl Programs {
    /// Builds and installs what can be; asks for the rest.
    pub(super) fn ready(root: &Path) -> Result<Self, Box<dyn Error>> {
        demand_linux()?;
        for program in ["curl", "gzip", "openssl"] {
            needs(program)?;
        }
        let (asc_auth, archive) = packed(root, Target::named(TARGET)?)?;
        let tools = target_directory(root)?.join("tools");
        Ok(Self {
            asc_auth,
            archive,
            empty: empty_program(&tools)?,
            jwt: jwt_cli(&tools.join("jwt-cli"))?,
            python: tools::python_tools(root)?.join("python"),
            node: tools::node(root)?.join("node"),
            node_modules: tools::node_modules(root),
        })
    }
}

/// asc-auth alone, as it ships.
pub(super) fn asc_auth(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    demand_linux()?;
    build(root, Target::named(TARGET)?, &target_directory(root)?)
}

fn demand_linux() -> Outcome {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(());
    }
    Err("the limits are those of the static Linux binary: bench runs on x86_64 Linux only".into())
}

/// What a process costs that has nothing to do.
fn empty_program(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (source, program) = (folder.join("empty.rs"), folder.join("empty"));
    fs::write(&source, "fn main() {}\n")?;
    run(
        Command::new("rustc")
            .args([
                "--edition=2024",
                "-Copt-level=z",
                "-Cpanic=abort",
                "-Cstrip=symbols",
                "--target",
                TARGET,
                "-o",
            ])
            .args([&program, &source]),
        INSTALL_LIMIT,
    )?;
    Ok(program)
}

/// The size of a file after `gzip -9`, in bytes.
pub(super) fn gzipped_size(path: &Path) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("gzip").args(["-9", "--stdout"]).arg(path).output()?;
    if !output.status.success() {
        return Err(format!("gzip: {}", output.status).into());
    }
    Ok(output.stdout.len().try_into()?)
}

/// On Debian the package has the name of the program.
fn needs(program: &str) -> Outcome {
    let started = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match started {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{program} is missing; on Debian: apt-get install {program}").into()),
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
