//! A machine on which a command runs, everything secret that it could tell, and all the places where it could be told.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use simulator::{ApiKey, Role, Simulator, TestKey, WebRole, WebSession};

use super::{rows::Row, truncated};
use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    job::now,
    machine::{Machine, config, contents, entry},
    runner::{assert_no_mask, without_masks},
    secrets::{Secrets, has_token},
};

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    GitHub,
    GitLab,
    Shell,
}

pub struct Scene {
    pub machine: Machine,
    pub apple: Simulator,
    pub session: WebSession,
    /// The key that Apple knows.
    pub known: TestKey,
    /// One that it does not know.
    pub other: TestKey,
    /// Tokens to look into: one that is good, and one that is too old.
    pub tokens: [String; 2],
    step: Step,
    place: Place,
}

impl Scene {
    pub fn new(place: Place) -> Self {
        let apple = Simulator::start();
        let known = TestKey::generate();
        let scene = Self {
            machine: Machine::new(),
            session: apple.sign_in(WebRole::Admin),
            apple,
            tokens: [0, 3600].map(|age| token(&known, age)),
            known,
            other: TestKey::generate(),
            step: Step::new(),
            place,
        };
        let key = ApiKey::team(KEY_ID, ISSUER_ID, &scene.known).named("CI pipeline");
        scene.apple.register(key.with_roles([Role::Admin]));
        scene.machine.key_file("known.p8", &scene.known);
        fs::write(scene.path("half"), truncated(&scene.known)).expect("a file");
        scene.write_session(&scene.session);
        scene
    }

