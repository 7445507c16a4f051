//! `cargo xtask release`: the steps of a release that decide something, for `.github/workflows/release.yml` to call
//! and for tests to run here. Each may be run again after a failure. None of them ever changes what is public: a
//! published release, and a version's tag, stay what they are.
//!
//! A person pushes the tag `release-1.0.0`. What is built from it is named in a commit on top, the manifest, and that
//! commit becomes `v1.0.0`: whoever pins it, pins the binaries.

mod changelog;
mod host;
mod repository;
#[cfg(test)]
mod tests;
mod version;

use std::path::Path;

use self::{
    host::{Host, State},
    repository::Repository,
    version::Version,
};
use crate::{Outcome, dist::manifest};

const USAGE: &str = "usage: cargo xtask release STEP release-1.0.0

  --check          the tag, the version in Cargo.toml, the changelog and the head of main agree
  --notes          print the changelog's section
  --draft          draft the release with every file of target/dist
  --manifest       commit what dist --manifest wrote, tag the commit v1.0.0, push it to main
  --publish        publish the draft, and move v1 to it
  --component URL  push the GitLab component to its own project, with the tag 1.0.0

Steps that push take a token from PUSH_TOKEN, if it is set; --draft and --publish run gh, which takes its own from GH_TOKEN.";

/// Runs one step.
pub(crate) fn release(root: &Path, arguments: &[String]) -> Outcome {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (step, tag, url) = match arguments.as_slice() {
        ["--component", tag, url] => ("--component", tag, Some(*url)),
        [step, tag] => (*step, tag, None),
        _ => return Err(USAGE.into()),
    };
    let version: Version = tag.parse()?;
    let repository = Repository::at(root);
    let host = Host::of(root);
    match (step, url) {
        ("--check", None) => check(&repository, &version, env!("CARGO_PKG_VERSION")),
        ("--notes", None) => {
            println!("{}", changelog::notes(root, &version)?);
            Ok(())
        }
        ("--draft", None) => draft(root, &host, &version),
        ("--manifest", None) => commit_manifest(&repository, &version),
        ("--publish", None) => publish(&repository, &host, &version),
        ("--component", Some(url)) => component(&repository, &version, url),
        _ => Err(USAGE.into()),
    }
}

/// Fails unless this checkout may become this version.
fn check(repository: &Repository, version: &Version, in_cargo: &str) -> Outcome {
    if version.number() != in_cargo {
        return Err(format!("the tag says {}, Cargo.toml says {in_cargo}", version.number()).into());
    }
    changelog::notes(repository.folder(), version)?;
    let head = repository.commit("HEAD")?;
    let main = repository.find("origin", "refs/heads/main")?;
    if main.as_ref() != Some(&head) {
        let main = main.unwrap_or_default();
        return Err(format!("this is {head}, but main is at {main}: a release is made from the head of main").into());
    }
    let tag = version.tag();
    if repository.find("origin", &format!("refs/tags/{tag}"))?.is_some() {
        return Err(format!("{tag} exists already").into());
    }
    println!("{tag} can be made from {head}");
    Ok(())
}

/// Drafts the release, in place of a draft that an earlier run left.
fn draft(root: &Path, host: &Host, version: &Version) -> Outcome {
    let notes = changelog::notes(root, version)?;
    match host.state(version)? {
        State::Published => return Err(format!("{} is published, and stays as it is", version.tag()).into()),
        State::Drafts(drafts) => (0..drafts).try_for_each(|_| host.delete_draft(version))?,
    }
    host.draft(version, &notes, &root.join("target/dist"))
}

/// Puts the manifest on top of main and tags it, both or none.
fn commit_manifest(repository: &Repository, version: &Version) -> Outcome {
    let changed = repository.changed_files()?;
    if let Some(other) = changed.iter().find(|file| !manifest::FILES.contains(&file.as_str())) {
        return Err(format!("{other} has changed too, and is no part of the manifest").into());
    }
    if changed.is_empty() {
        return Err("the manifest has not changed; write it with: cargo xtask dist --manifest".into());
    }
    let tag = version.tag();
    repository.add(&changed)?;
    if repository.find("origin", &format!("refs/tags/{tag}"))?.is_some() {
        if repository.origin_has_this_commit(&tag)? {
            println!("{tag} was pushed by an earlier run");
            return Ok(());
        }
        return Err(format!("{tag} exists already, and is something else").into());
    }
    repository.make_commit(&format!(
        "Name the binaries of {}\n\nTheir digests, as cargo xtask dist --manifest writes them.",
        version.number()
    ))?;
    repository.push("origin", "HEAD", &["refs/heads/main", &format!("refs/tags/{tag}")])
}

/// Makes the draft public, and lets the major version's tag point to it.
fn publish(repository: &Repository, host: &Host, version: &Version) -> Outcome {
    let tag = version.tag();
    let head = repository.commit("HEAD")?;
    if repository.find("origin", &format!("refs/tags/{tag}"))?.as_ref() != Some(&head) {
        return Err(format!("this checkout, {head}, is not {tag}").into());
    }
    match host.state(version)? {
        State::Published => println!("{tag} was published by an earlier run"),
        State::Drafts(1) => host.publish(version)?,
        State::Drafts(drafts) => return Err(format!("there are {drafts} drafts of {tag} instead of one").into()),
    }
    if !host.is_immutable(version)? {
        return Err(
            format!("{tag} can still be changed: turn on immutable releases in the repository's settings").into(),
        );
    }
    let major = version.major_tag();
    let now = repository.find("origin", &format!("refs/tags/{major}"))?;
    match &now {
        Some(now) if repository.is_ancestor(&head, now)? => {
            println!("{major} is there, or further");
            Ok(())
        }
        Some(now) if !repository.is_ancestor(now, &head)? => {
            Err(format!("{major} is at {now}, which {tag} does not come after").into())
        }
        _ => repository.move_tag(&major, now.as_deref()),
    }
}

/// Pushes the component's folder, as a history of its own, to the project that GitLab reads it from.
fn component(repository: &Repository, version: &Version, url: &str) -> Outcome {
    let head = repository.commit("HEAD")?;
    let tag = version.tag();
    if repository.commit(&format!("refs/tags/{tag}"))? != head {
        return Err(format!("this checkout, {head}, is not {tag}").into());
    }
    let split = repository.subtree("gitlab-ci-component")?;
    let number = version.number();
    match repository.find(url, &format!("refs/tags/{number}"))? {
        Some(there) if there == split => {
            println!("{number} was pushed by an earlier run");
            Ok(())
        }
        Some(there) => Err(format!("the component's {number} is {there}, not {split}").into()),
        None => repository.push(url, &split, &["refs/heads/main", &format!("refs/tags/{number}")]),
    }
}
