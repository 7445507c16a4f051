//! A user who is not root, on a machine of their own: what the system forbids, it forbids them. Whoever runs the tests, if
//! that is not root; else nobody.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{Run, child::BINARY, job::is_root};

/// Who owns nothing, on every system.
const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// Directories that only this user can look into, and a copy of the binary.
pub struct User {
    root: TempDir,
}

impl User {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        // Root's may be where nobody else can go.
        fs::copy(BINARY, root.path().join("asc-auth")).expect("a copy");
        let all = fs::Permissions::from_mode(0o755);
        fs::set_permissions(root.path(), all).expect("it is ours");
        for name in ["home", "work", "temp"] {
            let path = root.path().join(name);
            fs::create_dir(&path).expect("a directory");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it is ours");
            if is_root() {
                std::os::unix::fs::chown(&path, Some(65534), Some(65534)).expect("root may");
            }
        }
        Self { root }
    }

    /// A directory of theirs: `home`, `work`, `temp`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// `asc-auth ARGUMENTS`, run by them.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let program = self.path("asc-auth");
        let run = Run::new(arguments)
            .of_copy(&program)
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("temp"))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("BIN", &program)
            .dir(&self.path("work"));
        if is_root() { run.through(&NOBODY) } else { run }
    }

    /// Whether they can read a file, such as one of `/proc`.
    pub fn can_read(path: &Path) -> bool {
        let words: &[&str] = if is_root() { &NOBODY } else { &["env"] };
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["head", "-c", "1"]).arg(path);
        command.output().expect("it starts").status.success()
    }
}
