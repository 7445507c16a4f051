//! `asc-auth key rotate --publish CMD`: what the command finds, what of its output reaches the log, and what becomes of
//! the old key. The commands are real ones that print the new key on purpose.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use simulator::{Fault, TeamKey, WebStep};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    child::{BINARY, Job, Running, wait_until},
    forms::body_of,
    proof::read_token,
    secrets::Secrets,
    web::Person,
};

const NAME: &str = "CI pipeline 2";

/// Someone who rotates the team's only key, and the directories of the command.
struct Rotation {
    person: Person,
    job: Job,
}

impl Rotation {
    fn new() -> Self {
        let person = Person::new();
        person.register(KEY_ID, "CI pipeline");
        Self {
            person,
            job: Job::new(),
        }
    }

    fn with(&self, command: &str, flags: &[&str]) -> Run {
        let words = ["key", "rotate", KEY_ID, "--name", NAME, "--role", "developer"];
        let steps = ["--revoke-old", "--publish", command];
        self.person
            .run(&[&words[..], &steps[..], flags].concat())
            .env("TMPDIR", self.job.temp())
            .env("OUT", self.job.out(""))
            .env("BIN", BINARY)
    }

    /// The end of a run, which shows neither a cookie nor anything of the new key, and leaves nothing behind.
    #[track_caller]
    fn done(&self, run: Run) -> Ran {
        let ran = self.person.done(run);
        self.assert_kept(&ran.text());
        self.job.assert_nothing_left();
        ran
    }

    #[track_caller]
    fn publish(&self, command: &str) -> Ran {
        self.done(self.with(command, &[]))
    }

    /// The key that was made, which must be the only active one of its name.
    #[track_caller]
    fn new_key(&self) -> TeamKey {
        let mut keys = self.person.apple.team_keys();
        keys.retain(|key| key.active && key.nickname == NAME);
        assert_eq!(keys.len(), 1, "{keys:?}");
        keys.remove(0)
    }

    fn key_file(&self) -> PathBuf {
        let file = format!(".blitz/AuthKey_{}.p8", self.new_key().id);
        self.person.home.path().join(file)
    }

    fn pem(&self) -> String {
        fs::read_to_string(self.key_file()).expect("the key")
    }

    fn old_is_active(&self) -> bool {
        let keys = self.person.apple.team_keys();
        keys.iter().any(|key| key.active && key.id == KEY_ID)
    }

    fn asked(&self, step: WebStep) -> usize {
        let steps = self.person.apple.web_requests();
        steps.iter().filter(|asked| **asked == step).count()
    }

    /// That a text has nothing of the new key's private half, as a PEM or as base64 of one, wrapped or not.
    #[track_caller]
    fn assert_kept(&self, text: &str) {
        let pem = self.pem();
        let dense: String = text.split_whitespace().collect();
        // Where the scalar is, whose first digits begin at 48.
        for secret in [&body_of(&pem)[48..90], &STANDARD.encode(&pem)[104..156]] {
            for piece in secret.as_bytes().windows(8) {
                let piece = String::from_utf8_lossy(piece);
                assert!(!dense.contains(&*piece), "{piece} in:\n{text}");
            }
        }
    }
}

mod environment {
    use super::*;

    const DUMP: &str = r#"env -0 >"$OUT/env"; cp "$ASC_AUTH_DIR"/AuthKey_* "$OUT""#;

