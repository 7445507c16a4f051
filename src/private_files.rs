//! Directories and files for this user alone: how they are made, checked, appended to, replaced and locked.
//!
//! What is made here is private from the start; nothing is made so after it was written, and no link is followed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use thiserror::Error;

use crate::{random, text::io_reason};

/// How often a lock is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// More than any command writes files.
const REMOVALS: usize = 16;

/// Why a directory can't be trusted with a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    #[error("it does not exist")]
    Missing,
    #[error("it is a symbolic link")]
    Link,
    #[error("it is not a directory")]
    NoDirectory,
    #[error("it belongs to somebody else")]
    Foreign,
    #[error("others may use it: its mode is {0:04o}, not 0700")]
    Wide(u32),
    #[error("{0}")]
    Unreadable(String),
}

/// Creates a directory that did not exist before.
pub fn create_dir(path: &Path) -> io::Result<()> {
    private_builder().create(path)?;
    restrict(path).inspect_err(|_| {
        let _ = fs::remove_dir(path);
    })
}

/// The same, and its name is on the disk when this returns: what is saved in it must not go with it.
pub fn create_dir_on_disk(path: &Path) -> io::Result<()> {
    create_dir(path)?;
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    match sync_dir(above.unwrap_or(Path::new("."))) {
        // Whoever may make a directory there may not always look there.
        Err(error) if cannot_sync(&error) || error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced.inspect_err(|_| {
            let _ = fs::remove_dir(path);
        }),
    }
}

/// Creates a file that did not exist before.
pub fn create_file(path: &Path) -> io::Result<File> {
    private_file().create_new(true).open(path)
}

/// Creates a directory with all that is missing above it, all of it on the disk. One that is there is left as it is.
pub fn ensure_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        ensure_dir(above)?;
    }
    match create_dir_on_disk(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created,
    }
}

/// Creates a file that did not exist before, and returns once it is on the disk, its name too. What can't be finished
/// is removed.
pub fn create_on_disk(directory: &Path, name: &str, contents: &[u8]) -> io::Result<PathBuf> {
    let path = directory.join(name);
    let mut file = create_file(&path)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all());
    let kept = written.and_then(|()| match sync_dir(directory) {
        Err(error) if cannot_sync(&error) => Ok(()),
        synced => synced,
    });
    kept.inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })?;
    Ok(path)
}

/// Opens a file to read it, and no link.
pub fn open(path: &Path) -> io::Result<File> {
    no_link().read(true).open(path)
}

/// Opens a regular file to read it and to append to it, or makes one: no link, and not private.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    let file = no_link().read(true).append(true).create(true).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

/// Opens a regular file to read it, also through links. Nothing is ever waited for, as an open pipe or a device could make
/// one wait, and no path is looked at that [leads away](leads_away).
pub fn open_regular(path: &Path) -> io::Result<File> {
    if cfg!(windows) && leads_away(path) {
        return Err(io::Error::other(
            "it is on another machine or a device, where the key of a profile may not be",
        ));
    }
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    without_waiting().read(true).open(path)
}

/// Whether [`open_regular`] would open this.
pub fn is_regular(path: &Path) -> bool {
    !(cfg!(windows) && leads_away(path)) && path.is_file()
}

/// Whether Windows takes this for the path of a share or a device. Even to look at a share sends a hash of the user's
/// password to whatever machine the path names, so nobody else may choose one. A file's name has no `?`: `\??\` leads
/// to both as well. (Microsoft: Naming Files, Paths, and Namespaces.)
fn leads_away(path: &Path) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    match path.as_os_str().as_encoded_bytes() {
        [first, second, ..] if is_separator(first) => is_separator(second) || *second == b'?',
        _ => false,
    }
}

/// Whether this is a directory that only this user can look into.
pub fn check_dir(path: &Path) -> Result<(), Unfit> {
    let metadata = fs::symlink_metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unfit::Missing,
        _ => Unfit::Unreadable(io_reason(&error)),
    })?;
    if metadata.is_symlink() {
        return Err(Unfit::Link);
    }
    if !metadata.is_dir() {
        return Err(Unfit::NoDirectory);
    }
    check_owner(&metadata)
}

/// Removes a directory with all that is in it. Who still writes there, a thread that a signal came before or another
/// process of the job, may put a file where nothing was left: then it is done again.
pub fn remove_dir(path: &Path) -> io::Result<()> {
    for _ in 0..REMOVALS {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            removed => return removed,
        }
    }
    fs::remove_dir_all(path)
}

/// Appends to `directory/name`, in one write that no other process can come between.
pub fn append(directory: &Path, name: &str, contents: &[u8]) -> io::Result<()> {
    let mut file = private_file().append(true).create(true).open(directory.join(name))?;
    file.write_all(contents)
}

