//! Tests of what packagers and their tools read: the formula, the Dockerfile, and what Cargo.toml tells binstall. None
//! of those tools is here, so their files are held against the archives and the manifest.

use std::fs;

use super::{
    archive::{self, folder_name},
    contents::Contents,
    target::{TARGETS, Target},
};
use crate::{
    process::{cargo, output_of},
    root,
};

const NO_FILE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

fn manifest() -> serde_json::Value {
    serde_json::from_str(&read("action/release.json")).unwrap()
}

/// What stands between the two, wherever it does.
fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    let parts = text.split(before).skip(1);
    parts.map(move |part| part.split(after).next().unwrap())
}

#[test]
fn the_packaging_has_the_version_and_the_digests_of_release_json() {
    let manifest = manifest();
    let version = manifest["version"].as_str().unwrap_or("0.0.0");
    let digest = |triple: &str| {
        manifest["assets"][triple]["sha256"]
            .as_str()
            .unwrap_or(NO_FILE)
            .to_owned()
    };

    let formula = read("packaging/homebrew/asc-auth.rb");
    assert!(formula.contains(&format!("\n  version \"{version}\"\n")));
    let urls: Vec<&str> = between(&formula, "url \"", "\"").collect();
    let digests: Vec<&str> = between(&formula, "sha256 \"", "\"").collect();
    assert_eq!((urls.len(), digests.len()), (4, 4));
    for (url, found) in urls.iter().zip(digests) {
        let target = TARGETS.iter().find(|target| url.contains(target.triple())).unwrap();
        let name = archive::name(target, "#{version}");
        let base = "https://github.com/org/asc-auth/releases/download";
        assert_eq!(*url, format!("{base}/v#{{version}}/{name}"));
        assert_eq!(found, digest(target.triple()));
    }

    let dockerfile = read("packaging/Dockerfile");
    assert!(between(&dockerfile, "ARG VERSION=", "\n").all(|found| found == version));
    let adds: Vec<&str> = between(&dockerfile, "\nADD --checksum=sha256:", " /\n").collect();
    assert_eq!(adds.len(), 2);
    for add in adds {
        let (found, url) = add.split_once(" --unpack=true ").unwrap();
        let target = TARGETS.iter().find(|target| url.contains(target.triple())).unwrap();
        let name = archive::name(target, "${VERSION}");
        let base = "https://github.com/org/asc-auth/releases/download";
        assert_eq!(url, format!("{base}/v${{VERSION}}/{name}"));
        assert_eq!(found, digest(target.triple()));
    }
}

#[test]
fn the_formula_and_the_image_take_only_files_that_archives_have() {
    let binary = crate::build::asc_auth(root(), &[]).unwrap();
    let contents = Contents::gather(root(), &binary).unwrap();
    let has = |path: &str| path == "asc-auth" || contents.files().contains_key(path);
    assert!(contents.files().contains_key("man/asc-auth.1"));

    let formula = read("packaging/homebrew/asc-auth.rb");
    let install = between(&formula, "  def install\n", "  end").next().unwrap();
    let files: Vec<&str> = between(install, ".install \"", "\"").collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files.into_iter().chain(["README.md", "THIRD-PARTY.txt"]) {
        assert!(has(file), "{file}");
    }

    let dockerfile = read("packaging/Dockerfile");
    let copied: Vec<&str> = between(&dockerfile, "/asc-auth-*/", " ").collect();
    assert_eq!(copied, ["asc-auth", "LICENSE-*", "THIRD-PARTY.txt"]);
    for file in ["asc-auth", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"] {
        assert!(has(file), "{file}");
    }
}

#[test]
fn an_archive_has_completions_for_five_shells_and_a_page_for_every_command() {
    let binary = crate::build::asc_auth(root(), &[]).unwrap();
    let contents = Contents::gather(root(), &binary).unwrap();
    let (man, others): (Vec<&str>, Vec<&str>) = contents
        .files()
        .keys()
        .map(String::as_str)
        .partition(|path| path.starts_with("man/"));
    assert_eq!(
        others,
        [
            "CHANGELOG.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
            "README.md",
            "THIRD-PARTY.txt",
            "completions/_asc-auth",
            "completions/_asc-auth.ps1",
            "completions/asc-auth.bash",
            "completions/asc-auth.elv",
            "completions/asc-auth.fish",
        ]
    );
    for page in ["man/asc-auth.1", "man/asc-auth-setup.1", "man/asc-auth-key-rotate.1"] {
        assert!(man.contains(&page), "{page} is not among {man:?}");
    }
    assert!(contents.files().values().all(|bytes| !bytes.is_empty()));
}

#[test]
fn the_image_runs_as_a_number_and_has_nothing_but_asc_auth() {
    let dockerfile = read("packaging/Dockerfile");
    let images: Vec<&str> = between(&dockerfile, "\nFROM ", "\n").collect();
    assert_eq!(
        images,
        [
            "scratch AS release-amd64",
            "scratch AS release-arm64",
            "release-${TARGETARCH} AS release",
            "scratch"
        ]
    );
    let user = between(&dockerfile, "\nUSER ", "\n").next().unwrap();
    let (user, group) = user.split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    let entry = between(&dockerfile, "\nENTRYPOINT [\"", "\"]").next().unwrap();
    assert!(dockerfile.contains(&format!("/asc-auth {entry}\n")));
}

#[test]
fn binstall_finds_an_archive_for_every_host_that_one_runs_on() {
    let metadata = output_of(
        cargo()
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(root()),
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata.unwrap()).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "asc-auth").unwrap();
    let binstall = &package["metadata"]["binstall"];
    let version = package["version"].as_str().unwrap();

    let others = [
        ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"),
        ("aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"),
        ("x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"),
        ("aarch64-pc-windows-msvc", "aarch64-pc-windows-gnullvm"),
    ];
    let own = TARGETS.iter().map(|target| (target.triple(), target.triple()));
    for (host, triple) in own.chain(others) {
        let target = Target::named(triple).unwrap();
        let setting = |key: &str| {
            let own = binstall["overrides"][host][key].as_str();
            let text = own.or(binstall[key].as_str()).unwrap();
            let values = [
                ("{ repo }", package["repository"].as_str().unwrap()),
                ("{ name }", "asc-auth"),
                ("{ bin }", "asc-auth"),
                ("{ version }", version),
                ("{ target }", host),
                ("{ binary-ext }", if target.is_windows() { ".exe" } else { "" }),
            ];
            values
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
        };
        let name = archive::name(target, version);
        let base = "https://github.com/org/asc-auth/releases/download";
        assert_eq!(setting("pkg-url"), format!("{base}/v{version}/{name}"), "{host}");
        let inside = format!("{}/{}", folder_name(target, version), target.executable());
        assert_eq!(setting("bin-dir"), inside, "{host}");
        assert_eq!(
            setting("pkg-fmt"),
            if target.is_windows() { "zip" } else { "tgz" },
            "{host}"
        );
    }
}
