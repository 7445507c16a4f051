//! Where secrets are in a buffer.
//!
//! A build prints a lot, and nearly none of it is secret: a sieve of four-byte grams, asked at every fifth byte, says
//! so at the speed of memory. It may err to one side only: what it lets through is looked up, and it never overlooks
//! a gram of a form.

use std::{fmt, iter, ops::Range};

use zeroize::{Zeroize, Zeroizing};

use super::{
    SHORTEST,
    forms::{self, Form, Part},
};
use crate::credential::PrivateKey;

const GRAM: usize = 4;
/// Any `SHORTEST` bytes in a row have a whole gram at one of these places.
const STRIDE: usize = SHORTEST - GRAM + 1;
/// So many places are asked before an answer is looked at.
const AT_ONCE: usize = 8;
/// The sieve's size in bits, as a power of two: 128 KiB stay in a core's own cache.
const SIEVE_BITS: u32 = 20;
/// The same in words.
const SIEVE: usize = 1 << (SIEVE_BITS - 6);
const BUCKET_BITS: u32 = 15;

/// Every text that must not be shown, and an index of it. Wiped when dropped.
#[derive(Clone)]
pub struct Secrets {
    /// The forms, one behind the other, with an edge before, between and behind them.
    text: Zeroizing<Vec<u8>>,
    parts: Vec<Part>,
    /// One bit a gram.
    sieve: Zeroizing<Vec<u64>>,
    /// The last place in `text`, plus one, that has a gram of a bucket.
    buckets: Zeroizing<Vec<usize>>,
    /// The place before it in the same bucket, plus one, for each place.
    earlier: Zeroizing<Vec<usize>>,
}

/// Where a part of a form stands in a buffer.
pub(super) struct Match {
    pub(super) place: Range<usize>,
    own: usize,
}

impl Match {
    pub(super) fn is_secret(&self) -> bool {
        self.own >= SHORTEST
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            text: Zeroizing::new(vec![0]),
            parts: vec![Part::Edge],
            sieve: Zeroizing::new(vec![0; SIEVE]),
            buckets: Zeroizing::new(vec![0; 1 << BUCKET_BITS]),
            earlier: Zeroizing::new(vec![0]),
        }
    }
}

impl Secrets {
    /// No secrets yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this key is a secret, in every form.
    pub fn add_key(&mut self, key: &PrivateKey) {
        self.add(&forms::of_key(key));
    }

    /// From now on this token is a secret, and so is each part of it.
    pub fn add_token(&mut self, token: &str) {
        self.add(&forms::of_token(token));
    }

    /// Forms that are part of a known one add nothing: a token may well be added twice.
    pub(super) fn add(&mut self, forms: &[Form]) {
        let room = forms.iter().map(|form| form.bytes.len() + 1).sum();
        reserve(&mut self.text, room);
        reserve(&mut self.earlier, room);
        for form in forms {
            let whole = 0..form.bytes.len();
            if !self.matches(&form.bytes, 0).any(|known| known.place == whole) {
                self.append(form);
            }
        }
    }

    fn append(&mut self, form: &Form) {
        let begin = self.text.len();
        self.text.extend_from_slice(&form.bytes);
        self.text.push(0);
        self.parts.extend_from_slice(&form.parts);
        self.parts.push(Part::Edge);
        self.earlier.resize(self.text.len(), 0);
        for (at, gram) in form.bytes.windows(GRAM).enumerate() {
            let hash = gram.first_chunk().copied().map_or(0, hash);
            let (word, bit) = in_sieve(hash);
            self.sieve[word] |= 1 << bit;
            let bucket = &mut self.buckets[in_buckets(hash)];
            self.earlier[begin + at] = *bucket;
            *bucket = begin + at + 1;
        }
    }