    #[test]
    fn the_command_finds_the_new_key_and_a_token_of_it() {
        let rotation = Rotation::new();
        rotation.publish(DUMP).code(0);
        let environment = rotation.job.environment();
        let own: BTreeSet<&str> = environment
            .keys()
            .filter_map(|name| name.strip_prefix("ASC_"))
            .collect();
        let expected = [
            "API_URL",
            "AUTH_DIR",
            "ISSUER_ID",
            "KEY_ID",
            "KEY_TYPE",
            "PRIVATE_KEY",
            "PRIVATE_KEY_B64",
            "PRIVATE_KEY_PATH",
            "TOKEN",
            "TOKEN_EXPIRES_AT",
            "WEB_URL",
        ];
        assert_eq!(own, expected.into());
        let (new, pem) = (rotation.new_key(), rotation.pem());
        assert!(new.is_private_half(&pem));
        assert_eq!(environment["ASC_KEY_ID"], new.id);
        assert_eq!(environment["ASC_ISSUER_ID"], rotation.person.apple.issuer_id());
        assert_eq!(environment["ASC_KEY_TYPE"], "team");
        assert_eq!(environment["ASC_PRIVATE_KEY"], pem);
        assert_eq!(environment["ASC_PRIVATE_KEY_B64"], STANDARD.encode(&pem));
        assert_eq!(Path::new(&environment["ASC_PRIVATE_KEY_PATH"]), rotation.key_file());
        assert_eq!(
            read_token(&environment["ASC_TOKEN"]).key_id(),
            Some(new.id.as_str()),
            "the token's key"
        );
        assert_eq!(rotation.job.read(&format!("AuthKey_{}.p8", new.id)), pem);
    }

    #[test]
    fn nothing_of_the_old_key_or_of_the_web_session_goes_along() {
        let rotation = Rotation::new();
        let old = &rotation.person.home.key;
        let session = rotation.person.session_file();
        let run = rotation
            .with(DUMP, &["--session", session.to_str().expect("UTF-8")])
            .team_key(old)
            .env("ASC_PRIVATE_KEY_B64", STANDARD.encode(old.pem()))
            .env("ASC_PRIVATE_KEY_PATH", rotation.person.home.key_file())
            .env("ASC_TOKEN", "old.old.old")
            .env("ASC_PROFILE", "old")
            .env("ASC_WEB_SESSION", &session)
            .env("INPUT_PRIVATE-KEY", old.pem())
            .env("INPUT_KEY-ID", KEY_ID)
            .env("BESIDES", "kept");
        rotation.done(run).code(0);
        let environment = rotation.job.environment();
        let text = rotation.job.read("env");
        assert_eq!(Secrets::of_key(old).found_in(&text), Vec::<&str>::new());
        let session = session.to_str().expect("UTF-8");
        for unwanted in [KEY_ID, ISSUER_ID, "old.old.old", session, "INPUT_", "ASC_PROFILE"] {
            assert!(!text.contains(unwanted), "{unwanted} in:\n{text}");
        }
        assert_eq!(environment["BESIDES"], "kept");
    }

    #[test]
    fn no_tool_in_the_command_finds_the_old_key_by_a_convention() {
        let names = [
            "APP_STORE_CONNECT_API_KEY_KEY_ID",
            "APP_STORE_CONNECT_API_KEY_ISSUER_ID",
            "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH",
            "APP_STORE_CONNECT_API_KEY_PATH",
            "APP_STORE_CONNECT_API_KEY_KEY",
            "API_PRIVATE_KEYS_DIR",
            "APP_STORE_CONNECT_KEY_IDENTIFIER",
            "APP_STORE_CONNECT_ISSUER_ID",
            "APP_STORE_CONNECT_PRIVATE_KEY",
            "EXPO_ASC_API_KEY_PATH",
            "EXPO_ASC_KEY_ID",
            "EXPO_ASC_ISSUER_ID",
            "APPLE_API_ISSUER",
            "APPLE_API_KEY",
            "APPLE_API_KEY_PATH",
            "APPLE_API_KEY_ID",
            "QUILL_NOTARY_KEY",
            "QUILL_NOTARY_KEY_ID",
            "QUILL_NOTARY_ISSUER",
        ];
        let rotation = Rotation::new();
        let config = rotation.job.out("config.json");
        let mut run = rotation.with(DUMP, &[]).env("ASC_CONFIG_PATH", &config);
        for name in names {
            run = run.env(name, "of the old key");
        }
        rotation.done(run).code(0);
        let environment = rotation.job.environment();
        for name in names {
            assert_eq!(environment.get(name), None, "{name}");
        }
        assert_eq!(Path::new(&environment["ASC_CONFIG_PATH"]), config);
        assert_eq!(environment["ASC_KEY_ID"], rotation.new_key().id);
    }

