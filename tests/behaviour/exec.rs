//! `asc-auth exec -- CMD`: what the child finds in its environment, and what of its output reaches the log. The
//! children are real programs that print the key and the token on purpose.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::sys::signal::Signal;
use simulator::{ApiKey, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    child::{Job, Running},
    forms::body_of,
    proof::{AUDIENCE, judge, read_token},
    secrets::Secrets,
    simulator_with,
};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Copies what the child was given to where no log is.
const KEEP: &str =
    r#"cp "$ASC_PRIVATE_KEY_PATH" "$OUT/key"; printf %s "$ASC_TOKEN" >"$OUT/token"; env -0 >"$OUT/env";"#;

/// Of a secret, so many characters in a row are too many.
const PIECE: usize = 8;

/// The first secret digits of a PEM's body: those of the scalar.
const OWN: std::ops::Range<usize> = 48..90;

/// Runs `script` in `sh` below `exec`, and checks what came out against the key and every token in `OUT/token*`.
#[track_caller]
fn checked(job: &Job, key: &TestKey, script: &str) -> Ran {
    let ran = job.sh(key, &format!("{KEEP} {script}")).run();
    assert_kept(job, key, &ran.text());
    job.assert_nothing_left();
    ran
}

#[track_caller]
fn assert_kept(job: &Job, key: &TestKey, text: &str) {
    let mut secrets = Secrets::of_key(key);
    let mut pieces: Vec<String> = [job.read("key"), key.pem()]
        .map(|pem| body_of(&pem)[OWN].to_owned())
        .into();
    for token in tokens(job) {
        secrets = secrets.and_token(&token);
        pieces.push(token);
    }
    let found = secrets.found_in(text);
    assert!(found.is_empty(), "{found:?} in:\n{text}");
    for secret in pieces {
        for piece in secret.as_bytes().windows(PIECE) {
            let piece = String::from_utf8_lossy(piece);
            assert!(!text.contains(&*piece), "{piece} in:\n{text}");
        }
    }
}

/// What the child wrote into `OUT/token*`.
fn tokens(job: &Job) -> Vec<String> {
    fs::read_dir(job.out("").as_path())
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("Unicode"))
        .filter(|name| name.starts_with("token"))
        .map(|name| job.read(&name).trim_end().to_owned())
        // Where none was to be had.
        .filter(|token| !token.is_empty())
        .inspect(|token| assert_eq!(token.split('.').count(), 3, "a token"))
        .collect()
}

mod environment {
    use super::*;

    const DUMP: &str = r#"env -0 >"$OUT/env""#;