    /// The secrets in a buffer, from the first to the last. One may begin in the one before it.
    pub(super) fn in_buffer<'a>(&'a self, buffer: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let (mut at, mut end) = (0, 0);
        iter::from_fn(move || {
            loop {
                at = self.sieved(buffer, at)?;
                let secret = self.secret_at(buffer, at).filter(|secret| secret.end > end);
                at += STRIDE;
                if let Some(secret) = secret {
                    end = secret.end;
                    // What is secret in the rest has a gram behind this, or ends here too.
                    at = at.max((end + 1).saturating_sub(SHORTEST));
                    return Some(secret);
                }
            }
        })
    }

    /// The next place that may have a gram of a form. The sizes are in the types, so that nothing is checked twice, and
    /// several places are asked at once, because nearly always the answer is no.
    fn sieved(&self, buffer: &[u8], from: usize) -> Option<usize> {
        let sieve: &[u64; SIEVE] = self.sieve.first_chunk()?;
        let asks = |gram: [u8; GRAM]| {
            let (word, bit) = in_sieve(hash(gram));
            sieve[word] >> bit & 1
        };
        let (strides, rest) = buffer.get(from..)?.as_chunks::<STRIDE>();
        let ask = |[a, b, c, d, _]: &[u8; STRIDE]| asks([*a, *b, *c, *d]);
        let (rounds, _) = strides.as_chunks::<AT_ONCE>();
        let clean = rounds
            .iter()
            .take_while(|round| round.iter().fold(0, |any, stride| any | ask(stride)) == 0)
            .count()
            * AT_ONCE;
        let found = strides[clean..].iter().position(|stride| ask(stride) == 1);
        let at = from + found.map_or(strides.len(), |found| clean + found) * STRIDE;
        let last = || rest.first_chunk().is_some_and(|gram| asks(*gram) == 1);
        (found.is_some() || last()).then_some(at)
    }

    /// All that is secret around the gram at a place.
    fn secret_at(&self, buffer: &[u8], at: usize) -> Option<Range<usize>> {
        let secret = self.secret_with(buffer, at)?;
        // The gram began with a joint: between it and this secret another one may begin.
        let other = (secret.start > at)
            .then(|| self.secret_with(buffer, secret.start))
            .flatten();
        Some(other.into_iter().fold(secret, union))
    }

    fn secret_with(&self, buffer: &[u8], at: usize) -> Option<Range<usize>> {
        self.matches(buffer, at)
            .filter(Match::is_secret)
            .map(|found| found.place)
            .reduce(union)
    }

    /// What at the end of a buffer may go on as a secret, if it is longer than three bytes.
    pub(super) fn at_end_of(&self, buffer: &[u8]) -> impl Iterator<Item = Match> {
        self.matches(buffer, buffer.len().saturating_sub(GRAM))
    }

    fn matches(&self, buffer: &[u8], at: usize) -> impl Iterator<Item = Match> {
        let gram = buffer.get(at..).and_then(<[u8]>::first_chunk);
        let mut next = gram.map_or(0, |gram| self.buckets[in_buckets(hash(*gram))]);
        iter::from_fn(move || {
            let place = next.checked_sub(1)?;
            next = self.earlier[place];
            Some(self.compare(buffer, at, place))
        })
        .flatten()
    }

    /// How far a buffer agrees with the text in both directions, without the joints at its ends.
    fn compare(&self, buffer: &[u8], at: usize, place: usize) -> Option<Match> {
        let agrees = |((one, other), part): &((&u8, &u8), &Part)| one == other && **part != Part::Edge;
        let behind = (buffer[at..].iter().zip(&self.text[place..]))
            .zip(&self.parts[place..])
            .take_while(agrees)
            .count();
        if behind < GRAM {
            return None;
        }
        let before = (buffer[..at].iter().rev().zip(self.text[..place].iter().rev()))
            .zip(self.parts[..place].iter().rev())
            .take_while(agrees)
            .count();
        let parts = &self.parts[place - before..place + behind];
        let tells = |part: &Part| *part != Part::Joint;
        let first = parts.iter().position(tells)?;
        let last = parts.iter().rposition(tells)?;
        Some(Match {
            place: at - before + first..at - before + last + 1,
            own: parts.iter().filter(|part| **part == Part::Own).count(),
        })
    }
}

fn union(one: Range<usize>, other: Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}

/// Room for more without leaving a copy behind, as a vector would that grows by itself.
fn reserve<T: Copy + Zeroize>(vector: &mut Zeroizing<Vec<T>>, more: usize) {
    if vector.capacity() - vector.len() < more {
        let mut larger = Vec::with_capacity(vector.len() * 2 + more);
        larger.extend_from_slice(vector);
        *vector = Zeroizing::new(larger);
    }
}

/// Fibonacci hashing: the upper bits are the good ones.
fn hash(gram: [u8; GRAM]) -> u32 {
    u32::from_le_bytes(gram).wrapping_mul(0x9e37_79b9)
}

/// A word of the sieve, and the number of a bit in it.
fn in_sieve(hash: u32) -> (usize, u32) {
    let bit = hash >> (u32::BITS - SIEVE_BITS);
    ((bit / 64) as usize, bit % 64)
}

fn in_buckets(hash: u32) -> usize {
    (hash >> (u32::BITS - BUCKET_BITS)) as usize
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets([redacted])")
    }
}