    #[test]
    fn asc_auth_in_the_command_uses_the_new_key() {
        let rotation = Rotation::new();
        rotation
            .publish(r#""$BIN" validate --strict-auth"#)
            .code(0)
            .says("GET /v1/apps → 200")
            .says(&format!("key        {} (team key)", rotation.new_key().id));
    }

    #[test]
    fn the_key_is_found_from_another_directory_as_well() {
        let rotation = Rotation::new();
        let run = rotation.with(
            r#"cd /; cat "$ASC_PRIVATE_KEY_PATH" >"$OUT/key""#,
            &["--output-dir", "keys"],
        );
        run.run().code(0);
        assert!(rotation.new_key().is_private_half(&rotation.job.read("key")));
    }
}

mod standard_input {
    use super::*;

    #[test]
    fn the_command_reads_the_key_to_its_end() {
        let rotation = Rotation::new();
        rotation.publish(r#"cat >"$OUT/key""#).code(0);
        assert_eq!(rotation.job.read("key"), rotation.pem());
    }

    #[test]
    fn a_command_that_does_not_read_it_is_fine() {
        for command in ["true", "exec <&-; true", "head -c 1 >/dev/null", "exec <&-; sleep 0.3"] {
            let rotation = Rotation::new();
            rotation.publish(command).code(0);
            assert!(!rotation.old_is_active(), "{command}");
        }
    }
}

mod output {
    use super::*;

    const PRINT: &str = r#"
echo begin
cat
cat "$ASC_PRIVATE_KEY_PATH"
echo "$ASC_PRIVATE_KEY_B64"
base64 <"$ASC_PRIVATE_KEY_PATH"
for line in 2 3 4; do sed -n "${line}p" "$ASC_PRIVATE_KEY_PATH"; done
sed 1d "$ASC_PRIVATE_KEY_PATH" | tr -d '\n'
echo "token=$ASC_TOKEN="
env
printf %s "$ASC_TOKEN" >"$OUT/token"
echo end
"#;

    #[track_caller]
    fn assert_redacted(rotation: &Rotation, printed: &str) {
        assert!(printed.contains("begin\n") && printed.contains("\nend\n"), "{printed}");
        assert!(printed.contains("-----BEGIN PRIVATE KEY-----\n***\n"), "{printed}");
        // What stands around it is base64 of BEGIN and END, which are no secret.
        assert!(printed.contains("S0tLS0tCk***"), "{printed}");
        assert!(printed.contains("token=***=\n"), "{printed}");
        let token = rotation.job.read("token");
        let signature = token.rsplit('.').next().expect("three parts");
        assert!(!printed.contains(signature), "the token in:\n{printed}");
    }

    #[test]
    fn what_is_secret_is_redacted_on_both_streams() {
        let rotation = Rotation::new();
        let ran = rotation.publish(PRINT).code(0);
        assert_redacted(&rotation, &ran.stdout);
        let rotation = Rotation::new();
        let ran = rotation.publish(&format!("{{ {PRINT} }} >&2")).code(0);
        assert_redacted(&rotation, &ran.stderr);
        assert_eq!(ran.stdout, "");
    }

    #[test]
    fn beside_json_both_streams_go_to_standard_error() {
        let rotation = Rotation::new();
        let command = format!("{PRINT} echo on stderr >&2");
        let ran = rotation.done(rotation.with(&command, &["--output", "json"])).code(0);
        assert!(ran.stderr.contains("on stderr\n"), "{}", ran.stderr);
        // Each stream is read for itself: a line of one may stand inside of a line of the other.
        assert_redacted(&rotation, &ran.stderr.replace("on stderr\n", ""));
        let told = ran.json();
        assert_eq!(told["published"], json!(true));
        assert_eq!(told["key_id"], json!(rotation.new_key().id));
    }

