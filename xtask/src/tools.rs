//! The pinned tools of `e2e`, `lint`, `fuzz` and `dist`, installed under `target/tools` and nowhere else.
//!
//! Pins live in `xtask/tools`. A tool is installed again when its pins change, and left alone
//! otherwise.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Outcome,
    process::{cargo, output_of, run},
};

const REQUIREMENTS: &str = include_str!("../tools/requirements.txt");
const REQUIREMENTS_DIST: &str = include_str!("../tools/requirements-dist.txt");
const PACKAGE: &str = include_str!("../tools/package.json");
const PACKAGE_LOCK: &str = include_str!("../tools/package-lock.json");
const CARGO_DENY: &str = "=0.20.2";
const CARGO_FUZZ: &str = "=0.13.2";

/// A slow network, and two cores that compile cargo-deny or cargo-fuzz.
const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The folder with act, zizmor, check-jsonschema, actionlint and shellcheck.
pub(crate) fn python_tools(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_python(&root.join("target/tools/python"), REQUIREMENTS, &[])
}

/// The folder with CycloneDX' schemas, which its Python library brings.
pub(crate) fn cyclonedx_schemas(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let bin = python_tools(root)?;
    // Python puts a folder of its version between.
    let library = fs::read_dir(bin.with_file_name("lib"))?
        .next()
        .ok_or("the Python tools have no library")??;
    Ok(library.path().join("site-packages/cyclonedx/schema/_res"))
}

/// The folder with cargo-zigbuild and a Python that has zig. A folder of its own: zig is large, and only `dist` needs it.
pub(crate) fn zig(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_python(&root.join("target/tools/zig"), REQUIREMENTS_DIST, &["--require-hashes"])
}

/// The version of cargo-zigbuild or zig that is pinned.
pub(crate) fn pinned(tool: &str) -> Option<&'static str> {
    let mut lines = REQUIREMENTS_DIST.lines();
    lines.find_map(|line| line.strip_prefix(tool)?.strip_prefix("==")?.split_whitespace().next())
}

fn install_python(folder: &Path, requirements: &str, options: &[&str]) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_once(folder, requirements, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder), INSTALL_LIMIT)
            .map_err(|error| format!("{error}; on Debian: apt-get install python3 python3-venv"))?;
        let file = folder.join("requirements.txt");
        fs::write(&file, requirements)?;
        run(
            Command::new(folder.join("bin/pip"))
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--only-binary=:all:",
                ])
                .args(options)
                .arg("--requirement")
                .arg(file),
            INSTALL_LIMIT,
        )
    })?;
    Ok(folder.join("bin"))
}

/// The folder with `node`, of the version that the action's `using:` names.
pub(crate) fn node(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = root.join("target/tools/node");
    install_once(&folder, &[PACKAGE, PACKAGE_LOCK].concat(), || {
        fs::write(folder.join("package.json"), PACKAGE)?;
        fs::write(folder.join("package-lock.json"), PACKAGE_LOCK)?;
        run(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder),
            INSTALL_LIMIT,
        )
        .map_err(|error| format!("{error}; on Debian: apt-get install npm").into())
    })?;
    Ok(node_modules(root).join("node/bin"))
}

/// Where the modules are that JavaScript asks for by name.
pub(crate) fn node_modules(root: &Path) -> PathBuf {
    root.join("target/tools/node/node_modules")
}

/// The script of gitlab-ci-local, for `node` to run. It copies files with rsync.
pub(crate) fn gitlab_ci_local(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    output_of(Command::new("rsync").arg("--version"))
        .map_err(|error| format!("gitlab-ci-local needs rsync; on Debian: apt-get install rsync ({error})"))?;
    node(root)?;
    Ok(node_modules(root).join("gitlab-ci-local/dist/index.js"))
}

/// The folder with `cargo-deny`.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_crate(&root.join("target/tools/cargo"), "cargo-deny", CARGO_DENY)
}

/// The folder with `cargo-fuzz`.
pub(crate) fn cargo_fuzz(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_crate(&root.join("target/tools/cargo-fuzz"), "cargo-fuzz", CARGO_FUZZ)
}

fn install_crate(folder: &Path, name: &str, version: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    install_once(folder, version, || {
        run(
            cargo()
                .args(["install", "--quiet", "--locked", "--version", version, "--root"])
                .arg(folder)
                .arg(name),
            INSTALL_LIMIT,
        )
    })?;
    Ok(folder.join("bin"))
}

/// Runs `install` in an empty folder, unless a run with the same pins has completed there.
fn install_once(folder: &Path, pins: &str, install: impl FnOnce() -> Outcome) -> Outcome {
    let stamp = folder.join("pins");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    install()?;
    Ok(fs::write(stamp, pins)?)
}
