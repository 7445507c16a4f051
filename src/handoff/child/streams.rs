//! One stream of the child: read, redacted, written, in order and without delay.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Mutex, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    handoff::redact::{Redactor, Secrets},
    token,
};

/// How long the beginning of what may become a secret is held back: prompts and progress bars show.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of waiting for the child's output.
pub(super) enum Event {
    /// There is something to read, the end of the stream included.
    Ready,
    /// Nothing came in time.
    Quiet,
    /// The child has ended and whoever else holds the stream is silent.
    Abandoned,
}

/// The child's end of a stream.
pub(super) trait Source: Read {
    /// Waits for output, at most `limit` if there is one.
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<Event>;
}

/// The secrets to look for: what was known at the start, and every token that was minted in the private directory since.
pub(super) struct Watched<'a> {
    known: &'a (dyn Fn() -> Secrets + Sync),
    /// Made when the first output comes: a program that has just started should not have to share its time.
    secrets: OnceLock<RwLock<Secrets>>,
    tokens: Mutex<Tokens>,
}

/// The file of the tokens, as far as it was read.
struct Tokens {
    file: File,
    read: u64,
}

impl<'a> Watched<'a> {
    pub(super) fn new(known: &'a (dyn Fn() -> Secrets + Sync), tokens: File) -> Self {
        Self {
            known,
            secrets: OnceLock::new(),
            tokens: Mutex::new(Tokens { file: tokens, read: 0 }),
        }
    }

    fn secrets(&self) -> &RwLock<Secrets> {
        self.secrets.get_or_init(|| RwLock::new((self.known)()))
    }

    /// Takes in what was minted since. A token stands in the file before it is printed, so this comes after each read.
    fn refresh(&self) -> io::Result<()> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let length = tokens.file.metadata()?.len();
        if length == tokens.read {
            return Ok(());
        }
        let start = tokens.read;
        tokens.file.seek(SeekFrom::Start(start))?;
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        (&tokens.file).take(length - start).read_to_end(&mut text)?;
        // What is not a whole line yet is read again.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        tokens.read = start.saturating_add(whole as u64);
        let mut secrets = self.secrets().write().unwrap_or_else(PoisonError::into_inner);
        for token in token::tokens(&text[..whole]) {
            secrets.add_token(&token);
        }
        Ok(())
    }
}

/// A stream on its way.
pub(super) struct Stream<'a> {
    watched: &'a Watched<'a>,
    redactor: Redactor,
}

impl<'a> Stream<'a> {
    pub(super) fn new(watched: &'a Watched<'a>) -> Self {
        Self {
            watched,
            redactor: Redactor::new(),
        }
    }

    /// Copies `source` to its end. When the reader of `to` goes away this ends as well, and the child, which then has
    /// nobody to write to, learns of it as it would without us.
    pub(super) fn copy(mut self, mut source: impl Source, mut to: impl Write) -> io::Result<()> {
        match self.copy_all(&mut source, &mut to) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            copied => copied,
        }
    }

    fn copy_all(&mut self, source: &mut impl Source, to: &mut impl Write) -> io::Result<()> {
        loop {
            let limit = self.redactor.holds_back().then_some(PAUSE);
            match source.wait(limit)? {
                Event::Ready => {
                    if self.redactor.read_from(source)? == 0 {
                        break;
                    }
                    self.watched.refresh()?;
                    self.redactor.redact(&self.secrets(), to)?;
                }
                Event::Quiet => self.redactor.pause(&self.secrets(), to)?,
                Event::Abandoned => break,
            }
        }
        self.redactor.finish(&self.secrets(), to)
    }

    fn secrets(&self) -> std::sync::RwLockReadGuard<'a, Secrets> {
        self.watched.secrets().read().unwrap_or_else(PoisonError::into_inner)
    }
}
