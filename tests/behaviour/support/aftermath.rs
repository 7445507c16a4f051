//! What a command that makes a key leaves, whether it was killed or not: no key that nobody knows of, no old key that is
//! revoked too soon, nothing that others can read, nothing that nobody needs any more, and no secret in its output.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use simulator::{TeamKey, WebStep};

use super::{
    KEY_ID,
    killed::{Event, Maker, NAME, PROFILE, Scene},
    mishaps::{CODES, End},
};

/// How the last line of the report ends.
const REPORTED: &str = "Keep it safe\n";

/// What a run may end with beside [`CODES`]: a session or a profile that can't be read is asked for before a key is touched.
const REFUSALS: [i32; 2] = [2, 10];

/// So many characters in a row of a private key are no accident.
const PIECE: usize = 20;

/// How the forms of any private key and of any token begin: the PEM, its base64, its body, a header's base64.
const BEGINNINGS: [&str; 5] = ["PRIVATE KEY", "LS0tLS1CRUdJTi", "MIGHAgEAMB", "MIGTAgEAMB", "eyJ"];

impl Scene {
    /// A run that came to its end has done everything, or tells by its code what was in its way.
    pub fn assert_code(&self) {
        let last = self.runs.last().expect("it ran");
        if let Some(code) = last.code.filter(|_| !last.was_hit_elsewhere()) {
            let is_known = CODES.contains(&code) || REFUSALS.contains(&code);
            assert!(is_known, "it ended with code {code}");
            assert!(code != 0 || self.is_finished(), "it told of a success that was none");
        }
    }

