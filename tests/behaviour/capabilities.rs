//! `asc-auth capabilities`: what a key can reach, as Apple answers, and never more than that.

use simulator::{ApiKey, Fault, Role, Simulator, TeamState, TestKey};

use crate::support::{ISSUER_ID, KEY_ID, Ran, Run, Step, runner::without_masks, secrets::Secrets};

const VENDOR: &[&str] = &["--vendor-number", "85123456"];

fn apple_with(key: &TestKey, role: Role) -> Simulator {
    let apple = Simulator::start();
    apple.register(ApiKey::team(KEY_ID, ISSUER_ID, key).with_roles([role]));
    apple
}

fn ask(apple: &Simulator, key: &TestKey, arguments: &[&str]) -> Ran {
    let arguments = [&["capabilities", "--output", "json"], arguments].concat();
    Run::new(&arguments).team_key(key).api(apple).run()
}

/// The result of each group that was asked, by its last path segment.
fn results(ran: &Ran) -> Vec<(String, String)> {
    let shown = ran.json();
    let capabilities = shown["capabilities"].as_array().expect("a list");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    capabilities
        .iter()
        .map(|one| {
            let request = text(&one["request"]);
            let group = request.strip_prefix("GET /v1/").expect("a GET").to_owned();
            (group, text(&one["result"]))
        })
        .collect()
}

fn with_result<'a>(results: &'a [(String, String)], wanted: &str) -> Vec<&'a str> {
    let found = results.iter().filter(|(_, result)| result == wanted);
    found.map(|(group, _)| group.as_str()).collect()
}

#[test]
fn each_role_reaches_what_apple_lets_it_reach() {
    const APPS: [&str; 3] = ["apps", "builds", "betaGroups"];
    const SIGNING: [&str; 4] = ["bundleIds", "certificates", "devices", "profiles"];
    const REPORTS: [&str; 2] = ["salesReports", "financeReports"];
    for (role, reached) in [
        (
            Role::Admin,
            [&APPS[..], &SIGNING, &["ciProducts", "users"], &REPORTS].concat(),
        ),
        (Role::Developer, [&APPS[..], &SIGNING, &["ciProducts"]].concat()),
        (Role::Sales, [&APPS[..], &["salesReports"]].concat()),
        (Role::Finance, [&APPS[..], &REPORTS].concat()),
        (Role::AccessToReports, REPORTS.to_vec()),
    ] {
        let key = TestKey::generate();
        let apple = apple_with(&key, role);
        let ran = ask(&apple, &key, VENDOR).code(0);
        let results = results(&ran);
        assert_eq!(with_result(&results, "reachable"), reached, "{role:?}");
        assert_eq!(results.len(), 11);
        assert_eq!(with_result(&results, "forbidden").len(), 11 - reached.len(), "{role:?}");
        assert_eq!(apple.requests().len(), 11, "one request each");
    }
}

#[test]
fn people_get_a_table_and_are_told_what_was_not_asked() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::AppManager);
    let ran = Run::new(&["capabilities"]).team_key(&key).api(&apple).run().code(0);
    assert!(
        ran.stdout.starts_with("Endpoint group  Result     Suggests\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("\nusers           forbidden  not Admin\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("\napps            reachable  any role that sees apps\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("reports"), "{}", ran.stdout);
    ran.says("Reports were not asked for: give --vendor-number.")
        .says("(team key), from ASC_KEY_ID")
        .says(&format!("  API root   {}/, from ASC_API_URL\n", apple.url()));
    let root = ask(&apple, &key, &[]).code(0).json()["api_root"].clone();
    assert_eq!(root, format!("{}/", apple.url()));
}

#[test]
fn a_service_that_failed_has_told_nothing_and_never_forbids() {
    let check = |fault: Fault| {
        let key = TestKey::generate();
        let apple = apple_with(&key, Role::Developer);
        apple.fail_at("/v1/users", fault.clone());
        let ran = ask(&apple, &key, &["--timeout", "6s"]).code(20);
        let results = results(&ran);
        assert_eq!(with_result(&results, "unknown"), ["users"], "{fault:?}");
        assert_eq!(with_result(&results, "forbidden"), [""; 0], "{fault:?}");
        assert_eq!(ran.json()["incomplete"], true);
    };
    // Each of them tries until its time is over: they do so at once.
    std::thread::scope(|scope| {
        for fault in [
            Fault::Status(500),
            Fault::Html(503),
            Fault::TooManyRequests { retry_after: Some(600) },
            Fault::ResetBeforeResponse,
            Fault::Unauthorized,
        ] {
            scope.spawn(|| check(fault));
        }
    });
}

#[test]
fn an_answer_that_is_not_apples_is_unknown_and_trying_again_is_no_help() {
    for fault in [
        Fault::Html(200),
        Fault::Html(403),
        Fault::Status(404),
        Fault::Redirect("https://example.com/".to_owned()),
    ] {
        let key = TestKey::generate();
        let apple = apple_with(&key, Role::Admin);
        apple.fail_at("/v1/users", fault.clone());
        let ran = ask(&apple, &key, &[]).code(0);
        assert_eq!(with_result(&results(&ran), "unknown"), ["users"], "{fault:?}");
    }
}

#[test]
fn a_failure_that_passes_is_tried_again() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Admin);
    // The first is the proof; whichever comes next fails once.
    apple.fail_next(Fault::Latency(std::time::Duration::ZERO));
    apple.fail_next(Fault::Status(503));
    apple.fail_next(Fault::Unauthorized);
    let ran = ask(&apple, &key, VENDOR).code(0);
    assert_eq!(with_result(&results(&ran), "reachable").len(), 11);
}

