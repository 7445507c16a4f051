//! What a release writes into a checkout, from archives that hold a few bytes.

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::dist::{
    archive::{Effort, pack},
    contents::Contents,
};

/// A folder with the archives of these targets, whose binaries are their triples.
fn archives(targets: &[&str], version: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let built = TempDir::new().unwrap();
    for triple in targets {
        let target = Target::named(triple).unwrap();
        let binary = built.path().join(triple);
        fs::write(&binary, triple).unwrap();
        let contents = Contents::of([("README.md", "read me")]);
        pack(folder.path(), target, version, &binary, &contents, Effort::Fast).unwrap();
    }
    folder
}

/// What the manifest is written into, as it is in this checkout.
fn checkout() -> TempDir {
    let copy = TempDir::new().unwrap();
    for name in [RELEASE_JSON, COMPONENT, FORMULA, DOCKERFILE] {
        let file = copy.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::copy(crate::root().join(name), file).unwrap();
    }
    copy
}

fn all() -> Vec<&'static str> {
    TARGETS.iter().map(Target::triple).collect()
}

fn read(root: &Path, name: &str) -> String {
    fs::read_to_string(root.join(name)).unwrap()
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

#[test]
fn release_json_names_every_archive_and_the_binary_in_it() {
    let folder = archives(&all(), "1.2.3");
    let checkout = checkout();
    Release::of(folder.path(), "1.2.3")
        .unwrap()
        .write_into(checkout.path())
        .unwrap();

    let json: serde_json::Value = serde_json::from_str(&read(checkout.path(), RELEASE_JSON)).unwrap();
    assert_eq!(json["version"], "1.2.3");
    assert_eq!(json["assets"].as_object().unwrap().len(), 6);
    for triple in all() {
        let asset = &json["assets"][triple];
        let bytes = fs::read(folder.path().join(asset["name"].as_str().unwrap())).unwrap();
        assert_eq!(asset["sha256"], sha256(&bytes));
        assert_eq!(asset["size"], bytes.len());
        assert_eq!(asset["binary"]["sha256"], sha256(triple.as_bytes()));
        assert_eq!(asset["binary"]["size"], triple.len());
    }
    assert_eq!(listed(folder.path()).len(), 6);
}

#[test]
fn the_component_and_the_packaging_get_the_archives_digests_and_nothing_else_changes() {
    let folder = archives(&all(), "1.2.3");
    let (checkout, release) = (checkout(), Release::of(folder.path(), "1.2.3").unwrap());
    release.write_into(checkout.path()).unwrap();

    for (name, digests) in [(COMPONENT, 4), (FORMULA, 4), (DOCKERFILE, 2)] {
        let (before, after) = (read(crate::root(), name), read(checkout.path(), name));
        assert_eq!(before.lines().count(), after.lines().count(), "{name}");
        let changed: Vec<&str> = before
            .lines()
            .zip(after.lines())
            .filter_map(|(before, after)| (before != after).then_some(after))
            .collect();
        let versions = changed.iter().filter(|line| line.contains("1.2.3")).count();
        assert_eq!(changed.len(), digests + versions, "{name}: {changed:#?}");
        let count = release.archives().filter(|(_, sha256)| after.contains(sha256)).count();
        assert_eq!(count, digests, "{name}");
    }
    let template = read(checkout.path(), COMPONENT);
    for (input, triple) in INPUTS {
        let line = format!("      default: \"{}\"\n", release.digest(triple));
        let at = template.find(&format!("    {input}:\n")).unwrap();
        assert!(
            template[at..].split("regex:").next().unwrap().contains(&line),
            "{input}"
        );
    }
}

#[test]
fn a_target_that_is_not_released_keeps_no_digest_of_an_earlier_release() {
    let checkout = checkout();
    let whole = archives(&all(), "1.2.3");
    Release::of(whole.path(), "1.2.3")
        .unwrap()
        .write_into(checkout.path())
        .unwrap();
    let part = archives(&["x86_64-unknown-linux-musl"], "1.3.0");
    let release = Release::of(part.path(), "1.3.0").unwrap();
    release.write_into(checkout.path()).unwrap();

    assert_eq!(release.missing().len(), 5);
    let earlier = Release::of(whole.path(), "1.2.3").unwrap();
    for name in [RELEASE_JSON, COMPONENT, FORMULA, DOCKERFILE] {
        let text = read(checkout.path(), name);
        assert!(earlier.archives().all(|(_, sha256)| !text.contains(sha256)), "{name}");
    }
}

#[test]
fn an_archive_of_another_version_is_refused() {
    let folder = archives(&["x86_64-unknown-linux-musl"], "0.9.0");
    let error = Release::of(folder.path(), "1.0.0").unwrap_err().to_string();
    assert!(
        error.contains("asc-auth-0.9.0-x86_64-unknown-linux-musl.tar.gz, which is no archive of asc-auth 1.0.0"),
        "{error}"
    );
}

#[test]
fn a_folder_without_archives_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = Release::of(folder.path(), "1.0.0").unwrap_err().to_string();
    assert!(error.ends_with("has no archive of asc-auth 1.0.0"), "{error}");
}

#[test]
fn a_checkout_where_a_digest_has_no_place_is_left_as_it_is() {
    let folder = archives(&all(), "1.2.3");
    let checkout = checkout();
    fs::write(
        checkout.path().join(FORMULA),
        "class AscAuth\n  version \"0.0.0\"\nend\n",
    )
    .unwrap();
    let before = read(checkout.path(), COMPONENT);
    let error = Release::of(folder.path(), "1.2.3").unwrap().write_into(checkout.path());
    assert!(error.unwrap_err().to_string().starts_with(FORMULA));
    assert_eq!(read(checkout.path(), COMPONENT), before);
    assert_eq!(read(checkout.path(), RELEASE_JSON), read(crate::root(), RELEASE_JSON));
}
