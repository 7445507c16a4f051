//! The tokens of a private directory: reused while they are fresh, and safe with many processes at once.
//!
//! They stand in one file, one JSON object a line, and are only ever appended, each in one write: a reader sees a whole
//! line or takes it for none. What can't be read, is for another key or another request, has expired, or was minted in
//! what is now the future, counts for nothing. A token stands there before anybody else sees it, which is how `exec`
//! knows what to redact.

use std::{fs, io, path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{Token, TokenRequest};
use crate::{
    credential::{KeyId, KeyKind},
    private_files::{self, Lock},
    random,
};

/// The file's name in the directory.
pub const TOKENS: &str = "tokens.jsonl";

const LOCK: &str = "tokens.lock";

/// How long another process may take to mint.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a token was minted for: it is reused for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// A digest over the key file and everything that a token claims but the time.
    pub fn of(key_file: &[u8], key_id: &KeyId, kind: &KeyKind, request: &TokenRequest) -> Self {
        let mut digest = Sha256::new();
        digest.update(key_file);
        digest.update(format!("\0{key_id}\0{kind:?}\0{request:?}"));
        Self(random::digits(&digest.finalize()))
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    purpose: String,
    token: String,
    /// Unix seconds, by the corrected clock.
    minted_at: i64,
    /// Unix seconds.
    expires_at: i64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

/// The token of one private directory.
#[derive(Debug)]
pub struct Cache<'a> {
    directory: &'a Path,
    purpose: Purpose,
}

impl<'a> Cache<'a> {
    pub fn new(directory: &'a Path, purpose: Purpose) -> Self {
        Self { directory, purpose }
    }

    /// The token that is good for more than `min_remaining` seconds from `now`: the last of them.
    pub fn fresh(&self, now: i64, min_remaining: u64) -> Option<Token> {
        let text = Zeroizing::new(fs::read(self.directory.join(TOKENS)).ok()?);
        entries(&text)
            .filter(|entry| {
                entry.purpose == self.purpose.0
                    && entry.minted_at <= now
                    && entry.expires_at > now.saturating_add_unsigned(min_remaining)
            })
            .last()
            .map(|mut entry| Token::new(std::mem::take(&mut entry.token), entry.expires_at))
    }

    /// The fresh token, else the one that `mint` makes by the time that `now` tells. One process mints while the
    /// others wait.
    pub fn fresh_or(
        &self,
        min_remaining: u64,
        now: impl Fn() -> i64,
        mint: impl FnOnce(i64) -> Token,
    ) -> io::Result<Token> {
        // Without it the token is minted all the same: at worst, twice.
        let _lock = Lock::acquire(self.directory, LOCK, PATIENCE);
        let now = now();
        if let Some(token) = self.fresh(now, min_remaining) {
            return Ok(token);
        }
        let token = mint(now);
        self.store(&token, now)?;
        Ok(token)
    }

    /// Keeps `token`, which was minted at `now`.
    pub fn store(&self, token: &Token, now: i64) -> io::Result<()> {
        append(self.directory, self.purpose.0.clone(), token, now)
    }
}

/// Tells whoever redacts this directory's logs of a token that nobody reuses.
pub fn tell(directory: &Path, token: &Token) -> io::Result<()> {
    append(directory, String::new(), token, 0)
}

/// Makes one file of the tokens of two directories, so that whoever redacts one's logs knows the tokens of the other,
/// now and later. Where files can't have two names, `inner` knows those of `outer` until now.
pub fn share(outer: &Path, inner: &Path) -> io::Result<()> {
    let (from, to) = (outer.join(TOKENS), inner.join(TOKENS));
    match fs::hard_link(&from, &to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => private_files::append(inner, TOKENS, &Zeroizing::new(fs::read(&from)?)),
        Ok(()) => Ok(()),
    }
}

/// The tokens in whole lines of the file.
pub fn tokens(text: &[u8]) -> impl Iterator<Item = Zeroizing<String>> {
    entries(text).map(|mut entry| Zeroizing::new(std::mem::take(&mut entry.token)))
}

fn entries(text: &[u8]) -> impl Iterator<Item = Entry> {
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
}

fn append(directory: &Path, purpose: String, token: &Token, now: i64) -> io::Result<()> {
    let entry = Entry {
        purpose,
        token: token.secret().to_owned(),
        minted_at: now,
        expires_at: token.expires().as_second(),
    };
    // It begins a line of its own, whatever a writer that was killed left behind.
    let mut line = Zeroizing::new(Vec::with_capacity(2048 + entry.token.len()));
    line.push(b'\n');
    serde_json::to_writer(&mut *line, &entry)?;
    line.push(b'\n');
    private_files::append(directory, TOKENS, &line)
}
