//! What Apple's refusals mean: 401, each 403, and answers that are not Apple's at all.

use simulator::{ApiKey, Fault, Role, Simulator, TeamState, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    reflecting::ReflectingServer,
    runner::{Annotation, annotations, commands},
    simulator_with,
};

const OTHER_ISSUER: &str = "69a6de70-03db-47e3-e053-5b8c7c11a4d1";

/// `asc-auth validate` on a terminal.
fn validate(key: &TestKey, simulator: &Simulator) -> Run {
    Run::new(&["validate"]).team_key(key).api(simulator)
}

/// Fails unless these words come one after the other.
#[track_caller]
fn in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let at = rest
            .find(word)
            .unwrap_or_else(|| panic!("no {word:?}, or not in its place, in:\n{text}"));
        rest = &rest[at + word.len()..];
    }
}

#[test]
fn whatever_makes_apple_say_401_the_causes_are_listed_most_likely_first() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let pem = other.pem();
    for (what, variable, value) in [
        ("a wrong issuer", "ASC_ISSUER_ID", OTHER_ISSUER),
        ("a wrong key ID", "ASC_KEY_ID", "ZZ9R4QWVK6"),
        ("a wrong key", "ASC_PRIVATE_KEY", pem.as_str()),
        ("a revoked key", "RUST_LOG", "trace"),
    ] {
        let simulator = simulator_with(&key);
        if what == "a revoked key" {
            simulator.revoke(KEY_ID);
        }
        let ran = validate(&key, &simulator).env(variable, value).run().code(12);
        assert_eq!(ran.stdout, "", "{what}");
        in_order(
            &ran.stderr,
            &[
                "error: Apple refused this credential (401 NOT_AUTHORIZED)\n",
                "  key        ",
                "(team key), from ASC_KEY_ID\n",
                "  issuer     ",
                ", from ASC_ISSUER_ID\n",
                "  .p8        P-256, well formed, from ASC_PRIVATE_KEY",
                "  clock      ",
                " with Apple's\n",
                "The key is well formed and the clock is right, so one of these is wrong, most likely first:\n",
                "  1. the issuer ID is not the one at the top of Users and Access → Integrations\n",
                "  2. the key ID does not belong to this .p8\n",
                "  3. the key was revoked\n",
                "request ID ",
                " (Apple's support asks for it)\n",
            ],
        );
        let seen = simulator.requests();
        assert_eq!(seen.len(), 3, "{what}: once, once more, and once as an individual key");
        assert!(seen.iter().all(|request| request.status == Some(401)));
    }
}

/// The lines of an explanation, without white space that only aligns, and without what differs between two runs.
fn comparable<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.starts_with("clock ") && !line.starts_with("request ID "))
        .collect()
}

#[test]
fn the_same_words_are_told_on_a_terminal_in_an_annotation_and_in_json() {
    type Spoil = fn(&Simulator);
    let cases: [(i32, Spoil); 4] = [
        (12, |simulator| simulator.revoke(KEY_ID)),
        (13, |simulator| simulator.set_team_state(TeamState::AgreementMissing)),
        (20, |simulator| {
            simulator.fail_always(Fault::TooManyRequests {
                retry_after: Some(9999),
            });
        }),
        (1, |simulator| simulator.fail_always(Fault::Status(400))),
    ];
    for (code, spoil) in cases {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        spoil(&simulator);

        let terminal = validate(&key, &simulator).run().code(code);
        let (title, body) = terminal.stderr.split_once('\n').expect("lines");
        let title = title.strip_prefix("error: ").expect("an error");
        assert_eq!(terminal.stdout, "");

        for command in ["setup", "validate"] {
            let step = Step::new();
            let ran = step.run(&[command]).team_key(&key).api(&simulator).run().code(code);
            let [annotation]: [Annotation; 1] = annotations(&ran.stdout).try_into().expect("one annotation");
            assert_eq!(annotation.kind, "error");
            assert_eq!(annotation.title, title);
            assert_eq!(
                annotation.lines[0], title,
                "the log does not show an annotation's title"
            );
            assert_eq!(
                comparable(annotation.lines[1..].iter().map(String::as_str)),
                comparable(body.lines())
            );
        }

        let ran = validate(&key, &simulator);
        let json = in_json(ran).code(code).json();
        assert_eq!(json["exit_code"], code);
        let error = &json["error"];
        assert_eq!(error["title"], title);
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let list = |value: &serde_json::Value| value.as_array().expect("a list").clone();
        let mut lines: Vec<String> = list(&error["facts"])
            .iter()
            .map(|fact| format!("{} {}", text(&fact["label"]), text(&fact["text"])))
            .collect();
        lines.push(text(&error["advice"]));
        for (index, cause) in list(&error["causes"]).iter().enumerate() {
            lines.push(format!("{}. {}", index + 1, text(cause)));
        }
        assert_eq!(comparable(lines.iter().map(String::as_str)), comparable(body.lines()));
        assert!(text(&error["request_id"]).ends_with(".0.0"), "{error}");
    }
}

