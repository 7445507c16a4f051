//! A job as GitLab Runner runs one: the shells it may have, and what is around its lines.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use super::super::{Scripts, Template};

const TEMPLATE: &str = include_str!("../../../../gitlab-ci-component/templates/asc-auth.yml");

/// The shells that jobs run in, and the Debian package that has each. A name that the shell goes by
/// when it is not installed is an error, not a shell less.
const SHELLS: &[(&[&str], &str)] = &[
    (&["sh"], "dash"),
    (&["dash"], "dash"),
    (&["bash"], "bash"),
    (&["bash", "--posix"], "bash"),
    (&["busybox", "sh"], "busybox"),
];

/// Not required, but tried where they are.
const MORE_SHELLS: &[&[&str]] = &[&["ksh"], &["mksh"], &["zsh", "--emulate", "sh"]];

/// What GitLab Runner puts around a job's lines: now, and before that.
pub(super) const WRAPPERS: [(&str, &str); 2] = [("(trap 'exit 1' TERM; eval '", "') </dev/null"), (": | eval '", "'")];

pub(super) fn shells() -> Vec<&'static [&'static str]> {
    let mut shells = Vec::new();
    for (shell, package) in SHELLS {
        assert!(
            runs(shell),
            "{} is not installed; on Debian: apt-get install {package}",
            shell[0]
        );
        shells.push(*shell);
    }
    shells.extend(MORE_SHELLS.iter().copied().filter(|shell| runs(shell)));
    shells
}

fn runs(shell: &[&str]) -> bool {
    let output = Command::new(shell[0]).args(&shell[1..]).args(["-c", ":"]).output();
    output.is_ok_and(|output| output.status.success())
}

pub(super) fn template() -> Template {
    Template::parse(TEMPLATE).unwrap()
}

/// A job: GitLab's variables, a project folder, and a runner's way to run a script.
pub(super) struct Job {
    pub(super) folder: TempDir,
}

impl Job {
    pub(super) fn new() -> Self {
        let folder = TempDir::with_prefix("asc-auth-component-").unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder }
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.folder.path().join("project.tmp/asc-auth-job-4711")
    }

    fn command(&self, shell: &[&str]) -> Command {
        // Whoever runs this in the background has SIGINT ignored, and no shell can change that for itself.
        let mut command = Command::new("/usr/bin/env");
        if cfg!(target_os = "linux") {
            command.arg("--default-signal=INT");
        }
        command
            .args(shell)
            .current_dir(self.folder.path().join("project"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("CI_JOB_ID", "4711")
            .env("RUNNER_TEMP_PROJECT_DIR", self.folder.path().join("project.tmp"));
        command
    }

    /// As GitLab Runner does it: errexit on, and the lines in a subshell of the shell that reads them.
    pub(super) fn run(&self, shell: &[&str], lines: &str, variables: &[(&str, &str)]) -> Output {
        self.run_as(WRAPPERS[0], shell, lines, variables)
    }

    pub(super) fn run_as(
        &self,
        (before, after): (&str, &str),
        shell: &[&str],
        lines: &str,
        variables: &[(&str, &str)],
    ) -> Output {
        let lines = lines.replace('\'', r"'\''");
        let options = r#"case "$(set -o)" in *pipefail*) set -o pipefail ;; esac; set -o errexit"#;
        let script = self.folder.path().join("script");
        fs::write(&script, format!("{options}\n{before}{lines}{after}\nexit 0\n")).unwrap();
        let mut command = self.command(shell);
        command.arg(&script).envs(variables.iter().copied());
        command.output().unwrap()
    }
}

pub(super) fn stand_in() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gitlab-ci-component/tests/asc-auth");
    path.canonicalize().unwrap().to_string_lossy().into_owned()
}

pub(super) fn scripts() -> Scripts {
    template()
        .scripts(&[("binary-path", &stand_in()), ("export", "asc,fastlane")])
        .unwrap()
}

pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}