    /// Files beside those that a command could leave: `known.p8`, `half`, `session.json`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.machine.path("keys").join(name)
    }

    pub fn write_session(&self, session: &WebSession) {
        let path = self.path("session.json");
        fs::write(&path, session.file()).expect("a file");
        close(&path, 0o600);
        close(&self.machine.path("keys"), 0o700);
    }

    /// The profile `MyApp`, which holds the known key's path.
    pub fn store(&self) {
        let key = self.path("known.p8");
        let entry = entry("MyApp", KEY_ID, key.to_str().expect("UTF-8"));
        let path = self.machine.write_config("home", &config("MyApp", &[entry]));
        close(&path, 0o600);
        close(path.parent().expect("a directory"), 0o700);
    }

    /// The row's command, as `{…}` in its words say: a file's path, or what is in it.
    pub fn run(&self, words: &[&str]) -> Run {
        let text = |name| self.path(name).to_str().expect("UTF-8").to_owned();
        let words: Vec<String> = words
            .iter()
            .map(|word| match *word {
                "{known}" => text("known.p8"),
                "{half}" => text("half"),
                "{session}" => text("session.json"),
                word => word.to_owned(),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let run = match self.place {
            Place::GitHub => self.step.run(&words),
            Place::GitLab => Run::new(&words)
                .env("GITLAB_CI", "true")
                .env("CI_JOB_ID", "8471123")
                .env("RUNNER_TEMP_PROJECT_DIR", self.machine.path("temp")),
            Place::Shell => Run::new(&words),
        };
        self.machine
            .at_home(run)
            .team_key(&self.known)
            .api(&self.apple)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("ASC_WEB_URL", self.apple.url())
            .env("ASC_WEB_SESSION", self.path("session.json"))
            .env("ASC_BYPASS_KEYCHAIN", "1")
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
    }

    /// Every secret that there is by now: the keys, those that were made, the tokens that were sent, and the cookies.
    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::of_key(&self.known).and_key(&self.other);
        for (path, bytes) in contents(&self.machine.path("home")) {
            if let Some(new) = TestKey::read(&String::from_utf8_lossy(&bytes)).filter(|_| is_key_file(&path)) {
                secrets = secrets.and_key(&new);
            }
        }
        let tokens = self.apple.requests().into_iter().filter_map(|request| request.token);
        for token in tokens.map(|token| token.raw).collect::<HashSet<_>>() {
            secrets = secrets.and_token(&token);
        }
        for token in &self.tokens {
            secrets = secrets.and_token(token);
        }
        for cookie in self.session.secrets() {
            secrets = secrets.and_cookie(&cookie);
        }
        secrets
    }

    /// Where the command has told a secret, and in which form. What `setup` has left is cleaned up first.
    pub fn leaks(&self, row: &Row, ran: &Ran) -> Vec<String> {
        let mut secrets = self.secrets();
        let mut shown = self.shown(&ran.stderr);
        if row.prints_token(ran) {
            secrets = secrets.and_token(&printed_token(ran));
        } else {
            shown.push_str(&self.shown(&ran.stdout));
        }
        let outputs = self.step.read("OUTPUT");
        let mut leaks = Vec::new();
        if let Some(token) = self.step.outputs().get("token").filter(|_| row.may_hand_over(ran)) {
            secrets = secrets.and_token(token);
            let keys = Secrets::of_key(&self.known).and_key(&self.other);
            let others = outputs.replace(token, "");
            leaks.extend(find(&keys, &[("the outputs".to_owned(), others)]));
        } else {
            leaks.extend(find(&secrets, &[("the outputs".to_owned(), outputs)]));
        }
        if row.hands_over(ran) {
            self.clean_up(ran);
        }
        if row.prints_environment(ran) && !shown.contains("ASC_TOKEN=***\n") {
            leaks.push("the log: the environment's token was not redacted".to_owned());
        }
        let mut told = vec![("the log".to_owned(), shown)];
        for name in ["ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            told.push((name.to_owned(), self.step.read(name)));
        }
        for (path, text) in self.left() {
            if row.makes_key() && self.is_told(&path, ran) {
                continue;
            }
            if is_key_file(&path) {
                leaks.push(format!("{}: a key file is left", path.display()));
            }
            told.push((path.display().to_string(), text));
        }
        leaks.extend(find(&secrets, &told));
        leaks
    }

    /// As a person sees it: only GitHub's runner takes a mask for a command and hides it.
    fn shown(&self, log: &str) -> String {
        match self.place {
            Place::GitHub => without_masks(log),
            Place::GitLab | Place::Shell => {
                assert_no_mask(log);
                log.to_owned()
            }
        }
    }

    /// Every file in the directories that a command could leave something in, and what is in it.
    fn left(&self) -> Vec<(PathBuf, String)> {
        let [home, work, temp] = ["home", "work", "temp"].map(|name| self.machine.path(name));
        let all = [home, work, temp, self.step.temp()];
        let all = all.iter().flat_map(|directory| contents(directory));
        all.map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
            .collect()
    }

    /// Whether this is the file of the new key, whose path was printed: the command was asked to make it.
    fn is_told(&self, path: &Path, ran: &Ran) -> bool {
        let home = self.machine.path("home");
        let Ok(below) = path.strip_prefix(&home) else {
            return false;
        };
        let forms = [path.display().to_string(), format!("~/{}", below.display())];
        is_key_file(path) && forms.iter().any(|form| ran.text().contains(form))
    }

    /// What the end of the job does after a `setup`.
    fn clean_up(&self, ran: &Ran) {
        match self.place {
            Place::GitHub => drop(self.step.cleanup()),
            Place::GitLab => drop(self.run(&["cleanup", "--job"]).run().code(0)),
            Place::Shell => {
                let json = || {
                    serde_json::from_str::<Value>(&ran.stdout).ok()?["key_dir"]
                        .as_str()
                        .map(str::to_owned)
                };
                let folder = || Path::new(ran.stdout.trim_end()).parent()?.to_str().map(str::to_owned);
                let directory = json().or_else(folder).expect("a directory");
                self.run(&["cleanup", "--dir", &directory]).run().code(0);
            }
        }
    }
}

/// A token of the key that was made so many seconds ago, for a quarter of an hour.
fn token(key: &TestKey, age: i64) -> String {
    let at = now() - age;
    let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
    let claims = json!({"iss": ISSUER_ID, "iat": at, "exp": at + 900, "aud": "appstoreconnect-v1"});
    key.sign_token(&header, &claims)
}

/// The result of `token`.
fn printed_token(ran: &Ran) -> String {
    let token = match serde_json::from_str::<Value>(&ran.stdout) {
        Ok(json) => json["token"].as_str().expect("a token").to_owned(),
        Err(_) => ran.stdout.strip_suffix('\n').expect("a line").to_owned(),
    };
    assert_eq!(token.split('.').count(), 3, "{token}");
    assert!(!token.contains(char::is_whitespace), "{token}");
    token
}

/// The names of the forms in each of these texts. A token that was never sent is known by its form alone.
fn find(secrets: &Secrets, told: &[(String, String)]) -> Vec<String> {
    let found = |(place, text): &(String, String)| {
        let mut forms = secrets.found_in(text);
        forms.extend(has_token(text).then_some("some token"));
        (!forms.is_empty()).then(|| format!("{place}: {forms:?}"))
    };
    told.iter().filter_map(found).collect()
}

fn is_key_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "p8")
}

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}