fn in_json(run: Run) -> Ran {
    let mut command = run.into_command();
    command.args(["--output", "json"]);
    Ran::from(command.output().expect("the binary runs"))
}

#[test]
fn an_individual_key_given_as_a_team_key_is_told_apart_by_one_more_request() {
    let key = TestKey::generate();
    let simulator = Simulator::start();
    simulator.register(ApiKey::individual(KEY_ID, &key));
    validate(&key, &simulator)
        .run()
        .code(12)
        .says("Apple accepts this key as an individual key")
        .says("ASC_KEY_TYPE=individual")
        .says("leave the issuer ID out")
        .does_not_say("revoked");
    let kinds: Vec<bool> = subjects(&simulator);
    assert_eq!(kinds, [false, false, true]);
}

#[test]
fn a_team_key_given_as_an_individual_key_is_told_apart_by_one_more_request() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    validate(&key, &simulator)
        .env("ASC_KEY_TYPE", "individual")
        .run()
        .code(12)
        .says("Apple accepts this key as a team key")
        .says("ASC_KEY_TYPE=team")
        .does_not_say("revoked");
    assert_eq!(subjects(&simulator), [true, true, false]);
}

/// Of each request, whether it came as an individual key.
fn subjects(simulator: &Simulator) -> Vec<bool> {
    let seen = simulator.requests();
    seen.iter()
        .map(|request| request.token.as_ref().expect("a token").subject() == Some("user"))
        .collect()
}

#[test]
fn without_an_issuer_a_refused_individual_key_is_not_tried_as_a_team_key() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    validate(&key, &simulator)
        .unset("ASC_ISSUER_ID")
        .env("ASC_KEY_TYPE", "individual")
        .run()
        .code(12)
        .says("the key is a team key, which needs its issuer ID")
        .does_not_say("  issuer ");
    assert_eq!(simulator.requests().len(), 2);
}

#[test]
fn a_refusal_stays_one_when_the_extra_request_fails_and_that_is_not_repeated() {
    for fault in [Fault::Status(500), Fault::ResetBeforeResponse, Fault::Html(503)] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        simulator.fail_next(Fault::Unauthorized);
        simulator.fail_next(Fault::Unauthorized);
        simulator.fail_always(fault);
        validate(&key, &simulator)
            .run()
            .code(12)
            .says("Apple refused this credential")
            .says("the key was revoked");
        assert_eq!(simulator.requests().len(), 3);
    }
}

#[test]
fn a_403_says_who_must_do_what() {
    let lapsed = || TeamState::MembershipLapsed {
        team_id: "AB12CD34EF".to_owned(),
    };
    for (state, title, advice, quote) in [
        (
            TeamState::Good,
            "the key's role is too small",
            "making a new key",
            "“The API key in use does not allow this request”",
        ),
        (
            TeamState::AgreementMissing,
            "an agreement is missing or has expired",
            "The key is fine. The Account Holder must sign in to App Store Connect → Business",
            "“A required agreement is missing or has expired.”",
        ),
        (
            TeamState::AgreementMissingOldForm,
            "an agreement is missing or has expired",
            "The key is fine. The Account Holder must sign in to App Store Connect → Business",
            "“Access Unavailable”",
        ),
        (
            lapsed(),
            "the team's membership is not active",
            "The key is fine. The Account Holder must renew",
            "AB12CD34EF",
        ),
    ] {
        let key = TestKey::generate();
        let simulator = Simulator::start();
        let roles = [if state == TeamState::Good {
            Role::AccessToReports
        } else {
            Role::AppManager
        }];
        simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, &key).with_roles(roles));
        simulator.set_team_state(state);
        validate(&key, &simulator)
            .run()
            .code(13)
            .says(&format!(
                "error: Apple accepts the key but forbids this (403): {title}\n"
            ))
            .says(quote)
            .says(advice)
            .says("(team key), from ASC_KEY_ID")
            .says("request ID ");
        assert_eq!(simulator.requests().len(), 1, "a 403 is final");

        let step = Step::new();
        step.run(&["setup"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(13)
            .says(title)
            .says(advice);
        assert_eq!(step.leftovers(), Vec::<std::path::PathBuf>::new());
        assert_eq!(step.read("OUTPUT"), "", "nothing is handed over");
    }
}

