//! What every case has, whatever the runner: teams whose keys an Apple of the case's own knows, and
//! what must hold after every job. No secret is in what was printed or left, and nothing still runs.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use simulator::{ApiKey, Simulator, TestKey, random_issuer_id, random_key_id};

use super::secrets;
use crate::{Outcome, process::wait_until};

/// A team with one API key.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) key_id: String,
    pub(crate) issuer_id: String,
    pub(crate) key: TestKey,
}

impl Team {
    /// A new team, whose key Apple knows.
    pub(crate) fn known_to(apple: &Simulator) -> Self {
        let team = Self {
            key_id: random_key_id(),
            issuer_id: random_issuer_id(),
            key: TestKey::generate(),
        };
        apple.register(ApiKey::team(&team.key_id, &team.issuer_id, &team.key));
        team
    }

    /// The same team with a key that Apple does not know.
    pub(crate) fn with_another_key(self) -> Self {
        Self {
            key: TestKey::generate(),
            ..self
        }
    }

    /// As `public-key.mjs` writes it down: the uncompressed point in hexadecimal, on a line.
    pub(crate) fn public_key(&self) -> String {
        secrets::hexadecimal(self.key.public_key()) + "\n"
    }
}

/// A file that a job left, and what is in it.
pub(crate) type Left = (PathBuf, String);

/// Fails when a text holds a key of these teams or a token that Apple saw, in any form.
pub(crate) fn no_secret_in(place: &str, text: &str, apple: &Simulator, teams: &[&Team]) -> Outcome {
    no_needle_in(place, text, &needles(apple, teams))
}

/// The same for files.
pub(crate) fn no_secret_left(left: &[Left], apple: &Simulator, teams: &[&Team]) -> Outcome {
    let needles = needles(apple, teams);
    left.iter()
        .try_for_each(|(file, content)| no_needle_in(&file.display().to_string(), content, &needles))
}

/// Fails when any process still runs this program. Where there is no /proc, none is seen.
pub(crate) fn nothing_runs(program: &Path) -> Outcome {
    let ended = wait_until(Instant::now() + Duration::from_secs(5), || !runs(program));
    require(ended, "asc-auth still runs")
}

/// Every file under a folder, with its content.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<Left>, Box<dyn Error>> {
    read_all_but(folder, &[])
}

/// The same, but a file with these bytes is told without them: a program that was there before any secret, and that
/// would take long to search.
pub(crate) fn read_all_but(folder: &Path, program: &[u8]) -> Result<Vec<Left>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(read_all_but(&entry.path(), program)?);
        } else if entry.file_type()?.is_file() {
            let bytes = fs::read(entry.path())?;
            let searched = if bytes == program { &[] } else { &bytes[..] };
            files.push((entry.path(), String::from_utf8_lossy(searched).into_owned()));
        }
    }
    Ok(files)
}

pub(crate) fn require(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn needles(apple: &Simulator, teams: &[&Team]) -> Vec<secrets::Needle> {
    // As it was given, and as asc-auth writes it.
    let pems = teams.iter().flat_map(|team| [team.key.pem(), team.key.pkcs8_pem()]);
    let mut needles: Vec<_> = pems.flat_map(|pem| secrets::forms_of_key(&pem)).collect();
    for request in apple.requests() {
        let tokens = request.token.iter();
        needles.extend(tokens.flat_map(|token| secrets::forms_of_token(&token.raw)));
    }
    needles
}

fn no_needle_in(place: &str, text: &str, needles: &[secrets::Needle]) -> Outcome {
    let found = secrets::find(text, needles);
    require(found.is_empty(), &format!("{place} holds {}", found.join(", ")))
}

fn runs(program: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_link(process.path().join("exe")).ok())
        .any(|exe| exe == program)
}
