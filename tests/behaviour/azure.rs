//! Azure Pipelines: masks first, then variables, by logging commands that nothing from outside can add to.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use simulator::{ApiKey, Fault, Simulator, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    job::{Job, entries, kept_tokens},
    proof::{AUDIENCE, assert_key_kept, assert_refused, judge},
    secrets::Secrets,
    simulator_with,
};

/// One logging command, as the agent reads it out of a line.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: Vec<(String, String)>,
    data: String,
}

impl Command {
    fn property(&self, name: &str) -> Option<&str> {
        let (_, value) = self.properties.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// The agent takes the first `##vso[` of a line, wherever it stands. (azure-pipelines-agent: Command.cs.)
fn command(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##vso[")?;
    let (info, data) = rest.split_once(']')?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let properties = properties
        .split(';')
        .filter_map(|property| property.split_once('='))
        .map(|(name, value)| (name.to_owned(), unescape(value)));
    Some(Command {
        name: name.to_owned(),
        properties: properties.collect(),
        data: unescape(data),
    })
}

fn unescape(text: &str) -> String {
    [
        ("%3B", ";"),
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%5D", "]"),
        ("%AZP25", "%"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

fn commands(log: &str) -> Vec<Command> {
    log.split(['\n', '\r']).filter_map(command).collect()
}

/// What the agent masks, of what was said before this line.
fn masks(log: &str) -> Vec<String> {
    let masks = commands(log)
        .into_iter()
        .filter(|command| command.name == "task.setsecret");
    masks.map(|command| command.data).collect()
}

fn is_mask(line: &str) -> bool {
    line.starts_with("##vso[task.setsecret]")
}

/// The log as the agent keeps it: commands are not shown, and neither is what is masked.
fn without_secrets(log: &str) -> String {
    let is_secret =
        |line: &&str| is_mask(line) || line.starts_with("##vso[task.setvariable variable=ASC_TOKEN;issecret=true]");
    log.lines()
        .filter(|line| !is_secret(line))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// The step of a job on Azure Pipelines.
fn step(job: &Job, arguments: &[&str]) -> Run {
    Run::new(arguments)
        .env("TF_BUILD", "True")
        .env("SYSTEM_JOBID", "12f1170f-54f2-53f3-20dd-22fc7dff55f9")
        .env("AGENT_TEMPDIRECTORY", job.temp())
        .team_key(&job.key)
}

fn ready(arguments: &[&str]) -> (Job, Simulator, Ran) {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    let ran = step(&job, arguments).api(&simulator).run().code(0);
    (job, simulator, ran)
}

fn variables(log: &str) -> Vec<(String, Option<String>, String)> {
    commands(log)
        .into_iter()
        .filter(|command| command.name == "task.setvariable")
        .map(|command| {
            let name = command.property("variable").expect("a name").to_owned();
            (name, command.property("issecret").map(str::to_owned), command.data)
        })
        .collect()
}

#[test]
fn masks_of_key_and_token_come_before_everything_else() {
    let (job, simulator, ran) = ready(&["setup"]);
    assert_eq!(
        ran.stderr, "",
        "masks are no good on another stream than what they mask"
    );
    let first = ran.stdout.lines().position(|line| !is_mask(line)).expect("a report");
    let early: Vec<&str> = ran.stdout.lines().take(first).collect();
    let token = simulator.requests()[0].token.as_ref().expect("a token").raw.clone();
    let pem = job.key.pem();
    let body = pem.lines().filter(|line| !line.starts_with("-----"));
    for form in body.chain([token.as_str(), token.rsplit('.').next().expect("three parts")]) {
        assert!(
            early.contains(&format!("##vso[task.setsecret]{form}").as_str()),
            "{form} is not masked"
        );
    }
    for mask in masks(&ran.stdout) {
        assert!(!mask.contains(['\n', '\r']), "the agent masks by lines");
        assert!(mask.len() >= 8 && !mask.contains("-----"), "{mask:?} would garble logs");
    }
    let rest = without_secrets(&ran.stdout);
    let found = Secrets::of_key(&job.key).and_token(&token).found_in(&rest);
    assert!(found.is_empty(), "{found:?} in:\n{rest}");
}

#[test]
fn a_key_in_any_form_is_masked_line_by_line() {
    let job = Job::new();
    let pem = job.key.pem();
    for text in [
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', " "),
        job.key.sec1_pem(),
    ] {
        let ran = step(&job, &["setup", "--validate=false"])
            .env("ASC_PRIVATE_KEY", &text)
            .run()
            .code(0);
        let masks = masks(&ran.stdout);
        let shown = text.lines().filter(|line| !line.starts_with("-----"));
        for line in shown {
            let masked = masks
                .iter()
                .fold(line.to_owned(), |line, mask| line.replace(mask, "***"));
            let found = Secrets::of_key(&job.key).found_in(&masked);
            assert!(found.is_empty(), "{found:?} in {masked}");
        }
    }
}

#[test]
fn a_token_is_masked_before_it_is_sent() {
    let job = Job::new();
    for output in ["text", "json"] {
        let log = job.beside(output);
        let log_so_far = log.clone();
        let was_masked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&was_masked);
        let simulator = Simulator::builder()
            .on_request(move |seen| {
                let log = fs::read_to_string(&log_so_far).expect("a log");
                let token = &seen.token.as_ref().expect("a token").raw;
                let is_masked = masks(&log).iter().any(|mask| mask == token);
                notes.lock().expect("the test is well").push(is_masked);
            })
            .start()
            .expect("loopback has a port");
        simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, &job.key));
        let mut started = step(&job, &["setup", "--output", output])
            .api(&simulator)
            .into_command();
        let file = File::create(&log).expect("a file");
        let status = started
            .stdout(file.try_clone().expect("a handle"))
            .stderr(file)
            .status();
        assert!(status.expect("the binary runs").success());
        assert_eq!(*was_masked.lock().expect("the simulator is well"), [true], "{output}");
    }
}

#[test]
fn the_token_is_a_secret_variable_and_the_rest_are_plain_ones() {
    let (job, _simulator, ran) = ready(&["setup"]);
    let variables = variables(&ran.stdout);
    let mut names: Vec<&str> = variables.iter().map(|(name, ..)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "ASC_AUTH_DIR",
        "ASC_ISSUER_ID",
        "ASC_KEY_ID",
        "ASC_KEY_TYPE",
        "ASC_PRIVATE_KEY_PATH",
        "ASC_TOKEN",
        "ASC_TOKEN_EXPIRES_AT",
    ];
    assert_eq!(names, expected);
    for (name, is_secret, data) in &variables {
        assert_eq!(is_secret.as_deref(), (name == "ASC_TOKEN").then_some("true"), "{name}");
        if name == "ASC_TOKEN" {
            let key = ApiKey::team(KEY_ID, ISSUER_ID, &job.key);
            assert_eq!(judge(data, key.clone(), "/v1/apps", AUDIENCE), Ok(key));
        }
    }
    let value = |wanted: &str| PathBuf::from(&variables.iter().find(|(name, ..)| name == wanted).expect("set").2);
    let directory = value("ASC_AUTH_DIR");
    assert_eq!(
        directory.parent().and_then(|job| job.parent()),
        Some(job.temp().as_path())
    );
    let key = fs::read_to_string(value("ASC_PRIVATE_KEY_PATH")).expect("a key file");
    assert_eq!(key, job.key.pkcs8_pem());
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_asc-auth"));
    let path = commands(&ran.stdout)
        .into_iter()
        .find(|command| command.name == "task.prependpath");
    assert_eq!(
        path.expect("a PATH entry").data,
        binary.parent().expect("a parent").to_str().expect("Unicode")
    );
}

#[test]
fn nothing_but_its_own_commands_is_in_the_log() {
    let (_job, _simulator, ran) = ready(&["setup", "--export", "fastlane"]);
    for line in ran.stdout.lines().filter(|line| line.contains("##")) {
        let is_command = [
            "##vso[task.setsecret]",
            "##vso[task.setvariable variable=",
            "##vso[task.prependpath]",
        ]
        .iter()
        .any(|prefix| line.starts_with(prefix));
        assert!(
            is_command || line == "##[endgroup]" || line.starts_with("##[group]"),
            "{line}"
        );
    }
    assert!(ran.stdout.contains("##[group]App Store Connect: ready\n"));
}

#[test]
fn a_named_ci_is_spoken_to_as_if_it_had_been_recognised() {
    let job = Job::new();
    let ran = Run::new(&["setup", "--validate=false", "--ci", "azure"])
        .team_key(&job.key)
        .env("TMPDIR", job.temp())
        .run()
        .code(0);
    assert_eq!(variables(&ran.stdout).len(), 7, "{}", ran.text());
    assert_eq!(job.leftovers().len(), 1);
}

#[test]
fn in_json_nothing_but_json_is_on_stdout() {
    let (job, _simulator, ran) = ready(&["setup", "--output", "json"]);
    let json = ran.json();
    let directory = PathBuf::from(json["key_dir"].as_str().expect("a path"));
    assert_eq!(json["env_file"], serde_json::Value::Null);
    let token = kept_tokens(&directory)[0]["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let found = Secrets::of_key(&job.key).and_token(&token).found_in(&ran.stdout);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(variables(&ran.stderr).len(), 7);
}

#[cfg(unix)]
#[test]
fn what_is_odd_in_a_path_reaches_the_next_step_as_it_is() {
    for name in [
        "100%",
        "%0A%AZP25%3B",
        "a;b]c=d",
        "a b",
        "##vso[task.complete]",
        "it's \"x\"",
    ] {
        let job = Job::new();
        let temp = job.beside(name);
        fs::create_dir(&temp).expect("a directory");
        let ran = step(&job, &["setup", "--validate=false"])
            .env("AGENT_TEMPDIRECTORY", &temp)
            .run()
            .code(0);
        let variables = variables(&ran.stdout);
        let (_, _, directory) = variables.iter().find(|(name, ..)| name == "ASC_AUTH_DIR").expect("set");
        assert!(PathBuf::from(directory).starts_with(&temp), "{directory:?} {name:?}");
        assert!(PathBuf::from(directory).join("credential.json").is_file());
        assert_only_our_commands(name, &ran.stdout);
    }
}

#[cfg(unix)]
#[test]
fn a_line_end_in_a_path_adds_no_command() {
    for name in [
        "a\n##vso[task.complete result=Failed]",
        "a\r##vso[task.complete]b",
        "\n##[error]x",
    ] {
        let job = Job::new();
        let temp = job.beside(name);
        fs::create_dir(&temp).expect("a directory");
        for run in [
            step(&job, &["setup", "--validate=false"]).env("AGENT_TEMPDIRECTORY", &temp),
            step(&job, &["setup", "--validate=false"]).env("AGENT_TEMPDIRECTORY", temp.join("missing")),
            step(&job, &["cleanup"]).env("AGENT_TEMPDIRECTORY", &temp),
        ] {
            assert_only_our_commands(name, &run.run().text());
        }
        assert_eq!(entries(&temp), Vec::<PathBuf>::new());
    }
}

#[test]
fn an_error_is_an_issue_of_the_run_and_tells_no_secret() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    simulator.revoke(KEY_ID);
    let ran = step(&job, &["setup"]).api(&simulator).run().code(12);
    assert_eq!(ran.stderr, "");
    let issues: Vec<Command> = commands(&ran.stdout)
        .into_iter()
        .filter(|command| command.name == "task.logissue")
        .collect();
    let [issue] = &issues[..] else {
        panic!("one issue: {issues:?}");
    };
    assert_eq!(issue.property("type"), Some("error"));
    assert!(
        issue.data.starts_with("Apple refused this credential"),
        "{}",
        issue.data
    );
    assert!(issue.data.contains("\n  key        2X9R4QWVK6"), "{}", issue.data);
    assert!(variables(&ran.stdout).is_empty());
    assert!(job.leftovers().is_empty());
    assert_key_kept(
        "an error",
        &Ran {
            stdout: without_secrets(&ran.stdout),
            ..ran
        },
        &job.key,
    );

    let ran = step(&job, &["setup"]).unset("ASC_PRIVATE_KEY").run().code(10);
    assert!(
        ran.stdout
            .starts_with("##vso[task.logissue type=error]no private key was given%0A"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_warning_is_one_of_the_run_and_comes_after_the_masks() {
    let job = Job::new();
    let other = TestKey::generate();
    let ran = step(&job, &["setup", "--validate=false"])
        .env("ASC_PRIVATE_KEY_B64", other.pem())
        .run()
        .code(0);
    let warning = ran
        .stdout
        .lines()
        .position(|line| line.starts_with("##vso[task.logissue type=warning]two private keys were given"))
        .expect("a warning");
    let masked = masks(
        &ran.stdout
            .lines()
            .take(warning)
            .flat_map(|line| [line, "\n"])
            .collect::<String>(),
    );
    for line in [job.key.pem(), other.pem()].iter().flat_map(|pem| pem.lines()) {
        assert!(
            line.starts_with("-----") || masked.iter().any(|mask| mask == line),
            "{line}"
        );
    }
}

/// Every command in the log is one that asc-auth says.
#[track_caller]
fn assert_only_our_commands(row: &str, log: &str) {
    for line in log.split(['\n', '\r']) {
        // In a command's data it is a text.
        let is_coloured = line.contains("##[error]") || line.contains("##[warning]");
        assert!(!is_coloured || command(line).is_some(), "{row}: {line}");
        if let Some(command) = command(line) {
            let ours = [
                "task.setsecret",
                "task.setvariable",
                "task.prependpath",
                "task.logissue",
            ];
            assert!(line.starts_with("##vso["), "{row}: {line}");
            assert!(ours.contains(&command.name.as_str()), "{row}: {line}");
            assert!(
                command.name != "task.logissue" || command.property("type").is_some(),
                "{row}: {line}"
            );
        }
        // A line that only looks like a command makes the agent warn.
        assert!(!line.contains("##vso") || command(line).is_some(), "{row}: {line}");
    }
}

#[test]
fn apples_words_can_not_issue_commands() {
    let hostile = "X\n##vso[task.setvariable variable=PATH]owned\r##vso[task.complete result=Failed]owned \
         ####vso[vso[task.complete]owned ##[error]owned\u{2028}##vso[task.debug]owned %0A##vso[task.complete]owned";
    let body = serde_json::json!({"errors": [{"code": hostile, "title": hostile, "detail": hostile}]}).to_string();
    for (status, code) in [(401, 12), (403, 13), (400, 1), (500, 20), (429, 20)] {
        let job = Job::new();
        let simulator = simulator_with(&job.key);
        simulator.fail_always(Fault::Raw {
            status,
            content_type: "application/json".to_owned(),
            body: body.clone().into_bytes(),
        });
        for (command, output) in [
            ("setup", "text"),
            ("setup", "json"),
            ("validate", "text"),
            ("validate", "json"),
        ] {
            let ran = step(&job, &[command, "--timeout", "1s", "--output", output])
                .api(&simulator)
                .run();
            let ran = ran.code(code).says("owned");
            if output == "text" {
                assert_only_our_commands(&format!("{command} {status}"), &ran.text());
                assert!(
                    commands(&ran.text())
                        .iter()
                        .all(|command| command.name != "task.setvariable")
                );
            } else {
                // Whoever prints this JSON prints it into the same log.
                assert_only_our_commands(&format!("{command} {status} json"), &ran.text());
            }
        }
    }
}

#[test]
fn what_was_asked_for_can_not_issue_commands() {
    let hostile = "com.example\n##vso[task.complete result=Failed]##[error]owned";
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    for arguments in [
        &["setup", "--expect-app", hostile][..],
        &["setup", "--export", hostile],
        &["setup", "--profile", hostile],
        &["setup", "--private-key-path", hostile],
        &["setup", "--private-key-path", "##vso[task.complete].p8"],
        &["setup", "--api-url", hostile],
        &["setup", "--scope", hostile],
        &["setup", hostile],
        &[hostile],
        &["cleanup", "--dir", hostile],
        &["cleanup", "--dir", "/##vso[task.complete]"],
    ] {
        // Whoever prints the JSON prints it into the same log.
        for output in ["--output=text", "--output=json"] {
            let ran = step(&job, &[arguments, &[output]].concat()).api(&simulator).run();
            assert_ne!(ran.code, Some(0), "{arguments:?}");
            assert_only_our_commands(&format!("{arguments:?} {output}"), &ran.text());
        }
    }
    assert!(job.leftovers().is_empty());
}

#[test]
fn a_place_that_can_not_hold_the_directory_is_named() {
    let job = Job::new();
    let missing = job.beside("missing");
    let ran = step(&job, &["setup", "--validate=false"])
        .env("AGENT_TEMPDIRECTORY", &missing)
        .run();
    let sentence = "AGENT_TEMPDIRECTORY can't hold the private directory: it does not exist";
    let ran = Ran {
        stdout: without_secrets(&ran.stdout),
        ..ran
    };
    assert_refused("missing", &ran, 30, sentence, &job.key.pem());
}

#[test]
fn a_cleanup_of_the_same_job_finds_all_of_it() {
    let (job, _simulator, _) = ready(&["setup"]);
    assert_eq!(job.leftovers().len(), 1);
    step(&job, &["cleanup"]).env("SYSTEM_JOBID", "another").run().code(0);
    assert_eq!(job.leftovers().len(), 1);
    step(&job, &["cleanup"]).run().code(0).says("removed");
    assert!(job.leftovers().is_empty());
}

#[cfg(unix)]
#[test]
fn where_the_variables_can_not_be_set_nothing_is_left() {
    use crate::support::shell::in_shell;

    let job = Job::new();
    let ran = in_shell(
        "exec \"$0\" \"$@\" >/dev/full",
        step(&job, &["setup", "--validate=false"]),
    );
    assert_eq!(ran.code, Some(30), "{}", ran.text());
    assert!(job.leftovers().is_empty());
}

#[test]
fn a_later_step_goes_on_from_the_variables() {
    let (job, simulator, ran) = ready(&["setup"]);
    let variables = variables(&ran.stdout);
    let plain = variables.iter().filter(|(_, is_secret, _)| is_secret.is_none());
    let later = |arguments: &[&str]| {
        let run = Run::new(arguments).env("TF_BUILD", "True").api(&simulator);
        plain
            .clone()
            .fold(run, |run, (name, _, value)| run.env(name, value))
            .run()
    };
    let token = later(&["token"]).code(0);
    let (_, _, handed_over) = variables
        .iter()
        .find(|(name, ..)| name == "ASC_TOKEN")
        .expect("a token");
    assert_eq!(token.stdout.trim_end(), handed_over);
    assert!(
        masks(&token.stderr).contains(handed_over),
        "masked before it is printed"
    );
    later(&["validate"]).code(0).says("the credential works");
    later(&["cleanup"]).code(0).says("removed");
    assert!(job.leftovers().is_empty());
}
