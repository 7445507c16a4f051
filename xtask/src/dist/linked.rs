//! What is linked into the binaries of a release: every crate that cargo resolves for asc-auth and one of the six
//! targets, without what runs at build time only, and the C libraries in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use super::target::TARGETS;
use crate::process::{cargo, output_of};

/// A crate's name and version.
pub(super) type Id = (String, String);

/// A crate that is linked in.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: String,
    /// Where its sources are on this machine.
    pub(super) folder: PathBuf,
    /// SHA-256 of the package, as Cargo.lock has it.
    pub(super) checksum: String,
    /// The targets whose binaries have it.
    pub(super) targets: BTreeSet<&'static str>,
    pub(super) depends_on: BTreeSet<Id>,
}

impl Crate {
    pub(super) fn id(&self) -> Id {
        (self.name.clone(), self.version.clone())
    }
}

/// All of them, sorted.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) crates: Vec<Crate>,
    /// What asc-auth itself depends on.
    pub(super) direct: BTreeSet<Id>,
    /// Of the libdbus that is compiled in on Linux.
    pub(super) libdbus: CLibrary,
}

/// A library whose sources a crate brings.
#[derive(Debug)]
pub(super) struct CLibrary {
    pub(super) version: String,
    /// Its copyright file.
    pub(super) copying: String,
}

impl Linked {
    pub(super) fn of(root: &Path) -> Result<Self, Box<dyn Error>> {
        let mut tree = Tree::default();
        for target in &TARGETS {
            let arguments = ["--locked", "--package=asc-auth", "--edges=normal,no-proc-macro"];
            let shape = ["--prefix=depth", "--format= {p}", "--charset=ascii", "--target"];
            let printed = output_of(
                cargo()
                    .arg("tree")
                    .args(arguments)
                    .args(shape)
                    .arg(target.triple())
                    .current_dir(root),
            )?;
            tree.read(&printed, target.triple())?;
        }
        let checksums = checksums(&fs::read_to_string(root.join("Cargo.lock"))?);
        let mut packages = packages(root)?;
        let asc_auth = ("asc-auth".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let direct = tree.edges.remove(&asc_auth).unwrap_or_default();
        tree.targets.remove(&asc_auth);
        let mut crates = Vec::new();
        for (id, targets) in tree.targets {
            let unknown = || format!("cargo knows nothing of {} {}", id.0, id.1);
            let (licence, folder) = packages.remove(&id).ok_or_else(unknown)?;
            crates.push(Crate {
                licence,
                folder,
                checksum: checksums.get(&id).ok_or_else(unknown)?.clone(),
                targets,
                depends_on: tree.edges.remove(&id).unwrap_or_default(),
                name: id.0,
                version: id.1,
            });
        }
        let libdbus = libdbus(&crates)?;
        Ok(Self {
            crates,
            direct,
            libdbus,
        })
    }
}

/// What `cargo tree` prints, put together for all targets.
#[derive(Debug, Default)]
struct Tree {
    targets: BTreeMap<Id, BTreeSet<&'static str>>,
    edges: BTreeMap<Id, BTreeSet<Id>>,
}

impl Tree {
    /// Lines such as `2 base64 v0.22.1 (*)`: how deep it lies, and what it is. What is marked was printed before,
    /// with all that is below it.
    fn read(&mut self, printed: &str, target: &'static str) -> Result<(), Box<dyn Error>> {
        let mut path: Vec<Id> = Vec::new();
        for line in printed.lines() {
            let unread = || format!("cargo tree printed a line that was not expected: {line}");
            let mut words = line.split_whitespace();
            let (Some(depth), Some(name), Some(version)) = (words.next(), words.next(), words.next()) else {
                return Err(unread().into());
            };
            let version = version.strip_prefix('v').ok_or_else(unread)?;
            let id: Id = (name.to_owned(), version.to_owned());
            path.truncate(depth.parse().map_err(|_| unread())?);
            if let Some(parent) = path.last() {
                self.edges.entry(parent.clone()).or_default().insert(id.clone());
            }
            self.targets.entry(id.clone()).or_default().insert(target);
            path.push(id);
        }
        Ok(())
    }
}

/// Every package's licence and folder.
fn packages(root: &Path) -> Result<BTreeMap<Id, (String, PathBuf)>, Box<dyn Error>> {
    let metadata = output_of(
        cargo()
            .args(["metadata", "--locked", "--format-version=1"])
            .current_dir(root),
    )?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let manifest = PathBuf::from(text("manifest_path"));
        let folder = manifest.parent().unwrap_or(root).to_owned();
        // The slash is how alternatives were written once.
        let licence = text("license").replace('/', " OR ");
        packages.insert((text("name"), text("version")), (licence, folder));
    }
    Ok(packages)
}

/// The packages' checksums in a Cargo.lock.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    lock.split("[[package]]\n")
        .filter_map(|package| {
            let value = |key: &str| {
                package
                    .lines()
                    .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
                    .map(str::to_owned)
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}

fn libdbus(crates: &[Crate]) -> Result<CLibrary, Box<dyn Error>> {
    let vendored = crates.iter().find(|package| package.name == "libdbus-sys");
    let folder = vendored
        .ok_or("libdbus-sys is not linked in")?
        .folder
        .join("vendor/dbus");
    let news = fs::read_to_string(folder.join("NEWS"))?;
    let version = news.strip_prefix("dbus ").and_then(|news| news.split(' ').next());
    Ok(CLibrary {
        version: version.ok_or("libdbus does not say its version")?.to_owned(),
        copying: fs::read_to_string(folder.join("COPYING"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Id {
        (name.to_owned(), "1.0.0".to_owned())
    }

    #[test]
    fn what_cargo_tree_prints_becomes_edges() {
        let mut tree = Tree::default();
        let printed = "0 asc-auth v1.0.0 (/somewhere)\n1 a v1.0.0\n2 b v1.0.0\n1 b v1.0.0 (*)\n";
        tree.read(printed, "x86_64-unknown-linux-musl").unwrap();
        tree.read("0 asc-auth v1.0.0\n1 c v1.0.0\n", "x86_64-pc-windows-gnu")
            .unwrap();
        assert_eq!(tree.edges[&id("asc-auth")], [id("a"), id("b"), id("c")].into());
        assert_eq!(tree.edges[&id("a")], [id("b")].into());
        assert_eq!(tree.targets[&id("asc-auth")].len(), 2);
        assert_eq!(tree.targets[&id("c")], ["x86_64-pc-windows-gnu"].into());
    }

    #[test]
    fn a_line_that_is_no_crate_is_not_passed_over() {
        let error = Tree::default().read("0 asc-auth v1.0.0\n[build-dependencies]\n", "t");
        assert!(error.unwrap_err().to_string().contains("not expected"));
    }

    #[test]
    fn a_package_without_a_checksum_is_one_of_ours() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n\n\
                    [[package]]\nname = \"ours\"\nversion = \"1.0.0\"\n";
        assert_eq!(checksums(lock), [(id("a"), "abc".to_owned())].into());
    }
}
