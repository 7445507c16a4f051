//! Packs a binary and what comes with it into the archive that a release offers. The same files give the same
//! bytes, wherever and whenever they are packed: nothing of the machine, its clock or its user goes in.

use std::{
    error::Error,
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder, read::GzDecoder};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{contents::Contents, target::Target};

/// 1980-01-01, the first day that a zip can name; an older one makes tar complain.
const TIME: u64 = 315_532_800;

/// zopfli's rounds. More of them take time, and less than a thousandth off.
const ROUNDS: u64 = 15;

/// Level 9 of zip's deflate is zlib's best; what is above is rounds of zopfli.
const ZLIB_BEST: u64 = 9;

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As small as deflate gets, which takes half a minute.
    Smallest,
    /// For archives that only a test downloads.
    Fast,
}

/// A file of an archive, by its path within the archive's one folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

/// What the archive of a version for a target is called: what it unpacks to, and its ending.
pub(crate) fn name(target: &Target, version: &str) -> String {
    let ending = if target.is_windows() { ".zip" } else { ".tar.gz" };
    format!("{}{ending}", folder_name(target, version))
}

/// The one folder that everything in an archive lies in.
pub(crate) fn folder_name(target: &Target, version: &str) -> String {
    format!("asc-auth-{version}-{}", target.triple())
}

/// Writes the archive into `folder`, and says where.
pub(crate) fn pack(
    folder: &Path,
    target: &Target,
    version: &str,
    binary: &Path,
    contents: &Contents,
    effort: Effort,
) -> Result<PathBuf, Box<dyn Error>> {
    let executable = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut entries: Vec<(String, &[u8], u32)> = contents
        .files()
        .iter()
        .map(|(path, bytes)| (path.clone(), bytes.as_slice(), 0o644))
        .collect();
    entries.push((target.executable().to_owned(), &executable, 0o755));
    entries.sort();
    let inside = folder_name(target, version);
    for (path, ..) in &mut entries {
        *path = format!("{inside}/{path}");
    }
    let archive = if target.is_windows() {
        zip(&entries, effort)?
    } else {
        gzip(&tar(&entries)?, effort)?
    };
    fs::create_dir_all(folder)?;
    let file = folder.join(name(target, version));
    fs::write(&file, archive)?;
    Ok(file)
}

/// Everything in an archive, which is refused when a file lies outside of its one folder.
pub(crate) fn unpack(file: &Path, target: &Target, version: &str) -> Result<Vec<Entry>, Box<dyn Error>> {
    let inside = format!("{}/", folder_name(target, version));
    let mut entries = if target.is_windows() {
        unzip(&fs::read(file)?)?
    } else {
        untar(&fs::read(file)?)?
    };
    for entry in &mut entries {
        let path = entry.path.strip_prefix(&inside);
        let path = path.ok_or_else(|| format!("{} has {}, which is not in {inside}", file.display(), entry.path))?;
        entry.path = path.to_owned();
    }
    Ok(entries)
}

fn tar(entries: &[(String, &[u8], u32)]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes, mode) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(bytes.len())?);
        header.set_mode(*mode);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, path, *bytes)?;
    }
    Ok(archive.into_inner()?)
}

fn untar(bytes: &[u8]) -> Result<Vec<Entry>, Box<dyn Error>> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes));
    let mut entries = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        entries.push(Entry {
            path: entry.path()?.to_string_lossy().into_owned(),
            executable: entry.header().mode()? & 0o111 != 0,
            bytes,
        });
    }
    Ok(entries)
}

fn gzip(bytes: &[u8], effort: Effort) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressed = Vec::new();
    if effort == Effort::Smallest {
        let options = zopfli::Options {
            iteration_count: ROUNDS.try_into()?,
            ..zopfli::Options::default()
        };
        zopfli::compress(options, zopfli::Format::Gzip, bytes, &mut compressed)?;
    } else {
        let mut encoder = GzBuilder::new().write(&mut compressed, Compression::fast());
        encoder.write_all(bytes)?;
        encoder.finish()?;
    }
    Ok(compressed)
}

fn zip(entries: &[(String, &[u8], u32)], effort: Effort) -> Result<Vec<u8>, Box<dyn Error>> {
    let level = match effort {
        Effort::Smallest => ZLIB_BEST + ROUNDS,
        Effort::Fast => 1,
    };
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level.try_into()?))
        // In pieces it would come out larger.
        .with_zopfli_buffer(None)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes, mode) in entries {
        archive.start_file(path.as_str(), options.unix_permissions(*mode))?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn unzip(bytes: &[u8]) -> Result<Vec<Entry>, Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        entries.push(Entry {
            path: file.name()?.into_owned(),
            executable: file.unix_mode().is_some_and(|mode| mode & 0o111 != 0),
            bytes,
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::target::TARGETS;

    fn packed(target: &Target, effort: Effort) -> (Vec<u8>, Vec<Entry>) {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("built");
        fs::write(&binary, "the binary").unwrap();
        let contents = Contents::of([("README.md", "read me"), ("man/asc-auth.1", "manual"), ("a", "first")]);
        let file = pack(folder.path(), target, "1.2.3", &binary, &contents, effort).unwrap();
        assert_eq!(file, folder.path().join(name(target, "1.2.3")));
        (fs::read(&file).unwrap(), unpack(&file, target, "1.2.3").unwrap())
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        for target in &TARGETS {
            for effort in [Effort::Fast, Effort::Smallest] {
                assert_eq!(packed(target, effort), packed(target, effort), "{}", target.triple());
            }
        }
    }

    #[test]
    fn everything_is_there_sorted_and_only_the_binary_is_executable() {
        for target in &TARGETS {
            let (_, entries) = packed(target, Effort::Smallest);
            let listed: Vec<(&str, bool)> = entries
                .iter()
                .map(|entry| (entry.path.as_str(), entry.executable))
                .collect();
            let expected = [
                ("README.md", false),
                ("a", false),
                (target.executable(), true),
                ("man/asc-auth.1", false),
            ];
            assert_eq!(listed, expected);
            assert_eq!(entries[2].bytes, b"the binary");
        }
    }

    #[test]
    fn nobody_owns_what_is_in_a_tar_and_its_times_are_fixed() {
        let (bytes, _) = packed(&TARGETS[0], Effort::Fast);
        let mut archive = tar::Archive::new(GzDecoder::new(bytes.as_slice()));
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!(header.mtime().unwrap(), TIME);
            assert!(header.mode().unwrap() == 0o755 || header.mode().unwrap() == 0o644);
            assert_eq!(header.username().unwrap(), Some(""));
        }
    }

    #[test]
    fn an_archive_is_named_after_version_and_target() {
        let names: Vec<String> = TARGETS.iter().map(|target| name(target, "1.0.0")).collect();
        assert!(names.contains(&"asc-auth-1.0.0-x86_64-unknown-linux-musl.tar.gz".to_owned()));
        assert!(names.contains(&"asc-auth-1.0.0-aarch64-pc-windows-gnullvm.zip".to_owned()));
    }

    #[test]
    fn an_archive_of_another_version_is_not_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("built");
        fs::write(&binary, "the binary").unwrap();
        let contents = Contents::of([]);
        let target = &TARGETS[0];
        let file = pack(folder.path(), target, "1.0.0", &binary, &contents, Effort::Fast).unwrap();
        let error = unpack(&file, target, "2.0.0").unwrap_err().to_string();
        assert!(error.contains("which is not in asc-auth-2.0.0-"), "{error}");
    }
}
