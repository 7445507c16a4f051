//! What a step of a GitHub job gets: masks first, then outputs, environment, PATH and a summary.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::{ApiKey, Simulator, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    http::status_with,
    runner::{masked, masks, without_masks},
    secrets::Secrets,
    simulator_with,
};

#[test]
fn the_first_thing_in_the_log_is_the_masks() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    // A second key, so that there is a warning, which must not come before the masks of either.
    let other = TestKey::generate();
    let ran = step
        .run(&["setup"])
        .team_key(&key)
        .env("ASC_PRIVATE_KEY_B64", STANDARD.encode(other.pem()))
        .api(&simulator)
        .run();
    // The key of the higher rank is unknown to Apple.
    let ran = ran
        .code(12)
        .says("::warning title=App Store Connect::two private keys were given");
    assert_eq!(
        ran.stderr, "",
        "masks are no good on another stream than what they mask"
    );
    let first = ran.stdout.lines().position(|line| !line.starts_with("::add-mask::"));
    let early: Vec<&str> = ran.stdout.lines().take(first.expect("a report")).collect();
    for line in [key.pem(), other.pem()].iter().flat_map(|pem| pem.lines()) {
        let is_masked = early.contains(&format!("::add-mask::{line}").as_str());
        assert_eq!(is_masked, !line.starts_with("-----"), "{line}");
    }
}

#[test]
fn a_token_is_masked_before_it_is_sent() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (command, output) in [
        ("setup", "text"),
        ("setup", "json"),
        ("validate", "text"),
        ("validate", "json"),
    ] {
        let log = directory.path().join(format!("{command}-{output}"));
        let log_so_far = log.clone();
        let was_masked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&was_masked);
        let simulator = Simulator::builder()
            .on_request(move |seen| {
                let log = fs::read_to_string(&log_so_far).expect("a log");
                let token = &seen.token.as_ref().expect("a token").raw;
                let signature = token.rsplit('.').next().expect("three parts");
                let both = [token.as_str(), signature].map(|form| masks(&log).iter().any(|mask| mask == form));
                notes.lock().expect("the test is well").push(both);
            })
            .start()
            .expect("loopback has a port");
        // Unknown there, so that one more token is made for the question whether it is an individual key.
        simulator.register(ApiKey::individual(KEY_ID, &key));
        let step = Step::new();
        let mut started = step
            .run(&[command, "--output", output])
            .team_key(&key)
            .api(&simulator)
            .into_command();
        let file = File::create(&log).expect("a file");
        started.stdout(file.try_clone().expect("a handle")).stderr(file);
        let status = started.status().expect("the binary runs");
        assert_eq!(status.code(), Some(12));
        let was_masked = was_masked.lock().expect("the simulator is well").clone();
        assert_eq!(was_masked, [[true, true]; 3], "{command} {output}");
    }
}

/// One way to paste a key into a secret.
struct Pasted {
    what: &'static str,
    variable: &'static str,
    text: String,
}

fn pasted(key: &TestKey) -> Vec<Pasted> {
    let pem = key.pem();
    let base64 = STANDARD.encode(&pem);
    let wrapped: Vec<&str> = (0..base64.len())
        .step_by(76)
        .map(|at| &base64[at..base64.len().min(at + 76)])
        .collect();
    [
        ("as it is", "ASC_PRIVATE_KEY", pem.clone()),
        ("with a line end", "ASC_PRIVATE_KEY", format!("{pem}\n")),
        ("with Windows' line ends", "ASC_PRIVATE_KEY", pem.replace('\n', "\r\n")),
        ("with literal line ends", "ASC_PRIVATE_KEY", pem.replace('\n', "\\n")),
        ("on one line", "ASC_PRIVATE_KEY", pem.replace('\n', " ")),
        ("indented", "ASC_PRIVATE_KEY", pem.replace('\n', "\n    ")),
        ("as another tool writes it", "ASC_PRIVATE_KEY", key.pkcs8_pem()),
        ("SEC1", "ASC_PRIVATE_KEY", key.sec1_pem()),
        ("base64 in the variable for text", "ASC_PRIVATE_KEY", base64.clone()),
        ("base64", "ASC_PRIVATE_KEY_B64", base64.clone()),
        ("base64 with a line end", "ASC_PRIVATE_KEY_B64", format!("{base64}\n")),
        ("wrapped base64", "ASC_PRIVATE_KEY_B64", wrapped.join("\n")),
        (
            "base64 of a file with a line end",
            "ASC_PRIVATE_KEY_B64",
            STANDARD.encode(format!("{pem}\n")),
        ),
        (
            "base64 of the DER",
            "ASC_PRIVATE_KEY_B64",
            STANDARD.encode(key.apple_der()),
        ),
    ]
    .map(|(what, variable, text)| Pasted { what, variable, text })
    .into()
}

