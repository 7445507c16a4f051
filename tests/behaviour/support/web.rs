//! A person who is signed in to App Store Connect: a home directory with a session file in it, and a simulator that knows
//! the session. What is run here finds both, and its output never holds a cookie.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use simulator::{ApiKey, Simulator, WebRole, WebSession};

use super::{Ran, Run, profiles::Home};

/// So many characters in a row of a cookie are no accident.
const PIECE: usize = 20;

pub struct Person {
    pub home: Home,
    pub apple: Simulator,
    pub session: WebSession,
}

impl Person {
    /// An Admin, whose team has no key yet.
    pub fn new() -> Self {
        Self::who_is(WebRole::Admin)
    }

    pub fn who_is(role: WebRole) -> Self {
        Self::at(Simulator::start(), role)
    }

    /// The same at a simulator that was started in another way.
    pub fn at(apple: Simulator, role: WebRole) -> Self {
        let person = Self {
            home: Home::new(),
            session: apple.sign_in(role),
            apple,
        };
        person.write_session(&person.session.file());
        person
    }

    /// The same with profiles of the home directory's key, whose ID is `KEY_ID`, in the config file.
    #[track_caller]
    pub fn stored(mut self, names: &[&str]) -> Self {
        self.home = self.home.stored(names);
        self
    }

    /// `~/.blitz/asc-agent/web-session.json`, where nothing else is said.
    pub fn session_file(&self) -> PathBuf {
        self.home.path().join(".blitz/asc-agent/web-session.json")
    }

    /// Writes the session file anew, for its owner alone.
    pub fn write_session(&self, text: &str) {
        write_private(&self.session_file(), text);
    }

    /// A team key that Apple knows. The home directory's key is the private half of all of them.
    pub fn register(&self, key_id: &str, name: &str) {
        self.apple
            .register(ApiKey::team(key_id, self.apple.issuer_id(), &self.home.key).named(name));
    }

    /// `asc-auth ARGUMENTS` in the working directory.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.home
            .run(arguments)
            .env("ASC_WEB_URL", self.apple.url())
            .env("ASC_API_URL", self.apple.url())
    }

    /// `asc-auth key ARGUMENTS`, done.
    #[track_caller]
    pub fn key(&self, arguments: &[&str]) -> Ran {
        self.done(self.run(&[&["key"], arguments].concat()))
    }

    /// The end of `run`, whose output has no cookie in it, and which sent none to where it does not belong.
    #[track_caller]
    pub fn done(&self, run: Run) -> Ran {
        let ran = run.run();
        self.assert_kept(&ran.text());
        for request in self.apple.requests() {
            assert_eq!(request.foreign_cookies, Vec::<String>::new(), "{request:?}");
        }
        ran
    }

    /// That a text, an output or a file, has no cookie in it, and no part of one.
    #[track_caller]
    pub fn assert_kept(&self, text: &str) {
        for secret in self.session.secrets() {
            for piece in secret.as_bytes().chunks(PIECE) {
                let piece = str::from_utf8(piece).expect("ASCII");
                assert!(piece.len() < PIECE || !text.contains(piece), "a cookie in:\n{text}");
            }
        }
    }
}

/// Writes a file with mode 0600 in a directory with mode 0700.
pub fn write_private(path: &Path, text: &str) {
    let folder = path.parent().expect("a directory");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .expect("a directory");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("a file");
}
