//! What git knows of a file: whether it would be committed. It asks the git that is installed.
//!
//! Nothing of a repository is ever run or changed, save the one line that a user agreed to; where git or a repository is
//! missing, nothing is known.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{self, Path},
    process::{Command, Stdio},
};

/// Variables by which git would look at another repository than the file's own: hooks set them.
const ELSEWHERE: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
];

const IGNORE_FILE: &str = ".gitignore";

/// Whether git leaves this file alone, which need not exist. A tracked file is never ignored. `None` if there is no git,
/// or no repository.
pub fn is_ignored(path: &Path) -> Option<bool> {
    // It takes a path for what it is, once that does not begin with a colon.
    asks(&["check-ignore", "--quiet"], path)
}

/// Whether this file is in the repository's index. `None` if there is no git, or no repository.
pub fn is_tracked(path: &Path) -> Option<bool> {
    asks(&["--literal-pathspecs", "ls-files", "--error-unmatch"], path)
}

/// Adds a line to the `.gitignore` of `directory`.
pub fn ignore(directory: &Path, line: &str) -> io::Result<()> {
    let path = directory.join(IGNORE_FILE);
    let before = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let unended = before.last().is_some_and(|byte| *byte != b'\n');
    let text = format!("{}{line}\n", if unended { "\n" } else { "" });
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A question that git answers with 0 for yes and 1 for no.
fn asks(question: &[&str], path: &Path) -> Option<bool> {
    let path = path::absolute(path).ok()?;
    let directory = path.ancestors().skip(1).find(|above| above.is_dir())?;
    let mut git = Command::new("git");
    // A file system monitor is a program that the repository names.
    git.args(["-c", "core.fsmonitor=false"])
        .args(question)
        .arg("--")
        .arg(Path::new(".").join(path.strip_prefix(directory).ok()?))
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for variable in ELSEWHERE {
        git.env_remove(variable);
    }
    match git.status().ok()?.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(directory: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        let done = git
            .args(arguments)
            .current_dir(directory)
            .output()
            .expect("git is there");
        assert!(done.status.success(), "{done:?}");
    }

    #[test]
    fn git_tells_what_it_ignores_and_what_it_tracks() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path();
        let file = root.join(".asc/config.json");
        assert_eq!((is_ignored(&file), is_tracked(&file)), (None, None), "no repository");

        git(root, &["init", "--quiet"]);
        assert_eq!((is_ignored(&file), is_tracked(&file)), (Some(false), Some(false)));

        fs::create_dir(root.join(".asc")).expect("a directory");
        fs::write(&file, "{}").expect("a file");
        git(root, &["add", ".asc/config.json"]);
        assert_eq!((is_ignored(&file), is_tracked(&file)), (Some(false), Some(true)));

        git(root, &["rm", "--quiet", "--cached", ".asc/config.json"]);
        fs::write(root.join(IGNORE_FILE), "*.log").expect("a file");
        ignore(root, ".asc/").expect("a line");
        assert_eq!(
            fs::read_to_string(root.join(IGNORE_FILE)).expect("text"),
            "*.log\n.asc/\n"
        );
        assert_eq!((is_ignored(&file), is_tracked(&file)), (Some(true), Some(false)));

        fs::remove_dir_all(root.join(".asc")).expect("it is ours");
        assert_eq!(is_ignored(&file), Some(true), "before it exists");
    }

    #[test]
    fn a_name_is_taken_as_it_stands() {
        let folder = tempfile::tempdir().expect("a directory");
        git(folder.path(), &["init", "--quiet"]);
        fs::write(folder.path().join("a"), "").expect("a file");
        git(folder.path(), &["add", "a"]);
        for name in ["*", ":(top)a", "-a", "[a]"] {
            let path = folder.path().join(name);
            assert_eq!(
                (is_ignored(&path), is_tracked(&path)),
                (Some(false), Some(false)),
                "{name}"
            );
        }
    }
}
