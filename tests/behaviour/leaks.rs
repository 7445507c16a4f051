//! Promise 1: no form of a key or of a token is in any output, whatever the command, its end, its form and its place.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::{ApiKey, Fault, Role, Simulator, TeamState, TestKey, WebRole};

use crate::support::{ISSUER_ID, KEY_ID, Ran, Run, Step, runner::without_masks, secrets::Secrets};

/// How a run is made to end, and the exit code of that end.
struct End {
    what: &'static str,
    code: i32,
    arguments: &'static [&'static str],
    spoil: fn(Run, &Simulator, &Keys) -> Run,
}

/// The key that Apple knows, and one that it does not.
struct Keys {
    known: TestKey,
    other: TestKey,
}

fn base64(key: &TestKey) -> String {
    STANDARD.encode(key.pem())
}

/// Half a key: enough of it to be secret.
fn truncated(key: &TestKey) -> String {
    key.pem().chars().take(150).collect()
}

/// Ends that need no request, and so are those of `token` too.
const OFFLINE: &[End] = &[
    End {
        what: "an unreadable boolean",
        code: 2,
        arguments: &["--strict-auth=maybe"],
        spoil: |run, _, _| run,
    },
    End {
        what: "a key for a boolean",
        code: 2,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_STRICT_AUTH", keys.known.pem()),
    },
    End {
        what: "a key for a key type",
        code: 2,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_KEY_TYPE", keys.known.pem()),
    },
    End {
        what: "a key for the API root",
        code: 2,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_API_URL", base64(&keys.known)),
    },
    End {
        what: "no key ID",
        code: 10,
        arguments: &[],
        spoil: |run, _, _| run.unset("ASC_KEY_ID"),
    },
    End {
        what: "a key for a key ID",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_KEY_ID", keys.known.pem()),
    },
    End {
        what: "a key for an issuer ID",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_ISSUER_ID", base64(&keys.known)),
    },
    End {
        what: "half a key",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_PRIVATE_KEY", truncated(&keys.known)),
    },
    End {
        what: "half of base64",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_PRIVATE_KEY", &base64(&keys.known)[..201]),
    },
    End {
        what: "a key with another label",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| {
            run.env(
                "ASC_PRIVATE_KEY",
                keys.known.pem().replace("PRIVATE KEY", "CERTIFICATE"),
            )
        },
    },
    End {
        what: "a key where its path belongs",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| {
            run.unset("ASC_PRIVATE_KEY")
                .env("ASC_PRIVATE_KEY_PATH", keys.known.pem())
        },
    },
    End {
        what: "base64 where its path belongs",
        code: 10,
        arguments: &[],
        spoil: |run, _, keys| {
            run.unset("ASC_PRIVATE_KEY")
                .env("ASC_PRIVATE_KEY_PATH", base64(&keys.known))
        },
    },
    End {
        what: "two keys",
        code: 11,
        arguments: &["--strict-auth"],
        spoil: |run, _, keys| run.env("ASC_PRIVATE_KEY_B64", base64(&keys.other)),
    },
];

/// Ends that Apple or the way to it decides.
const ONLINE: &[End] = &[
    End {
        what: "a revoked key",
        code: 12,
        arguments: &[],
        spoil: |run, simulator, _| {
            simulator.revoke(KEY_ID);
            run
        },
    },
    End {
        what: "the wrong key",
        code: 12,
        arguments: &[],
        spoil: |run, _, keys| run.env("ASC_PRIVATE_KEY", base64(&keys.other)),
    },
    End {
        what: "an agreement",
        code: 13,
        arguments: &[],
        spoil: |run, simulator, _| {
            simulator.set_team_state(TeamState::AgreementMissing);
            run
        },
    },
    End {
        what: "a policy",
        code: 14,
        arguments: &["--forbid-admin"],
        spoil: |run, _, _| run,
    },
    End {
        what: "another policy",
        code: 14,
        arguments: &["--expect-app", "com.example.none"],
        spoil: |run, _, _| run,
    },
    End {
        what: "a gateway",
        code: 20,
        arguments: &["--timeout", "1s"],
        spoil: |run, simulator, _| {
            simulator.fail_always(Fault::Html(503));
            run
        },
    },
    End {
        what: "a server that says what it was sent",
        code: 12,
        arguments: &[],
        spoil: |run, simulator, keys| {
            // It knows the key here, which Apple does not; it stands for whatever an answer might hold.
            let body = serde_json::json!({"errors": [{"code": "X", "detail": keys.other.public_key()}]});
            simulator.fail_always(Fault::Raw {
                status: 401,
                content_type: "application/json".to_owned(),
                body: body.to_string().into_bytes(),
            });
            run
        },
    },
    End {
        what: "a redirect",
        code: 20,
        arguments: &[],
        spoil: |run, simulator, _| {
            simulator.fail_always(Fault::Redirect("https://example.com/".to_owned()));
            run
        },
    },
    End {
        what: "no roots",
        code: 30,
        arguments: &[],
        spoil: |run, _, _| {
            run.env("ASC_API_URL", "https://127.0.0.1:9")
                .env("SSL_CERT_FILE", "/nonexistent/roots.pem")
        },
    },
];

