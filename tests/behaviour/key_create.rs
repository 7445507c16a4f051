//! `asc-auth key create`: a key is made as it was asked for, and its private half is saved before a word is said.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use simulator::{Role, WebStep};

use crate::support::{
    Ran, Step,
    child::{BINARY, Running},
    job::mode,
    new_key::{NAME, active, assert_no_key_told, assert_nothing_left, assert_saved_in, blitz, create, done, file_in},
    runner::masks,
    shell::in_shell,
    web::Person,
};

/// The command in a report that comes next.
#[track_caller]
fn next(ran: &Ran) -> String {
    let text = ran.text();
    let line = text.lines().find_map(|line| line.strip_prefix("  next       "));
    line.unwrap_or_else(|| panic!("no next line in:\n{text}")).to_owned()
}

#[test]
fn a_key_is_made_and_saved_and_told() {
    let person = Person::new();
    let session = person.home.path().join("session.json");
    fs::rename(person.session_file(), &session).expect("it is moved");
    fs::remove_dir_all(blitz(&person)).expect("nothing else is in it");
    let run = create(&person, &["--session", session.to_str().expect("UTF-8")]);
    let ran = done(&person, run).code(0);
    let key = assert_saved_in(&blitz(&person), &person);
    let file = file_in(&blitz(&person), &key).display().to_string();
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        format!(
            "saved the private key of {id} in {file}; if this is interrupted, the same command goes on\n\
             App Store Connect: made the key {NAME}\n\
             \x20 key        {id} (team key)\n\
             \x20 issuer     {issuer}\n\
             \x20 role       Developer\n\
             \x20 file       {file}\n\
             \x20 next       asc-auth login --name NAME --key-id {id} --issuer-id {issuer} --private-key {file}\n\
             warning: this file is the only copy of the private key: Apple never gives it out again. Keep it safe\n",
            id = key.id,
            issuer = person.apple.issuer_id(),
        )
    );
    assert_eq!(key.roles, [Role::Developer]);
    assert_eq!(mode(&blitz(&person)), 0o700);
    assert_eq!(mode(&blitz(&person).join("asc-auth")), 0o700);
    assert_nothing_left(&blitz(&person), &person);
    let steps = [WebStep::List, WebStep::Create, WebStep::Download, WebStep::Issuer];
    assert_eq!(person.apple.web_requests(), steps);
}

#[test]
fn the_name_is_kept_as_it_is_and_roles_may_be_spelt_in_any_way() {
    let person = Person::new();
    let name = "Über  CI: \"it's\" ##[group] 🚀";
    let words = ["key", "create", "--name", name, "--role", "App Manager"];
    let more = ["--role", "CUSTOMER_SUPPORT", "--role", "app-manager"];
    let ran = done(&person, person.run(&[&words[..], &more].concat())).code(0);
    ran.says("role       App Manager, Customer Support");
    let keys = person.apple.team_keys();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].nickname, name);
    assert_eq!(keys[0].roles, [Role::AppManager, Role::CustomerSupport]);
    // It is known again, whatever is shown of it.
    done(&person, person.run(&words))
        .code(2)
        .says("an active key has this name already");
    assert_eq!(person.apple.team_keys().len(), 1);
}

#[test]
fn the_command_to_log_in_with_works_as_it_is_pasted() {
    let person = Person::new();
    let folder = person.home.work().join("the team's keys");
    let ran = done(&person, create(&person, &["--output-dir", "the team's keys"])).code(0);
    let key = assert_saved_in(&folder, &person);
    assert_eq!(mode(&folder), 0o700);
    let programs = Path::new(BINARY).parent().expect("a directory").to_owned();
    let path = env::var_os("PATH").expect("a path");
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&path))).expect("a path");
    let pasted = person.run(&[]).through(&["sh", "-c", &next(&ran)]);
    done(&person, pasted.env("PATH", path).env("ASC_BYPASS_KEYCHAIN", "1")).code(0);
    let run = person.run(&["validate", "--profile", "NAME", "--bypass-keychain"]);
    done(&person, run).code(0).says(&key.id);
}

