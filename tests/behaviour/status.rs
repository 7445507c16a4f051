//! `status`: what is stored, what is used here, and with `--validate` whether all of it works.

use serde_json::{Value, json};
use simulator::{ApiKey, Fault, Role, Simulator, TestKey, random_key_id};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran,
    machine::{Machine, config, entry, keys},
    proof::{assert_key_kept, assert_refused},
    simulator_with,
};

const OTHER_ID: &str = "ABCDE12345";

/// A profile whose key Apple knows under a role of its own.
fn known(machine: &Machine, apple: &Simulator, name: &str, role: Role) -> Value {
    let (key, id) = (TestKey::generate(), random_key_id());
    apple.register(ApiKey::team(&id, ISSUER_ID, &key).with_roles([role]));
    entry(name, &id, &machine.key_file(&format!("{name}.p8"), &key))
}

/// A profile whose key Apple does not know.
fn unknown(machine: &Machine, name: &str) -> Value {
    let path = machine.key_file(&format!("{name}.p8"), &TestKey::generate());
    entry(name, &random_key_id(), &path)
}

/// The column `Validation`, by the names of the rows.
fn verdicts(ran: &Ran) -> Vec<(String, String)> {
    let lines = ran.stdout.lines().skip_while(|line| !line.starts_with("Name  "));
    let rows = lines.skip(1).take_while(|line| !line.starts_with("Looked in: "));
    let cells = rows.map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()));
    cells
        .map(|cells| {
            let cells: Vec<&str> = cells.collect();
            (cells[0].to_owned(), (*cells.last().expect("cells")).to_owned())
        })
        .collect()
}

// What is there

#[test]
fn stored_profiles_are_listed_in_the_order_in_which_they_are_asked() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    let mut mine = entry("Mine", OTHER_ID, "/nowhere/ApiKey.p8");
    mine["key_type"] = json!("individual");
    let odd = json!({"name": key.pem(), "key_id": key.pem(), "key_type": key.pem()});
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key), mine, odd]));
    machine.write_config("work", &keys(&[machine.profile("Local", &key)]));
    let ran = machine.run(&["status", "--bypass-keychain"]).api(&apple).run().code(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "Used here: profile MyApp (~/.asc/config.json), because default_key_name in ~/.asc/config.json says so.\n\
         Name              Key ID      Kind        Default  Stored in                      Validation\n\
         Local             2X9R4QWVK6  team                 ./.asc/config.json             -\n\
         MyApp             2X9R4QWVK6  team        yes      ~/.asc/config.json, used here  -\n\
         Mine              ABCDE12345  individual           ~/.asc/config.json             -\n\
         (no proper name)  malformed   unknown              ~/.asc/config.json             -\n\
         Looked in: keychain (bypassed); ./.asc/config.json (1 profile); ~/.asc/config.json (3 profiles).\n"
    );
    assert_key_kept("listed", &ran, &key);
    assert!(apple.requests().is_empty());
}

#[test]
fn what_is_used_here_is_told_with_the_reason() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let run = |arguments: &[&str]| machine.run(&[&["status"], arguments].concat());
    let none = run(&[]).run().code(0).says("No profile is stored.");
    none.says("Nothing is used here: no key ID, no issuer ID and no private key were given.")
        .says("./.asc/config.json (does not exist); ~/.asc/config.json (does not exist).");

    let team = run(&[]).team_key(&key).run().code(0);
    let team = team.says("Used here: ASC_KEY_ID, ASC_ISSUER_ID, ASC_PRIVATE_KEY.\n");
    assert_eq!(verdicts(&team), [("(environment)".to_owned(), "-".to_owned())]);
    assert_key_kept("environment", &team, &key);
    let flag = run(&["--key-id", OTHER_ID]).team_key(&key).run().code(0);
    assert_eq!(verdicts(&flag)[0].0, "(command line)");

    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let from = "Used here: profile MyApp (~/.asc/config.json)";
    let only = run(&[]).run().code(0);
    only.says(&format!("{from}, because no other profile is stored.\n"));
    let named = run(&["--profile=MyApp"]).run().code(0);
    named.says(&format!("{from}, because --profile names it.\n"));
    let named = run(&[]).env("ASC_PROFILE", "MyApp").run().code(0);
    named.says(&format!("{from}, because ASC_PROFILE names it.\n"));
    machine.write_config(
        "home",
        &config("MyApp", &["MyApp", "b"].map(|name| machine.profile(name, &key))),
    );
    let default = run(&[]).run().code(0);
    default.says(&format!(
        "{from}, because default_key_name in ~/.asc/config.json says so.\n"
    ));
    let completed = run(&[]).env("ASC_KEY_ID", KEY_ID).run().code(0);
    completed
        .says("Used here: ASC_KEY_ID, profile MyApp (~/.asc/config.json).\n")
        .says("warning: a part of the credential was given");
    let moved = run(&["--profile=c"]).run().code(0);
    moved.says("Nothing is used here: no profile named \"c\".");
    run(&["--strict-auth=maybe"])
        .run()
        .code(2)
        .says("--strict-auth can't be read");
}

