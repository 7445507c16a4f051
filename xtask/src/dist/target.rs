//! The six targets of a release.

use std::env;

/// A target, and what is known of it without building anything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    triple: &'static str,
}

pub(crate) const TARGETS: [Target; 6] = [
    Target::new("x86_64-unknown-linux-musl"),
    Target::new("aarch64-unknown-linux-musl"),
    Target::new("x86_64-apple-darwin"),
    Target::new("aarch64-apple-darwin"),
    Target::new("x86_64-pc-windows-gnu"),
    Target::new("aarch64-pc-windows-gnullvm"),
];

impl Target {
    const fn new(triple: &'static str) -> Self {
        Self { triple }
    }

    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        TARGETS
            .iter()
            .find(|target| target.triple == name)
            .ok_or_else(|| format!("{name} is no target of a release"))
    }

    /// The target that runs on this machine, if it is one of the six.
    pub(crate) fn of_this_machine() -> Option<&'static Self> {
        let system = match env::consts::OS {
            "linux" => "unknown-linux-musl",
            "macos" => "apple-darwin",
            _ => return None,
        };
        Self::named(&format!("{}-{system}", env::consts::ARCH)).ok()
    }

    pub(crate) fn triple(&self) -> &'static str {
        self.triple
    }

    pub(crate) fn executable(&self) -> &'static str {
        if self.is_windows() { "asc-auth.exe" } else { "asc-auth" }
    }

    pub(crate) fn is_windows(&self) -> bool {
        self.triple.contains("windows")
    }

    pub(crate) fn is_linux(&self) -> bool {
        self.triple.contains("linux")
    }

    pub(crate) fn is_macos(&self) -> bool {
        self.triple.contains("apple")
    }
}