    #[test]
    fn on_github_the_secrets_are_masked_before_the_command_says_a_word() {
        let rotation = Rotation::new();
        let step = Step::new();
        let command = r#"printf %s "$ASC_TOKEN" >"$OUT/token"; echo "::notice::published""#;
        let mut run = rotation
            .with(command, &[])
            .env("GITHUB_ACTIONS", "true")
            .env("RUNNER_TEMP", step.temp());
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            run = run.env(&format!("GITHUB_{name}"), step.file(name));
        }
        let ran = run.run().code(0);
        let (before, _) = ran.stdout.split_once("::notice::published\n").expect("its word");
        let token = rotation.job.read("token");
        let pem = rotation.pem();
        let base64 = STANDARD.encode(&pem);
        for secret in [token.as_str(), pem.lines().nth(2).expect("a line"), base64.as_str()] {
            assert!(before.contains(&format!("::add-mask::{secret}\n")), "{before}");
        }
        assert_eq!(step.leftovers(), Vec::<PathBuf>::new());
    }
}

mod failure {
    use super::*;

    #[test]
    fn a_command_that_fails_leaves_the_old_key_and_is_run_again() {
        let rotation = Rotation::new();
        let command = r#"echo run >>"$OUT/runs"; test -e "$OUT/mended""#;
        rotation
            .publish(command)
            .code(20)
            .says("the publish command ended with code 1")
            .says("The old key still works: nothing was revoked.");
        assert!(rotation.old_is_active());
        assert_eq!(rotation.asked(WebStep::Revoke), 0);
        let new = rotation.new_key();
        fs::write(rotation.job.out("mended"), "").expect("a file");
        rotation.publish(command).code(0);
        assert!(!rotation.old_is_active());
        assert_eq!((rotation.new_key().id, rotation.asked(WebStep::Create)), (new.id, 1));
        assert_eq!(rotation.job.read("runs"), "run\nrun\n");
    }

    #[test]
    fn each_way_of_failing_is_one() {
        for (command, code) in [
            ("exit 3", 3),
            ("asc-auth-no-such-program", 127),
            ("kill -9 $$", 137),
            // The first of several that fails ends it.
            ("false\ntrue", 1),
            ("(", 2),
        ] {
            let rotation = Rotation::new();
            rotation
                .publish(command)
                .code(20)
                .says(&format!("the publish command ended with code {code}"));
            assert!(rotation.old_is_active(), "{command}");
        }
    }

    #[test]
    fn without_a_shell_nothing_is_revoked() {
        let rotation = Rotation::new();
        let run = rotation.with("true", &[]).env("PATH", rotation.job.out(""));
        rotation
            .done(run)
            .code(20)
            .says("the publish command could not be run: sh: command not found")
            .says("The old key still works");
        assert!(rotation.old_is_active());
    }

    #[test]
    fn a_command_without_a_word_is_refused_before_a_key_is_made() {
        for command in ["", " \n"] {
            let rotation = Rotation::new();
            rotation.with(command, &[]).run().code(2).says("--publish is empty");
            assert_eq!(rotation.asked(WebStep::Create), 0);
        }
    }
}

mod signals {
    use super::*;

    #[test]
    fn a_signal_is_the_commands_to_answer() {
        let rotation = Rotation::new();
        let command = r#"trap 'touch "$OUT/told"; exit 9' TERM; echo ready; while :; do sleep 0.1; done"#;
        let mut running = Running::start(rotation.with(command, &[]));
        running.stdout.wait_for("ready\n");
        running.send(Signal::SIGTERM);
        assert_eq!(running.end(), 143);
        assert!(rotation.job.out("told").exists());
        assert!(rotation.old_is_active());
        rotation.job.assert_nothing_left();
    }

    #[test]
    fn a_signal_that_the_command_survives_ends_the_rotation_behind_it() {
        for (signal, code) in [
            (Signal::SIGHUP, 129),
            (Signal::SIGINT, 130),
            (Signal::SIGQUIT, 131),
            (Signal::SIGTERM, 143),
        ] {
            let rotation = Rotation::new();
            let (name, number) = (signal.as_str(), signal as i32);
            // A shell can't answer a signal that it was started to ignore, as in the background of another one.
            let command = format!(
                r#"echo run >>"$OUT/runs"; exec python3 -u -c '
import os, signal
signal.alarm(120)
signal.signal({number}, lambda *_: os._exit(0))
print("ready")
while True:
    signal.pause()'"#
            );
            let mut running = Running::start(rotation.with(&command, &[]));
            running.stdout.wait_for("ready\n");
            running.send(signal);
            assert_eq!(running.end(), code, "{name}");
            assert!(rotation.old_is_active(), "{name}");
            rotation.job.assert_nothing_left();
            rotation.publish(&command).code(0);
            assert!(!rotation.old_is_active(), "{name}");
            assert_eq!(rotation.job.read("runs"), "run\n", "{name}");
        }
    }

