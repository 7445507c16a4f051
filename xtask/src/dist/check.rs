//! Proves that a build can be repeated: here, and once more from scratch in other directories, with crates unpacked in
//! another place. The bytes must be the same.
//!
//! What `dist` has left here counts as the first build; cargo repeats it if anything that goes into it has changed. It
//! could only make this fail, never pass.

use std::{
    error::Error,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    build::{Tools, build, build_with},
    target::Target,
};
use crate::{Outcome, e2e::checkout};

/// Builds each target in two places, and fails unless the bytes are the same.
pub(crate) fn check(root: &Path, targets: &[&Target]) -> Outcome {
    let here = crate::build::target_directory(root)?;
    let elsewhere = Elsewhere::new(root)?;
    let mut differ = Vec::new();
    for target in targets {
        let first = fs::read(build(root, target, &here)?)?;
        let second = fs::read(elsewhere.build(root, target)?)?;
        match difference(&first, &second) {
            None => println!("{}: {} bytes, the same twice", target.triple(), first.len()),
            Some(what) => {
                println!("{}: {what}", target.triple());
                differ.push(target.triple());
            }
        }
    }
    if differ.is_empty() {
        Ok(())
    } else {
        Err(format!("built twice, these differ: {}", differ.join(", ")).into())
    }
}

/// A copy of the checkout, and empty directories to build it in.
struct Elsewhere {
    checkout: TempDir,
    builds: TempDir,
}

impl Elsewhere {
    fn new(root: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            checkout: checkout::copy_of(root, |_| Ok(()))?,
            builds: TempDir::with_prefix("asc-auth-build-")?,
        })
    }

    fn build(&self, root: &Path, target: &Target) -> Result<PathBuf, Box<dyn Error>> {
        let mut tools = Tools::ready(root, target)?;
        tools.rust.cargo_home = self.cargo_home(&tools.rust.cargo_home)?;
        build_with(&tools, self.checkout.path(), target, &self.builds.path().join("target"))
    }

    /// A home for cargo that unpacks crates anew, from what the other one has downloaded.
    fn cargo_home(&self, other: &Path) -> io::Result<PathBuf> {
        let home = self.builds.path().join("cargo");
        let registry = home.join("registry");
        if !registry.exists() {
            fs::create_dir_all(&registry)?;
            for downloaded in ["registry/cache", "registry/index", "config.toml"] {
                let there = other.join(downloaded);
                if there.exists() {
                    symlink(there, home.join(downloaded))?;
                }
            }
        }
        Ok(home)
    }
}

/// Where two builds differ first, and in how much.
fn difference(one: &[u8], other: &[u8]) -> Option<String> {
    if one == other {
        return None;
    }
    let first = one.iter().zip(other).position(|(a, b)| a != b);
    let first = first.unwrap_or(one.len().min(other.len()));
    let count = one.iter().zip(other).filter(|(a, b)| a != b).count();
    Some(format!(
        "{} and {} bytes, of which {count} differ; the first at {first:#x}",
        one.len(),
        other.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_do_not_differ() {
        assert_eq!(difference(b"asc", b"asc"), None);
    }

    #[test]
    fn a_difference_says_where() {
        let what = difference(b"asc-auth", b"asc_auti").unwrap();
        assert!(what.contains("2 differ; the first at 0x3"), "{what}");
    }

    #[test]
    fn a_build_that_only_goes_on_differs() {
        assert!(difference(b"asc", b"asc-auth").unwrap().contains("first at 0x3"));
    }
}