#[test]
fn however_a_key_was_pasted_a_log_that_shows_it_shows_stars() {
    let key = TestKey::generate();
    for Pasted { what, variable, text } in pasted(&key) {
        let simulator = simulator_with(&key);
        let step = Step::new();
        let ran = step
            .run(&["setup"])
            .team_key(&key)
            .unset("ASC_PRIVATE_KEY")
            .env(variable, &text)
            .api(&simulator)
            .run();
        assert_eq!(ran.code, Some(0), "{what}: {}", ran.text());
        let masks = masks(&ran.stdout);
        let outputs = step.outputs();
        let token = &outputs["token"];
        let file = fs::read_to_string(&outputs["key-path"]).expect("a key file");
        let secrets = Secrets::of_key(&key).and_token(token);

        for (shown, form) in [
            (text.clone(), "the secret itself"),
            (file.clone(), "the key file"),
            (STANDARD.encode(&file), "base64 of the key file"),
            (
                file.lines().filter(|line| !line.starts_with("-----")).collect(),
                "its body",
            ),
            (format!("Authorization: Bearer {token}"), "the token"),
            (
                format!("signature {}", token.rsplit('.').next().expect("three parts")),
                "the token's signature",
            ),
        ] {
            assert!(
                !secrets.found_in(&shown).is_empty() || text == shown,
                "{form} is no secret: then this test shows nothing"
            );
            let log = masked(&shown, &masks);
            assert_eq!(secrets.found_in(&log), Vec::<&str>::new(), "{what}, {form}: {log}");
            assert!(log.contains("***"), "{what}, {form}: {log}");
        }
        for whole in [text.as_str(), text.trim_end()] {
            // `echo "$KEY" | base64` and `printf %s "$KEY" | base64`
            assert_eq!(masked(&STANDARD.encode(whole), &masks), "***\n", "{what}");
        }
        for mask in &masks {
            assert!(!mask.contains("-----"), "{what}: BEGIN and END are no secret");
            assert!(mask.chars().count() >= 8, "{what}: {mask:?} would garble logs");
        }
        assert!(
            masks.iter().any(|mask| mask == text.trim()) || text.contains('\n') || text.contains("-----"),
            "{what}"
        );
        let report = without_masks(&ran.stdout);
        assert_eq!(masked(&report, &masks), report, "{what}: a mask garbles the report");
    }
}

/// The step of a run that went well.
fn ready(arguments: &[&str]) -> (Step, Simulator, Ran) {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    let ran = step.run(arguments).team_key(&key).api(&simulator).run().code(0);
    (step, simulator, ran)
}

