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
/// All of them. A release commits these files and no other.
pub(crate) const FILES: [&str; 4] = [RELEASE_JSON, COMPONENT, DOCKERFILE, FORMULA];

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

    /// The release before it is built.
    pub(super) fn without_archives(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            assets: Vec::new(),
        }
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
mod tests;
