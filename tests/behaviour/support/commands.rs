//! The commands that make, change or remove files, and what each promises when it says that it is done. A new one joins
//! the matrix of mishaps by a row here. `key create` and `key rotate`, which leave something at Apple as well, have a
//! [stage of their own](super::killed).

use std::{fmt, fs, path::Path};

use super::{
    ISSUER_ID,
    auth_dir::assert_good,
    job::{kept_tokens, mode},
    mishaps::End,
    read_entries,
    workplace::{Way, Workplace},
};

pub struct Row {
    pub name: &'static str,
    pub way: Way,
    /// The arguments of each run before it. `KEY_FILE` stands for a key file, and `DIRECTORY` for the private directory that
    /// a `setup` has made.
    pub before: &'static [&'static [&'static str]],
    /// What is done to that directory then.
    pub spoil: fn(&Path),
    pub arguments: &'static [&'static str],
    /// Whether a second run begins with what the first one has left, or with what clean-up has.
    pub goes_on: bool,
    /// What the second run may say instead of doing it again.
    pub done_before: Option<&'static str>,
    /// What must be there when it has said that it is done.
    pub done: fn(&Workplace, &End),
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Row {
    pub fn prints_token(&self) -> bool {
        self.arguments[0] == "token"
    }
}

const SETUP: Row = Row {
    name: "setup",
    way: Way::GitHub,
    before: &[],
    spoil: |_| {},
    arguments: &["setup", "--export=fastlane"],
    goes_on: false,
    done_before: None,
    done: handed_over,
};

const LOGIN: Row = Row {
    name: "the first login",
    way: Way::Shell,
    arguments: &[
        "login",
        "--name=new",
        "--bypass-keychain",
        "--issuer-id",
        ISSUER_ID,
        "--private-key",
        "KEY_FILE",
    ],
    goes_on: true,
    done_before: Some("a profile of this name is stored already\n  profile    new, in ~/.asc/config.json"),
    done: |place, _| assert!(place.names().contains(&"new".to_owned())),
    ..SETUP
};

const TOKEN: Row = Row {
    name: "token, beside others",
    way: Way::GitLab,
    before: &[&["setup", "--validate=false"]],
    // The one that is there is for longer.
    arguments: &["token", "--lifetime=10m"],
    goes_on: true,
    done: printed,
    ..SETUP
};

const EXEC: Row = Row {
    name: "exec in a shell",
    way: Way::Shell,
    arguments: &["exec", "--", "sh", "-c", "printf '%s\\n' \"$ASC_TOKEN\""],
    done: |place, end| {
        assert_eq!(end.stdout, "***\n");
        removed(place, end);
    },
    ..SETUP
};

pub const SETUP_IN_GITHUB: Row = Row {
    name: "setup in a GitHub step",
    ..SETUP
};

pub const SETUP_IN_GITLAB: Row = Row {
    name: "setup in a GitLab job",
    way: Way::GitLab,
    ..SETUP
};

pub const SETUP_IN_SHELL: Row = Row {
    name: "setup in a shell",
    way: Way::Shell,
    arguments: &["setup", "--ci=none", "--validate=false", "--output=json"],
    ..SETUP
};

pub const CLEANUP_IN_GITHUB: Row = Row {
    name: "cleanup of a GitHub step",
    before: &[&["setup", "--export=fastlane", "--validate=false"]],
    arguments: &["cleanup", "--dir", "DIRECTORY"],
    goes_on: true,
    done: removed,
    ..SETUP
};

pub const CLEANUP_IN_GITLAB: Row = Row {
    name: "cleanup of a GitLab job",
    way: Way::GitLab,
    before: &[&["setup", "--validate=false"], &["setup", "--validate=false"]],
    arguments: &["cleanup", "--job"],
    goes_on: true,
    done: removed,
    ..SETUP
};

pub const FIRST_LOGIN: Row = LOGIN;

pub const ANOTHER_LOGIN: Row = Row {
    name: "another login",
    before: &[
        &[
            "login",
            "--name=a",
            "--bypass-keychain",
            "--issuer-id",
            ISSUER_ID,
            "--private-key",
            "KEY_FILE",
        ],
        &[
            "login",
            "--name=b",
            "--bypass-keychain",
            "--issuer-id",
            ISSUER_ID,
            "--private-key",
            "KEY_FILE",
        ],
    ],
    ..LOGIN
};

pub const ANOTHER_TOKEN: Row = TOKEN;

pub const FIRST_TOKEN: Row = Row {
    name: "token, where none is kept",
    spoil: |directory| fs::remove_file(directory.join("tokens.jsonl")).expect("it is there"),
    ..TOKEN
};

pub const EXEC_IN_SHELL: Row = EXEC;

pub const EXEC_IN_GITLAB: Row = Row {
    name: "exec in a GitLab job",
    way: Way::GitLab,
    arguments: &[
        "exec",
        "--no-validate",
        "--",
        "sh",
        "-c",
        "printf '%s\\n' \"$ASC_TOKEN\"",
    ],
    ..EXEC
};

/// A key file, a token and a record of both are in a directory that whoever goes on is told of.
fn handed_over(place: &Workplace, end: &End) {
    let [directory] = place.private_dirs().try_into().expect("one private directory");
    let key_file = directory.join("AuthKey_2X9R4QWVK6.p8");
    let key = fs::read_to_string(&key_file).expect("a key file");
    assert_eq!(key, place.key.pkcs8_pem());
    assert_eq!(mode(&key_file), 0o600);
    assert!(directory.join("credential.json").is_file());
    let tokens = kept_tokens(&directory);
    let token = tokens[0]["token"].as_str().expect("a token");
    assert_good("setup", token, &place.key);

    let outputs = read_entries(&place.file("OUTPUT"));
    if let Some(told) = outputs.get("token") {
        assert_eq!(told, token);
        assert_eq!(outputs["key-path"], key_file.to_str().expect("UTF-8"));
        let state = read_entries(&place.file("STATE"));
        assert_eq!(state["private_dir"], directory.to_str().expect("UTF-8"));
        return;
    }
    let env_file = directory.join("env");
    assert!(end.stdout.contains(env_file.to_str().expect("UTF-8")), "it is not told");
    assert!(fs::read_to_string(env_file).expect("an env file").contains(token));
}

/// Nothing is left, or it is told what is: a job does not fail for it.
fn removed(place: &Workplace, end: &End) {
    for directory in place.private_dirs() {
        let above = directory.parent().expect("a directory");
        let is_told = [&directory, above].iter().any(|path| {
            let told = format!("{} is still there", path.display());
            let doubted = format!("{} may still be there", path.display());
            end.text.contains(&told) || end.text.contains(&doubted)
        });
        assert!(is_told, "{} is left", directory.display());
    }
}

/// A token that whoever redacts the directory's logs knows of.
fn printed(place: &Workplace, end: &End) {
    let token = end.stdout.strip_suffix('\n').expect("a line");
    assert_good("token", token, &place.key);
    let [directory] = place.private_dirs().try_into().expect("one private directory");
    let tokens = fs::read_to_string(directory.join("tokens.jsonl")).expect("tokens");
    assert!(tokens.contains(token), "it is not kept");
}