/// Puts `contents` in the place of `directory/name`, all of it or nothing: a new file beside it, written out to the
/// disk, takes the name. Whoever calls this holds the [`Lock`] of the name, so a draft that lies beside it was left by
/// a process that was killed, and is removed.
pub fn replace(directory: &Path, name: &str, contents: &[u8]) -> io::Result<()> {
    let prefix = format!(".{name}.");
    let is_draft = |file: &str| file.strip_prefix(&prefix).is_some_and(random::is_hex);
    for entry in fs::read_dir(directory)?.flatten() {
        if entry.file_name().to_str().is_some_and(is_draft) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let draft = directory.join(format!("{prefix}{}", random::hex()?));
    let written = create_file(&draft).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&draft, directory.join(name))
    });
    written.inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })?;
    // The name has its new contents, whatever a power failure makes of it.
    let _ = sync_dir(directory);
    Ok(())
}

/// A lock that its process holds. The system lets go of it when the process ends, however that comes about.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock on `directory/name`, for `patience` at most: the holder may have been stopped. An error of
    /// [`io::ErrorKind::WouldBlock`] says so; the file system may also keep no locks.
    pub fn acquire(directory: &Path, name: &str, patience: Duration) -> io::Result<Self> {
        let file = private_file().create(true).open(directory.join(name))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("its lock is no regular file"));
        }
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(fs::TryLockError::WouldBlock) if began.elapsed() < patience => thread::sleep(LOCK_POLL),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The mode of a file or a directory that others may use, and `None` if it is its owner's alone. A link itself has none
/// that matters. Windows has access lists, which say nothing as simple.
#[cfg(unix)]
pub fn wide_mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::symlink_metadata(path)
        .ok()
        .filter(|metadata| !metadata.is_symlink())?;
    Some(metadata.mode() & 0o777).filter(|mode| mode & 0o077 != 0)
}

#[cfg(windows)]
pub fn wide_mode(_: &Path) -> Option<u32> {
    None
}

/// Closes a file (0600) or a directory (0700) of this user to others, if `is_right` says that it is the right one. What it
/// is, is looked at once it is open, so that nobody can put something else in its place; no link is followed.
#[cfg(unix)]
pub fn close_to_others(path: &Path, is_right: impl FnOnce(&mut File, fs::FileType) -> bool) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let mut options = OpenOptions::new();
    options.read(true);
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    let mut file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(io::Error::other(Unfit::Foreign.to_string()));
    }
    if !is_right(&mut file, metadata.file_type()) {
        return Err(io::Error::other("something else is in its place by now"));
    }
    let mode = match metadata.file_type() {
        kind if kind.is_dir() => 0o700,
        kind if kind.is_file() => 0o600,
        _ => return Err(io::Error::other("it is no regular file")),
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(windows)]
pub fn close_to_others(_: &Path, _: impl FnOnce(&mut File, fs::FileType) -> bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn private_builder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = no_link();
    options.write(true).mode(0o600);
    options
}

/// Something else may have taken the file's place since it was looked at: no link is followed, and no pipe waited for.
#[cfg(unix)]
fn no_link() -> OpenOptions {
    with_flags(nix::libc::O_NOFOLLOW | NO_WAIT)
}

/// The same, but for links. Some files of `/proc` are like pipes.
#[cfg(unix)]
fn without_waiting() -> OpenOptions {
    with_flags(NO_WAIT)
}

#[cfg(unix)]
const NO_WAIT: nix::libc::c_int = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;

#[cfg(unix)]
fn with_flags(flags: nix::libc::c_int) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.custom_flags(flags);
    options
}

/// Some file systems can't do this for a directory.
fn cannot_sync(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// A name that was changed is on the disk when its directory is.
#[cfg(unix)]
fn sync_dir(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The mode was given at creation; a file system without modes ignores it.
#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    match fs::symlink_metadata(path)?.mode() & 0o777 {
        0o700 => Ok(()),
        _ => Err(io::Error::other("its file system keeps no permissions")),
    }
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> Result<(), Unfit> {
    use std::os::unix::fs::MetadataExt;

    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(Unfit::Foreign);
    }
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(Unfit::Wide(mode)),
        _ => Ok(()),
    }
}

#[cfg(windows)]
fn private_builder() -> DirBuilder {
    DirBuilder::new()
}

/// Windows opens no directory for this, and writes names out by itself.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(windows)]
fn private_file() -> OpenOptions {
    let mut options = no_link();
    options.write(true);
    options
}

/// Whoever may make links on Windows, may do anything.
#[cfg(windows)]
fn no_link() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(windows)]
fn without_waiting() -> OpenOptions {
    OpenOptions::new()
}

/// Takes away what the empty directory inherited and leaves its owner alone (`S-1-3-4`, OWNER RIGHTS), before
/// anything is written into it. Windows has no mode to give at creation.
#[cfg(windows)]
fn restrict(path: &Path) -> io::Result<()> {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
    let status = std::process::Command::new(Path::new(&root).join("System32").join("icacls.exe"))
        .arg(path)
        .args(["/inheritance:r", "/grant:r", "*S-1-3-4:(OI)(CI)F", "/Q"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("its access list could not be restricted (icacls)"))
    }
}

/// The access list was the owner's own from the start; whoever is not in it can't read what is inside.
#[cfg(windows)]
fn check_owner(_: &fs::Metadata) -> Result<(), Unfit> {
    Ok(())
}

#[cfg(test)]
mod tests;