#[test]
fn every_output_has_its_value() {
    let (step, simulator, _) = ready(&["setup", "--lifetime", "10m", "--export", "fastlane"]);
    let mut outputs = step.outputs();
    let mut output = |name: &str| outputs.remove(name).unwrap_or_else(|| panic!("no output {name}"));

    let [seen] = simulator.requests().try_into().expect("one request");
    let token = seen.token.expect("a token");
    assert_eq!(output("token"), token.raw);
    let told: jiff::Timestamp = output("token-expires-at").parse().expect("RFC 3339");
    assert_eq!(Some(told.as_second()), token.expires_at());
    assert_eq!(output("key-id"), KEY_ID);
    assert_eq!(output("issuer-id"), ISSUER_ID);
    assert_eq!(output("key-type"), "team");
    let directory = output("key-dir");
    assert_eq!(Path::new(&directory).parent(), Some(step.temp().as_path()));
    assert_eq!(
        Path::new(&output("key-path")),
        Path::new(&directory).join(format!("AuthKey_{KEY_ID}.p8"))
    );
    assert_eq!(
        Path::new(&output("api-key-json-path")).parent(),
        Some(Path::new(&directory))
    );
    assert_eq!(output("rate-limit-remaining"), "3599");
    assert!(output("clock-skew").parse::<i64>().expect("a number").abs() <= 5);
    assert!(outputs.is_empty(), "{outputs:?}");
}

#[test]
fn an_individual_key_has_no_issuer_and_its_own_file_name() {
    let key = TestKey::generate();
    let simulator = Simulator::start();
    simulator.register(ApiKey::individual(KEY_ID, &key));
    let step = Step::new();
    step.run(&["setup"])
        .team_key(&key)
        .unset("ASC_ISSUER_ID")
        .env("ASC_KEY_TYPE", "individual")
        .api(&simulator)
        .run()
        .code(0);
    let outputs = step.outputs();
    assert_eq!(outputs["key-type"], "individual");
    assert_eq!(outputs["issuer-id"], "");
    assert!(outputs["key-path"].ends_with(&format!("ApiKey_{KEY_ID}.p8")));
}

#[test]
fn a_scoped_token_is_handed_over_and_an_unscoped_one_proves_the_key() {
    let (step, simulator, _) = ready(&["setup", "--scope", "GET /v1/apps"]);
    let outputs = step.outputs();
    assert_eq!(status_with(&outputs["token"], &simulator), 200);
    let [proof, handed] = simulator.requests().try_into().expect("two requests");
    assert_eq!(proof.token.expect("a token").scope(), None);
    assert_eq!(handed.token.expect("a token").scope(), Some(vec!["GET /v1/apps"]));
}

#[test]
fn later_steps_find_the_binary_and_the_directory_and_nothing_else() {
    let (step, _simulator, _) = ready(&["setup"]);
    let outputs = step.outputs();
    let binary = Path::new(env!("CARGO_BIN_EXE_asc-auth"));
    let folder = binary.parent().expect("a folder").to_str().expect("Unicode");
    assert_eq!(step.read("PATH"), format!("{folder}\n"));
    let expected = BTreeMap::from([("ASC_AUTH_DIR".to_owned(), outputs["key-dir"].clone())]);
    assert_eq!(step.environment(), expected);
    let expected = BTreeMap::from([("private_dir".to_owned(), outputs["key-dir"].clone())]);
    assert_eq!(step.state(), expected);
}

