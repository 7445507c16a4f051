//! `--export`: each tool gets exactly the variables and files that it reads.

use std::{collections::BTreeMap, fs, path::Path};

use simulator::{ApiKey, Simulator, TestKey};

use crate::support::{ISSUER_ID, KEY_ID, Run, Step, simulator_with};

/// What each convention sets; `PATH` is the key file, `DIR` its directory, `JSON` fastlane's own file.
const VARIABLES: [(&str, &[(&str, &str)]); 8] = [
    (
        "asc",
        &[
            ("ASC_KEY_ID", KEY_ID),
            ("ASC_ISSUER_ID", ISSUER_ID),
            ("ASC_PRIVATE_KEY_PATH", "PATH"),
            ("ASC_KEY_TYPE", "team"),
        ],
    ),
    (
        "fastlane",
        &[
            ("APP_STORE_CONNECT_API_KEY_KEY_ID", KEY_ID),
            ("APP_STORE_CONNECT_API_KEY_ISSUER_ID", ISSUER_ID),
            ("APP_STORE_CONNECT_API_KEY_KEY_FILEPATH", "PATH"),
            ("APP_STORE_CONNECT_API_KEY_PATH", "JSON"),
        ],
    ),
    ("altool", &[("API_PRIVATE_KEYS_DIR", "DIR")]),
    (
        "codemagic",
        &[
            ("APP_STORE_CONNECT_KEY_IDENTIFIER", KEY_ID),
            ("APP_STORE_CONNECT_ISSUER_ID", ISSUER_ID),
            ("APP_STORE_CONNECT_PRIVATE_KEY", "@file:PATH"),
        ],
    ),
    (
        "expo",
        &[
            ("EXPO_ASC_API_KEY_PATH", "PATH"),
            ("EXPO_ASC_KEY_ID", KEY_ID),
            ("EXPO_ASC_ISSUER_ID", ISSUER_ID),
        ],
    ),
    (
        "tauri",
        &[
            ("APPLE_API_ISSUER", ISSUER_ID),
            ("APPLE_API_KEY", KEY_ID),
            ("APPLE_API_KEY_PATH", "PATH"),
        ],
    ),
    (
        "electron-builder",
        &[
            ("APPLE_API_KEY", "PATH"),
            ("APPLE_API_KEY_ID", KEY_ID),
            ("APPLE_API_ISSUER", ISSUER_ID),
        ],
    ),
    (
        "quill",
        &[
            ("QUILL_NOTARY_KEY", "PATH"),
            ("QUILL_NOTARY_KEY_ID", KEY_ID),
            ("QUILL_NOTARY_ISSUER", ISSUER_ID),
        ],
    ),
];

/// The variables that a step has after this list was exported, and what they should be.
fn exported(step: &Step) -> BTreeMap<String, String> {
    let mut environment = step.environment();
    let directory = environment.remove("ASC_AUTH_DIR");
    assert_eq!(directory, Some(step.outputs()["key-dir"].clone()));
    environment
}

fn expected<'a>(step: &Step, variables: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let outputs = step.outputs();
    variables
        .into_iter()
        .map(|(name, value)| {
            let value = match *value {
                "PATH" => outputs["key-path"].clone(),
                "@file:PATH" => format!("@file:{}", outputs["key-path"]),
                "DIR" => outputs["key-dir"].clone(),
                "JSON" => outputs["api-key-json-path"].clone(),
                value => value.to_owned(),
            };
            ((*name).to_owned(), value)
        })
        .collect()
}

fn team(step: &Step, key: &TestKey, simulator: &Simulator, list: &str) -> Run {
    step.run(&["setup", "--export", list]).team_key(key).api(simulator)
}

#[test]
fn each_tool_gets_exactly_its_variables() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for (name, variables) in VARIABLES {
        let step = Step::new();
        team(&step, &key, &simulator, name).run().code(0);
        assert_eq!(exported(&step), expected(&step, variables), "{name}");
        let json = &step.outputs()["api-key-json-path"];
        assert_eq!(json.is_empty(), name != "fastlane", "{name}: {json}");
        assert!(Path::new(&step.outputs()["key-path"]).is_file());
    }
}

