//! The recipes for CIs whose steps are more than one script, run as these CIs would run them.

use std::{fs, path::Path, process::Command};

use simulator::TestKey;

use super::{markdown::take_apart, read, stand_ins};
use crate::support::{KEY_ID, Ran, Run, secrets::Secrets, simulator_with};

/// The blocks of a page below a heading, up to the next one like it.
#[track_caller]
fn recipes(page: &str, heading: &str) -> Vec<String> {
    let text = read(page);
    let (_, after) = text
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("{page} has no {heading:?}"));
    let section = after.split("\n## ").next().unwrap_or_default();
    let blocks = take_apart(page, section).blocks;
    blocks.into_iter().map(|block| block.text).collect()
}

const PAGE: &str = "docs/other-cis.md";

/// A job's folders, and the environment of its shell.
struct Job {
    folder: tempfile::TempDir,
    key: TestKey,
    simulator: simulator::Simulator,
}

impl Job {
    fn new() -> Self {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("temp")).expect("a folder");
        stand_ins::install(&folder.path().join("bin"), &key.pem());
        Self { folder, key, simulator }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a step in `shell`, with asc-auth on PATH.
    fn step(&self, shell: &[&str], script: &str) -> Ran {
        let binary = Path::new(env!("CARGO_BIN_EXE_asc-auth"));
        let folder = binary.parent().expect("a folder").display();
        let run = Run::new(&[]).team_key(&self.key).api(&self.simulator);
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(script).env_clear();
        command.envs(
            run.into_command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .env("PATH", format!("{}:{folder}:/usr/bin:/bin", self.file("bin").display()))
            .env("TMPDIR", self.file("temp"))
            .env("BASH_ENV", self.file("bash_env"))
            .env("CIRCLE_WORKFLOW_JOB_ID", "0b1f3c9a-job");
        Ran::from(command.output().expect("the shell starts"))
    }

    #[track_caller]
    fn is_clean(&self) {
        let left: Vec<_> = fs::read_dir(self.file("temp")).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[track_caller]
    fn keeps_its_secrets(&self, ran: &Ran) {
        let found = Secrets::of_key(&self.key).found_in(&ran.text());
        assert!(found.is_empty(), "{found:?} in:\n{}", ran.text());
    }
}

#[test]
fn any_shell_sets_up_uses_the_token_and_cleans_up() {
    let job = Job::new();
    let recipe = &recipes(PAGE, "Any shell")[0];
    let ran = job.step(
        &["sh", "-c"],
        &format!("{recipe}\ntest -r \"$ASC_PRIVATE_KEY_PATH\" && echo \"key $ASC_KEY_ID\"\ntest \"$(asc-auth token)\" = \"$ASC_TOKEN\" && echo same\n"),
    );
    assert_eq!(ran.stdout, format!("key {KEY_ID}\nsame\n"), "{}", ran.text());
    job.keeps_its_secrets(&ran);
    job.is_clean();
}

#[test]
fn any_shell_stops_when_setup_fails() {
    let job = Job::new();
    let recipe = &recipes(PAGE, "Any shell")[0];
    let ran = job.step(&["sh", "-c"], &format!("ASC_KEY_ID=\n{recipe}\necho went on\n"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(10), ""), "{}", ran.text());
    job.is_clean();
}

#[test]
fn circleci_finds_the_credential_in_every_step_and_none_after_the_clean_up() {
    let job = Job::new();
    // CircleCI's own shell, which reads BASH_ENV before each step.
    let bash = ["bash", "-eo", "pipefail", "-c"];
    let yaml = &recipes(PAGE, "CircleCI")[0];
    let commands: Vec<&str> = yaml.lines().map(str::trim).collect();
    let setup: Vec<&str> = commands
        .iter()
        .copied()
        .filter(|line| line.starts_with("env_file=") || line.starts_with("echo "))
        .collect();
    assert_eq!(setup.len(), 2, "{yaml}");
    fs::write(job.file("bash_env"), "").expect("a file");
    let ran = job.step(&bash, &setup.join("\n")).code(0);
    job.keeps_its_secrets(&ran);
    let ran = job
        .step(
            &bash,
            "test -r \"$ASC_PRIVATE_KEY_PATH\" && test -n \"$ASC_TOKEN\" && echo there",
        )
        .code(0);
    assert_eq!(ran.stdout, "there\n");
    assert!(commands.contains(&"command: asc-auth cleanup --job"), "{yaml}");
    job.step(&bash, "asc-auth cleanup --job").code(0);
    job.is_clean();
    job.step(&bash, "test -z \"${ASC_TOKEN-}\"").code(0);
}

#[test]
fn buildkite_hooks_share_their_shell() {
    let job = Job::new();
    let hooks = recipes(PAGE, "Buildkite");
    let ran = job.step(
        &["bash", "-c"],
        &format!("{}\ntest -n \"$ASC_TOKEN\" && echo there\n{}", hooks[0], hooks[1]),
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "there\n"), "{}", ran.text());
    job.is_clean();
}

#[test]
fn one_line_around_a_command() {
    let job = Job::new();
    let recipe = recipes("README.md", "Around one command")[0]
        .lines()
        .next()
        .expect("a line")
        .replace(
            "-- fastlane beta",
            "-- sh -c 'echo \"$APP_STORE_CONNECT_API_KEY_KEY_ID\"; cat \"$ASC_PRIVATE_KEY_PATH\"'",
        );
    let ran = job.step(&["sh", "-c"], &recipe).code(0);
    assert!(
        ran.stdout
            .starts_with(&format!("{KEY_ID}\n-----BEGIN PRIVATE KEY-----\n***\n")),
        "{}",
        ran.text()
    );
    job.keeps_its_secrets(&ran);
    job.is_clean();
}

#[test]
fn bitrise_finds_the_directory_in_later_steps() {
    let job = Job::new();
    let steps = recipes(PAGE, "Bitrise");
    let ran = job.step(&["bash", "-e", "-c"], &steps[0]).code(0);
    job.keeps_its_secrets(&ran);
    let calls = stand_ins::calls(&job.file("bin"));
    let directory = calls
        .trim()
        .strip_prefix("envman add --key ASC_AUTH_DIR --value ")
        .expect("a call");
    let later = format!("export ASC_AUTH_DIR='{directory}'\nasc-auth exec --export fastlane -- fastlane beta");
    job.step(&["bash", "-e", "-c"], &later).code(0);
    assert!(stand_ins::calls(&job.file("bin")).ends_with("fastlane beta\n"));
    job.step(&["bash", "-e", "-c"], &steps[1]).code(0);
    job.is_clean();
}

/// The lines of a list in a pipeline.
fn script<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    let lines = yaml.lines().skip_while(|line| line.trim() != key).skip(1);
    lines.map_while(|line| line.trim().strip_prefix("- ")).collect()
}

#[test]
fn gitlab_without_the_component_hands_over_and_cleans_up() {
    let job = Job::new();
    let pipelines = recipes("README.md", "In a GitLab pipeline");
    let yaml = &pipelines[1];
    let main = [script(yaml, "before_script:"), script(yaml, "script:")]
        .concat()
        .join("\n");
    let gitlab = "export GITLAB_CI=true CI_JOB_ID=7\n";
    let ran = job.step(&["sh", "-e", "-c"], &format!("{gitlab}{main}")).code(0);
    job.keeps_its_secrets(&ran);
    assert_eq!(stand_ins::calls(&job.file("bin")), "fastlane pilot upload\n");
    let after = script(yaml, "after_script:").join("\n");
    job.step(&["sh", "-e", "-c"], &format!("{gitlab}{after}")).code(0);
    job.is_clean();
}
