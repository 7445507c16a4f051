//! `asc-auth login` and `logout` at a terminal: they ask for what is missing, and never show a key.

use std::{fs, process::Command};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{
    ISSUER_ID, KEY_ID, Run,
    child::wait_until,
    keyring::Keyring,
    profiles::{Home, names},
    secrets::Secrets,
    terminal::{CTRL_C, CTRL_D, Terminal},
};

/// Says how it ended, and what the terminal shows of the next line.
const AFTER: &str = r#"trap : HUP INT TERM; "$0" "$@"; echo "code $?"; read line; echo "then $line""#;

/// A terminal of a person who has a keyring.
struct Desk {
    home: Home,
    keyring: Keyring,
}

impl Desk {
    fn new() -> Self {
        Self {
            home: Home::new(),
            keyring: Keyring::unlocked(),
        }
    }

    fn start(&self, arguments: &[&str]) -> Terminal {
        let run = self.home.in_session(&self.keyring, self.home.run(arguments));
        Terminal::script(AFTER, run)
    }

    fn item(&self, name: &str) -> Value {
        let item = self.keyring.lookup(&format!("asc:credential:{name}")).expect("an item");
        serde_json::from_str(&item).expect("JSON")
    }

    /// It ended with this code, the terminal shows again what is typed, and nothing of the key was ever on it.
    #[track_caller]
    fn assert_back(&self, terminal: Terminal, code: i32) -> String {
        let text = back(terminal, code);
        let found = Secrets::of_key(&self.home.key).found_in(&text);
        assert!(found.is_empty(), "{found:?} in:\n{text}");
        text
    }
}

#[track_caller]
fn back(mut terminal: Terminal, code: i32) -> String {
    terminal.screen.wait_for(&format!("code {code}\r\n"));
    terminal.type_in("shown\n");
    terminal.screen.wait_for("then shown\r\n");
    let text = terminal.screen.text();
    assert_eq!(text.matches("shown\r\n").count(), 2, "its echo and the answer:\n{text}");
    assert_eq!(terminal.process.end(), 0);
    text
}

const ASKS_FOR_KEY: &str = "press Enter twice.\r\n";
const ASKS_FOR_PATH: &str = "Path of the .p8 file, which is not shown: ";

#[test]
fn what_no_flag_gives_is_asked_for() {
    let desk = Desk::new();
    let mut terminal = desk.start(&["login"]);
    for (question, answer) in [
        ("Name of the profile: ", "My App"),
        ("Key ID: ", KEY_ID),
        ("Issuer ID (empty for an individual key): ", ISSUER_ID),
    ] {
        terminal.screen.wait_for(question);
        terminal.type_in(&format!("{answer}\n"));
    }
    terminal.screen.wait_for(ASKS_FOR_KEY);
    terminal.type_in(&desk.home.key.pem());
    let text = desk.assert_back(terminal, 0);
    assert!(text.contains("stored the profile My App"), "{text}");
    assert!(text.contains("from the terminal"), "{text}");
    let item = desk.item("My App");
    assert_eq!(
        (&item["key_id"], &item["issuer_id"]),
        (&KEY_ID.into(), &ISSUER_ID.into())
    );
    assert_eq!(item["private_key_path"], "");
}

#[test]
fn a_key_can_be_pasted_in_every_form() {
    let desk = Desk::new();
    let pem = desk.home.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for (name, typed) in [
        ("pem", pem.clone()),
        ("carriage-returns", pem.replace('\n', "\r")),
        ("both", pem.replace('\n', "\r\n")),
        ("blank-first", format!("\n\n{pem}")),
        ("unended", pem.trim_end().to_owned()),
        ("marked", format!("\x1b[200~{pem}\x1b[201~")),
        (
            "after-parameters",
            format!(
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
                desk.home.key.sec1_pem()
            ),
        ),
        ("body", format!("{body}\n\n")),
        ("body-and-ctrl-d", format!("{body}{CTRL_D}")),
    ] {
        let given = ["login", "--name", name, "--key-id", KEY_ID, "--key-type", "individual"];
        let mut terminal = desk.start(&given);
        terminal.screen.wait_for(ASKS_FOR_KEY);
        terminal.type_in(&typed);
        desk.assert_back(terminal, 0);
        assert_eq!(desk.item(name)["key_type"], "individual", "{name}");
    }
}

