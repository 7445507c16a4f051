//! Builds asc-auth as it ships: stripped, small, static on Linux, and the same bytes wherever it is built.
//! `reproducible` says what that takes.
//!
//! The macOS binaries are linked without Apple's SDK, against lists of the few symbols that they use
//! (`link/macos`). They can't be run on Linux: `imports` reads what they ask of the system instead.

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{imports, target::Target};
use crate::{
    Outcome,
    process::run,
    reproducible::{INSTALL_LIMIT, Toolchain},
    tools,
};

/// The Rust that releases are built with.
const RUST: &str = include_str!("../../tools/rust-version.txt");

/// Two cores that compile everything, the standard library as well.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// The stripped release binary as it ships. In a folder of its own within cargo's target directory: what other builds
/// leave there was compiled with other flags.
pub(crate) fn build(root: &Path, target: &Target, target_directory: &Path) -> Result<PathBuf, Box<dyn Error>> {
    build_with(
        &Tools::ready(root, target)?,
        root,
        target,
        &target_directory.join("shipped"),
    )
}

/// What decides the bytes beside the source, with versions: the Rust, the C compiler, and what joins them.
pub(crate) fn built_with() -> Result<[(&'static str, String); 3], Box<dyn Error>> {
    let pinned = |tool| {
        tools::pinned(tool)
            .map(str::to_owned)
            .ok_or("the pin of a tool is missing")
    };
    Ok([
        ("rustc", Toolchain::found()?.version),
        ("zig", pinned("ziglang")?),
        ("cargo-zigbuild", pinned("cargo-zigbuild")?),
    ])
}

/// Fails unless this is the Rust that releases are built with.
pub(super) fn refuse_another_rust() -> Outcome {
    let version = Toolchain::found()?.version;
    if version == RUST.trim() {
        return Ok(());
    }
    Err(format!(
        "releases are built with Rust {}, and this is {version}: set RUSTUP_TOOLCHAIN, or pass --any-rust for other bytes",
        RUST.trim()
    )
    .into())
}

/// What builds, and where it is.
pub(super) struct Tools {
    zig: PathBuf,
    pub(super) rust: Toolchain,
}

impl Tools {
    /// Installs what is missing.
    pub(super) fn ready(root: &Path, target: &Target) -> Result<Self, Box<dyn Error>> {
        let rust = Toolchain::found()?;
        if rust.version != RUST.trim() {
            eprintln!(
                "Releases are built with Rust {}; this is {}, so the bytes will differ from theirs.",
                RUST.trim(),
                rust.version
            );
        }
        rust.add_target(target.triple())?;
        rust.add_source()?;
        Ok(Self {
            zig: tools::zig(root)?,
            rust,
        })
    }
}

/// The same with tools that lie elsewhere: the source may be a copy.
pub(super) fn build_with(
    tools: &Tools,
    source: &Path,
    target: &Target,
    target_directory: &Path,
) -> Result<PathBuf, Box<dyn Error>> {
    // The folders of crates are known when they are there.
    run(
        clean(tools, target_directory)?
            .args(["fetch", "--quiet", "--locked", "--target", target.triple()])
            .current_dir(source),
        INSTALL_LIMIT,
    )?;
    let hidden = tools.rust.hidden_paths(source, target_directory)?;
    let mut flags = hidden.rust_flags();
    flags.extend(link_arguments(source, target));
    run(
        clean(tools, target_directory)?
            .args(["zigbuild", "--release", "--locked", "--package", "asc-auth"])
            .args(["--bin", "asc-auth", "--target", target.triple()])
            // The standard library with our settings instead of those it is shipped with, and without what turns the
            // addresses of a backtrace into names: 0.35 MB. A panic still says where and why.
            .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
            // For those two. The compiler is the same.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env(
                format!("CFLAGS_{}", target.triple().replace('-', "_")),
                hidden.c_flags(),
            )
            .env("MACOSX_DEPLOYMENT_TARGET", "11.0")
            .current_dir(source),
        BUILD_LIMIT,
    )?;
    let binary = target_directory
        .join(target.triple())
        .join("release")
        .join(target.executable());
    let bytes = fs::read(&binary)?;
    hidden.refuse_in(&bytes)?;
    imports::check(&bytes, target)?;
    Ok(binary)
}

/// cargo with zig, in an environment that holds nothing of the caller's flags.
fn clean(tools: &Tools, target_directory: &Path) -> Result<Command, Box<dyn Error>> {
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths([tools.zig.clone()].into_iter().chain(env::split_paths(&path)))?;
    let zig_cache = target_directory.join("zig");
    let mut cargo = tools.rust.cargo(target_directory);
    cargo
        .env("PATH", path)
        .env("CARGO_ZIGBUILD_PYTHON_PATH", tools.zig.join("python"))
        .env("CARGO_ZIGBUILD_CACHE_DIR", &zig_cache)
        .env("ZIG_GLOBAL_CACHE_DIR", &zig_cache)
        .env("ZIG_LOCAL_CACHE_DIR", &zig_cache);
    Ok(cargo)
}

fn link_arguments(source: &Path, target: &Target) -> Vec<String> {
    let link = source.join("link");
    if target.is_linux() {
        // Rust's own linker: zig's refuses to pack relocations.
        vec![
            "-Clinker=rust-lld".to_owned(),
            "-Clinker-flavor=ld.lld".to_owned(),
            "-Clink-self-contained=yes".to_owned(),
            "-Clink-arg=-zpack-relative-relocs".to_owned(),
            "-Clink-arg=--icf=all".to_owned(),
            "-Clink-arg=--no-eh-frame-hdr".to_owned(),
            format!("-Clink-arg=-T{}", link.join("without-unwinding.ld").display()),
        ]
    } else if target.is_macos() {
        vec![
            format!("-Clink-arg=-F{}", link.join("macos").display()),
            // What is named and not used would still be loaded.
            "-Clink-arg=-Wl,-dead_strip_dylibs".to_owned(),
        ]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_releases_are_built_with_is_pinned() {
        for tool in ["ziglang", "cargo-zigbuild"] {
            assert!(
                tools::pinned(tool).is_some_and(|version| version.contains('.')),
                "{tool}"
            );
            assert!(
                !tools::pinned(tool).is_some_and(|version| version.contains("hash")),
                "{tool}"
            );
        }
        assert_eq!(RUST.trim().split('.').count(), 3);
    }
}