#[test]
fn the_result_can_be_read_as_json_and_nothing_else_is_on_stdout() {
    let person = Person::new();
    let folder = person.home.work().join("keys");
    let ran = done(&person, create(&person, &["--output", "json", "--output-dir", "keys"])).code(0);
    let key = assert_saved_in(&folder, &person);
    let file = file_in(&folder, &key).display().to_string();
    let (id, issuer) = (&key.id, person.apple.issuer_id());
    let only_copy = "this file is the only copy of the private key: Apple never gives it out again. Keep it safe";
    assert_eq!(
        ran.json(),
        json!({
            "key_id": id,
            "issuer_id": issuer,
            "name": NAME,
            "roles": ["DEVELOPER"],
            "private_key_path": file,
            "profile": null,
            "next": format!("asc-auth login --name NAME --key-id {id} --issuer-id {issuer} --private-key {file}"),
            "warnings": [only_copy],
        })
    );
    assert_eq!(ran.stderr, format!("warning: {only_copy}\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_is_there_is_left_as_it_is() {
    let person = Person::new();
    let folder = person.home.work().join("keys");
    fs::create_dir(&folder).expect("a directory");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::write(folder.join("README"), "mine").expect("a file");
    done(&person, create(&person, &["--output-dir", "keys/"])).code(0);
    assert_saved_in(&folder, &person);
    assert_nothing_left(&folder, &person);
    assert_eq!(mode(&folder), 0o755);
    assert_eq!(fs::read_dir(&folder).expect("a directory").count(), 2);
}

#[test]
fn it_can_be_stored_as_a_profile_at_once() {
    let person = Person::new();
    let ran = done(&person, create(&person, &["--login", "MyApp", "--bypass-keychain"])).code(0);
    let key = assert_saved_in(&blitz(&person), &person);
    let ran = ran.says("profile    MyApp, in ~/.asc/config.json");
    assert_eq!(next(&ran), "asc-auth token --profile MyApp --bypass-keychain");
    let config = person.home.config();
    assert_eq!(config["keys"][0]["key_id"], json!(key.id));
    assert_eq!(config["keys"][0]["issuer_id"], json!(person.apple.issuer_id()));
    let token = person
        .run(&["token", "--profile", "MyApp", "--bypass-keychain"])
        .run()
        .code(0);
    assert_eq!(
        crate::support::http::status_with(token.stdout.trim(), &person.apple),
        200
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_keychain_gets_it_where_there_is_one() {
    use crate::support::keyring::Keyring;

    let (person, keyring) = (Person::new(), Keyring::unlocked());
    let in_session = |run| person.home.in_session(&keyring, run);
    let ran = done(&person, in_session(create(&person, &["--login", "MyApp"]))).code(0);
    let key = assert_saved_in(&blitz(&person), &person);
    let ran = ran.says("profile    MyApp, in keychain");
    assert_eq!(next(&ran), "asc-auth token --profile MyApp");
    let item = keyring.lookup("asc:credential:MyApp").expect("an item");
    let item: Value = serde_json::from_str(&item).expect("JSON");
    assert!(key.is_private_half(item["private_key_pem"].as_str().expect("a PEM")));
    let validate = in_session(person.run(&["validate", "--profile", "MyApp"]));
    done(&person, validate).code(0).says(&key.id);
}

#[test]
fn in_a_repository_it_is_warned_that_git_would_take_the_key() {
    for (ignored, says) in [("", true), ("*.p8\n", false)] {
        let person = Person::new();
        let git = std::process::Command::new("git")
            .args(["init", "--quiet"])
            .current_dir(person.home.work())
            .status();
        assert!(git.expect("git starts").success());
        fs::write(person.home.work().join(".gitignore"), ignored).expect("a file");
        let ran = done(&person, create(&person, &["--output-dir", "keys"])).code(0);
        let key = assert_saved_in(&person.home.work().join("keys"), &person);
        let told = ran.text().contains("warning: git does not ignore");
        assert_eq!(told, says, "{}", ran.text());
        assert!(!told || ran.text().contains(&key.id));
    }
}

#[test]
fn in_a_github_job_the_key_is_masked_before_anything_is_said() {
    for output in ["text", "json"] {
        let (person, step) = (Person::new(), Step::new());
        let run = create(&person, &["--output", output])
            .env("GITHUB_ACTIONS", "true")
            .env("RUNNER_TEMP", step.temp());
        let ran = done(&person, run).code(0);
        let key = assert_saved_in(&blitz(&person), &person);
        let log = if output == "json" { &ran.stderr } else { &ran.stdout };
        let masked = masks(log);
        let pem = fs::read_to_string(file_in(&blitz(&person), &key)).expect("the key");
        for line in pem.lines().filter(|line| !line.starts_with("-----")) {
            assert!(masked.iter().any(|mask| mask == line), "{output}: {}", ran.text());
        }
        let is_mask: Vec<bool> = log.lines().map(|line| line.starts_with("::add-mask::")).collect();
        let first_word = is_mask.iter().position(|is_mask| !is_mask).expect("a word");
        assert!(
            is_mask[first_word..].iter().all(|is_mask| !is_mask),
            "{output}: {}",
            ran.text()
        );
        if output == "json" {
            ran.json();
        }
        assert!(step.leftovers().is_empty());
    }
}

/// What there is when a request comes.
struct Glimpse {
    step: WebStep,
    /// All that was said.
    words: String,
    /// What is in the directory.
    files: Vec<String>,
}

#[test]
fn the_private_key_is_on_the_disk_before_a_word_is_said_and_before_anything_else_is_asked() {
    let person = Person::new();
    let glimpses = Arc::new(Mutex::new(Vec::new()));
    let (seen, keys) = (glimpses.clone(), person.home.work().join("keys"));
    let said = person.home.path().join("said");
    let log = said.clone();
    person.apple.before_web(move |step| {
        let files = fs::read_dir(&keys).into_iter().flatten().flatten();
        let texts = files.map(|file| fs::read_to_string(file.path()).unwrap_or_default());
        let words = fs::read_to_string(&log).unwrap_or_default();
        let files = texts.collect();
        let glimpse = Glimpse { step, words, files };
        seen.lock().expect("no poison").push(glimpse);
    });
    let run = create(&person, &["--output-dir", "keys"]).env("SAID", &said);
    in_shell("exec \"$0\" \"$@\" >\"$SAID\" 2>&1", run).code(0);
    let key = assert_saved_in(&person.home.work().join("keys"), &person);
    let glimpses = glimpses.lock().expect("no poison");
    let steps: Vec<WebStep> = glimpses.iter().map(|glimpse| glimpse.step).collect();
    assert_eq!(
        steps,
        [WebStep::List, WebStep::Create, WebStep::Download, WebStep::Issuer]
    );
    for Glimpse { step, words, files } in &glimpses[..3] {
        assert_eq!((words.as_str(), files.len()), ("", 0), "{step:?}");
    }
    let Glimpse { words, files, .. } = &glimpses[3];
    assert!(
        words.starts_with(&format!("saved the private key of {}", key.id)),
        "{words}"
    );
    assert!(files.len() == 1 && key.is_private_half(&files[0]), "it is not whole");
}

#[test]
fn two_at_once_make_one_key_of_a_name_and_two_of_two_names() {
    for (names, keys, codes) in [([NAME, NAME], 1, [0, 2]), ([NAME, "Nightly"], 2, [0, 0])] {
        let person = Person::new();
        let mut running = names.map(|name| {
            let words = ["key", "create", "--role", "developer", "--name", name];
            Running::start(person.run(&words))
        });
        let mut ends = running.each_mut().map(Running::end);
        ends.sort_unstable();
        let said: String = running.iter().map(|run| run.stderr.text()).collect();
        assert_eq!(ends, codes, "{said}");
        assert_no_key_told(&person, &said);
        person.assert_kept(&said);
        assert_eq!(person.apple.team_keys().len(), keys, "{said}");
        assert_eq!(active(&person).len(), 1);
        for key in person.apple.team_keys() {
            let text = fs::read_to_string(file_in(&blitz(&person), &key)).expect("the key");
            assert!(key.is_private_half(&text));
        }
        assert_nothing_left(&blitz(&person), &person);
    }
}