#[test]
fn a_profile_that_has_its_key_id_from_the_file_s_name_is_the_one_in_use() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let path = machine.key_file(&format!("AuthKey_{KEY_ID}.p8"), &key);
    machine.write_config("home", &keys(&[entry("MyApp", "", &path)]));
    let ran = machine.run(&["status", "--output=json"]).run().code(0);
    assert_eq!(ran.json()["in_use"]["source"], "profile");
    assert_eq!(ran.json()["profiles"][0]["in_use"], true);
    let ran = machine.run(&["status"]).run().code(0);
    assert_eq!(verdicts(&ran), [("MyApp".to_owned(), "-".to_owned())]);
}

#[test]
fn a_profile_that_is_called_as_what_is_given_is_told_from_it_by_its_place() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("(environment)", &key)]));
    let ran = machine.run(&["status"]).team_key(&key).run().code(0);
    ran.says("\n(environment)  2X9R4QWVK6  team           not stored, used here  -\n")
        .says("\n(environment)  2X9R4QWVK6  team  yes      ~/.asc/config.json     -\n");
}

#[test]
fn a_key_file_that_has_moved_is_named_with_the_command_that_mends_it() {
    let machine = Machine::new();
    machine.write_config("home", &keys(&[entry("MyApp", KEY_ID, "/nowhere/AuthKey.p8")]));
    let ran = machine.run(&["status"]).run().code(0);
    assert_eq!(ran.stderr, "");
    ran.says("Nothing is used here: the private key file can't be read: it does not exist.\n")
        .says("  file       /nowhere/AuthKey.p8, from profile MyApp (~/.asc/config.json)\n")
        .says("\nasc-auth login --name MyApp --force --bypass-keychain --key-id ID ");
}

#[test]
fn where_a_place_can_not_be_read_it_does_not_say_that_no_profile_is_stored() {
    let machine = Machine::new();
    machine.write_config_text("home", "{");
    let ran = machine.run(&["status"]).run().code(10);
    assert!(ran.stdout.contains("No profile could be read.\n"), "{}", ran.text());
    ran.does_not_say("No profile is stored");
}

#[test]
fn what_an_earlier_setup_left_is_used() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    let setup = machine
        .run(&["setup", "--ci=none"])
        .team_key(&key)
        .api(&apple)
        .run()
        .code(0);
    let file = std::path::Path::new(setup.stdout.trim())
        .parent()
        .expect("a directory")
        .to_owned();
    let ran = machine
        .run(&["status", "--validate"])
        .env("ASC_AUTH_DIR", &file)
        .api(&apple)
        .run()
        .code(0);
    assert_eq!(verdicts(&ran), [("(earlier setup)".to_owned(), "works".to_owned())]);
    ran.says("Used here: ASC_AUTH_DIR, which an earlier setup left.");
}