#[test]
fn what_follows_a_key_in_a_paste_reaches_neither_the_screen_nor_the_shell() {
    let desk = Desk::new();
    // More than a terminal holds: much of it comes when the key, or what is too long for one, was read.
    let rest = "never-shown-word\n".repeat(20_000);
    for (name, typed, code) in [
        ("key", desk.home.key.pem() + &rest, 0),
        ("marked", format!("\x1b[200~{}{rest}\x1b[201~", desk.home.key.pem()), 0),
        ("no-key", rest.clone(), 10),
    ] {
        let given = ["login", "--name", name, "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
        let terminal = desk.start(&given);
        terminal.screen.wait_for(ASKS_FOR_KEY);
        let typing = terminal.type_beside(typed);
        terminal.screen.wait_for(&format!("code {code}\r\n"));
        wait_until("the end of the paste", || typing.is_finished());
        let text = desk.assert_back(terminal, code);
        assert!(!text.contains("never-shown-word"), "{name}: {text}");
    }
}

#[test]
fn a_terminal_marks_pastes_while_the_key_is_asked_for_and_no_longer() {
    let desk = Desk::new();
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    for (kind, end, code) in [
        ("xterm", CTRL_D, 10),
        ("xterm", CTRL_C, 130),
        ("xterm", "SIGTERM", 143),
        ("dumb", CTRL_C, 130),
    ] {
        let run = desk.home.in_session(&desk.keyring, desk.home.run(&given));
        let mut terminal = Terminal::script(AFTER, run.env("TERM", kind));
        terminal.screen.wait_for(ASKS_FOR_KEY);
        if end == "SIGTERM" {
            terminal.signal(Signal::SIGTERM);
        } else {
            terminal.type_in(end);
        }
        let text = desk.assert_back(terminal, code);
        let marks: Vec<&str> = ["\x1b[?2004h", ASKS_FOR_KEY, "\x1b[?2004l"]
            .into_iter()
            .filter(|mark| text.contains(mark))
            .collect();
        if kind == "dumb" {
            assert_eq!(marks, [ASKS_FOR_KEY], "{text:?}");
        } else {
            let places: Vec<_> = marks.iter().map(|mark| text.rfind(mark)).collect();
            assert!(marks.len() == 3 && places.is_sorted(), "{text:?}");
        }
    }
}

#[test]
fn standard_input_that_is_a_terminal_is_asked_without_showing_it() {
    let desk = Desk::new();
    let given = [
        "login",
        "--name",
        "MyApp",
        "--key-id",
        KEY_ID,
        "--issuer-id",
        ISSUER_ID,
        "--private-key",
        "-",
    ];
    let mut terminal = desk.start(&given);
    terminal.screen.wait_for(ASKS_FOR_KEY);
    terminal.type_in(&desk.home.key.pem());
    desk.assert_back(terminal, 0);
}

#[test]
fn ctrl_c_gives_the_terminal_back_and_stores_nothing() {
    let desk = Desk::new();
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    let mut terminal = desk.start(&given);
    terminal.screen.wait_for(ASKS_FOR_KEY);
    terminal.type_in(&desk.home.key.pem()[..100]);
    terminal.type_in(CTRL_C);
    let text = desk.assert_back(terminal, 130);
    assert!(text.contains("Nothing was stored."), "{text}");
    assert_eq!(desk.keyring.lookup("asc:credential:MyApp"), None);

    let mut terminal = desk.start(&["login"]);
    terminal.screen.wait_for("Name of the profile: ");
    terminal.type_in(CTRL_C);
    desk.assert_back(terminal, 130);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let desk = Desk::new();
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        let terminal = desk.start(&given);
        terminal.screen.wait_for(ASKS_FOR_KEY);
        terminal.signal(signal);
        desk.assert_back(terminal, code);
    }
}

#[test]
fn what_is_typed_and_is_no_key_is_refused_and_not_shown() {
    let desk = Desk::new();
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    let cut = desk.home.key.pem()[..150].to_owned() + "\n\n";
    for (typed, sentence) in [
        (cut.as_str(), "the private key can't be used"),
        (CTRL_D, "the private key can't be used"),
        ("never-shown-word\n\n", "the private key can't be used"),
    ] {
        let mut terminal = desk.start(&given);
        terminal.screen.wait_for(ASKS_FOR_KEY);
        terminal.type_in(typed);
        let text = desk.assert_back(terminal, 10);
        assert!(text.contains(sentence) && text.contains("from the terminal"), "{text}");
        assert!(!text.contains("never-shown-word"), "{text}");
    }
    assert_eq!(desk.keyring.lookup("asc:credential:MyApp"), None);
}

