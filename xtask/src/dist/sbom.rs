//! The list of what is in the binaries, as CycloneDX. It has no time and no random number, so that the same release
//! gives the same file.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    VERSION, build,
    linked::{Crate, Id, Linked},
    manifest::Release,
    target::TARGETS,
};

/// What the file of a version is called.
pub(super) fn name(version: &str) -> String {
    format!("asc-auth-{version}.cdx.json")
}

/// The file for this checkout in `folder`, as far as it can be written before anything is built.
pub(crate) fn write_into(folder: &Path, root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let file = folder.join(name(VERSION));
    fs::write(&file, sbom(root, &Release::without_archives(VERSION))?)?;
    Ok(file)
}

/// The whole file for a release.
pub(super) fn sbom(root: &Path, release: &Release) -> Result<String, Box<dyn Error>> {
    let linked = Linked::of(root)?;
    let asc_auth = ("asc-auth".to_owned(), release.version().to_owned());
    let archives: Vec<Value> = release
        .archives()
        .map(|(name, sha256)| json!({ "type": "file", "name": name, "hashes": [{ "alg": "SHA-256", "content": sha256 }] }))
        .collect();
    let tools: Vec<Value> = build::built_with()?
        .iter()
        .map(|(name, version)| json!({ "type": "application", "name": name, "version": version }))
        .collect();
    let mut components: Vec<Value> = linked.crates.iter().map(component).collect();
    let libdbus = format!("pkg:generic/dbus@{}", linked.libdbus.version);
    components.push(json!({
        "type": "library",
        "bom-ref": libdbus,
        "name": "dbus",
        "version": linked.libdbus.version,
        "description": "libdbus, compiled from the sources in libdbus-sys; on Linux only",
        "licenses": [{ "expression": "AFL-2.1 OR GPL-2.0-or-later" }],
        "purl": libdbus,
    }));
    components.push(json!({
        "type": "library",
        "bom-ref": "pkg:generic/musl",
        "name": "musl",
        "description": "the C library, on Linux only",
        "licenses": [{ "license": { "id": "MIT" } }],
        "purl": "pkg:generic/musl",
    }));
    let mut dependencies = vec![json!({ "ref": purl(&asc_auth), "dependsOn": purls(&linked.direct) })];
    for package in &linked.crates {
        let mut depends_on = purls(&package.depends_on);
        if package.name == "libdbus-sys" {
            depends_on.push(libdbus.clone());
        }
        dependencies.push(json!({ "ref": purl(&package.id()), "dependsOn": depends_on }));
    }
    let bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": tools },
            "component": {
                "type": "application",
                "bom-ref": purl(&asc_auth),
                "name": "asc-auth",
                "version": release.version(),
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
                "purl": purl(&asc_auth),
                "components": archives,
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{bom:#}\n"))
}

fn component(package: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": purl(&package.id()),
        "name": package.name,
        "version": package.version,
        "licenses": [{ "expression": package.licence }],
        "hashes": [{ "alg": "SHA-256", "content": package.checksum }],
        "purl": purl(&package.id()),
    });
    // Said only of a crate that is not in every binary.
    if package.targets.len() < TARGETS.len() {
        let targets = package.targets.iter();
        component["properties"] = targets
            .map(|target| json!({ "name": "asc-auth:target", "value": target }))
            .collect();
    }
    component
}

fn purl((name, version): &Id) -> String {
    // A version's build metadata starts with a plus, which an address can't hold.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

fn purls<'a>(ids: impl IntoIterator<Item = &'a Id>) -> Vec<String> {
    ids.into_iter().map(purl).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tempfile::TempDir;

    use super::*;
    use crate::dist::{
        archive::{Effort, pack},
        contents::Contents,
    };

    fn bom() -> String {
        let folder = TempDir::new().unwrap();
        let built = TempDir::new().unwrap();
        let binary = built.path().join("built");
        fs::write(&binary, "the binary").unwrap();
        let contents = Contents::of([]);
        pack(folder.path(), &TARGETS[0], "1.2.3", &binary, &contents, Effort::Fast).unwrap();
        let release = Release::of(folder.path(), "1.2.3").unwrap();
        sbom(crate::root(), &release).unwrap()
    }

    #[test]
    fn every_component_is_linked_in_and_everything_linked_in_is_a_component() {
        let text = bom();
        assert_eq!(text, bom());
        let bom: Value = serde_json::from_str(&text).unwrap();
        assert!(bom["serialNumber"].is_null() && bom["metadata"]["timestamp"].is_null());

        let refs = |list: &Value, key: &str| -> BTreeSet<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
        };
        let components = refs(&bom["components"], "bom-ref");
        assert_eq!(components.len(), bom["components"].as_array().unwrap().len());
        let linked = Linked::of(crate::root()).unwrap();
        for package in &linked.crates {
            assert!(components.contains(&purl(&package.id())), "{}", package.name);
        }
        assert_eq!(components.len(), linked.crates.len() + 2);

        let archive = &bom["metadata"]["component"]["components"][0];
        assert_eq!(archive["name"], "asc-auth-1.2.3-x86_64-unknown-linux-musl.tar.gz");
        for dependency in bom["dependencies"].as_array().unwrap() {
            for on in dependency["dependsOn"].as_array().unwrap() {
                assert!(components.contains(on.as_str().unwrap()), "{on}");
            }
        }
    }

    #[test]
    fn a_crate_of_one_system_says_which() {
        let bom: Value = serde_json::from_str(&bom()).unwrap();
        let named = |name: &str| {
            let components = bom["components"].as_array().unwrap();
            components.iter().find(|component| component["name"] == name).unwrap()
        };
        let targets = named("security-framework")["properties"].as_array().unwrap();
        assert_eq!(targets.len(), 2);
        assert!(
            targets
                .iter()
                .all(|target| target["value"].as_str().unwrap().ends_with("-apple-darwin"))
        );
        assert!(named("clap")["properties"].is_null());
    }
}