const GOOD: &[End] = &[
    End {
        what: "success",
        code: 0,
        arguments: &[],
        spoil: |run, _, _| run,
    },
    End {
        what: "a warning",
        code: 0,
        arguments: &[],
        spoil: |run, _, keys| {
            run.env("ASC_PRIVATE_KEY_B64", base64(&keys.known))
                .env("ASC_PRIVATE_KEY", keys.other.pem())
        },
    },
];

/// Ends that only the hand-over has.
const HANDOVER: &[End] = &[
    End {
        what: "an unknown convention",
        code: 2,
        arguments: &["--export", "gradle"],
        spoil: |run, _, _| run,
    },
    End {
        what: "no validation",
        code: 0,
        arguments: &["--validate=false"],
        spoil: |run, _, _| run,
    },
    End {
        what: "all conventions",
        code: 0,
        arguments: &["--export", "asc,fastlane,altool,codemagic,expo,tauri,quill"],
        spoil: |run, _, _| run,
    },
    End {
        what: "no place for outputs",
        code: 30,
        arguments: &[],
        spoil: |run, _, _| run.env("GITHUB_OUTPUT", "/nonexistent/output"),
    },
    End {
        what: "no place for the key",
        code: 30,
        arguments: &[],
        spoil: |run, _, _| run.env("RUNNER_TEMP", "/nonexistent/temp"),
    },
];

