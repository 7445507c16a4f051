//! `asc-auth token` in the steps after a `setup`: the same token while it is fresh, else a new one from the key file of
//! `ASC_AUTH_DIR`, whatever has become of the cache, with many processes at once; and no directory that can't be trusted.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use simulator::ApiKey;

use crate::support::{
    KEY_ID, Ran,
    auth_dir::{assert_good, kept, later, plant, token},
    http::status_with,
    job::{Job, kept_tokens, now},
    proof::{AUDIENCE, assert_refused, assert_token_of, judge, read_token},
    simulator_with,
};

// Fresh or not

#[test]
fn the_token_of_setup_is_printed_while_it_is_fresh() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let handed_over = kept(&directory);
    assert_eq!(token(&directory, &[]), handed_over);
    let first = plant(&job, &directory, 800);
    for _ in 0..3 {
        assert_eq!(token(&directory, &[]), first);
    }
    assert_eq!(kept_tokens(&directory).len(), 1, "nothing was minted");
    assert_token_of("reused", &later(&directory, &["token"]).run(), &job.key);
}

#[test]
fn a_token_with_less_than_two_minutes_left_is_replaced() {
    for (left, is_reused) in [
        (900, true),
        (180, true),
        (110, false),
        (1, false),
        (-1, false),
        (-90_000, false),
    ] {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        let first = plant(&job, &directory, left);
        let second = token(&directory, &[]);
        assert_eq!(second == first, is_reused, "{left} s left");
        assert_good("replaced", &second, &job.key);
        assert_eq!(token(&directory, &[]), second, "the new one is kept");
    }
}

#[test]
fn how_much_must_be_left_can_be_said() {
    for (left, wanted, is_reused) in [
        (500, "400", true),
        (500, "6m", true),
        (500, "600s", false),
        (500, "899", false),
        (60, "0", true),
        (60, "0s", true),
        (60, "30", true),
        (-1, "0", false),
    ] {
        let job = Job::new();
        let directory = job.auth_dir(&[]);
        let first = plant(&job, &directory, left);
        let again = token(&directory, &["--min-remaining", wanted]);
        assert_eq!(again == first, is_reused, "{left} s left, {wanted} wanted");
    }
}

#[test]
fn what_no_token_can_satisfy_or_nobody_can_read_is_refused() {
    let job = Job::new();
    let directory = job.auth_dir(&["--lifetime", "10m"]);
    for (wanted, sentence) in [
        ("10m", "--min-remaining is not shorter"),
        ("15m", "--min-remaining is not shorter"),
        ("99999999999999999999999", "--min-remaining is not shorter"),
        ("soon", "--min-remaining can't be read"),
        ("-1", "--min-remaining"),
        ("1.5m", "--min-remaining can't be read"),
        ("", "--min-remaining"),
    ] {
        let argument = format!("--min-remaining={wanted}");
        let ran = later(&directory, &["token", &argument]).run();
        assert_refused(wanted, &ran, 2, sentence, &job.key.pem());
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(kept_tokens(&directory).len(), 1);
}

#[test]
fn in_json_it_comes_with_its_expiry_reused_or_not() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    for left in [None, Some(1)] {
        if let Some(left) = left {
            plant(&job, &directory, left);
        }
        let ran = later(&directory, &["token", "--output", "json"]).run().code(0);
        let json = ran.json();
        let token = assert_good("json", json["token"].as_str().expect("a token"), &job.key);
        let expires_at: jiff::Timestamp = json["expires_at"].as_str().expect("a time").parse().expect("RFC 3339");
        assert_eq!(Some(expires_at.as_second()), token.expires_at());
        assert_eq!((&json["key_id"], &json["key_type"]), (&json!(KEY_ID), &json!("team")));
        assert_eq!(ran.stderr, "");
    }
}

// What it is for

#[test]
fn a_token_for_something_else_is_another_one_and_takes_no_ones_place() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let plain = kept(&directory);
    let mut all = BTreeSet::from([plain.clone()]);
    for arguments in [
        &["--lifetime", "5m"][..],
        &["--lifetime", "20m"],
        &["--scope", "GET /v1/apps"],
        &["--scope", "GET /v1/apps", "--scope", "GET /v1/builds"],
        &["--scope", "GET /v1/apps", "--lifetime", "5m"],
        &["--in-house"],
    ] {
        let other = token(&directory, arguments);
        assert!(
            all.insert(other.clone()),
            "{arguments:?} got a token that was minted for something else"
        );
        assert_eq!(token(&directory, arguments), other, "{arguments:?} is reused too");
    }
    assert_eq!(token(&directory, &[]), plain);
    assert_eq!(
        token(&directory, &["--lifetime", "900"]),
        plain,
        "what setup was asked for, in other words"
    );
    assert_eq!(kept_tokens(&directory).len(), all.len());
}