#[test]
fn a_missing_agreement_is_told_for_each_group() {
    for state in [TeamState::AgreementMissing, TeamState::AgreementMissingOldForm] {
        let key = TestKey::generate();
        let apple = apple_with(&key, Role::Admin);
        apple.set_team_state(state);
        let ran = ask(&apple, &key, VENDOR).code(0);
        assert_eq!(with_result(&results(&ran), "agreement").len(), 11);
        Run::new(&["capabilities"])
            .team_key(&key)
            .api(&apple)
            .run()
            .code(0)
            .says("the Account Holder must sign");
    }
}

#[test]
fn a_key_that_apple_refuses_is_diagnosed_as_validate_does() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Admin);
    apple.revoke(KEY_ID);
    let run = Run::new(&["capabilities"]).team_key(&key).api(&apple);
    run.run()
        .code(12)
        .says("Apple refused this credential")
        .says("the key was revoked");
    assert!(apple.requests().iter().all(|request| request.path == "/v1/apps"));
}

#[test]
fn no_report_is_a_report_that_could_be_read() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Finance);
    apple.set_reports("85123456", false);
    let ran = ask(&apple, &key, VENDOR).code(0);
    let told = results(&ran);
    assert!(with_result(&told, "reachable").contains(&"salesReports"));
    assert!(with_result(&told, "reachable").contains(&"financeReports"));

    apple.set_reports("11111111", true);
    let ran = ask(&apple, &key, VENDOR).code(0);
    assert_eq!(
        with_result(&results(&ran), "unknown"),
        ["salesReports", "financeReports"]
    );
    assert!(
        ran.stdout.contains("Apple does not know this vendor number"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_report_of_any_size_is_not_read_to_its_end() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Sales);
    apple.fail_at(
        "/v1/salesReports",
        Fault::HugeBody {
            status: 200,
            bytes: 1 << 30,
        },
    );
    let ran = ask(&apple, &key, VENDOR).code(0);
    assert_eq!(
        with_result(&results(&ran), "unknown"),
        ["salesReports"],
        "it is no gzip"
    );
}

#[test]
fn a_vendor_number_is_digits_alone() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Admin);
    for number in ["85-123", "example", "8512 3456", "1", "85123456&filter[x]=y"] {
        Run::new(&["capabilities", "--vendor-number", number])
            .team_key(&key)
            .api(&apple)
            .run()
            .code(2)
            .says("--vendor-number is no vendor number")
            .does_not_say(number);
    }
    assert!(apple.requests().is_empty());
}

#[test]
fn the_token_is_masked_and_never_shown() {
    let key = TestKey::generate();
    let apple = apple_with(&key, Role::Admin);
    apple.fail_at("/v1/users", Fault::Status(403));
    for output in ["text", "json"] {
        let step = Step::new();
        let arguments = ["capabilities", "--output", output];
        let ran = step.run(&arguments).team_key(&key).api(&apple).run().code(0);
        let mut secrets = Secrets::of_key(&key);
        for token in apple.requests().into_iter().filter_map(|request| request.token) {
            assert!(ran.text().contains("::add-mask::"));
            secrets = secrets.and_token(&token.raw);
        }
        let shown = without_masks(&ran.stdout) + &without_masks(&ran.stderr);
        assert_eq!(secrets.found_in(&shown), Vec::<&str>::new(), "{shown}");
    }
}
