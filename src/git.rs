//! What git knows of a file: whether it would be committed. It asks the git that is installed.
//!
//! A repository may be hostile. Nothing that it names is ever run, nothing of it is changed save the one line that a user
//! agreed to, and git gets no variable that could hold a secret. Where git or a repository is missing, nothing is known.

use std::{
    env,
    io::{self, Read, Write},
    path::{self, Path},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::private_files;

/// What git needs to run at all: to be found, and to know whose repositories it may trust.
const NEEDED: [&str; 5] = ["PATH", "HOME", "XDG_CONFIG_HOME", "USERPROFILE", "SystemRoot"];

/// Ways in which a repository names programs: a file system monitor, the way to a remote that has what is missing here, and
/// files in a directory that make git take it for a repository of its own.
const HARMLESS: [&str; 4] = ["-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit"];
const HARMLESS_VARIABLES: [(&str, &str); 4] = [
    // No protocol has an empty name, and no configuration allows one that is not in this list.
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// An index is looked through in much less.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);

/// No list of what is to be ignored is longer, in bytes.
const LARGEST: u64 = 1024 * 1024;

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

/// Adds a line to the `.gitignore` of `directory`. git takes none that is a link.
pub fn ignore(directory: &Path, line: &str) -> io::Result<()> {
    let mut file = private_files::open_to_append(&directory.join(IGNORE_FILE))?;
    let mut before = Vec::new();
    Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut before)?;
    let unended = before.last().is_some_and(|byte| *byte != b'\n');
    let text = format!("{}{line}\n", if unended { "\n" } else { "" });
    file.write_all(text.as_bytes())
}

/// A question that git answers with 0 for yes and 1 for no.
fn asks(question: &[&str], path: &Path) -> Option<bool> {
    let path = path::absolute(path).ok()?;
    let directory = path.ancestors().skip(1).find(|above| above.is_dir())?;
    let needed = NEEDED.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    let git = Command::new("git")
        .args(HARMLESS)
        .args(question)
        .arg("--")
        .arg(Path::new(".").join(path.strip_prefix(directory).ok()?))
        .current_dir(directory)
        .env_clear()
        .envs(needed)
        .envs(HARMLESS_VARIABLES)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match end_of(git.ok()?)?.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

/// How it ended. One that does not end is ended.
fn end_of(mut git: Child) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match git.try_wait() {
            Ok(None) => thread::sleep(POLL),
            ended => return ended.ok().flatten(),
        }
    }
    let _ = git.kill();
    let _ = git.wait();
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

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

    /// A commit may hold the files of a bare repository, and a repository's configuration names programs.
    #[test]
    fn a_hostile_repository_runs_nothing() {
        let folder = tempfile::tempdir().expect("a directory");
        let (root, asc) = (folder.path(), folder.path().join(".asc"));
        let ran = root.join("ran");
        let programs = |repository: &Path| {
            let program = format!("touch {}; false", ran.display());
            for (name, value) in [
                ("core.sshCommand", program.as_str()),
                ("core.fsmonitor", &program),
                ("core.repositoryFormatVersion", "1"),
                ("extensions.partialClone", "origin"),
                ("remote.origin.url", "ssh://git@localhost/gone.git"),
                ("remote.origin.promisor", "true"),
                ("protocol.ssh.allow", "always"),
                ("core.sparseCheckout", "true"),
                ("core.sparseCheckoutCone", "true"),
                ("index.sparse", "true"),
            ] {
                git(repository, &["config", name, value]);
            }
        };
        git(root, &["init", "--quiet", "--bare", ".asc"]);
        programs(&asc);
        let file = asc.join("config.json");
        fs::write(&file, "{}").expect("a file");
        assert_eq!(
            (is_ignored(&file), is_tracked(&file)),
            (None, None),
            "a bare repository is none"
        );

        git(root, &["init", "--quiet"]);
        fs::write(root.join("a"), "").expect("a file");
        git(root, &["add", "a"]);
        programs(root);
        fs::remove_dir_all(root.join(".git/objects")).expect("they are gone");
        fs::create_dir(root.join(".git/objects")).expect("a directory");
        assert_eq!(is_tracked(&root.join("a")), Some(true));
        assert_eq!(is_ignored(&root.join("b")), Some(false));
        assert!(!ran.exists());
    }

    #[cfg(unix)]
    #[test]
    fn no_line_is_added_through_a_link() {
        let folder = tempfile::tempdir().expect("a directory");
        let elsewhere = folder.path().join("bashrc");
        fs::write(&elsewhere, "").expect("a file");
        let repository = folder.path().join("repository");
        fs::create_dir(&repository).expect("a directory");
        std::os::unix::fs::symlink(&elsewhere, repository.join(IGNORE_FILE)).expect("a link");
        ignore(&repository, ".asc/").expect_err("it is a link");
        assert_eq!(fs::read(&elsewhere).expect("a file"), b"");
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