#[test]
fn an_individual_key_goes_on_as_one() {
    let job = Job::new();
    let directory = job.auth_dir(&["--key-type", "individual"]);
    let first = plant(&job, &directory, 800);
    assert_eq!(token(&directory, &[]), first);
    fs::remove_file(directory.join("tokens.jsonl")).expect("the cache");
    let second = token(&directory, &[]);
    assert_ne!(second, first);
    let key = ApiKey::individual(KEY_ID, &job.key);
    assert_eq!(judge(&second, key.clone(), "/v1/apps", AUDIENCE), Ok(key));
    let json = later(&directory, &["token", "--output", "json"]).run().code(0).json();
    assert_eq!(json["key_type"], "individual");
}

#[test]
fn what_setup_was_asked_for_is_kept() {
    let job = Job::new();
    let scopes = ["GET /v1/ciProducts", "GET /v1/ciWorkflows?limit=5"];
    let directory = job.auth_dir(&[
        "--in-house",
        "--lifetime",
        "30d",
        "--scope",
        scopes[0],
        "--scope",
        scopes[1],
    ]);
    let first = kept(&directory);
    assert_eq!(token(&directory, &[]), first);
    fs::remove_file(directory.join("tokens.jsonl")).expect("the cache");
    let second = read_token(&token(&directory, &[]));
    let first = read_token(&first);
    for token in [&first, &second] {
        assert_eq!(token.scope(), Some(scopes.to_vec()));
        assert_eq!(token.audience(), Some("apple-developer-enterprise-v1"));
        let left = token.expires_at().expect("exp") - now();
        assert!((29 * 86_400..=30 * 86_400).contains(&left), "{left}");
    }
}

#[test]
fn the_clock_that_setup_found_right_goes_on_being_right() {
    for server_is_ahead in [3600, -3600, 40, -40] {
        let job = Job::new();
        let simulator = simulator_with(&job.key);
        simulator.set_clock_offset(server_is_ahead);
        let ran = job
            .run(&["setup", "--output", "json"])
            .team_key(&job.key)
            .api(&simulator)
            .run()
            .code(0);
        let directory = PathBuf::from(ran.json()["key_dir"].as_str().expect("a path"));
        let first = kept(&directory);
        assert_eq!(
            token(&directory, &[]),
            first,
            "{server_is_ahead}: fresh by the right clock"
        );
        fs::remove_file(directory.join("tokens.jsonl")).expect("the cache");
        let second = token(&directory, &[]);
        assert_eq!(status_with(&second, &simulator), 200, "{server_is_ahead}");
        assert_eq!(token(&directory, &[]), second, "{server_is_ahead}");
        let other = token(&directory, &["--lifetime", "20m"]);
        assert_eq!(status_with(&other, &simulator), 200, "{server_is_ahead}");
    }
}

// Many at once

/// Starts many and collects what they printed.
fn at_once(number: usize, directory: &Path) -> Vec<Ran> {
    let children: Vec<Child> = (0..number)
        .map(|_| {
            let mut command = later(directory, &["token"]).into_command();
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
            child.expect("it starts")
        })
        .collect();
    children
        .into_iter()
        .map(|child| Ran::from(child.wait_with_output().expect("it ends")))
        .collect()
}

#[test]
fn fifty_at_once_with_a_stale_cache_all_get_a_valid_token() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let stale = plant(&job, &directory, -5);
    let ran = at_once(50, &directory);
    let tokens: BTreeSet<String> = ran
        .into_iter()
        .map(|ran| {
            assert_token_of("one of fifty", &ran, &job.key);
            assert_eq!(ran.stderr, "");
            ran.stdout.trim_end().to_owned()
        })
        .collect();
    assert!(!tokens.contains(&stale));
    let kept = kept_tokens(&directory);
    assert!(
        kept.len() <= 6,
        "one mints while the others wait: {} minted",
        kept.len() - 1
    );
    for token in tokens {
        let is_kept = kept.iter().any(|line| line["token"] == token.as_str());
        assert!(is_kept, "a token that nobody was told of");
    }
}

#[test]
fn fifty_at_once_on_a_torn_cache_leave_no_line_torn() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let path = directory.join("tokens.jsonl");
    let text = fs::read(&path).expect("the cache");
    fs::write(&path, &text[..text.len() / 2]).expect("a file");
    for ran in at_once(50, &directory) {
        assert_token_of("one of fifty", &ran, &job.key);
    }
    let text = fs::read_to_string(&path).expect("UTF-8");
    let torn = text
        .lines()
        .filter(|line| !line.is_empty() && serde_json::from_str::<Value>(line).is_err());
    assert_eq!(
        torn.count(),
        1,
        "the line that was torn before, and no other:\n{}",
        text.len()
    );
}

