//! One stream of a child, from chunk to chunk.
//!
//! What was written stays in sight for a while, so that a secret is known by its beginning. Memory must not grow with
//! the length of a line, of a log or of a secret, and what is held back is never more than may be a secret's beginning.

use std::{
    fmt,
    io::{self, Read, Write},
};

use zeroize::Zeroizing;

use super::finder::{Match, Secrets};

/// In bytes: four times what a pipe holds on Linux.
const BUFFER: usize = 256 * 1024;
/// So much of what was dealt with stays in sight, in bytes. It is more than the longest part of a form that every key
/// has (86, as base64 of base64), and than what makes a secret behind it.
const CONTEXT: usize = 256;
/// Fewer bytes than this are not looked up.
const UNKNOWN: usize = 3;
const MASK: &[u8] = b"***";

/// Copies one stream, with `***` for every secret. Nothing is flushed.
pub struct Redactor {
    buffer: Zeroizing<Vec<u8>>,
    /// How much of the buffer was read.
    filled: usize,
    /// How much of it was dealt with: written, or replaced.
    settled: usize,
    /// Whether the last that was written is a mask, which stands for what follows of the same secret too.
    masked: bool,
}

impl Default for Redactor {
    fn default() -> Self {
        Self {
            buffer: Zeroizing::new(vec![0; BUFFER]),
            filled: 0,
            settled: 0,
            masked: false,
        }
    }
}

impl Redactor {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads once, as much as there is, and says how many bytes that was: 0 at the end of the stream. Each read is
    /// followed by [`Redactor::redact`], which makes room for the next.
    pub fn read_from(&mut self, reader: &mut impl Read) -> io::Result<usize> {
        let count = reader.read(&mut self.buffer[self.filled..])?;
        self.filled += count;
        Ok(count)
    }

    /// Writes what can't be part of a secret any more.
    pub fn redact(&mut self, secrets: &Secrets, out: &mut impl Write) -> io::Result<()> {
        // A secret that has begun may yet swallow those behind its beginning.
        let open = self.open(secrets);
        self.mask(secrets, open, out)?;
        self.write_to(open.min(self.filled.saturating_sub(UNKNOWN)), out)?;
        self.forget();
        Ok(())
    }

    /// Nothing came for a while: writes what is held back, save what may well be the beginning of a secret.
    pub fn pause(&mut self, secrets: &Secrets, out: &mut impl Write) -> io::Result<()> {
        self.mask(secrets, self.filled, out)?;
        // Behind a secret, it is only the end of its line that was held back.
        let open = if self.ends(secrets).any(|end| end.is_secret()) {
            self.filled
        } else {
            self.open(secrets)
        };
        self.write_to(open, out)
    }

    /// Nothing will come any more: writes all that is left.
    pub fn finish(&mut self, secrets: &Secrets, out: &mut impl Write) -> io::Result<()> {
        self.mask(secrets, self.filled, out)?;
        self.write_to(self.filled, out)
    }

    /// Whether something was read and not dealt with: then the next read should not wait for long.
    pub fn holds_back(&self) -> bool {
        self.settled < self.filled
    }

    /// Whether the last that was read ends a line.
    pub fn is_at_line_end(&self) -> bool {
        self.buffer[..self.filled].last() == Some(&b'\n')
    }

    /// Writes up to the end of the last secret that begins before `open`, or there.
    fn mask(&mut self, secrets: &Secrets, open: usize, out: &mut impl Write) -> io::Result<()> {
        let Self {
            buffer,
            filled,
            settled,
            masked,
        } = self;
        for secret in secrets.in_buffer(&buffer[..*filled]) {
            if secret.end <= *settled || secret.start > open {
                continue;
            }
            if secret.start > *settled {
                out.write_all(&buffer[*settled..secret.start])?;
                *masked = false;
            }
            if !*masked {
                out.write_all(MASK)?;
                *masked = true;
            }
            *settled = secret.end;
        }
        Ok(())
    }

    /// Where that begins which may go on as a secret.
    fn open(&self, secrets: &Secrets) -> usize {
        self.ends(secrets)
            .map(|end| end.place.start)
            .min()
            .unwrap_or(self.filled)
    }

    fn ends(&self, secrets: &Secrets) -> impl Iterator<Item = Match> {
        secrets.at_end_of(&self.buffer[..self.filled])
    }

    fn write_to(&mut self, end: usize, out: &mut impl Write) -> io::Result<()> {
        if end > self.settled {
            out.write_all(&self.buffer[self.settled..end])?;
            self.settled = end;
            self.masked = false;
        }
        Ok(())
    }

    /// Makes room for the next chunk.
    fn forget(&mut self) {
        let kept = self.settled.saturating_sub(CONTEXT);
        self.buffer.copy_within(kept..self.filled, 0);
        self.filled -= kept;
        self.settled -= kept;
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor([redacted])")
    }
}

#[cfg(test)]
mod tests;