#[test]
fn no_output_holds_a_secret_in_any_form() {
    let mut runs = 0;
    for (command, ends) in [
        ("setup", &[GOOD, OFFLINE, ONLINE, HANDOVER][..]),
        ("validate", &[GOOD, OFFLINE, ONLINE]),
        ("token", &[GOOD, OFFLINE]),
    ] {
        for end in ends.iter().copied().flatten() {
            // Which roots are trusted is the platform's affair elsewhere.
            if end.what == "no roots" && !cfg!(target_os = "linux") {
                continue;
            }
            for output in ["text", "json"] {
                for in_step in [true, false] {
                    check(command, end, output, in_step);
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 200, "{runs} runs");
}

fn check(command: &str, end: &End, output: &str, in_step: bool) {
    let keys = Keys {
        known: TestKey::generate(),
        other: TestKey::generate(),
    };
    let simulator = Simulator::start();
    simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, &keys.known).with_roles([Role::Admin]));
    let step = Step::new();
    let arguments = [&[command, "--output", output], end.arguments].concat();
    let run = match (in_step, command) {
        (true, _) => step.run(&arguments),
        // Elsewhere, setup has to be told where it is.
        (false, "setup") => step
            .run(&[&arguments[..], &["--ci", "github"]].concat())
            .unset("GITHUB_ACTIONS"),
        (false, _) => Run::new(&arguments),
    };
    let run = run
        .team_key(&keys.known)
        .api(&simulator)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    let ran = (end.spoil)(run, &simulator, &keys).run();
    let place = format!(
        "{command}, {}, {output}, {}",
        end.what,
        if in_step { "in a step" } else { "on a terminal" }
    );
    assert_eq!(ran.code, Some(end.code), "{place}: {}", ran.text());

    let mut secrets = Secrets::of_key(&keys.known).and_key(&keys.other);
    for token in simulator.requests().into_iter().filter_map(|request| request.token) {
        secrets = secrets.and_token(&token.raw);
    }
    let handed_over = step.read("OUTPUT");
    if command == "setup" && end.code == 0 {
        let token = step.outputs().remove("token").expect("a token");
        secrets = secrets.and_token(&token);
        let found = Secrets::of_key(&keys.known).and_key(&keys.other).found_in(&handed_over);
        assert_eq!(found, Vec::<&str>::new(), "{place}, outputs");
    } else {
        assert_eq!(handed_over, "", "{place}");
    }
    for name in ["ENV", "PATH", "STATE", "STEP_SUMMARY"] {
        assert_eq!(
            secrets.found_in(&step.read(name)),
            Vec::<&str>::new(),
            "{place}, {name}"
        );
    }
    let shown = shown(command, &ran, &mut secrets, end.code);
    assert_eq!(secrets.found_in(&shown), Vec::<&str>::new(), "{place}: {shown}");
}

/// What the other commands make of the same. Their exit codes are their own tests' affair; a defect's is not.
#[test]
fn commands_that_look_at_everything_show_no_secret() {
    for arguments in [
        &["status"][..],
        &["status", "--validate", "--timeout=1s"],
        &["doctor", "--timeout=1s"],
        &["doctor", "--network", "--fix", "--confirm", "--timeout=1s"],
        &["capabilities", "--timeout=1s", "--vendor-number=12345678"],
        &["login", "--name=MyApp", "--bypass-keychain"],
        &["switch", "--name=MyApp"],
        &["logout", "--name=MyApp"],
        &["key", "list", "--stale", "--timeout=1s"],
        &["key", "revoke", KEY_ID, "--confirm", "--timeout=1s"],
    ] {
        for end in [GOOD, OFFLINE, ONLINE].into_iter().flatten() {
            for output in ["text", "json"] {
                for in_step in [true, false] {
                    look(&[arguments, &["--output", output]].concat(), end, in_step);
                }
            }
        }
    }
}

fn look(arguments: &[&str], end: &End, in_step: bool) {
    let keys = Keys {
        known: TestKey::generate(),
        other: TestKey::generate(),
    };
    let simulator = Simulator::start();
    simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, &keys.known).with_roles([Role::Admin]));
    let step = Step::new();
    let run = if in_step {
        step.run(arguments)
    } else {
        Run::new(arguments)
    };
    let session = simulator.sign_in(WebRole::Admin);
    let session_file = step.temp().join("session.json");
    std::fs::write(&session_file, session.file()).expect("a file");
    let run = run
        .team_key(&keys.known)
        .api(&simulator)
        .env("ASC_WEB_URL", simulator.url())
        .env("ASC_WEB_SESSION", session_file)
        .env("RUST_LOG", "trace");
    let ran = (end.spoil)(run, &simulator, &keys).run();
    let place = format!("{arguments:?}, {}, in a step: {in_step}", end.what);
    assert!(
        matches!(ran.code, Some(0 | 2 | 10..=14 | 20 | 30)),
        "{place}: {:?}, {}",
        ran.code,
        ran.text()
    );
    let mut secrets = Secrets::of_key(&keys.known).and_key(&keys.other);
    for token in simulator.requests().into_iter().filter_map(|request| request.token) {
        secrets = secrets.and_token(&token.raw);
    }
    let shown = without_masks(&ran.stdout) + &without_masks(&ran.stderr);
    assert_eq!(secrets.found_in(&shown), Vec::<&str>::new(), "{place}: {shown}");
    for cookie in session.secrets() {
        assert!(!shown.contains(&cookie), "{place}: {shown}");
    }
}

/// What people see. What `token` was asked to print is its result, and a secret of its own.
fn shown(command: &str, ran: &Ran, secrets: &mut Secrets, code: i32) -> String {
    if command == "token" && code == 0 {
        let token = match serde_json::from_str::<serde_json::Value>(&ran.stdout) {
            Ok(json) => json["token"].as_str().expect("a token").to_owned(),
            Err(_) => ran.stdout.strip_suffix('\n').expect("a line").to_owned(),
        };
        assert_eq!(token.split('.').count(), 3, "{token}");
        assert!(!token.contains(char::is_whitespace), "{token}");
        *secrets = std::mem::take(secrets).and_token(&token);
        return without_masks(&ran.stderr);
    }
    without_masks(&ran.stdout) + &without_masks(&ran.stderr)
}

#[test]
fn a_key_file_is_named_and_not_shown() {
    let key = TestKey::generate();
    let step = Step::new();
    let path = step.file("AuthKey_2X9R4QWVK6.p8");
    std::fs::write(&path, truncated(&key)).expect("a file");
    for command in ["validate", "token", "setup"] {
        let ran = step
            .run(&[command, "--private-key-path", path.to_str().expect("Unicode")])
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .run()
            .code(10);
        assert_eq!(
            Secrets::of_key(&key).found_in(&ran.text()),
            Vec::<&str>::new(),
            "{}",
            ran.text()
        );
    }
    assert!(Path::new(&path).is_file());
}