#[test]
fn a_lock_that_is_never_let_go_of_stops_nobody() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    plant(&job, &directory, 1);
    let lock = fs::File::create(directory.join("tokens.lock")).expect("a file");
    lock.lock().expect("the lock");
    for ran in at_once(4, &directory) {
        assert_token_of("while it is held", &ran, &job.key);
    }
    drop(lock);
    assert_token_of("afterwards", &later(&directory, &["token"]).run(), &job.key);
}

// What has become of the cache

/// A way to spoil a cache; whether what it held is still good.
type Spoiled = (&'static str, Vec<u8>, bool);

fn spoiled(line: &[u8], line_of_another_key: &[u8]) -> Vec<Spoiled> {
    let line = line.trim_ascii();
    let half = &line[..line.len() / 2];
    let changed = |name: &str, value: Value| {
        let mut entry: Value = serde_json::from_slice(line).expect("JSON");
        entry[name] = value;
        format!("\n{entry}\n").into_bytes()
    };
    let utf16: Vec<u8> = line.iter().flat_map(|byte| [*byte, 0]).collect();
    vec![
        ("empty", Vec::new(), false),
        ("garbage", b"garbage\n".to_vec(), false),
        ("binary", (0..=255).cycle().take(5000).collect(), false),
        ("no UTF-8", b"\xff\xfe{\"purpose\":\"\xc3\x28\"}\n".to_vec(), false),
        ("UTF-16", utf16, false),
        ("zeros, as a crash of the machine leaves", vec![0; 4096], false),
        ("torn", half.to_vec(), false),
        ("torn, and a line end", [half, b"\n"].concat(), false),
        ("its second half", line[line.len() / 2..].to_vec(), false),
        ("torn in a token", [half, b"\n", half].concat(), false),
        ("JSON of another kind", b"[]\nnull\n{}\n\"x\"\n1\n".to_vec(), false),
        ("deep JSON", vec![b'['; 100_000], false),
        ("a huge line", vec![b'x'; 3_000_000], false),
        ("another key's", line_of_another_key.to_vec(), false),
        ("for another purpose", changed("purpose", json!("0".repeat(64))), false),
        ("for no purpose", changed("purpose", json!("")), false),
        ("expired", changed("expires_at", json!(now() - 1)), false),
        ("long expired", changed("expires_at", json!(i64::MIN)), false),
        (
            "minted in the future, by a clock that has jumped back",
            changed("minted_at", json!(now() + 600)),
            false,
        ),
        (
            "minted at the end of time",
            changed("minted_at", json!(i64::MAX)),
            false,
        ),
        (
            "a time that is no number",
            changed("expires_at", json!("tomorrow")),
            false,
        ),
        ("a time beyond all numbers", changed("expires_at", json!(1e300)), false),
        ("torn behind a whole line", [line, b"\n", half].concat(), true),
        ("torn before a whole line", [half, b"\n", line, b"\n"].concat(), true),
        ("Windows' line ends", [line, b"\r\n"].concat(), true),
        ("garbage around it", [b"garbage\n", line, b"\n\xff\n"].concat(), true),
    ]
}

#[test]
fn whatever_the_cache_has_become_a_valid_token_comes() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    let path = directory.join("tokens.jsonl");
    let first = plant(&job, &directory, 800);
    let line = fs::read(&path).expect("the cache");
    let others = Job::new();
    let line_of_another_key = fs::read(others.auth_dir(&[]).join("tokens.jsonl")).expect("the cache");
    for (row, text, is_good) in spoiled(&line, &line_of_another_key) {
        fs::write(&path, text).expect("a file");
        let ran = later(&directory, &["token"]).run();
        assert_token_of(row, &ran, &job.key);
        assert_eq!(ran.stderr, "", "{row}");
        let token = ran.stdout.trim_end();
        assert_eq!(token == first, is_good, "{row}");
        assert_good(row, token, &job.key);
        let again = later(&directory, &["token"]).run();
        assert_eq!(again.stdout.trim_end(), token, "{row}: the cache works again");
    }
    fs::remove_file(&path).expect("the cache");
    assert_token_of("removed", &later(&directory, &["token"]).run(), &job.key);
}

#[test]
fn a_directory_in_the_caches_place_is_told_and_not_ignored() {
    let job = Job::new();
    let directory = job.auth_dir(&[]);
    fs::remove_file(directory.join("tokens.jsonl")).expect("the cache");
    fs::create_dir(directory.join("tokens.jsonl")).expect("a directory");
    let ran = later(&directory, &["token"]).run();
    assert_refused(
        "a directory",
        &ran,
        30,
        "the token could not be written",
        &job.key.pem(),
    );
    assert_eq!(ran.stdout, "");
    assert!(
        !ran.text().contains("was removed"),
        "the private directory is still there:\n{}",
        ran.text()
    );
    assert!(directory.is_dir());
}
