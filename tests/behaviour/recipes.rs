//! The README's recipes work when they are pasted.

use std::{fs, path::Path, process::Command};

use simulator::TestKey;

use crate::support::{KEY_ID, Ran, Run, secrets::Secrets, simulator_with, web::Person};

const README: &str = include_str!("../../README.md");

/// The code blocks below the paragraph that holds `words`, up to the next heading.
fn recipes(words: &str) -> Vec<String> {
    let at = README
        .find(words)
        .unwrap_or_else(|| panic!("the README does not say {words:?}"));
    let section = README[at..].split("\n## ").next().unwrap_or_default();
    let blocks = section.split("\n```").skip(1).step_by(2);
    blocks
        .map(|block| block.split_once('\n').map_or("", |(_, code)| code).to_owned())
        .collect()
}

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
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
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
    let recipe = &recipes("In a script of any shell:")[0];
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
    let recipe = &recipes("In a script of any shell:")[0];
    let ran = job.step(&["sh", "-c"], &format!("ASC_KEY_ID=\n{recipe}\necho went on\n"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(10), ""), "{}", ran.text());
    job.is_clean();
}

#[test]
fn circleci_finds_the_credential_in_every_step_and_none_after_the_clean_up() {
    let job = Job::new();
    // CircleCI's own shell, which reads BASH_ENV before each step.
    let bash = ["bash", "-eo", "pipefail", "-c"];
    let yaml = &recipes("CircleCI, where")[0];
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
    let hooks = recipes("Buildkite, as two hooks");
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
    let recipe = recipes("## Around one command")[0]
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
fn keys_are_rotated_without_apple() {
    let person = Person::new();
    person.register(KEY_ID, "CI pipeline");
    let recipe = &recipes("To try all of it without Apple")[0];
    let binary = Path::new(env!("CARGO_BIN_EXE_asc-auth"));
    let folder = binary.parent().expect("a folder").display();
    let mut command = Command::new("sh");
    let run = person.run(&[]);
    let variables = run.into_command();
    let variables = variables.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.args(["-e", "-c", recipe]).env_clear().envs(variables);
    command
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_WEB_SESSION", person.session_file());
    let ran = Ran::from(command.output().expect("the shell starts")).code(0);
    person.assert_kept(&ran.text());
    let ran = ran
        .says(&format!("old key    {KEY_ID}, revoked"))
        .says("App Store Connect: the credential works");
    let active: Vec<_> = person.apple.team_keys().into_iter().filter(|key| key.active).collect();
    assert_eq!(active.len(), 1, "{}", ran.text());
}
