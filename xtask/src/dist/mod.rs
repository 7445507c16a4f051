//! `cargo xtask dist`: what a release consists of. Builds each target, packs it, and writes the digests, the list of
//! components and the manifest from the archives themselves.
//!
//! Nothing is published here, and nothing of the manifest goes into a build: a checkout of the release's tag gives
//! the same bytes as the commit before.

pub(crate) mod archive;
pub(crate) mod build;
mod check;
mod container;
pub(crate) mod contents;
mod edit;
mod imports;
mod licences;
mod linked;
pub(crate) mod manifest;
#[cfg(test)]
mod packaging;
pub(crate) mod sbom;
mod smoke;
mod sums;
pub(crate) mod target;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use archive::Effort;
use contents::Contents;
use manifest::Release;
use target::{TARGETS, Target};

use crate::Outcome;

/// The workspace's, of which xtask is a part.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const USAGE: &str = "usage: cargo xtask dist [--any-rust] [--archives | --manifest | --check] [TARGET…]

  without an option, builds and packs the targets into target/dist, and writes the manifest from them
  --archives   only builds and packs them
  --manifest   only writes SHA256SUMS, the SBOM and the manifest (action/release.json, the component's digests, the
               packaging) from the archives that are in target/dist
  --check      builds each target twice, in two different directories, and fails unless the bytes are the same
  --any-rust   builds with another Rust than releases are built with, which gives other bytes

Without a target, all six.";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Everything,
    Archives,
    Manifest,
    Check,
}

/// Does what the arguments ask for.
pub(crate) fn dist(root: &Path, arguments: &[String]) -> Outcome {
    let (any_rust, arguments) = any_rust(arguments);
    let (step, targets) = parse(arguments)?;
    if !any_rust {
        build::refuse_another_rust()?;
    }
    match step {
        Step::Check => check::check(root, &targets),
        Step::Archives => pack_all(root, &targets),
        Step::Manifest => write_manifest(root, &targets),
        Step::Everything => {
            pack_all(root, &targets)?;
            write_manifest(root, &targets)
        }
    }
}

/// Where archives are put, whatever cargo's own target directory is.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("target/dist")
}

/// Whether the first argument allows any Rust, and the others.
fn any_rust(arguments: &[String]) -> (bool, &[String]) {
    match arguments.split_first() {
        Some((first, rest)) if first == "--any-rust" => (true, rest),
        _ => (false, arguments),
    }
}

fn parse(arguments: &[String]) -> Result<(Step, Vec<&'static Target>), String> {
    let (step, names) = match arguments.split_first() {
        Some((first, rest)) if first == "--archives" => (Step::Archives, rest),
        Some((first, rest)) if first == "--manifest" => (Step::Manifest, rest),
        Some((first, rest)) if first == "--check" => (Step::Check, rest),
        _ => (Step::Everything, arguments),
    };
    if names.iter().any(|name| name.starts_with('-')) {
        return Err(USAGE.to_owned());
    }
    if names.is_empty() {
        return Ok((step, TARGETS.iter().collect()));
    }
    let targets = names.iter().map(|name| Target::named(name)).collect::<Result<_, _>>()?;
    Ok((step, targets))
}

fn pack_all(root: &Path, targets: &[&'static Target]) -> Outcome {
    let builds = crate::build::target_directory(root)?;
    let mut built = Vec::new();
    for target in targets {
        built.push((*target, build::build(root, target, &builds)?));
    }
    smoke::smoke(&built)?;
    let contents = Contents::gather(root, &runnable(root, &built)?)?;
    let here = Target::of_this_machine().filter(|here| here.triple().contains("linux"));
    for (_, binary) in built.iter().filter(|(target, _)| Some(*target) == here) {
        container::runs_alone(binary)?;
    }
    for (target, binary) in &built {
        let archive = archive::pack(&folder(root), target, VERSION, binary, &contents, Effort::Smallest)?;
        println!("{} bytes  {}", archive.metadata()?.len(), archive.display());
    }
    Ok(())
}

/// The binary and the archive of a target that this machine runs, for `bench`.
pub(crate) fn packed(root: &Path, target: &Target) -> Result<(PathBuf, PathBuf), Box<dyn Error>> {
    let binary = build::build(root, target, &crate::build::target_directory(root)?)?;
    let contents = Contents::gather(root, &binary)?;
    let archive = archive::pack(&folder(root), target, VERSION, &binary, &contents, Effort::Smallest)?;
    Ok((binary, archive))
}

/// A binary that this machine runs, for what the binary itself writes: one of those built, or else a build for it.
fn runnable(root: &Path, built: &[(&'static Target, PathBuf)]) -> Result<PathBuf, Box<dyn Error>> {
    let here = Target::of_this_machine();
    match built.iter().find(|(target, _)| Some(*target) == here) {
        Some((_, binary)) => Ok(binary.clone()),
        None => crate::build::asc_auth(root, &[]),
    }
}

/// Writes all that is read off the archives. Those of other targets than the given ones are left out.
fn write_manifest(root: &Path, targets: &[&'static Target]) -> Outcome {
    let folder = folder(root);
    let release = Release::of(&folder, VERSION)?.only(targets);
    let missing = release.missing();
    let names = |targets: &[&Target]| {
        targets
            .iter()
            .map(|target| target.triple())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let wanted: Vec<&Target> = missing
        .iter()
        .copied()
        .filter(|target| targets.contains(target))
        .collect();
    if !wanted.is_empty() {
        return Err(format!("{} has no archive for {}", folder.display(), names(&wanted)).into());
    }
    release.write_into(root)?;
    fs::write(folder.join(sbom::name(VERSION)), sbom::sbom(root, &release)?)?;
    sums::write(&folder, &release)?;
    if !missing.is_empty() {
        println!("This is no whole release: without {}.", names(&missing));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<(Step, Vec<&'static str>), String> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (step, targets) = parse(&arguments)?;
        Ok((step, targets.iter().map(|target| target.triple()).collect()))
    }

    #[test]
    fn without_a_target_all_six_are_meant() {
        let (step, targets) = parsed(&[]).unwrap();
        assert_eq!((step, targets.len()), (Step::Everything, 6));
        let (step, targets) = parsed(&["--manifest"]).unwrap();
        assert_eq!((step, targets.len()), (Step::Manifest, 6));
    }

    #[test]
    fn a_named_target_is_the_only_one() {
        let asked = parsed(&["--archives", "x86_64-unknown-linux-musl"]);
        assert_eq!(asked, Ok((Step::Archives, vec!["x86_64-unknown-linux-musl"])));
    }

    #[test]
    fn another_rust_must_be_asked_for() {
        let arguments = ["--any-rust", "--check"].map(str::to_owned);
        assert_eq!(any_rust(&arguments), (true, &arguments[1..]));
        assert_eq!(any_rust(&arguments[1..]), (false, &arguments[1..]));
        // Nowhere else: it is no target.
        assert!(parsed(&["--check", "--any-rust"]).is_err());
    }

    #[test]
    fn an_unknown_target_or_option_is_refused() {
        assert!(parsed(&["--check", "x86_64-unknown-linux-gnu"]).is_err());
        assert_eq!(parsed(&["--archive"]), Err(USAGE.to_owned()));
        assert_eq!(parsed(&["--archives", "--manifest"]), Err(USAGE.to_owned()));
    }
}