#[test]
fn scripts_find_it_all_under_stable_names() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    machine.write_config(
        "home",
        &config("MyApp", &[machine.profile("MyApp", &key), unknown(&machine, "Gone")]),
    );
    let ran = machine
        .run(&["status", "--validate", "--output=json"])
        .api(&apple)
        .run()
        .code(12);
    assert_key_kept("JSON", &ran, &key);
    let json = ran.json();
    let names = |value: &Value| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
    assert_eq!(
        names(&json),
        ["config_files", "in_use", "in_use_error", "keychain", "profiles"]
    );
    assert_eq!(json["in_use"]["source"], "profile");
    assert_eq!(json["in_use"]["name"], "MyApp");
    assert_eq!(json["in_use"]["key_id"], KEY_ID);
    assert_eq!(json["in_use"]["validation"]["valid"], true);
    assert_eq!(json["in_use_error"], Value::Null);
    assert_eq!(json["keychain"]["profiles"], Value::Null);
    let file = json!({"stored_in": "~/.asc/config.json", "state": "read", "profiles": 2, "error": null});
    assert_eq!(json["config_files"][1], file);
    let [mine, gone] = [&json["profiles"][0], &json["profiles"][1]];
    assert_eq!(
        names(mine),
        [
            "default",
            "error",
            "in_use",
            "key_id",
            "key_type",
            "name",
            "stored_in",
            "validation"
        ]
    );
    assert_eq!(
        (&mine["default"], &mine["in_use"], &mine["key_type"]),
        (&json!(true), &json!(true), &json!("team"))
    );
    assert_eq!(
        (&mine["validation"]["verdict"], &mine["validation"]["exit_code"]),
        (&json!("works"), &json!(0))
    );
    assert_eq!(gone["validation"]["verdict"], "refused (401)");
    assert_eq!(gone["validation"]["exit_code"], 12);
    assert!(
        gone["validation"]["error"]["title"]
            .as_str()
            .expect("a text")
            .starts_with("Apple refused")
    );

    let unchecked = machine.run(&["status", "--output=json"]).run().code(0).json();
    assert_eq!(unchecked["profiles"][0]["validation"], Value::Null);
    let nothing = Machine::new().run(&["status", "--output=json"]).run().code(0).json();
    assert_eq!((&nothing["in_use"], &nothing["profiles"]), (&Value::Null, &json!([])));
    assert_eq!(nothing["in_use_error"]["exit_code"], 10);
}

#[test]
fn the_config_file_of_a_home_that_somebody_works_in_is_one() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let ran = machine.run_in("home", &["status"]).run().code(0);
    assert_eq!(verdicts(&ran).len(), 1, "{}", ran.text());
    ran.does_not_say("./.asc");
}

// Whether it works

#[test]
fn every_profile_gets_its_own_verdict() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    let stored = [
        known(&machine, &apple, "Works", Role::Developer),
        unknown(&machine, "Gone"),
        known(&machine, &apple, "Small", Role::AccessToReports),
        entry("Moved", KEY_ID, "/nowhere/moved.p8"),
        json!({"name": "Half", "key_id": KEY_ID}),
        entry("Named", "MyKey", "/nowhere/named.p8"),
    ];
    machine.write_config("home", &config("Works", &stored));
    let ran = machine.run(&["status", "--validate"]).api(&apple).run().code(12);
    let wanted = [
        ("Works", "works"),
        ("Gone", "refused (401)"),
        ("Small", "forbidden: role"),
        ("Moved", "key file: it does not exist"),
        ("Half", "incomplete"),
        ("Named", "malformed key ID"),
    ];
    assert_eq!(
        verdicts(&ran),
        wanted.map(|(name, verdict)| (name.to_owned(), verdict.to_owned()))
    );

    // Below the table stands what validate says of each.
    let lines = |ran: &Ran| -> Vec<String> {
        let lines = ran.stderr.lines().filter(|line| !line.starts_with("request ID"));
        lines.map(str::to_owned).collect()
    };
    let told = lines(&ran).join("\n");
    for (name, _) in &wanted[1..] {
        let alone = machine.run(&["validate", "--profile", name]).api(&apple).run();
        let alone = lines(&alone).join("\n");
        assert!(told.contains(&alone), "{name}: no {alone:?} in:\n{told}");
    }
}

#[test]
fn a_credential_in_the_environment_is_proved_first() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = Simulator::start();
    machine.write_config(
        "home",
        &config("Works", &[known(&machine, &apple, "Works", Role::Developer)]),
    );
    let run = || machine.run(&["status", "--validate"]).team_key(&key).api(&apple);
    let ran = run().run();
    let rows = [("(environment)", "refused (401)"), ("Works", "works")];
    assert_eq!(
        verdicts(&ran),
        rows.map(|(name, verdict)| (name.to_owned(), verdict.to_owned()))
    );
    assert_refused(
        "environment",
        &ran,
        12,
        "error: Apple refused this credential (401 NOT_AUTHORIZED)\n",
        &key.pem(),
    );

    let ran = run().env("ASC_PRIVATE_KEY", "").env("ASC_STRICT_AUTH", "1").run();
    assert_refused("a fork", &ran, 10, "error: no private key was given\n", &key.pem());
    assert_eq!(verdicts(&ran)[0].1, "works");
}