#[test]
fn several_tools_get_all_of_theirs() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for list in [
        "asc,fastlane,altool,codemagic,expo,tauri,quill",
        " quill , tauri,\nexpo\ncodemagic,,altool,fastlane,asc,asc,none",
    ] {
        let step = Step::new();
        team(&step, &key, &simulator, list).run().code(0);
        let all = VARIABLES.iter().filter(|(name, _)| *name != "electron-builder");
        let all = all.flat_map(|(_, variables)| variables.iter());
        assert_eq!(exported(&step), expected(&step, all), "{list:?}");
    }
}

#[test]
fn none_exports_nothing() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for list in ["none", " , "] {
        let step = Step::new();
        team(&step, &key, &simulator, list).run().code(0);
        assert_eq!(exported(&step), BTreeMap::new(), "{list:?}");
    }
}

#[test]
fn an_individual_key_sets_no_issuer_anywhere() {
    let key = TestKey::generate();
    let simulator = Simulator::start();
    simulator.register(ApiKey::individual(KEY_ID, &key));
    for (name, variables) in VARIABLES {
        let step = Step::new();
        team(&step, &key, &simulator, name)
            .env("ASC_KEY_TYPE", "individual")
            .unset("ASC_ISSUER_ID")
            .run()
            .code(0);
        let without: Vec<(&str, &str)> = variables
            .iter()
            .filter(|(_, value)| *value != ISSUER_ID)
            .map(|(name, value)| (*name, if *value == "team" { "individual" } else { value }))
            .collect();
        assert_eq!(exported(&step), expected(&step, &without), "{name}");
    }
}

#[test]
fn fastlanes_file_holds_what_fastlane_reads() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for (arguments, duration, in_house) in [
        (&["--lifetime", "5m"][..], 300, false),
        (&["--lifetime", "20m"], 1200, false),
        (&["--lifetime", "30d", "--scope", "GET /v1/ciProducts"], 1200, false),
        (&["--in-house"], 900, true),
    ] {
        simulator.set_audience(if in_house {
            "apple-developer-enterprise-v1"
        } else {
            "appstoreconnect-v1"
        });
        let step = Step::new();
        let arguments = [&["setup", "--export", "fastlane"], arguments].concat();
        step.run(&arguments).team_key(&key).api(&simulator).run().code(0);
        let outputs = step.outputs();
        let text = fs::read_to_string(&outputs["api-key-json-path"]).expect("a file");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let pem = fs::read_to_string(&outputs["key-path"]).expect("a key file");
        let whole = serde_json::json!({
            "key_id": KEY_ID,
            "issuer_id": ISSUER_ID,
            "key": pem,
            "duration": duration,
            "in_house": in_house,
        });
        assert_eq!(json, whole);
        step.cleanup().code(0);
        assert!(step.leftovers().is_empty());
    }
}

#[test]
fn fastlanes_file_of_an_individual_key_has_no_issuer() {
    let key = TestKey::generate();
    let simulator = Simulator::start();
    simulator.register(ApiKey::individual(KEY_ID, &key));
    let step = Step::new();
    team(&step, &key, &simulator, "fastlane")
        .env("ASC_KEY_TYPE", "individual")
        .unset("ASC_ISSUER_ID")
        .run()
        .code(0);
    let text = fs::read_to_string(&step.outputs()["api-key-json-path"]).expect("a file");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(json.get("issuer_id").is_none(), "the file names an issuer");
    assert_eq!(json["key_id"], KEY_ID);
}

#[test]
fn two_tools_that_read_one_variable_differently_are_refused() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for list in ["tauri,electron-builder", "electron-builder,asc,tauri"] {
        let step = Step::new();
        team(&step, &key, &simulator, list)
            .run()
            .code(2)
            .says("APPLE_API_KEY can't serve both tauri and electron-builder")
            .says("Export for one of them");
        assert_eq!(step.read("STATE"), "");
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn an_unknown_tool_is_refused_with_the_list_of_the_known() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for list in ["gradle", "asc,Fastlane", "asc;fastlane"] {
        let step = Step::new();
        team(&step, &key, &simulator, list)
            .run()
            .code(2)
            .says("export knows no tool named ")
            .says("asc, fastlane, altool, codemagic, expo, tauri, electron-builder, quill.");
        assert_eq!(step.read("STATE"), "");
    }
    assert!(simulator.requests().is_empty());
}