    /// What must be true at any moment.
    pub fn assert_nothing_is_lost(&self) {
        let all = [files_below(&self.person.home.path()), files_below(&self.temp())].concat();
        for path in all {
            let mode = fs::symlink_metadata(&path).expect("it is there").mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:04o}", path.display());
        }
        self.assert_no_secret_was_told();
        let new = self.new_keys();
        assert!(new.len() <= 1, "{new:?}");
        if !new.is_empty() && !self.is_finished() {
            assert!(!self.journals().is_empty(), "nobody knows of {new:?}");
        }
        self.assert_the_order();
    }

    /// What must be true when the command has run without being killed.
    pub fn assert_told_and_done(&self, was_finished: bool) {
        self.assert_nothing_is_lost();
        let last = self.runs.last().expect("it ran");
        if was_finished {
            assert_eq!(last.code, Some(2), "it was done already");
            let said = match self.maker {
                Maker::Create => "a profile ci is stored already in ~/.asc/config.json",
                Maker::Rotate => "was revoked already",
            };
            assert!(last.text.contains(said), "it was done already");
        } else {
            assert_eq!(last.code, Some(0));
        }
        let [new] = self.new_keys().try_into().expect("one new key");
        let active = self.person.apple.team_keys().iter().filter(|key| key.active).count();
        assert_eq!(active, 1, "a key was left behind");

        let path = self.saved_key(&new.id);
        let pem = fs::read_to_string(&path).expect("the private key");
        assert!(new.is_private_half(&pem), "{}", path.display());
        // The very words may have been what could not be written.
        let path_is_told = |run: &End| {
            run.text.contains(&path.display().to_string()) && (run.text.contains(REPORTED) || run.was_hit())
        };
        assert!(self.runs.iter().any(path_is_told), "{} was not told", path.display());
        self.assert_only_these(&path);
        let validate = ["validate", "--profile", PROFILE, "--bypass-keychain"];
        self.person.done(self.person.run(&validate)).code(0).says(&new.id);

        if let Maker::Rotate = self.maker {
            let published = fs::read_to_string(self.published()).expect("it was published");
            let is_new = !published.is_empty() && published.lines().all(|id| id == new.id);
            assert!(is_new, "published:\n{published}");
        }
    }

    /// No draft, no probe, no torn file, no journal is left. What a publish command was lent, doctor takes away.
    fn assert_only_these(&self, key: &Path) {
        let home = self.person.home.path();
        let mut expected = vec![
            self.person.home.key_file(),
            self.person.home.config_path(),
            self.person.home.path().join(".asc/config.json.lock"),
            self.person.session_file(),
            home.join(".blitz/asc-auth/key.lock"),
        ];
        expected.extend(key.starts_with(&home).then(|| key.to_owned()));
        expected.sort();
        let left: Vec<PathBuf> = files_below(&home).into_iter().filter(|path| path.is_file()).collect();
        assert_eq!(left, expected);
        self.assert_doctor_finds_what_was_lent();
    }

    /// Where the key was saved: a key that its own directory could not take is saved among the temporary files.
    fn saved_key(&self, id: &str) -> PathBuf {
        let name = format!("AuthKey_{id}.p8");
        let rescued = self
            .rescued()
            .map(|directory| directory.join(&name))
            .find(|path| path.exists());
        rescued.unwrap_or_else(|| self.person.home.path().join(".blitz").join(&name))
    }

    /// The directories of keys that their own directory could not take. No clean-up removes them.
    fn rescued(&self) -> impl Iterator<Item = PathBuf> {
        self.in_temp(true)
    }

    fn lent(&self) -> impl Iterator<Item = PathBuf> {
        self.in_temp(false)
    }

    fn in_temp(&self, are_rescued: bool) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(self.temp()).expect("a directory").flatten();
        let is_rescue = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("asc-auth-key-");
        entries
            .filter(move |entry| is_rescue(entry) == are_rescued)
            .map(|entry| entry.path())
    }

    /// Doctor removes it, or tells of it where it can't know whose it is, and how it is removed.
    fn assert_doctor_finds_what_was_lent(&self) {
        if self.lent().next().is_none() {
            return;
        }
        let run = |arguments: &[&str]| {
            let run = self.person.run(arguments).env("TMPDIR", self.temp());
            self.person.done(run)
        };
        let told = run(&["doctor", "--fix", "--confirm", "--bypass-keychain"]);
        for path in self.lent() {
            let path = path.display().to_string();
            run(&["cleanup", "--dir", &path]).code(0);
            assert!(told.text().contains(&path), "no {path} in:\n{}", told.text());
        }
        assert_eq!(self.lent().next(), None, "after:\n{}", told.text());
    }

    /// The old key is revoked by one who has proven the new one, before and after it was handed on.
    fn assert_the_order(&self) {
        self.events(|events| self.assert_the_order_of(events));
    }

    fn assert_the_order_of(&self, events: &[Event]) {
        let old = format!("/{KEY_ID}");
        let revoked = events
            .iter()
            .position(|event| event.request.web_step == Some(WebStep::Revoke) && event.request.path.ends_with(&old));
        let keys = self.person.apple.team_keys();
        let is_active = keys.iter().any(|key| key.id == KEY_ID && key.active);
        let Some(revoked) = revoked else {
            assert!(
                is_active || matches!(self.maker, Maker::Create),
                "the old key was revoked"
            );
            return;
        };
        let new = self.new_keys();
        let is_proof = |event: &&Event| {
            let token = event.request.token.as_ref().and_then(|token| token.key_id());
            event.request.status == Some(200) && token == new.first().map(|key| key.id.as_str())
        };
        let proofs: Vec<bool> = events[..revoked]
            .iter()
            .filter(is_proof)
            .map(|event| event.was_published)
            .collect();
        assert_eq!(proofs.first(), Some(&false), "it was published before it was proven");
        assert_eq!(proofs.last(), Some(&true), "it was not proven after it was published");
    }

    fn assert_no_secret_was_told(&self) {
        let told: String = self.runs.iter().map(|run| run.text.as_str()).collect();
        self.person.assert_kept(&told);
        for beginning in BEGINNINGS {
            assert!(!told.contains(beginning), "{beginning:?} was told");
        }
        let files = files_below(&self.person.home.path()).into_iter();
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "p8")) {
            let pem = fs::read_to_string(&path).expect("a key file");
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            for piece in body.as_bytes().windows(PIECE) {
                let piece = str::from_utf8(piece).expect("ASCII");
                assert!(!told.contains(piece), "the key in {} was told", path.display());
            }
        }
    }

    /// The active keys of the name.
    fn new_keys(&self) -> Vec<TeamKey> {
        let keys = self.person.apple.team_keys().into_iter();
        keys.filter(|key| key.active && key.nickname == NAME).collect()
    }

    pub fn journals(&self) -> Vec<PathBuf> {
        let files = files_below(&self.person.home.path().join(".blitz/asc-auth")).into_iter();
        files
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect()
    }

    /// Whether there is a new key and nothing left to be done.
    pub fn is_finished(&self) -> bool {
        let keys = self.person.apple.team_keys();
        let old_is_active = keys.iter().any(|key| key.id == KEY_ID && key.active);
        !self.new_keys().is_empty() && self.journals().is_empty() && !old_is_active
    }
}

/// All that is below a directory, sorted.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}