#[test]
fn bodies_that_say_nothing_are_judged_by_their_status() {
    let huge = |status| Fault::HugeBody {
        status,
        bytes: 10 << 20,
    };
    for (status, code, title) in [
        (401, 12, "Apple refused this credential (401 without a code)"),
        (
            403,
            13,
            "Apple accepts the key but forbids this (403): for a reason of Apple's own",
        ),
        (500, 20, "Apple's service failed (status 500)"),
    ] {
        for fault in [Fault::Html(status), Fault::Empty(status), huge(status)] {
            let key = TestKey::generate();
            let simulator = simulator_with(&key);
            simulator.fail_always(fault.clone());
            let ran = Run::new(&["validate", "--timeout", "2s"])
                .team_key(&key)
                .api(&simulator)
                .run()
                .code(code)
                .says(title)
                .does_not_say("<html>")
                .does_not_say("xxxx");
            let has_id = ran.text().contains("request ID ");
            assert_eq!(
                has_id,
                fault == huge(status),
                "a gateway sends no request ID: {fault:?}"
            );
        }
    }
}

#[test]
fn what_is_not_app_store_connect_is_said_to_be_something_else() {
    let raw = |body: &str| Fault::Raw {
        status: 200,
        content_type: "application/json".to_owned(),
        body: body.as_bytes().to_vec(),
    };
    for (fault, status) in [
        (Fault::Status(404), 404),
        (Fault::Html(404), 404),
        (Fault::Html(200), 200),
        (Fault::Empty(200), 200),
        (raw("[]"), 200),
        (raw("ok"), 200),
    ] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        simulator.fail_always(fault);
        validate(&key, &simulator)
            .run()
            .code(20)
            .says(&format!("is not App Store Connect (status {status})"))
            .says(", from ASC_API_URL")
            .says("Something else answered: check ASC_API_URL, and whether this network asks for a sign-in.");
        assert_eq!(simulator.requests().len(), 1);
    }
}

#[test]
fn a_request_that_apple_does_not_understand_is_a_defect_of_ours() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.fail_always(Fault::Status(400));
    validate(&key, &simulator)
        .run()
        .code(1)
        .says("Apple did not understand the request (status 400)")
        .says("“A parameter has an invalid value”")
        .says("This is a defect of asc-auth. Please report it with this text.")
        .says("request ID ");
    assert_eq!(simulator.requests().len(), 1);
}

#[test]
fn apples_words_can_not_issue_commands() {
    let hostile =
        "X\n::error::owned\r::add-mask::owned\u{2028}::owned ##[error]owned ##[add-mask]owned \u{1b}[31mred\u{7}";
    let body = serde_json::json!({"errors": [{"code": hostile, "title": hostile, "detail": hostile}]}).to_string();
    for (status, code) in [(401, 12), (403, 13), (400, 1), (500, 20), (429, 20)] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
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
            let step = Step::new();
            let ran = step
                .run(&[command, "--timeout", "1s", "--output", output])
                .team_key(&key)
                .api(&simulator)
                .run()
                .code(code)
                .says("owned");
            for line in commands(&ran.text()) {
                let ours = line.starts_with("::add-mask::") || line.starts_with("::error title=");
                assert!(ours && !line.contains("##["), "{status} {output}: {line}");
                assert!(!line.starts_with("::add-mask::owned"), "{line}");
            }
            assert!(
                !ran.text().contains(['\u{1b}', '\u{7}', '\u{2028}', '\r']),
                "{}",
                ran.text()
            );
        }
        let ran = Run::new(&["validate", "--timeout", "1s"])
            .team_key(&key)
            .api(&simulator)
            .run();
        let ran = ran.code(code).says("owned");
        assert!(!ran.text().contains(['\u{1b}', '\u{7}', '\r']), "{}", ran.text());
        assert!(ran.text().lines().all(|line| !line.starts_with("::")), "{}", ran.text());
    }
}

#[test]
fn a_server_that_sends_the_token_back_does_not_get_it_into_the_log() {
    let key = TestKey::generate();
    let server = ReflectingServer::start();
    for output in ["text", "json"] {
        let ran = Run::new(&["validate", "--timeout", "1s", "--output", output])
            .team_key(&key)
            .env("ASC_API_URL", server.url())
            .run();
        let token = server.last_token().expect("a token");
        let signature = token.rsplit('.').next().expect("a signature");
        assert!(!ran.text().contains(&token), "{}", ran.text());
        assert!(!ran.text().contains(signature), "{}", ran.text());
        assert!(ran.text().contains("***"), "{}", ran.text());
    }
}
