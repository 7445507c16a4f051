//! Builds asc-auth as it ships: stripped, small, static on Linux, and the same bytes wherever it is built.
//!
//! Whatever differs from machine to machine must stay out: the environment is a short list, the flags are
//! these and nobody else's, and paths are written as they are nowhere. A binary that holds one is refused.
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
    process::{cargo, output_of, run},
    tools,
};

/// The Rust that releases are built with.
const RUST: &str = include_str!("../../tools/rust-version.txt");

/// A slow network, for the standard library of a target.
const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Two cores that compile everything, the standard library as well.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// All of the caller's environment that a build sees: where things are, and how to reach a registry.
const PASSED: [&str; 16] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TERM",
    "CARGO_HOME",
    "CARGO_BUILD_JOBS",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];
const PASSED_PREFIXES: [&str; 5] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_TERM_",
];

/// 1980-01-01, for whatever writes a date.
const EPOCH: &str = "315532800";

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
        ("rustc", Rust::found()?.version),
        ("zig", pinned("ziglang")?),
        ("cargo-zigbuild", pinned("cargo-zigbuild")?),
    ])
}

/// Fails unless this is the Rust that releases are built with.
pub(super) fn refuse_another_rust() -> Outcome {
    let version = Rust::found()?.version;
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
    rust: Rust,
    pub(super) cargo_home: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    pub(super) fn ready(root: &Path, target: &Target) -> Result<Self, Box<dyn Error>> {
        let rust = Rust::found()?;
        if rust.version != RUST.trim() {
            eprintln!(
                "Releases are built with Rust {}; this is {}, so the bytes will differ from theirs.",
                RUST.trim(),
                rust.version
            );
        }
        rust.add(target)?;
        let home = || env::var_os("HOME").ok_or("HOME is not set").map(PathBuf::from);
        let cargo_home = match env::var_os("CARGO_HOME") {
            Some(folder) => folder.into(),
            None => home()?.join(".cargo"),
        };
        Ok(Self {
            zig: tools::zig(root)?,
            rust,
            cargo_home,
        })
    }
}

/// The toolchain that `rustc` is of.
struct Rust {
    version: String,
    sysroot: PathBuf,
}

impl Rust {
    fn found() -> Result<Self, Box<dyn Error>> {
        let version = output_of(Command::new("rustc").arg("--version"))?;
        let sysroot = output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
        Ok(Self {
            version: version.split(' ').nth(1).unwrap_or_default().to_owned(),
            sysroot: sysroot.trim().into(),
        })
    }

    /// The target's start files, and the source of the standard library.
    fn add(&self, target: &Target) -> Outcome {
        let library = self.sysroot.join("lib/rustlib");
        if !library.join(target.triple()).is_dir() {
            run(rustup().args(["target", "add", target.triple()]), INSTALL_LIMIT)?;
        }
        if !library.join("src/rust/library").is_dir() {
            run(rustup().args(["component", "add", "rust-src"]), INSTALL_LIMIT)?;
        }
        Ok(())
    }
}

fn rustup() -> Command {
    Command::new("rustup")
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
    let hidden = hidden_paths(tools, source, target_directory)?;
    let in_c: Vec<String> = hidden
        .iter()
        .map(|(path, shown)| format!("-ffile-prefix-map={path}={shown}"))
        .collect();
    let mut flags: Vec<String> = hidden
        .iter()
        .map(|(path, shown)| format!("--remap-path-prefix={path}={shown}"))
        .collect();
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
            .env(format!("CFLAGS_{}", target.triple().replace('-', "_")), in_c.join(" "))
            .env("MACOSX_DEPLOYMENT_TARGET", "11.0")
            .current_dir(source),
        BUILD_LIMIT,
    )?;
    let binary = target_directory
        .join(target.triple())
        .join("release")
        .join(target.executable());
    let bytes = fs::read(&binary)?;
    refuse_paths(&bytes, &hidden)?;
    imports::check(&bytes, target)?;
    Ok(binary)
}

/// cargo, in an environment that holds nothing of the caller's flags.
fn clean(tools: &Tools, target_directory: &Path) -> Result<Command, Box<dyn Error>> {
    let mut cargo = cargo();
    cargo.env_clear();
    for (name, value) in env::vars_os() {
        if is_passed(&name.to_string_lossy()) {
            cargo.env(name, value);
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths([tools.zig.clone()].into_iter().chain(env::split_paths(&path)))?;
    let zig_cache = target_directory.join("zig");
    cargo
        .env("PATH", path)
        .env("CARGO_HOME", &tools.cargo_home)
        .env("CARGO_TARGET_DIR", target_directory)
        .env("CARGO_ZIGBUILD_PYTHON_PATH", tools.zig.join("python"))
        .env("CARGO_ZIGBUILD_CACHE_DIR", &zig_cache)
        .env("ZIG_GLOBAL_CACHE_DIR", &zig_cache)
        .env("ZIG_LOCAL_CACHE_DIR", &zig_cache)
        .env("SOURCE_DATE_EPOCH", EPOCH);
    Ok(cargo)
}

fn is_passed(name: &str) -> bool {
    PASSED.contains(&name) || PASSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The paths of this machine, and what stands for each.
fn hidden_paths(
    tools: &Tools,
    source: &Path,
    target_directory: &Path,
) -> Result<Vec<(String, &'static str)>, Box<dyn Error>> {
    let text = |path: &Path| -> Result<String, Box<dyn Error>> {
        let path = path.to_str().ok_or("this machine's paths must be Unicode")?;
        if path.contains(char::is_whitespace) {
            return Err(format!("C compilers take no path with a blank: {path}").into());
        }
        Ok(path.to_owned())
    };
    // rustc takes the last that fits: from the general to the special.
    let mut hidden = vec![
        (text(&tools.cargo_home)?, "/cargo"),
        (text(&tools.rust.sysroot)?, "/rust"),
        (text(&tools.rust.sysroot.join("lib/rustlib/src/rust"))?, "/rust"),
    ];
    // The folder has the name of where crates come from, which may be a mirror.
    for registry in fs::read_dir(tools.cargo_home.join("registry/src"))? {
        hidden.push((text(&registry?.path())?, "/crates"));
    }
    hidden.push((text(source)?, "/asc-auth"));
    hidden.push((text(target_directory)?, "/target"));
    Ok(hidden)
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

/// Fails when the binary holds a path of the machine that built it.
fn refuse_paths(binary: &[u8], hidden: &[(String, &'static str)]) -> Outcome {
    for (path, _) in hidden {
        if binary.windows(path.len()).any(|window| window == path.as_bytes()) {
            return Err(format!("the binary holds a path of this machine: {path}").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_caller_do_not_get_in() {
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER",
            "RUSTC_WRAPPER",
            "CC",
            "CFLAGS",
            "SDKROOT",
        ] {
            assert!(!is_passed(name), "{name}");
        }
        for name in ["PATH", "CARGO_HTTP_CAINFO", "https_proxy"] {
            assert!(is_passed(name), "{name}");
        }
    }

    #[test]
    fn a_binary_with_a_path_of_the_machine_is_refused() {
        let hidden = [("/home/runner/.cargo".to_owned(), "/cargo")];
        assert!(refuse_paths(b"\0/cargo/registry\0", &hidden).is_ok());
        let refused = refuse_paths(b"\0/home/runner/.cargo/registry\0", &hidden);
        assert!(refused.unwrap_err().to_string().contains("/home/runner/.cargo"));
    }

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
