//! `SHA256SUMS`, in the form that `sha256sum --check` reads.

use std::{fs, path::Path};

use super::{
    manifest::{Release, sha256},
    sbom,
};
use crate::Outcome;

/// Writes the digests of the release's archives and of its SBOM beside them.
pub(super) fn write(folder: &Path, release: &Release) -> Outcome {
    let sbom = sbom::name(release.version());
    let digest = sha256(&fs::read(folder.join(&sbom))?);
    let mut files: Vec<(&str, &str)> = release.archives().collect();
    files.push((&sbom, &digest));
    files.sort_unstable();
    let lines = files.iter().map(|(name, sha256)| format!("{sha256}  {name}\n"));
    Ok(fs::write(folder.join("SHA256SUMS"), lines.collect::<String>())?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::{
        dist::{
            archive::{Effort, pack},
            contents::Contents,
            target::TARGETS,
        },
        process::output_of,
    };

    #[test]
    fn sha256sum_accepts_what_is_written_and_finds_what_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        fs::write(&built, "the binary").unwrap();
        let contents = Contents::of([]);
        for target in &TARGETS {
            pack(folder.path(), target, "1.2.3", &built, &contents, Effort::Fast).unwrap();
        }
        let sbom = folder.path().join(sbom::name("1.2.3"));
        fs::write(&sbom, "{}").unwrap();
        write(folder.path(), &Release::of(folder.path(), "1.2.3").unwrap()).unwrap();

        let check = || {
            let mut command = std::process::Command::new("sha256sum");
            output_of(command.args(["--check", "SHA256SUMS"]).current_dir(folder.path()))
        };
        assert_eq!(check().unwrap().matches(": OK\n").count(), 7);
        fs::write(&sbom, "{ }").unwrap();
        assert!(
            check()
                .unwrap_err()
                .to_string()
                .contains("1 computed checksum did NOT match")
        );
    }
}