    #[test]
    fn a_signal_that_asks_for_no_end_is_the_commands_alone() {
        let rotation = Rotation::new();
        let command = "trap 'exit 0' USR1; echo ready; while :; do sleep 0.1; done";
        let mut running = Running::start(rotation.with(command, &[]));
        running.stdout.wait_for("ready\n");
        running.send(Signal::SIGUSR1);
        assert_eq!(running.end(), 0);
        assert!(!rotation.old_is_active());
    }

    #[test]
    fn after_the_command_a_signal_ends_the_rotation_and_not_what_the_command_left_behind() {
        let rotation = Rotation::new();
        let command = r#"sleep 300 >/dev/null 2>&1 </dev/null & echo $! >"$OUT/daemon"
echo ready; while ! test -e "$OUT/go"; do sleep 0.05; done"#;
        let mut running = Running::start(rotation.with(command, &[]));
        running.stdout.wait_for("ready\n");
        let proved = rotation.person.apple.requests().len();
        rotation.person.apple.fail_at("/v1/apps", Fault::Unauthorized);
        fs::write(rotation.job.out("go"), "").expect("a file");
        wait_until("the second proof", || rotation.person.apple.requests().len() > proved);
        running.send(Signal::SIGTERM);
        assert_eq!(running.end(), 143);
        let daemon = Pid::from_raw(rotation.job.read("daemon").trim().parse().expect("a process ID"));
        assert_eq!(kill(daemon, Signal::SIGKILL), Ok(()), "it is still there");
        assert!(rotation.old_is_active());
        rotation.job.assert_nothing_left();
    }
}

mod recipes {
    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/keys.md");

    /// The documented command that begins with these words.
    fn recipe(words: &str) -> &'static str {
        let line = DOCUMENT.lines().find(|line| line.starts_with(words));
        line.unwrap_or_else(|| panic!("docs/keys.md has no {words:?}"))
    }

    /// Runs a recipe with a `program` that writes down what it is called with, and the key if it comes on standard input.
    fn follow(rotation: &Rotation, program: &str, recipe: &str) -> String {
        let path = rotation.job.out(program);
        let script = "#!/bin/sh\necho \"$@\" >>\"$OUT/calls\"\ncase $* in *PRIVATE_KEY*) cat >\"$OUT/key\" ;; esac\n";
        fs::write(&path, script).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let run = rotation.with(recipe, &[]);
        let path = format!("{}:/usr/bin:/bin", rotation.job.out("").display());
        rotation.done(run.env("PATH", path)).code(0);
        let calls = rotation.job.read("calls");
        rotation.assert_kept(&calls);
        calls
    }

    #[test]
    fn githubs_secret_gets_the_key_and_its_variable_the_id() {
        let rotation = Rotation::new();
        let calls = follow(&rotation, "gh", recipe("gh secret set "));
        let id = rotation.new_key().id;
        assert_eq!(
            calls,
            format!(
                "secret set ASC_PRIVATE_KEY --repo my-org/my-app\n\
                 variable set ASC_KEY_ID --repo my-org/my-app --body {id}\n"
            )
        );
        assert_eq!(rotation.job.read("key"), rotation.pem());
    }

    #[test]
    fn gitlabs_variable_gets_base64_of_the_key() {
        let rotation = Rotation::new();
        let calls = follow(&rotation, "glab", recipe("printf %s "));
        let id = rotation.new_key().id;
        assert_eq!(
            calls,
            format!("variable update ASC_PRIVATE_KEY_B64 --masked\nvariable update ASC_KEY_ID {id}\n")
        );
        assert_eq!(rotation.job.read("key"), STANDARD.encode(rotation.pem()));
    }
}
