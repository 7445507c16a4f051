//! The token of a private directory: reused while it is fresh, and safe with many processes at once.
//!
//! A reader sees a whole entry or none. What can't be read, is for another key or another request, has expired, or
//! was minted in what is now the future, counts for nothing. Every token that is handed out is told to whoever
//! redacts this directory's logs first.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{Token, TokenRequest};
use crate::{
    credential::{KeyId, KeyKind},
    private_files::{self, Lock},
    random,
};

const ENTRY: &str = "token.json";
const LOCK: &str = "token.lock";

/// The tokens that were handed out, one a line.
pub const MINTED: &str = "minted";

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

    /// The token that is good for more than `min_remaining` seconds from `now`.
    pub fn fresh(&self, now: i64, min_remaining: u64) -> Option<Token> {
        let text = Zeroizing::new(fs::read(self.directory.join(ENTRY)).ok()?);
        let mut entry: Entry = serde_json::from_slice(&text).ok()?;
        let is_fresh = entry.purpose == self.purpose.0
            && entry.minted_at <= now
            && entry.expires_at > now.saturating_add_unsigned(min_remaining);
        is_fresh.then(|| Token::new(std::mem::take(&mut entry.token), entry.expires_at))
    }

    /// The fresh token, else the one that `mint` makes by the time that `now` tells. One process mints while the
    /// others wait.
    pub fn fresh_or(
        &self,
        min_remaining: u64,
        now: impl Fn() -> i64,
        mint: impl FnOnce(i64) -> Token,
    ) -> io::Result<Token> {
        let _lock = Lock::acquire(self.directory, LOCK);
        let now = now();
        if let Some(token) = self.fresh(now, min_remaining) {
            return Ok(token);
        }
        let token = mint(now);
        self.store(&token, now)?;
        Ok(token)
    }

    /// Puts `token`, minted at `now`, in the place of the one before.
    pub fn store(&self, token: &Token, now: i64) -> io::Result<()> {
        tell(self.directory, token)?;
        let entry = Entry {
            purpose: self.purpose.0.clone(),
            token: token.secret().to_owned(),
            minted_at: now,
            expires_at: token.expires().as_second(),
        };
        let mut json = Zeroizing::new(Vec::with_capacity(2048));
        serde_json::to_writer(&mut *json, &entry)?;
        private_files::replace_file(self.directory, ENTRY, &json)
    }
}

/// Tells whoever redacts this directory's logs of a token, which must come before anybody else sees it.
pub fn tell(directory: &Path, token: &Token) -> io::Result<()> {
    let line = Zeroizing::new(format!("{}\n", token.secret()));
    private_files::append(directory, MINTED, line.as_bytes())
}
