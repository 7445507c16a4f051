//! Every script in the documentation does what it says when it is pasted: a person with a web session, a team key and a
//! simulator, and stand-ins for other people's programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Block, Kind, blocks, stand_ins};
use crate::support::{
    ISSUER_ID, KEY_ID, Ran,
    secrets::Secrets,
    web::{Person, write_private},
};

/// Scripts that are only read by the other checks, by their page and first line, and why they don't run.
const NOT_RUN: &[(&str, &str)] = &[
    // A release that is downloaded, or rebuilt for minutes.
    ("docs/verify.md", ""),
    // Makes a release.
    ("CONTRIBUTING.md", "cargo xtask release --check release-1.0.0"),
];

struct Desk {
    person: Person,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let person = Person::new();
        person.register(KEY_ID, "Release");
        let desk = Self {
            person,
            folder: tempfile::tempdir().expect("a folder"),
        };
        for folder in [
            "work/target/debug",
            "temp",
            "home/.local/share/bash-completion/completions",
            "home/.local/share/man/man1",
            "home/.zfunc",
            "home/.config/fish/completions",
        ] {
            fs::create_dir_all(desk.file(folder)).expect("a folder");
        }
        stand_ins::install(&desk.file("bin"), &desk.person.home.key.pem());
        // What the pages' scripts find beside them.
        for key_id in [KEY_ID, "ABCDE12345"] {
            write_private(
                &desk.file(&format!("work/AuthKey_{key_id}.p8")),
                &desk.person.home.key.pem(),
            );
        }
        stand_ins::put(
            &desk.file("work/target/debug"),
            "simulator",
            "env | grep '^ASC_' | sed 's/^/export /'",
        );
        fs::write(desk.file("work/target/debug/calls"), "").expect("a file");
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The script in a shell of its own, up to its first error.
    fn paste(&self, script: &str, key: Option<&Path>) -> Ran {
        let binary = Path::new(env!("CARGO_BIN_EXE_asc-auth"));
        let run = self.person.run(&[]).into_command();
        // The pages' issuer is an example, as their reader's is not.
        let issuer = self.person.apple.issuer_id();
        let script = script.replace(ISSUER_ID, &issuer);
        let mut command = Command::new("sh");
        command.args(["-e", "-c", &script]).env_clear().stdin(Stdio::null());
        command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
            .current_dir(self.file("work"))
            .env(
                "PATH",
                format!("{}:{}:/usr/bin:/bin", self.file("bin").display(), folder_of(binary)),
            )
            .env("HOME", self.file("home"))
            .env("TMPDIR", self.file("temp"))
            .env("ASC_BYPASS_KEYCHAIN", "1")
            .env("ASC_WEB_SESSION", self.person.session_file())
            .env("CIRCLE_WORKFLOW_JOB_ID", "0b1f3c9a-job")
            .env("ASC_KEY_ID", KEY_ID)
            .env("ASC_ISSUER_ID", issuer);
        if let Some(key) = key {
            command.env("ASC_PRIVATE_KEY_PATH", key);
        }
        Ran::from(command.output().expect("the shell starts"))
    }
}

fn folder_of(binary: &Path) -> String {
    binary.parent().expect("a folder").display().to_string()
}

fn runs(block: &Block) -> bool {
    let first = block.text.lines().next().unwrap_or_default();
    !NOT_RUN
        .iter()
        .any(|(page, line)| block.place.starts_with(page) && (line.is_empty() || *line == first))
}

#[test]
fn every_script_runs_when_it_is_pasted() {
    let mut failed = Vec::new();
    let scripts: Vec<Block> = blocks(&[Kind::Shell]).into_iter().filter(runs).collect();
    assert!(scripts.len() > 30, "only {} scripts were found", scripts.len());
    for block in scripts {
        let desk = Desk::new();
        // What a secret manager holds is nowhere else.
        let file = desk.file(&format!("work/AuthKey_{KEY_ID}.p8"));
        let key = (!block.place.starts_with("docs/secret-managers.md")).then_some(file.as_path());
        let ran = desk.paste(&block.text, key);
        let leaks = Secrets::of_key(&desk.person.home.key).found_in(&ran.text());
        desk.person.assert_kept(&ran.text());
        desk.paste("asc-auth cleanup --job", key).code(0);
        let left = fs::read_dir(desk.file("temp"))
            .expect("a folder")
            .filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("asc-auth"))
            })
            .count();
        if ran.code != Some(0) || !leaks.is_empty() {
            failed.push(format!("{}: {:?} {leaks:?}\n{}", block.place, ran.code, ran.text()));
        } else if left > 0 {
            failed.push(format!("{}: {left} left behind", block.place));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The lists above must not outlive what they name.
#[test]
fn every_script_that_does_not_run_is_there() {
    for (page, first) in NOT_RUN {
        let is_there = blocks(&[Kind::Shell])
            .iter()
            .any(|block| block.place.starts_with(page) && (first.is_empty() || block.text.starts_with(first)));
        assert!(is_there, "{page}: {first}");
    }
}

#[test]
fn a_secret_manager_that_fails_stops_the_release() {
    let script = blocks(&[Kind::Shell])
        .into_iter()
        .find(|block| block.text.starts_with("# HashiCorp Vault"))
        .expect("the recipe");
    let desk = Desk::new();
    stand_ins::put(&desk.file("bin"), "vault", "exit 2");
    let ran = desk.paste(&script.text, None).code(10).says("empty");
    assert!(
        !stand_ins::calls(&desk.file("bin")).contains("fastlane"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_rotation_without_apple_leaves_one_key() {
    let script = blocks(&[Kind::Shell])
        .into_iter()
        .find(|block| block.text.contains("asc-auth key rotate \"$OLD\""))
        .expect("the recipe");
    let desk = Desk::new();
    let file = desk.file(&format!("work/AuthKey_{KEY_ID}.p8"));
    desk.paste(&script.text, Some(&file))
        .code(0)
        .says(&format!("old key    {KEY_ID}, revoked"))
        .says("App Store Connect: the credential works");
    let keys = desk.person.apple.team_keys();
    assert_eq!(keys.iter().filter(|key| key.active).count(), 1, "{keys:?}");
}
