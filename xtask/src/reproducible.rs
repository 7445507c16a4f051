//! What builds share whose bytes must be the same wherever they are made: what `dist` ships, and the page's wasm.
//!
//! Whatever differs from machine to machine must stay out: the environment is a short list, the flags are
//! those of the build and nobody else's, and paths are written as they are nowhere. What holds one is refused.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Outcome,
    process::{cargo, output_of, run},
};

/// A slow network, for the standard library of a target, or for crates.
pub(crate) const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

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

/// The toolchain that `rustc` is of, and where cargo keeps crates.
pub(crate) struct Toolchain {
    pub(crate) version: String,
    pub(crate) cargo_home: PathBuf,
    sysroot: PathBuf,
}

impl Toolchain {
    pub(crate) fn found() -> Result<Self, Box<dyn Error>> {
        let version = output_of(Command::new("rustc").arg("--version"))?;
        let sysroot = output_of(Command::new("rustc").args(["--print", "sysroot"]))?;
        let cargo_home = match env::var_os("CARGO_HOME") {
            Some(folder) => folder.into(),
            None => PathBuf::from(env::var_os("HOME").ok_or("HOME is not set")?).join(".cargo"),
        };
        Ok(Self {
            version: version.split(' ').nth(1).unwrap_or_default().to_owned(),
            cargo_home,
            sysroot: sysroot.trim().into(),
        })
    }

    /// Installs what a target is linked with, if it is missing.
    pub(crate) fn add_target(&self, triple: &str) -> Outcome {
        if self.sysroot.join("lib/rustlib").join(triple).is_dir() {
            return Ok(());
        }
        run(Command::new("rustup").args(["target", "add", triple]), INSTALL_LIMIT)
    }

    /// Installs the source of the standard library, if it is missing.
    pub(crate) fn add_source(&self) -> Outcome {
        if self.sysroot.join("lib/rustlib/src/rust/library").is_dir() {
            return Ok(());
        }
        run(
            Command::new("rustup").args(["component", "add", "rust-src"]),
            INSTALL_LIMIT,
        )
    }

    /// cargo, in an environment that holds nothing of the caller's flags.
    pub(crate) fn cargo(&self, target_directory: &Path) -> Command {
        let mut cargo = cargo();
        cargo.env_clear();
        for (name, value) in env::vars_os() {
            if is_passed(&name.to_string_lossy()) {
                cargo.env(name, value);
            }
        }
        cargo
            .env("CARGO_HOME", &self.cargo_home)
            .env("CARGO_TARGET_DIR", target_directory)
            .env("SOURCE_DATE_EPOCH", EPOCH);
        cargo
    }

    /// The paths of this machine, which must not get into what is built.
    pub(crate) fn hidden_paths(&self, source: &Path, target_directory: &Path) -> Result<HiddenPaths, Box<dyn Error>> {
        let text = |path: &Path| -> Result<String, Box<dyn Error>> {
            let path = path.to_str().ok_or("this machine's paths must be Unicode")?;
            if path.contains(char::is_whitespace) {
                return Err(format!("C compilers take no path with a blank: {path}").into());
            }
            Ok(path.to_owned())
        };
        // rustc takes the last that fits: from the general to the special.
        let mut hidden = vec![
            (text(&self.cargo_home)?, "/cargo"),
            (text(&self.sysroot)?, "/rust"),
            (text(&self.sysroot.join("lib/rustlib/src/rust"))?, "/rust"),
        ];
        // The folder has the name of where crates come from, which may be a mirror.
        for registry in fs::read_dir(self.cargo_home.join("registry/src"))? {
            hidden.push((text(&registry?.path())?, "/crates"));
        }
        hidden.push((text(source)?, "/asc-auth"));
        hidden.push((text(target_directory)?, "/target"));
        Ok(HiddenPaths(hidden))
    }
}

/// Paths, and what stands for each.
pub(crate) struct HiddenPaths(Vec<(String, &'static str)>);

impl HiddenPaths {
    /// What tells rustc to write the one for the other.
    pub(crate) fn rust_flags(&self) -> Vec<String> {
        self.flags("--remap-path-prefix")
    }

    /// The same for C compilers.
    pub(crate) fn c_flags(&self) -> String {
        self.flags("-ffile-prefix-map").join(" ")
    }

    fn flags(&self, option: &str) -> Vec<String> {
        let flag = |(path, shown): &(String, &str)| format!("{option}={path}={shown}");
        self.0.iter().map(flag).collect()
    }

    /// Fails when what was built holds a path of the machine that built it.
    pub(crate) fn refuse_in(&self, built: &[u8]) -> Outcome {
        for (path, _) in &self.0 {
            if built.windows(path.len()).any(|window| window == path.as_bytes()) {
                return Err(format!("what was built holds a path of this machine: {path}").into());
            }
        }
        Ok(())
    }
}

fn is_passed(name: &str) -> bool {
    PASSED.contains(&name) || PASSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
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
        let hidden = HiddenPaths(vec![("/home/runner/.cargo".to_owned(), "/cargo")]);
        assert!(hidden.refuse_in(b"\0/cargo/registry\0").is_ok());
        let refused = hidden.refuse_in(b"\0/home/runner/.cargo/registry\0");
        assert!(refused.unwrap_err().to_string().contains("/home/runner/.cargo"));
    }
}
