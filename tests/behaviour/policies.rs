//! What the user wants to hold besides the key being valid: the right team, and no Admin key.

use std::time::Duration;

use simulator::{ApiKey, App, Fault, Role, Simulator, TeamState, TestKey};

use crate::support::{ISSUER_ID, KEY_ID, Run, Step, simulator_with};

fn app(bundle_id: &str) -> App {
    App {
        id: "6446123456".to_owned(),
        bundle_id: bundle_id.to_owned(),
        name: "Example".to_owned(),
    }
}

fn with_role(key: &TestKey, role: Role) -> Simulator {
    let simulator = Simulator::start();
    simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, key).with_roles([role]));
    simulator
}

#[test]
fn an_expected_app_that_the_key_sees_is_fine() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.set_apps(["com.example.other", "com.example.app"].map(app));
    for command in ["setup", "validate"] {
        let step = Step::new();
        step.run(&[command, "--expect-app", "com.example.app"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(0);
    }
    let asked = simulator.requests()[1].query.clone().expect("a query");
    assert!(asked.contains("filter[bundleId]=com.example.app"), "{asked}");
}

#[test]
fn an_expected_app_that_the_key_does_not_see_stops_the_run() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for apps in [
        vec![],
        vec!["com.example.other"],
        vec!["com.example.app.beta"],
        vec!["com.example"],
    ] {
        simulator.set_apps(apps.into_iter().map(app));
        let step = Step::new();
        step.run(&["setup", "--expect-app", "com.example.app"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(14)
            .says("this key does not see the app com.example.app")
            .says("The key works, but for another team, or the bundle ID is misspelt")
            .says("(team key), from ASC_KEY_ID");
        assert_eq!(step.read("OUTPUT"), "", "nothing is handed over");
        assert_eq!(step.leftovers(), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn an_app_whose_bundle_id_only_begins_alike_is_another_app() {
    let key = TestKey::generate();
    let listed = |bundle_id: &str| Fault::Raw {
        status: 200,
        content_type: "application/json".to_owned(),
        body: serde_json::json!({"data": [{"type": "apps", "id": "1", "attributes": {"bundleId": bundle_id}}]})
            .to_string()
            .into_bytes(),
    };
    for (bundle_id, code) in [
        ("com.example.app", 0),
        ("com.example.app.beta", 14),
        ("com.example.apple", 14),
        ("com.example", 14),
        ("COM.EXAMPLE.APP", 14),
    ] {
        let simulator = simulator_with(&key);
        simulator.fail_next(Fault::Latency(Duration::ZERO));
        simulator.fail_next(listed(bundle_id));
        let ran = Run::new(&["validate", "--expect-app", "com.example.app"])
            .team_key(&key)
            .api(&simulator)
            .run();
        assert_eq!(ran.code, Some(code), "{bundle_id}: {}", ran.text());
    }
}

#[test]
fn a_bundle_id_can_not_change_what_is_asked() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    Run::new(&["validate", "--expect-app", "x&limit=200#/../users"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(14);
    let seen = simulator.requests();
    assert_eq!(seen[1].path, "/v1/apps");
    let query = seen[1].query.as_deref().expect("a query");
    assert_eq!(query.matches("limit=").count(), 1, "{query}");
}

#[test]
fn an_admin_key_is_refused_where_it_is_forbidden_and_only_there() {
    for (role, flag, code, paths) in [
        (Role::Admin, "--forbid-admin", 14, &["/v1/apps", "/v1/users"][..]),
        (Role::Admin, "--forbid-admin=false", 0, &["/v1/apps"]),
        (Role::AppManager, "--forbid-admin", 0, &["/v1/apps", "/v1/users"]),
        (Role::Developer, "--forbid-admin=yes", 0, &["/v1/apps", "/v1/users"]),
    ] {
        let key = TestKey::generate();
        let simulator = with_role(&key, role);
        let ran = Run::new(&["validate", flag])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(code);
        if code == 14 {
            ran.says("this key can list users, so it is an Admin key")
                .says("Make a key with a smaller role");
        }
        let asked: Vec<String> = simulator.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(asked, paths);
    }
}

#[test]
fn an_admin_key_is_not_let_through_because_its_role_could_not_be_seen() {
    for (fault, code) in [
        (Fault::Status(500), 20),
        (Fault::Status(404), 20),
        (Fault::Html(200), 20),
        (Fault::Html(403), 13),
    ] {
        let key = TestKey::generate();
        let simulator = with_role(&key, Role::Admin);
        simulator.fail_next(Fault::Latency(Duration::ZERO));
        simulator.fail_always(fault);
        Run::new(&["validate", "--forbid-admin", "--timeout", "1s"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(code);
    }
    let key = TestKey::generate();
    let simulator = with_role(&key, Role::Admin);
    simulator.set_team_state(TeamState::AgreementMissing);
    Run::new(&["validate", "--forbid-admin"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(13);
}

#[test]
fn a_policy_without_validation_is_refused_before_anything_is_sent() {
    for policy in [&["--expect-app", "com.example.app"][..], &["--forbid-admin"]] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        let step = Step::new();
        let arguments = [&["setup", "--validate=false"], policy].concat();
        step.run(&arguments)
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(2)
            .says("expect-app and forbid-admin need validation, which is switched off")
            .says("Leave validate on, or leave the two out");
        assert!(simulator.requests().is_empty());
        assert_eq!(step.read("STATE"), "");
    }
}

#[test]
fn an_unreadable_policy_is_an_error_and_never_off() {
    let key = TestKey::generate();
    let simulator = with_role(&key, Role::Admin);
    for command in ["setup", "validate"] {
        let step = Step::new();
        step.run(&[command, "--forbid-admin=maybe"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(2)
            .says("--forbid-admin can't be read")
            .says("true");
    }
    let step = Step::new();
    step.run(&["setup", "--action-inputs"])
        .env("INPUT_FORBID-ADMIN", "ture")
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(2)
        .says("input forbid-admin can't be read");
    assert!(simulator.requests().is_empty());
}

#[test]
fn what_was_held_is_said() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    Run::new(&["validate", "--expect-app", "com.example.app", "--forbid-admin"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0)
        .says("policy     sees the app com.example.app")
        .says("policy     can't list users, so it is no Admin key")
        .says(&format!("API root   {}/, from ASC_API_URL", simulator.url()));
}