    #[test]
    fn the_child_finds_the_token_the_key_file_and_whose_they_are() {
        let (job, key) = (Job::new(), TestKey::generate());
        job.sh(&key, &format!(r#"{KEEP} stat -c %a "$ASC_AUTH_DIR" "$ASC_PRIVATE_KEY_PATH" || stat -f %Lp "$ASC_AUTH_DIR" "$ASC_PRIVATE_KEY_PATH""#))
            .run()
            .code(0)
            .says("700\n600\n");
        let environment = job.environment();
        let own: BTreeSet<&str> = environment
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with("ASC_"))
            .collect();
        let expected = [
            "ASC_AUTH_DIR",
            "ASC_ISSUER_ID",
            "ASC_KEY_ID",
            "ASC_KEY_TYPE",
            "ASC_PRIVATE_KEY_PATH",
            "ASC_TOKEN",
            "ASC_TOKEN_EXPIRES_AT",
        ];
        assert_eq!(own, expected.into());
        assert_eq!(environment["ASC_KEY_ID"], KEY_ID);
        assert_eq!(environment["ASC_ISSUER_ID"], ISSUER_ID);
        let token = read_token(&environment["ASC_TOKEN"]);
        let team_key = ApiKey::team(KEY_ID, ISSUER_ID, &key);
        assert_eq!(judge(&token.raw, team_key.clone(), "/v1/apps", AUDIENCE), Ok(team_key));
        let expires_at: jiff::Timestamp = environment["ASC_TOKEN_EXPIRES_AT"].parse().expect("RFC 3339");
        assert_eq!(Some(expires_at.as_second()), token.expires_at());
        let directory = Path::new(&environment["ASC_AUTH_DIR"]);
        assert_eq!(directory.parent(), Some(job.temp().as_path()));
        assert_eq!(
            Path::new(&environment["ASC_PRIVATE_KEY_PATH"]),
            directory.join("AuthKey_2X9R4QWVK6.p8")
        );
        assert_eq!(body_of(&job.read("key"))[OWN], body_of(&key.pem())[OWN]);
    }

    #[test]
    fn each_tool_gets_its_variables() {
        let key = TestKey::generate();
        for (tool, variable, value) in [
            ("fastlane", "APP_STORE_CONNECT_API_KEY_KEY_ID", KEY_ID),
            (
                "fastlane",
                "APP_STORE_CONNECT_API_KEY_PATH",
                "DIR/fastlane-api-key.json",
            ),
            ("altool", "API_PRIVATE_KEYS_DIR", "DIR"),
            (
                "codemagic",
                "APP_STORE_CONNECT_PRIVATE_KEY",
                "@file:DIR/AuthKey_2X9R4QWVK6.p8",
            ),
            ("expo", "EXPO_ASC_API_KEY_PATH", "DIR/AuthKey_2X9R4QWVK6.p8"),
            ("tauri", "APPLE_API_KEY", KEY_ID),
            ("electron-builder", "APPLE_API_KEY", "DIR/AuthKey_2X9R4QWVK6.p8"),
            ("quill", "QUILL_NOTARY_ISSUER", ISSUER_ID),
            ("expo,quill,altool", "QUILL_NOTARY_KEY_ID", KEY_ID),
        ] {
            let job = Job::new();
            job.exec(&key, &["--export", tool], &["sh", "-c", DUMP]).run().code(0);
            let environment = job.environment();
            let value = value.replace("DIR", &environment["ASC_AUTH_DIR"]);
            assert_eq!(environment.get(variable), Some(&value), "{tool}");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn fastlanes_file_is_redacted_when_it_is_printed() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = format!(r#"{KEEP} cat "$APP_STORE_CONNECT_API_KEY_PATH""#);
        let ran = job.exec(&key, &["--export", "fastlane"], &["sh", "-c", &script]).run();
        assert_kept(&job, &key, &ran.text());
        assert_eq!(ran.code(0).json()["key"], format!("{BEGIN}\n***\n{END}\n"));
    }

    #[test]
    fn a_key_that_was_in_the_environment_is_not_passed_on() {
        let key = TestKey::generate();
        let base64 = STANDARD.encode(key.pem());
        let given = Job::new();
        let path = given.out("AuthKey_2X9R4QWVK6.p8");
        fs::write(&path, key.pem()).expect("a file");
        let path = path.to_str().expect("Unicode");
        for (row, flags, variables) in [
            ("text", &[][..], &[("ASC_PRIVATE_KEY", key.pem())][..]),
            ("base64", &[], &[("ASC_PRIVATE_KEY_B64", base64.clone())]),
            (
                "a variable of another name",
                &["--private-key-variable", "RELEASE_KEY"],
                &[("RELEASE_KEY", key.pem())],
            ),
            (
                "a file, beside what it overrides",
                &["--private-key-path", path],
                &[("ASC_PRIVATE_KEY", key.pem()), ("ASC_PRIVATE_KEY_B64", base64.clone())],
            ),
            (
                "the action's input",
                &[],
                &[("ASC_PRIVATE_KEY", key.pem()), ("INPUT_PRIVATE-KEY", key.pem())],
            ),
        ] {
            let job = Job::new();
            let arguments = [&["exec", "--no-validate"], flags, &["--", "sh", "-c", DUMP]].concat();
            let mut run = job
                .run(&arguments)
                .env("ASC_KEY_ID", KEY_ID)
                .env("ASC_ISSUER_ID", ISSUER_ID);
            for (name, value) in variables {
                run = run.env(name, value);
            }
            run.run().code(0);
            let environment = job.read("env");
            assert_eq!(
                Secrets::of_key(&key).found_in(&environment),
                Vec::<&str>::new(),
                "{row}"
            );
            for (name, _) in variables {
                assert!(!job.environment().contains_key(*name), "{row}: {name}");
            }
        }
    }

    #[test]
    fn what_an_earlier_step_left_in_the_environment_is_replaced() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = job
            .sh(&key, DUMP)
            .env("ASC_TOKEN", "stale")
            .env("ASC_TOKEN_EXPIRES_AT", "1970-01-01T00:00:00Z")
            .env("BESIDES", "kept")
            .run();
        ran.code(0);
        let environment = job.environment();
        read_token(&environment["ASC_TOKEN"]);
        assert_ne!(environment["ASC_TOKEN_EXPIRES_AT"], "1970-01-01T00:00:00Z");
        assert_eq!(environment["BESIDES"], "kept");
    }

    #[test]
    fn an_individual_key_has_no_issuer() {
        let (job, key) = (Job::new(), TestKey::generate());
        job.exec(&key, &["--key-type", "individual"], &["sh", "-c", DUMP])
            .unset("ASC_ISSUER_ID")
            .run()
            .code(0);
        let environment = job.environment();
        assert!(!environment.contains_key("ASC_ISSUER_ID"));
        assert_eq!(environment["ASC_KEY_TYPE"], "individual");
        assert!(environment["ASC_PRIVATE_KEY_PATH"].ends_with("/ApiKey_2X9R4QWVK6.p8"));
        assert_eq!(read_token(&environment["ASC_TOKEN"]).claims["sub"], "user");
    }

    #[test]
    fn the_words_of_the_command_arrive_as_they_are() {
        let (job, key) = (Job::new(), TestKey::generate());
        let words = ["", " ", "a b", "$HOME", "--", "--no-redact", "*", "'\"\\", "é\n"];
        let ran = job
            .exec(&key, &[], &[&["printf", "<%s>"], &words[..]].concat())
            .run()
            .code(0);
        assert_eq!(ran.stdout, words.map(|word| format!("<{word}>")).concat());
    }

    #[test]
    fn a_program_of_this_directory_is_found_by_its_path() {
        let (job, key) = (Job::new(), TestKey::generate());
        let path = job.out("hello");
        fs::write(&path, "#!/bin/sh\necho \"hello $1\"\n").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let run = job.exec(&key, &[], &["./hello", "world"]).dir(&job.out(""));
        assert_eq!(run.run().code(0).stdout, "hello world\n");
    }
}

mod redaction {
    use super::*;

    #[test]
    fn env_shows_the_token_as_three_stars() {
        let (job, key) = (Job::new(), TestKey::generate());
        checked(&job, &key, "env")
            .code(0)
            .says("\nASC_TOKEN=***\n")
            .says("ASC_KEY_ID=2X9R4QWVK6\n");
    }

    #[test]
    fn the_key_file_shows_its_first_and_its_last_line_only() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = checked(&job, &key, r#"cat "$ASC_PRIVATE_KEY_PATH""#).code(0);
        assert_eq!(ran.stdout, format!("{BEGIN}\n***\n{END}\n"));
        assert_eq!(ran.stderr, "");
    }

    #[test]
    fn every_way_of_printing_it_is_redacted_on_both_streams() {
        let key = TestKey::generate();
        for print in [
            r#"base64 <"$ASC_PRIVATE_KEY_PATH""#,
            r#"printf %s "$ASC_TOKEN" | base64"#,
            r#"printf 'x%s' "$ASC_TOKEN" | base64"#,
            r#"printf 'xx%s' "$ASC_TOKEN" | base64"#,
            "env | base64",
            r#"base64 <"$ASC_PRIVATE_KEY_PATH" | base64"#,
            r#"sed 's/^/[12:00:01] /' "$ASC_PRIVATE_KEY_PATH""#,
            r#"sed 's/^/    | /; s/$/ |/' "$ASC_PRIVATE_KEY_PATH""#,
            r#"tr -d '\n' <"$ASC_PRIVATE_KEY_PATH""#,
            r#"tr '\n' ' ' <"$ASC_PRIVATE_KEY_PATH""#,
            r#"awk 'NR > 1' ORS='\r\n' "$ASC_PRIVATE_KEY_PATH""#,
            r#"awk '{ print NR ": " $0 }' "$ASC_PRIVATE_KEY_PATH""#,
            r#"sed -n 2p "$ASC_PRIVATE_KEY_PATH""#,
            r#"sed -n 3p "$ASC_PRIVATE_KEY_PATH""#,
            r#"grep -v -e ----- "$ASC_PRIVATE_KEY_PATH" | tail -n 1"#,
            r#"cat "$ASC_AUTH_DIR"/*"#,
            r#"echo "$ASC_TOKEN" | tr . '\n'"#,
            r#"echo "Authorization: Bearer $ASC_TOKEN""#,
            r#"echo "https://example.com/?token=$ASC_TOKEN&x=1""#,
            r#"sh -xc 'true "$ASC_TOKEN"'"#,
            r#"python3 -c 'import json, os; print(json.dumps({"key": open(os.environ["ASC_PRIVATE_KEY_PATH"]).read(), "e": dict(os.environ)}))'"#,
            r#"python3 -c 'import os, urllib.parse as u; print(u.quote(open(os.environ["ASC_PRIVATE_KEY_PATH"]).read(), safe=""))'"#,
            r#"python3 -c 'import os, urllib.parse as u; print(u.urlencode({"key": open(os.environ["ASC_PRIVATE_KEY_PATH"]).read(), "t": os.environ["ASC_TOKEN"]}))'"#,
            r#"python3 -c 'import os; print(repr(open(os.environ["ASC_PRIVATE_KEY_PATH"]).read()))'"#,
            r#"python3 -c 'import os; raise SystemExit(os.environ["ASC_TOKEN"])'"#,
        ] {
            for script in [print.to_owned(), format!("{{ {print}; }} >&2")] {
                let job = Job::new();
                let ran = checked(&job, &key, &script);
                assert!(ran.text().contains("***"), "{script}: {}", ran.text());
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn base64_of_any_width_is_redacted() {
        let key = TestKey::generate();
        for width in [0, 9, 33, 60, 64, 75, 77, 100] {
            let job = Job::new();
            let ran = checked(
                &job,
                &key,
                &format!(
                    r#"base64 -w {width} "$ASC_PRIVATE_KEY_PATH"; echo; printf %s "$ASC_TOKEN" | base64 -w {width} >&2"#
                ),
            )
            .code(0);
            for (before, out) in [(job.read("key"), ran.stdout), (job.read("token"), ran.stderr)] {
                let begin = before.find('\n').map_or(0, |line| line + 1 + OWN.start);
                let secret = &before[begin..begin + 42];
                for offset in 0..3 {
                    let digits = STANDARD.encode([&[0; 2][..offset], secret.as_bytes()].concat());
                    for piece in digits.as_bytes()[4..52].windows(PIECE) {
                        let piece = String::from_utf8_lossy(piece);
                        assert!(!out.contains(&*piece), "{piece} in base64 -w {width}:\n{out}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_short_last_line_of_apples_own_file_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        fs::write(job.out("apple.p8"), key.pem()).expect("a file");
        let ran = checked(
            &job,
            &key,
            r#"sed -n 5p "$OUT/apple.p8"; sed -n '5s/^/> /p' "$OUT/apple.p8"; cat "$OUT/apple.p8""#,
        );
        assert_eq!(ran.stdout, format!("***\n> ***\n{BEGIN}\n***\n{END}"));
    }

    #[test]
    fn the_base64_that_was_given_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        fs::write(job.out("given"), STANDARD.encode(key.pem())).expect("a file");
        let ran = job
            .sh(&key, &format!(r#"{KEEP} cat "$OUT/given"; echo; echo done"#))
            .unset("ASC_PRIVATE_KEY")
            .env("ASC_PRIVATE_KEY_B64", STANDARD.encode(key.pem()))
            .run()
            .code(0);
        assert_kept(&job, &key, &ran.text());
        assert!(ran.stdout.ends_with("\ndone\n"), "{}", ran.stdout);
    }

    #[test]
    fn curls_own_trace_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        let simulator = simulator_with(&key);
        let url = simulator.url();
        checked(
            &job,
            &key,
            &format!(r#"curl -sv -H "Authorization: Bearer $ASC_TOKEN" -o "$OUT/answer" {url}/v1/apps"#),
        )
        .code(0)
        .says("> Authorization: Bearer ***\r\n")
        .says("< HTTP/1.1 200 OK\r\n");
        checked(
            &job,
            &key,
            &format!(r#"curl -sv -u "user:$ASC_TOKEN" -o "$OUT/answer" {url}/v1/apps"#),
        )
        .says("> Authorization: Basic ");
        checked(
            &job,
            &key,
            &format!(r#"curl -s --trace-ascii - -H "Authorization: Bearer $ASC_TOKEN" {url}/v1/apps"#),
        )
        .says("***");
        assert_eq!(simulator.requests().len(), 3);
    }

    /// Writes the file byte by byte to both streams.
    const DRIP: &str = r#"python3 -c '
import os, sys, time
pause = float(sys.argv[1])
for byte in open(os.environ["ASC_PRIVATE_KEY_PATH"], "rb").read() + os.environ["ASC_TOKEN"].encode():
    for stream in (1, 2):
        os.write(stream, bytes([byte]))
    time.sleep(pause)
' "#;

    #[test]
    fn a_program_that_writes_one_byte_at_a_time_tells_nothing() {
        let key = TestKey::generate();
        for pause in ["0", "0.02"] {
            let job = Job::new();
            let ran = checked(&job, &key, &format!("{DRIP} {pause}")).code(0);
            for stream in [ran.stdout, ran.stderr] {
                // How many of its first three characters show depends on how busy the machine is.
                assert!(stream.starts_with(&format!("{BEGIN}\n")), "{stream}");
                assert!(stream.contains(&format!("***\n{END}\n")), "{stream}");
                assert!(stream.ends_with("***"), "{stream}");
                assert!(stream.len() < 100, "{stream}");
            }
        }
    }

    #[test]
    fn a_secret_in_two_writes_is_one_secret() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = checked(
            &job,
            &key,
            r#"python3 -c '
import os, time
token = os.environ["ASC_TOKEN"]
for cut in range(4, 43):
    os.write(1, token[:cut].encode())
    time.sleep(0.005)
    os.write(1, token[cut:].encode() + b"\n")
'"#,
        )
        .code(0);
        assert_eq!(ran.stdout, "***\n".repeat(39));
    }

    #[test]
    fn bytes_that_are_no_text_pass_unchanged_on_both_streams() {
        let (job, key) = (Job::new(), TestKey::generate());
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend((0..=255).rev());
        bytes.extend(b"\r\n\0\0\xc3\x28\xe2\x82\xf0\x9f\xff\xfe\r10%\r20%\x1b[2K\x1b[31mred\x1b[0m");
        bytes.extend((0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]));
        fs::write(job.out("bytes"), &bytes).expect("a file");
        let output = job.sh(&key, r#"cat "$OUT/bytes"; cat "$OUT/bytes" >&2"#).output();
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout == bytes, "stdout is changed");
        assert!(output.stderr == bytes, "stderr is changed");
    }

    #[test]
    fn a_secret_in_the_midst_of_bytes_is_found() {
        let (job, key) = (Job::new(), TestKey::generate());
        let output = job
            .sh(
                &key,
                r#"printf '\0\377\200'; printf %s "$ASC_TOKEN"; printf '\0\377\r'"#,
            )
            .output();
        assert_eq!(output.stdout, b"\0\xff\x80***\0\xff\r");
    }

    /// In bytes.
    const LARGE: usize = 50 * 1024 * 1024;

    #[test]
    fn a_large_log_is_the_same_but_for_the_secrets() {
        let (job, key) = (Job::new(), TestKey::generate());
        let pem = key.pem();
        let body = body_of(&pem);
        let base64 = STANDARD.encode(&body[..198]);
        let secrets = [
            (pem.as_str(), format!("{BEGIN}\n***\n{END}")),
            (&body, "***".to_owned()),
            (&body[64..128], "***".to_owned()),
            (&base64, "***".to_owned()),
        ];
        let (mut log, mut expected) = (String::with_capacity(LARGE + 8192), String::with_capacity(LARGE + 8192));
        let mut number = 0_usize;
        while log.len() < LARGE {
            // Steps of nearly a pipe's and a buffer's length, so that a secret comes to lie on each of their edges.
            let filler = [65_536, 4096, 262_144][number % 3] - (number * 37) % 300;
            let line = format!("{number:08} the build goes on and on\n");
            let lines = line.repeat(filler / line.len() + 1);
            let (secret, shown) = &secrets[number % secrets.len()];
            for (text, secret) in [(&mut log, *secret), (&mut expected, shown.as_str())] {
                text.push_str(&lines[..filler]);
                text.extend(["<", secret, ">\n"]);
            }
            number += 1;
        }
        fs::write(job.out("log"), &log).expect("a file");
        let output = job
            .exec(&key, &[], &["cat", job.out("log").to_str().expect("Unicode")])
            .output();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout.len(), expected.len());
        assert!(output.stdout == expected.as_bytes(), "the log is changed");
    }

    #[test]
    fn the_order_of_lines_is_kept() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = checked(
            &job,
            &key,
            r#"i=0; while [ $i -lt 500 ]; do echo "$i $ASC_TOKEN"; echo "$i $ASC_TOKEN" >&2; i=$((i + 1)); done"#,
        )
        .code(0);
        let expected: Vec<String> = (0..500).map(|number| format!("{number} ***")).collect();
        for stream in [ran.stdout, ran.stderr] {
            assert_eq!(stream.lines().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_prompt_shows_while_the_child_waits_for_an_answer() {
        let (job, key) = (Job::new(), TestKey::generate());
        for prompt in ["Password: ", "Overwrite? [y/N] ", ">"] {
            let mut running =
                Running::start(job.sh(&key, &format!("printf '{prompt}'; read answer; echo \"got $answer\"")));
            running.stdout.wait_for(prompt);
            running.type_in("it\n");
            running.stdout.wait_for("got it\n");
            assert_eq!(running.end(), 0);
        }
    }

    #[test]
    fn a_progress_bar_moves() {
        let (job, key) = (Job::new(), TestKey::generate());
        let mut running = Running::start(job.sh(
            &key,
            r"for step in 10 50 100; do printf '\r%s%% [==' $step >&2; read next; done; echo >&2",
        ));
        for step in ["\r10% [==", "\r50% [==", "\r100% [=="] {
            running.stderr.wait_for(step);
            running.type_in("\n");
        }
        assert_eq!(running.end(), 0);
    }

    #[test]
    fn what_follows_a_secret_shows_while_the_child_waits() {
        let (job, key) = (Job::new(), TestKey::generate());
        let mut running = Running::start(job.sh(&key, r#"echo "$ASC_TOKEN"; printf '> '; read answer"#));
        running.stdout.wait_for("***\n> ");
        running.send(Signal::SIGKILL);
        running.end();
    }
}

mod tokens_minted_later {
    use super::*;

    /// Mints into `OUT/token-later`, and prints it in several ways.
    fn print(flags: &str) -> String {
        format!(
            r#""$BIN" token {flags} >"$OUT/token-later" && cat "$OUT/token-later"; base64 <"$OUT/token-later"; (printf x; cat "$OUT/token-later") | base64 >&2; tr . '\n' <"$OUT/token-later""#
        )
    }

    #[test]
    fn a_token_that_the_child_mints_is_redacted() {
        let key = TestKey::generate();
        for flags in [
            "",
            "--lifetime 5m",
            "--min-remaining 890s",
            "--scope 'GET /v1/apps'",
            r#"--key-id ABCDE12345 --issuer-id 69a6de70-03db-47e3-e053-5b8c7c11a4d1 --private-key-path "$ASC_PRIVATE_KEY_PATH""#,
            r#"--key-type individual --key-id ABCDE12345 --private-key-path "$ASC_PRIVATE_KEY_PATH" --lifetime 3m"#,
        ] {
            let job = Job::new();
            let ran = checked(&job, &key, &print(flags)).code(0);
            assert!(ran.stdout.contains("***"), "{flags}: {}", ran.text());
            assert_eq!(tokens(&job).len(), 2);
        }
    }

    #[test]
    fn a_token_that_is_printed_without_a_detour_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = checked(
            &job,
            &key,
            r#""$BIN" token --lifetime 5m; "$BIN" token --lifetime 6m >&2"#,
        )
        .code(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("***\n", "***\n"));
    }

    #[test]
    fn a_token_of_another_key_is_redacted() {
        let (job, key, other) = (Job::new(), TestKey::generate(), TestKey::generate());
        fs::write(job.out("other.p8"), other.pem()).expect("a file");
        let flags = r#"--key-id ABCDE12345 --issuer-id 69a6de70-03db-47e3-e053-5b8c7c11a4d1 --private-key-path "$OUT/other.p8""#;
        checked(&job, &key, &print(flags)).code(0);
    }

    #[test]
    fn many_tokens_at_once_are_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"i=301; while [ $i -lt 317 ]; do "$BIN" token --lifetime ${i}s | tee "$OUT/token-$i" & i=$((i + 1)); done; wait"#;
        let ran = checked(&job, &key, script).code(0);
        assert_eq!(ran.stdout, "***\n".repeat(16));
        assert_eq!(tokens(&job).len(), 17);
    }

    #[test]
    fn a_token_is_redacted_though_its_cache_was_emptied() {
        for empty in [
            r#": >"$ASC_AUTH_DIR/tokens.jsonl""#,
            r#"rm "$ASC_AUTH_DIR/tokens.jsonl""#,
        ] {
            let (job, key) = (Job::new(), TestKey::generate());
            // It may well be refused; but what is printed is redacted.
            checked(&job, &key, &format!("{empty}; echo empty; {}", print("--lifetime 5m"))).says("empty\n");
        }
    }

    #[test]
    fn a_nested_exec_is_redacted_outside_as_well() {
        let key = TestKey::generate();
        for flag in ["", "--no-redact"] {
            let job = Job::new();
            let script = format!(
                r#""$BIN" exec --no-validate --lifetime 5m {flag} -- sh -c 'printf %s "$ASC_TOKEN" >"$OUT/token-inner"; echo "$ASC_TOKEN"; cat "$ASC_PRIVATE_KEY_PATH"; exit 9'"#
            );
            let ran = checked(&job, &key, &script).code(9);
            assert_eq!(ran.stdout, format!("***\n{BEGIN}\n***\n{END}\n"), "{flag}");
        }
    }

    #[test]
    fn a_setup_inside_the_child_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = format!(
            r#"{KEEP} env=$("$BIN" setup --ci none --validate=false --lifetime 5m) && cat "$env" && . "$env" && printf %s "$ASC_TOKEN" >"$OUT/token-inner"; echo "$ASC_TOKEN"; "$BIN" cleanup"#
        );
        let ran = job.sh(&key, &script).run().code(0);
        assert_eq!(tokens(&job).len(), 2);
        job.assert_nothing_left();
        assert_kept(&job, &key, &ran.text());
    }

    #[test]
    fn strict_auth_does_not_mind_what_exec_has_put_there() {
        let (job, key) = (Job::new(), TestKey::generate());
        let simulator = simulator_with(&key);
        job.sh(&key, r#""$BIN" token && "$BIN" validate"#)
            .api(&simulator)
            .env("ASC_STRICT_AUTH", "true")
            .run()
            .code(0)
            .does_not_say("warning");
    }
}

mod choices {
    use simulator::Fault;

    use super::*;

    #[test]
    fn without_redaction_the_output_is_as_it_is() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = job
            .exec(
                &key,
                &["--no-redact"],
                &[
                    "sh",
                    "-c",
                    r#"echo "$ASC_TOKEN"; cat "$ASC_PRIVATE_KEY_PATH" >&2; exit 3"#,
                ],
            )
            .run()
            .code(3);
        read_token(ran.stdout.trim_end());
        assert!(ran.stderr.starts_with(BEGIN) && !ran.stderr.contains("***"));
        job.assert_nothing_left();
    }

    fn validating(job: &Job, key: &TestKey, flags: &[&str]) -> Run {
        let command = ["--", "sh", "-c", r#"echo started; : >"$OUT/started""#];
        job.run(&[&["exec"], flags, &command].concat()).team_key(key)
    }

    #[test]
    fn the_key_is_proved_first_unless_that_is_switched_off() {
        let (job, key) = (Job::new(), TestKey::generate());
        let simulator = simulator_with(&key);
        let ran = validating(&job, &key, &[]).api(&simulator).run().code(0);
        assert_eq!(ran.stdout, "started\n");
        assert_eq!(simulator.requests().len(), 1);
        validating(&job, &key, &["--no-validate"]).api(&simulator).run().code(0);
        assert_eq!(simulator.requests().len(), 1);
    }

    #[test]
    fn without_the_key_being_accepted_nothing_is_started() {
        for (row, code, break_it) in [
            (
                "a revoked key",
                12,
                (|simulator| simulator.revoke(KEY_ID)) as fn(&simulator::Simulator),
            ),
            ("an outage", 20, |simulator| simulator.fail_always(Fault::Status(503))),
        ] {
            let (job, key) = (Job::new(), TestKey::generate());
            let simulator = simulator_with(&key);
            break_it(&simulator);
            let ran = validating(&job, &key, &["--timeout", "1s"])
                .api(&simulator)
                .run()
                .code(code);
            assert_eq!(ran.stdout, "", "{row}");
            assert!(!job.out("started").exists(), "{row}");
            assert_eq!(Secrets::of_key(&key).found_in(&ran.text()), Vec::<&str>::new());
            job.assert_nothing_left();
        }
    }

    #[test]
    fn the_wrong_team_is_refused_before_the_start() {
        let (job, key) = (Job::new(), TestKey::generate());
        let simulator = simulator_with(&key);
        validating(&job, &key, &["--expect-app", "com.example.missing"])
            .api(&simulator)
            .run()
            .code(14);
        assert!(!job.out("started").exists());
    }

    #[test]
    fn a_policy_that_is_never_checked_is_refused() {
        let (job, key) = (Job::new(), TestKey::generate());
        for policy in ["--expect-app=com.example.app", "--forbid-admin"] {
            validating(&job, &key, &["--no-validate", policy])
                .run()
                .code(2)
                .says("expect-app and forbid-admin need validation");
            assert!(!job.out("started").exists());
        }
    }

    #[test]
    fn gitlabs_debug_trace_is_refused() {
        let (job, key) = (Job::new(), TestKey::generate());
        for on in ["true", "1", "TRUE", "maybe"] {
            validating(&job, &key, &["--no-validate"])
                .env("GITLAB_CI", "true")
                .env("CI_DEBUG_TRACE", on)
                .run()
                .code(2)
                .says("CI_DEBUG_TRACE is on");
            assert!(!job.out("started").exists(), "{on}");
        }
        validating(&job, &key, &["--no-validate"])
            .env("GITLAB_CI", "true")
            .env("CI_DEBUG_TRACE", "false")
            .run()
            .code(0);
    }

    #[test]
    fn a_log_that_is_redacted_gets_no_masks_which_would_hold_the_secrets() {
        let (job, key) = (Job::new(), TestKey::generate());
        for ci in [("GITHUB_ACTIONS", "RUNNER_TEMP"), ("TF_BUILD", "AGENT_TEMPDIRECTORY")] {
            let run = |flags: &[&str]| {
                job.exec(&key, flags, &["sh", "-c", &format!("{KEEP} echo out; echo err >&2")])
                    .env(ci.0, "true")
                    .env(ci.1, job.temp())
                    .run()
                    .code(0)
            };
            let ran = run(&[]);
            assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"), "{ci:?}");
            // Without redaction the masks are all that there is.
            let ran = run(&["--no-redact"]);
            assert_eq!(ran.stdout, "out\n");
            assert!(ran.stderr.contains(&job.read("token")), "{ci:?}");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn the_token_of_the_setup_before_it_is_redacted() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"
            env_file=$("$BIN" setup --ci none --validate=false --lifetime 7m) && . "$env_file"
            printf %s "$ASC_TOKEN" >"$OUT/token-before"
            "$BIN" exec --no-validate -- printf '%s\n' "$ASC_TOKEN"
            # A shell of the child's that reads the env file again, and mints where setup did.
            "$BIN" exec --no-validate -- sh -c '. "$0"; echo "$ASC_TOKEN"; "$BIN" token --lifetime 6m | tee "$OUT/token-later"' "$env_file"
            "$BIN" cleanup >&2
        "#;
        let ran = job.run(&["token"]).team_key(&key);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]).env_clear();
        command.envs(
            ran.into_command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let ran = Ran::from(command.output().expect("sh starts"));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(0), "***\n***\n***\n"),
            "{}",
            ran.text()
        );
        assert_ne!(job.read("token-before"), job.read("token-later").trim_end());
        job.assert_nothing_left();
    }
}
