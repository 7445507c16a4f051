//! What a checkout says of a release: `action/release.json`, the digests in the component's template and in the
//! Homebrew formula. All of it is read off the archives themselves; nothing of it goes into them.

use std::{error::Error, fs, path::Path};

use sha2::{Digest, Sha256};

use super::{
    archive, edit,
    target::{TARGETS, Target},
};
use crate::Outcome;

const RELEASE_JSON: &str = "action/release.json";
const COMPONENT: &str = "gitlab-ci-component/templates/asc-auth.yml";
const FORMULA: &str = "packaging/homebrew/asc-auth.rb";
const DOCKERFILE: &str = "packaging/Dockerfile";

/// The component's inputs, and whose digest each is.
const INPUTS: [(&str, &str); 4] = [
    ("sha256-linux-x86_64", "x86_64-unknown-linux-musl"),
    ("sha256-linux-aarch64", "aarch64-unknown-linux-musl"),
    ("sha256-macos-x86_64", "x86_64-apple-darwin"),
    ("sha256-macos-aarch64", "aarch64-apple-darwin"),
];

/// Those that Homebrew runs on, and those that containers do.
const UNIX: [&str; 4] = [
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-unknown-linux-musl",
];
const LINUX: [(&str, &str); 2] = [
    ("amd64", "x86_64-unknown-linux-musl"),
    ("arm64", "aarch64-unknown-linux-musl"),
];

/// Where a digest can't be left empty: that of no file.
const NO_FILE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How a file of the checkout gets a release's version and digests.
type Edit = fn(&Release, &str) -> Result<String, String>;

/// A release, as its archives tell.
#[derive(Debug)]
pub(crate) struct Release {
    version: String,
    assets: Vec<Asset>,
}

/// An archive, and the binary in it.
#[derive(Debug)]
pub(crate) struct Asset {
    target: &'static Target,
    name: String,
    archive: Measured,
    binary: Measured,
}

#[derive(Debug)]
struct Measured {
    sha256: String,
    size: usize,
}

impl Measured {
    fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: sha256(bytes),
            size: bytes.len(),
        }
    }
}

impl Asset {
    fn to_json(&self) -> String {
        format!(
            r#"    "{}": {{
      "name": "{}",
      "sha256": "{}",
      "size": {},
      "binary": {{ "sha256": "{}", "size": {} }}
    }}"#,
            self.target.triple(),
            self.name,
            self.archive.sha256,
            self.archive.size,
            self.binary.sha256,
            self.binary.size,
        )
    }
}

/// In lower-case hex, as `sha256sum` prints it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Release {
    /// Reads the archives of this version in `folder`. One of another version there is refused: it would be
    /// published with the others.
    pub(crate) fn of(folder: &Path, version: &str) -> Result<Self, Box<dyn Error>> {
        refuse_other_versions(folder, version)?;
        let mut assets = Vec::new();
        for target in &TARGETS {
            let name = archive::name(target, version);
            let file = folder.join(&name);
            if !file.exists() {
                continue;
            }
            let entries = archive::unpack(&file, target, version)?;
            let binary = entries.iter().find(|entry| entry.path == target.executable());
            let binary = binary.ok_or_else(|| format!("{name} has no {}", target.executable()))?;
            assets.push(Asset {
                target,
                archive: Measured::of(&fs::read(&file)?),
                binary: Measured::of(&binary.bytes),
                name,
            });
        }
        if assets.is_empty() {
            return Err(format!("{} has no archive of asc-auth {version}", folder.display()).into());
        }
        Ok(Self {
            version: version.to_owned(),
            assets,
        })
    }

    /// The same release with these targets only.
    pub(crate) fn only(mut self, targets: &[&Target]) -> Self {
        self.assets.retain(|asset| targets.contains(&asset.target));
        self
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The targets that have no archive.
    pub(crate) fn missing(&self) -> Vec<&'static Target> {
        let is_missing = |target: &&Target| self.digest(target.triple()).is_empty();
        TARGETS.iter().filter(is_missing).collect()
    }

    /// The archives' names and digests.
    pub(crate) fn archives(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assets
            .iter()
            .map(|asset| (asset.name.as_str(), asset.archive.sha256.as_str()))
    }

    /// Writes it into the checkout at `root`. A target without an archive has no digest afterwards: the digest of
    /// an earlier release would name a file that is not in this one.
    pub(crate) fn write_into(&self, root: &Path) -> Outcome {
        let edits: [(&str, Edit); 3] = [
            (COMPONENT, Self::in_component),
            (FORMULA, Self::in_formula),
            (DOCKERFILE, Self::in_dockerfile),
        ];
        // Everything is read and changed before the first file is written.
        let mut files = vec![(root.join(RELEASE_JSON), self.to_json())];
        for (name, edit) in edits {
            let file = root.join(name);
            let text = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
            let text = edit(self, &text).map_err(|error| format!("{name}: {error}"))?;
            files.push((file, text));
        }
        for (file, text) in files {
            fs::write(file, text)?;
        }
        Ok(())
    }

    /// By hand, so that people find the version first and the targets in the order of a release.
    fn to_json(&self) -> String {
        let assets: Vec<String> = self.assets.iter().map(Asset::to_json).collect();
        format!(
            "{{\n  \"version\": \"{}\",\n  \"assets\": {{\n{}\n  }}\n}}\n",
            self.version,
            assets.join(",\n")
        )
    }

    fn in_component(&self, template: &str) -> Result<String, String> {
        let mut text = edit::input_default(template, "version", &self.version)?;
        for (input, triple) in INPUTS {
            text = edit::input_default(&text, input, self.digest(triple))?;
        }
        Ok(text)
    }

    fn in_formula(&self, formula: &str) -> Result<String, String> {
        let mut text = edit::after(formula, "  version \"", "\"", &self.version)?;
        for triple in UNIX {
            let url = format!("asc-auth-#{{version}}-{triple}.tar.gz\"\n");
            let before = format!("{url}      sha256 \"");
            text = edit::after(&text, &before, "\"", self.digest_or_none(triple))?;
        }
        Ok(text)
    }

    fn in_dockerfile(&self, dockerfile: &str) -> Result<String, String> {
        let mut text = dockerfile.to_owned();
        for (stage, triple) in LINUX {
            let version = format!(" AS release-{stage}\nARG VERSION=");
            text = edit::after(&text, &version, "\n", &self.version)?;
            let digest = format!("\n# {triple}\nADD --checksum=sha256:");
            text = edit::after(&text, &digest, " ", self.digest_or_none(triple))?;
        }
        Ok(text)
    }

    /// The digest of a target's archive; empty without one, which the component refuses.
    fn digest(&self, triple: &str) -> &str {
        let asset = self.assets.iter().find(|asset| asset.target.triple() == triple);
        asset.map_or("", |asset| &asset.archive.sha256)
    }

    /// The same where a digest must be one: without an archive that of no file.
    fn digest_or_none(&self, triple: &str) -> &str {
        match self.digest(triple) {
            "" => NO_FILE,
            digest => digest,
        }
    }
}

/// Every archive in the folder is one of this version.
fn refuse_other_versions(folder: &Path, version: &str) -> Outcome {
    let expected: Vec<String> = TARGETS.iter().map(|target| archive::name(target, version)).collect();
    let listing = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in listing {
        let name = file?.file_name().to_string_lossy().into_owned();
        let is_archive = [".tar.gz", ".zip"].iter().any(|ending| name.ends_with(ending));
        if is_archive && !expected.contains(&name) {
            return Err(format!(
                "{} has {name}, which is no archive of asc-auth {version}: remove it",
                folder.display()
            )
            .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
}