#[test]
fn for_a_config_file_the_path_is_asked_for() {
    let home = Home::new();
    let given = [
        "login",
        "--name",
        "MyApp",
        "--issuer-id",
        ISSUER_ID,
        "--bypass-keychain",
        "--key-id",
        KEY_ID,
    ];
    let mut terminal = Terminal::script(AFTER, home.run(&given));
    terminal.screen.wait_for(ASKS_FOR_PATH);
    terminal.type_in("~/AuthKey_2X9R4QWVK6.p8\n");
    back(terminal, 0);
    assert_eq!(names(&home.config()), ["MyApp"]);
    assert_eq!(home.config()["private_key_path"], json!(home.key_file()));
}

#[test]
fn a_key_where_its_path_is_asked_for_is_not_shown() {
    let home = Home::new();
    let pem = home.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let (no_path, nothing) = ("a config file holds the path of a key", "no private key was given");
    for (typed, code, sentence) in [
        (pem.clone(), 2, no_path),
        (pem.replace('\n', "\r"), 2, no_path),
        (format!("{body}\n\n"), 2, no_path),
        ("-\n\n".to_owned(), 10, nothing),
        (CTRL_D.to_owned(), 10, nothing),
    ] {
        let login = home.run(&[
            "login",
            "--name",
            "MyApp",
            "--local",
            "--key-id",
            KEY_ID,
            "--issuer-id",
            ISSUER_ID,
        ]);
        let mut terminal = Terminal::script(AFTER, login);
        terminal.screen.wait_for(ASKS_FOR_PATH);
        terminal.type_in(&typed);
        let text = back(terminal, code);
        assert!(text.contains(sentence), "{text}");
        let found = Secrets::of_key(&home.key).found_in(&text);
        assert!(found.is_empty(), "{found:?} in:\n{text}");
    }
}

#[test]
fn a_path_where_the_key_is_asked_for_is_taken() {
    let desk = Desk::new();
    let file = desk.home.key_file();
    let missing = desk.home.path().join("missing.p8");
    for (path, code, sentence) in [
        (missing, 30, "the private key file can't be read: it does not exist"),
        (file, 0, "stored the profile MyApp"),
    ] {
        let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
        let mut terminal = desk.start(&given);
        terminal.screen.wait_for(ASKS_FOR_KEY);
        terminal.type_in(&format!("{}\n", path.display()));
        let text = desk.assert_back(terminal, code);
        assert!(text.contains(sentence), "{text}");
    }
    assert_eq!(desk.item("MyApp")["private_key_path"], json!(desk.home.key_file()));
}

fn in_repository(home: &Home) -> Run {
    let made = Command::new("git").args(["init", "--quiet"]).arg(home.work()).status();
    assert!(made.expect("git is there").success());
    home.login("MyApp", &["--local"])
}

#[test]
fn a_line_for_gitignore_is_added_if_the_answer_is_yes() {
    for (answer, ignored) in [("y", true), ("yes", true), ("n", false), ("", false), ("yeah", false)] {
        let home = Home::new();
        let mut terminal = Terminal::script(AFTER, in_repository(&home));
        terminal.screen.wait_for("Add the line .asc/ to .gitignore? [y/N] ");
        terminal.type_in(&format!("{answer}\n"));
        back(terminal, 0);
        let text = fs::read_to_string(home.work().join(".gitignore")).unwrap_or_default();
        assert_eq!(text, if ignored { ".asc/\n" } else { "" }, "{answer:?}");
    }
}

#[test]
fn all_profiles_are_removed_if_the_answer_is_yes() {
    let home = Home::new().stored(&["First", "Second"]);
    for (answer, left) in [("no", 2), ("y", 0)] {
        let mut terminal = Terminal::script(AFTER, home.run(&["logout", "--all"]));
        terminal
            .screen
            .wait_for("  Second, in ~/.asc/config.json\r\nRemove all of them? [y/N] ");
        terminal.type_in(&format!("{answer}\n"));
        back(terminal, 0);
        assert_eq!(names(&home.config()).len(), left, "{answer}");
    }
}