#[test]
fn the_report_and_the_summary_say_what_was_found_and_no_secret() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    let ran = step.run(&["setup"]).team_key(&key).api(&simulator).run().code(0);
    let report = without_masks(&ran.stdout);
    for line in [
        "::group::App Store Connect: ready\n",
        "  key        2X9R4QWVK6 (team key), from ASC_KEY_ID\n",
        "  issuer     57246542-…, from ASC_ISSUER_ID\n",
        "  .p8        P-256, well formed, from ASC_PRIVATE_KEY",
        "  validated  GET /v1/apps → 200 in ",
        " ms; 3,599 of 3,600 requests left this hour\n",
        "  token      until ",
        " (15 min) → steps.<id>.outputs.token\n",
        "  key file   → steps.<id>.outputs.key-path, removed when the job ends\n::endgroup::\n",
    ] {
        assert!(report.contains(line), "no {line:?} in:\n{report}");
    }
    let summary = step.read("STEP_SUMMARY");
    assert!(
        summary.starts_with("App Store Connect: team key `2X9R4QWVK6`, accepted by 127.0.0.1:"),
        "{summary}"
    );
    let secrets = Secrets::of_key(&key).and_token(&step.outputs()["token"]);
    for text in [report, summary, step.read("ENV"), step.read("PATH"), step.read("STATE")] {
        assert_eq!(secrets.found_in(&text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn no_delimiter_is_used_twice_or_can_be_foreseen() {
    let mut delimiters = BTreeSet::new();
    let mut entries = 0;
    for _ in 0..2 {
        let (step, _simulator, _) = ready(&["setup", "--export", "asc"]);
        for name in ["OUTPUT", "ENV", "STATE"] {
            let text = step.read(name);
            for delimiter in text.lines().filter_map(|line| line.split_once("<<asc_auth_")) {
                entries += 1;
                let digits = delimiter.1;
                assert!(
                    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
                    "{digits}"
                );
                delimiters.insert(digits.to_owned());
            }
        }
    }
    assert_eq!(entries, 2 * (10 + 1 + 4 + 1));
    assert_eq!(delimiters.len(), entries);
}

#[test]
fn without_validation_nothing_is_asked_and_the_token_is_good() {
    let (step, simulator, ran) = ready(&["setup", "--validate=false"]);
    assert!(simulator.requests().is_empty());
    ran.says("  validated  no: validation is switched off\n");
    let outputs = step.outputs();
    assert_eq!(outputs["rate-limit-remaining"], "");
    assert_eq!(outputs["clock-skew"], "");
    assert!(step.read("STEP_SUMMARY").contains("not validated"));
    assert_eq!(status_with(&outputs["token"], &simulator), 200);
}

#[test]
fn json_says_what_was_handed_over_except_the_token() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    let ran = step
        .run(&["setup", "--output", "json"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0);
    let (json, outputs) = (ran.json(), step.outputs());
    assert_eq!(json["key_path"], outputs["key-path"].as_str());
    assert_eq!(json["key_dir"], outputs["key-dir"].as_str());
    assert_eq!(json["token_expires_at"], outputs["token-expires-at"].as_str());
    assert_eq!(json["issuer_id"], ISSUER_ID);
    assert_eq!(json["validated"], true);
    assert!(json.get("token").is_none());
    assert!(
        masks(&ran.stderr).contains(&outputs["token"]),
        "the masks leave stdout to the result"
    );
}

#[test]
fn a_runner_that_names_no_place_is_an_error_that_names_the_variable() {
    for variable in [
        "RUNNER_TEMP",
        "GITHUB_OUTPUT",
        "GITHUB_ENV",
        "GITHUB_PATH",
        "GITHUB_STATE",
    ] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        for empty in [false, true] {
            let step = Step::new();
            let run = step.run(&["setup"]).team_key(&key).api(&simulator);
            let run = if empty {
                run.env(variable, "")
            } else {
                run.unset(variable)
            };
            run.run()
                .code(30)
                .says(&format!("{variable} is not set"))
                .says("GitHub's runner sets it for every step.");
            assert_untouched(&step, &["OUTPUT", "ENV", "PATH", "STATE"]);
        }
        assert!(
            simulator.requests().is_empty(),
            "nothing is sent that can't be handed over"
        );
    }
}

#[test]
fn a_place_that_does_not_exist_is_an_error_that_names_it_and_nothing_is_left() {
    for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        let step = Step::new();
        fs::remove_file(step.file(name)).expect("a file");
        step.run(&["setup", "--export", "asc"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(30)
            .says(&format!("GITHUB_{name} could not be written: it does not exist"))
            .says(step.file(name).to_str().expect("Unicode"))
            .says("What was written before was taken back, and the private directory was removed.");
        assert!(!step.file(name).exists(), "the runner makes its files, nobody else");
        assert_untouched(&step, &["OUTPUT", "PATH", "STEP_SUMMARY"]);
    }
}

/// Nothing in these files, if they are there, and nothing in `RUNNER_TEMP`.
#[track_caller]
fn assert_untouched(step: &Step, names: &[&str]) {
    for name in names.iter().filter(|name| step.file(name).exists()) {
        assert_eq!(step.read(name), "", "{name}");
    }
    assert_eq!(step.leftovers(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_summary_is_written_only_where_there_is_one() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    step.run(&["setup"])
        .team_key(&key)
        .api(&simulator)
        .unset("GITHUB_STEP_SUMMARY")
        .run()
        .code(0);
    assert_eq!(step.read("STEP_SUMMARY"), "");
}

#[test]
fn outside_of_a_ci_setup_asks_where_to_hand_over_to() {
    let key = TestKey::generate();
    for value in [None, Some("false"), Some("")] {
        let run = Run::new(&["setup"]).team_key(&key);
        let run = match value {
            Some(value) => run.env("GITHUB_ACTIONS", value),
            None => run,
        };
        run.run()
            .code(2)
            .says("no CI system was recognised")
            .says("--ci none for an env file that any shell reads");
    }
}

#[test]
fn a_ci_that_is_named_needs_no_recognition() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    let ran = step
        .run(&["setup", "--ci", "github"])
        .unset("GITHUB_ACTIONS")
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0);
    assert!(ran.stdout.starts_with("::add-mask::"), "{}", ran.stdout);
    assert_eq!(step.outputs()["key-id"], KEY_ID);
}

#[test]
fn the_actions_inputs_are_read_and_named_as_inputs() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    step.run(&["setup", "--action-inputs"])
        .env("INPUT_KEY-ID", KEY_ID)
        .env("INPUT_ISSUER-ID", ISSUER_ID)
        .env("INPUT_PRIVATE-KEY", STANDARD.encode(key.pem()))
        .env("INPUT_PRIVATE-KEY-PATH", "")
        .env("INPUT_KEY-TYPE", "")
        .env("INPUT_PROFILE", "")
        .env("INPUT_STRICT-AUTH", "true")
        .env("INPUT_VALIDATE", "true")
        .env("INPUT_LIFETIME", "5m")
        .env("INPUT_SCOPE", "")
        .env("INPUT_EXPORT", "none")
        .env("INPUT_EXPECT-APP", "com.example.app")
        .env("INPUT_FORBID-ADMIN", "false")
        .env("INPUT_API-URL", simulator.url())
        .run()
        .code(0)
        .says("  key        2X9R4QWVK6 (team key), from input key-id\n")
        .says("  issuer     57246542-…, from input issuer-id\n")
        .says("from input private-key: base64")
        .says("(5 min)");
    let paths: Vec<String> = simulator.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/apps", "/v1/apps"], "expect-app was read too");
}

#[test]
fn inputs_are_the_actions_alone() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();
    // Another action's environment, leaking into a plain run of the binary.
    step.run(&["setup"])
        .env("INPUT_KEY-ID", "ZZZZZZZZZZ")
        .env("INPUT_VALIDATE", "maybe")
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0);
    assert_eq!(step.outputs()["key-id"], KEY_ID);
}

#[test]
fn what_base64_prints_of_the_key_file_is_masked_line_by_line() {
    let key = TestKey::generate();
    let step = Step::new();
    let pem = format!("{}\n", key.pem());
    // Quoted, so that neither the file's text nor its base64 is what was given.
    let ran = step
        .run(&["setup", "--validate=false"])
        .team_key(&key)
        .env("ASC_PRIVATE_KEY", format!("\"{pem}\""))
        .run()
        .code(0);
    for file in [pem, key.pkcs8_pem()] {
        let encoded = STANDARD.encode(file);
        for width in [64, 76] {
            for line in encoded.as_bytes().chunks(width).filter(|line| line.len() >= 8) {
                let line = String::from_utf8_lossy(line);
                assert!(
                    ran.stdout.contains(&format!("::add-mask::{line}\n")),
                    "{line} of {width}"
                );
            }
        }
    }
}