#[test]
fn what_several_profiles_have_in_common_is_told_once() {
    let machine = Machine::new();
    let apple = Simulator::start();
    let stored = ["One", "Two", "Three"].map(|name| unknown(&machine, name));
    machine.write_config("home", &config("One", &stored));
    let ran = machine.run(&["status", "--validate"]).api(&apple).run().code(12);
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.text());
    let names: Vec<String> = ["One", "Two", "Three"]
        .iter()
        .zip(&stored)
        .map(|(name, profile)| format!("{name} ({})", profile["key_id"].as_str().expect("an ID")))
        .collect();
    ran.says(&format!("  profiles   {}\n", names.join(", ")))
        .says("  clock      in step with Apple's\n")
        .does_not_say("request ID");
}

#[test]
fn a_network_that_fails_is_told_once_with_the_host() {
    let machine = Machine::new();
    let apple = Simulator::start();
    let stored = ["One", "Two"].map(|name| known(&machine, &apple, name, Role::Developer));
    machine.write_config("home", &config("One", &stored));
    apple.fail_always(Fault::ResetBeforeResponse);
    let ran = machine
        .run(&["status", "--validate", "--timeout=2s"])
        .api(&apple)
        .run()
        .code(20);
    assert!(
        verdicts(&ran)
            .iter()
            .all(|(_, verdict)| verdict.starts_with("no connection to 127.0.0.1:")),
        "{}",
        ran.text()
    );
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.text());
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_a_long_wait_is_told() {
    use crate::support::terminal::Terminal;

    let machine = Machine::new();
    let apple = Simulator::start();
    machine.write_config("home", &keys(&[known(&machine, &apple, "MyApp", Role::Developer)]));
    // The second request never comes.
    apple.answer_together(2);
    let run = machine.run(&["status", "--validate"]).api(&apple);
    let terminal = Terminal::script("\"$0\" \"$@\"", run);
    terminal.screen.wait_for(", and trying again, for at most 60 s.\r\n");
}

#[test]
fn the_code_is_that_of_the_worst_failure() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    let apple = simulator_with(&key);
    let works = known(&machine, &apple, "Works", Role::Developer);
    let small = known(&machine, &apple, "Small", Role::AccessToReports);
    let gone = unknown(&machine, "Gone");
    let moved = entry("Moved", KEY_ID, "/nowhere/moved.p8");
    let half = json!({"name": "Half", "key_id": KEY_ID});
    let down = |stored: &[&Value]| {
        let stored: Vec<Value> = stored.iter().map(|profile| (*profile).clone()).collect();
        machine.write_config("home", &config("Works", &stored));
        machine.run(&["status", "--validate", "--timeout=1s"]).api(&apple).run()
    };
    down(&[&works]).code(0);
    down(&[&works, &small, &gone, &half, &moved]).code(12);
    down(&[&moved, &half, &small, &works]).code(13);
    down(&[&works, &moved, &half]).code(10);
    down(&[&moved, &works]).code(30);
    apple.fail_always(Fault::Html(503));
    let ran = down(&[&works, &moved]).code(30);
    assert_eq!(verdicts(&ran)[0].1, "unavailable (503)");
    down(&[&works]).code(20).says("Nothing is wrong with the key");
}

#[test]
fn that_no_profile_is_the_default_is_no_failure() {
    let machine = Machine::new();
    let apple = Simulator::start();
    let stored = ["a", "b"].map(|name| known(&machine, &apple, name, Role::Developer));
    machine.write_config("home", &keys(&stored));
    let ran = machine.run(&["status", "--validate"]).api(&apple).run().code(0);
    ran.says("Nothing is used here: 2 profiles are stored, and none of them is the default.");
}

#[test]
fn where_there_is_nothing_to_prove_nothing_is_proved() {
    let machine = Machine::new();
    let ran = machine.run(&["status", "--validate"]).run().code(10);
    ran.says("error: no key ID, no issuer ID and no private key were given\n")
        .says("No profile is stored.");
}

#[test]
fn fifty_profiles_are_proved_at_once() {
    let machine = Machine::new();
    let apple = Simulator::start();
    let stored: Vec<Value> = (0..50)
        .map(|number| known(&machine, &apple, &format!("app-{number}"), Role::Developer))
        .collect();
    machine.write_config("home", &config("app-0", &stored));
    // Whoever waits for one answer before the next request, gets none.
    apple.answer_together(50);
    let ran = machine.run(&["status", "--validate"]).api(&apple).run().code(0);
    assert_eq!(verdicts(&ran).len(), 50);
    assert!(
        verdicts(&ran).iter().all(|(_, verdict)| verdict == "works"),
        "{}",
        ran.text()
    );
    assert_eq!(apple.most_at_once(), 50);
}
