//! The checkout and where it is pushed to. A push never forces, but for the one tag that moves, and a token is never
//! an argument or written anywhere: git asks for it, and a helper takes it from the environment.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, process::output_of};

/// Who the workflow is to git, as GitHub shows it.
const NAME: &str = "github-actions[bot]";
const EMAIL: &str = "41898282+github-actions[bot]@users.noreply.github.com";

/// Answers git's question for a user and a password. Any user's name does, to GitHub and to GitLab.
const HELPER: &str =
    r#"!answer() { test "$1" != get || printf 'username=token\npassword=%s\n' "$PUSH_TOKEN"; }; answer"#;

/// A checkout with the remote `origin`.
#[derive(Debug)]
pub(super) struct Repository {
    folder: PathBuf,
}

impl Repository {
    pub(super) fn at(root: &Path) -> Self {
        Self {
            folder: root.to_owned(),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commit that a name stands for.
    pub(super) fn commit(&self, name: &str) -> Result<String, Box<dyn Error>> {
        self.git(&["rev-parse", "--verify", &format!("{name}^{{commit}}")])
    }

    /// The files that differ from the commit, also those that git does not know yet.
    pub(super) fn changed_files(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let status = self.git(&[
            "status",
            "--porcelain=v1",
            "--untracked-files=all",
            "--no-renames",
            "-z",
        ])?;
        // Two letters and a blank, then the path.
        let paths = status.split_terminator('\0').filter_map(|entry| entry.get(3..));
        Ok(paths.map(str::to_owned).collect())
    }

    pub(super) fn add(&self, files: &[String]) -> Outcome {
        let files = files.iter().map(String::as_str);
        self.git(&["add", "--"].into_iter().chain(files).collect::<Vec<_>>())?;
        Ok(())
    }

    pub(super) fn make_commit(&self, message: &str) -> Outcome {
        self.git(&["commit", "--quiet", "--message", message])?;
        Ok(())
    }

    /// Whether a tag at the origin is what a commit of the files that were added would be.
    pub(super) fn origin_has_this_commit(&self, tag: &str) -> Result<bool, Box<dyn Error>> {
        self.git(&["fetch", "--quiet", "--no-tags", "origin", &format!("refs/tags/{tag}")])?;
        let tree = self.git(&["rev-parse", "FETCH_HEAD^{tree}"])?;
        let parent = self.git(&["rev-parse", "FETCH_HEAD^"])?;
        Ok(tree == self.git(&["write-tree"])? && parent == self.commit("HEAD")?)
    }

    /// What a name of another repository stands for. Release tags are light: no object of their own stands between.
    pub(super) fn find(&self, remote: &str, name: &str) -> Result<Option<String>, Box<dyn Error>> {
        let listed = self.git(&["ls-remote", "--refs", remote, name])?;
        // It lists whatever ends with the name: a branch may be called refs/tags/v1.
        let mut found = listed.lines().filter_map(|line| line.split_once('\t'));
        Ok(found
            .find(|(_, there)| *there == name)
            .map(|(commit, _)| commit.to_owned()))
    }

    pub(super) fn is_ancestor(&self, earlier: &str, later: &str) -> Result<bool, Box<dyn Error>> {
        Ok(self.git(&["merge-base", earlier, later])? == earlier)
    }

    /// Pushes one commit to several names: to all of them, or none.
    pub(super) fn push(&self, remote: &str, commit: &str, names: &[&str]) -> Outcome {
        let to: Vec<String> = names.iter().map(|name| format!("{commit}:{name}")).collect();
        let to = to.iter().map(String::as_str);
        self.git(&["push", "--atomic", remote].into_iter().chain(to).collect::<Vec<_>>())?;
        println!("pushed {commit} as {}", names.join(", "));
        Ok(())
    }

    /// Moves a tag at the origin to this commit, unless somebody else has moved it since.
    pub(super) fn move_tag(&self, tag: &str, from: Option<&str>) -> Outcome {
        let lease = format!("--force-with-lease=refs/tags/{tag}:{}", from.unwrap_or_default());
        self.git(&["push", &lease, "origin", &format!("HEAD:refs/tags/{tag}")])?;
        println!("{tag} points here now");
        Ok(())
    }

    /// The newest commit of a folder's own history, which is the same whenever it is worked out.
    pub(super) fn subtree(&self, folder: &str) -> Result<String, Box<dyn Error>> {
        self.git(&["subtree", "split", "-q", &format!("--prefix={folder}"), "HEAD"])
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let mut git = Command::new("git");
        git.current_dir(&self.folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .args(["-c", &format!("user.name={NAME}"), "-c", &format!("user.email={EMAIL}")])
            .args(["-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"]);
        if env::var_os("PUSH_TOKEN").is_some() {
            answer_with_the_token(&mut git);
        }
        Ok(output_of(git.args(arguments))?.trim_end().to_owned())
    }
}

fn answer_with_the_token(git: &mut Command) {
    // The empty one forgets all others. A redirect could lead to a host that the token is not for.
    git.args(["-c", "credential.helper=", "-c", &format!("credential.helper={HELPER}")])
        .args(["-c", "http.followRedirects=false"]);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn git_takes_the_token_from_the_environment() -> Result<(), Box<dyn Error>> {
        let question = tempfile::NamedTempFile::new()?;
        fs::write(&question, "protocol=https\nhost=example.com\n\n")?;
        let mut git = Command::new("git");
        answer_with_the_token(&mut git);
        git.args(["credential", "fill"]).env("PUSH_TOKEN", "a token 100%");
        let answer = output_of(git.stdin(fs::File::open(question.path())?))?;
        assert!(answer.lines().any(|line| line == "password=a token 100%"), "{answer}");
        Ok(())
    }
}