#[test]
fn a_key_that_was_given_as_an_argument_is_not_repeated() {
    let key = TestKey::generate();
    let secrets = Secrets::of_key(&key);
    for text in [key.pem(), base64(&key)] {
        for command in [
            "setup",
            "validate",
            "token",
            "cleanup",
            "login",
            "status",
            "switch",
            "logout",
            "doctor",
            "roles",
            "man",
            "completions",
            "capabilities",
            "key",
            "key create",
            "key create --name CI --role developer",
            "key list",
            "key revoke",
            "key revoke 2X9R4QWVK6",
        ] {
            let command: Vec<&str> = command.split(' ').collect();
            for arguments in [
                &[text.as_str()][..],
                &["--private-key", &text],
                &[&format!("--private-key={text}")],
                &[&format!("--{text}")],
                &["--output", &text],
            ] {
                let ran = Run::new(&[&command, arguments].concat()).run().code(2);
                assert_eq!(secrets.found_in(&ran.text()), Vec::<&str>::new(), "{}", ran.text());
                let ran = Run::new(&[arguments, &command].concat()).run().code(2);
                assert_eq!(secrets.found_in(&ran.text()), Vec::<&str>::new(), "{}", ran.text());
            }
        }
    }
}

#[test]
fn a_key_that_was_given_to_a_flag_is_not_repeated() {
    let key = TestKey::generate();
    let secrets = Secrets::of_key(&key);
    for text in [key.pem(), base64(&key)] {
        for (command, flag, code) in [
            ("token", "--key-id", 10),
            ("token", "--issuer-id", 10),
            ("token", "--private-key-path", 10),
            ("token", "--key-type", 2),
            ("token", "--strict-auth", 2),
            ("token", "--bypass-keychain", 2),
            ("token", "--api-url", 2),
            ("token", "--lifetime", 2),
            ("token", "--scope", 2),
            ("token", "--profile", 10),
            ("validate", "--timeout", 2),
            ("validate", "--forbid-admin", 2),
            ("setup", "--export", 2),
            ("setup", "--validate", 2),
            ("setup", "--ci", 2),
            ("cleanup", "--dir", 2),
            ("login", "--name", 2),
            ("switch", "--name", 2),
            ("logout", "--name", 2),
            ("inspect", "--key", 2),
            ("roles", "--can", 2),
            ("capabilities", "--vendor-number", 2),
            ("status", "--timeout", 2),
            ("doctor", "--timeout", 2),
            ("man", "--dir", 2),
            ("key create --role=developer", "--name", 2),
            ("key create --name=CI", "--role", 2),
            ("key create --name=CI --role=developer", "--output-dir", 2),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--login",
                2,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--bypass-keychain",
                2,
            ),
            ("key create --name=CI --role=developer", "--confirm-admin", 2),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--session",
                10,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--web-url",
                2,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--timeout",
                2,
            ),
            ("key list", "--session", 10),
            ("key list", "--web-url", 2),
            ("key list", "--unused-for", 2),
            ("key list", "--timeout", 2),
            ("key list", "--bypass-keychain", 2),
            ("key revoke 2X9R4QWVK6", "--session", 10),
            ("key revoke 2X9R4QWVK6", "--web-url", 2),
            ("key revoke 2X9R4QWVK6", "--confirm", 2),
        ] {
            for step in [None, Some(Step::new())] {
                let given = format!("{flag}={text}");
                let arguments: Vec<&str> = command.split(' ').chain([given.as_str()]).collect();
                let run = step
                    .as_ref()
                    .map_or_else(|| Run::new(&arguments), |step| step.run(&arguments));
                let run = if command == "setup" {
                    run.env("GITHUB_ACTIONS", "true")
                } else {
                    run
                };
                let ran = run.env("ASC_KEY_ID", KEY_ID).run();
                if command == "setup" && step.is_none() {
                    continue; // It has no CI to hand over to, and stops there.
                }
                assert_eq!(ran.code, Some(code), "{command} {flag}: {}", ran.text());
                let found = secrets.found_in(&without_masks(&ran.text()));
                assert_eq!(found, Vec::<&str>::new(), "{command} {flag}: {}", ran.text());
            }
        }
    }
}
