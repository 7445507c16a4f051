//! One stream of the child: read, redacted, written, in order and without delay.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError, RwLock},
    time::{Duration, SystemTime},
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
    path: PathBuf,
    tokens: Mutex<Tokens>,
}

/// The file of the tokens, which outlives its directory, and what it was like when it was read.
struct Tokens {
    file: File,
    read: Option<State>,
}

impl Tokens {
    /// Somebody may have put another file into its place.
    fn reopen(&mut self, path: &Path) {
        if let Ok(file) = File::open(path) {
            self.file = file;
        }
    }
}

/// Length and time.
type State = (u64, SystemTime);

fn state_of(metadata: &Metadata) -> io::Result<State> {
    Ok((metadata.len(), metadata.modified()?))
}

impl<'a> Watched<'a> {
    /// `path` is that of the file in which every token stands before it is printed.
    pub(super) fn new(known: &'a (dyn Fn() -> Secrets + Sync), path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        Ok(Self {
            known,
            secrets: OnceLock::new(),
            path,
            tokens: Mutex::new(Tokens { file, read: None }),
        })
    }

    fn secrets(&self) -> &RwLock<Secrets> {
        self.secrets.get_or_init(|| RwLock::new((self.known)()))
    }

    /// Keeps hold of the file: its directory is about to be taken away.
    pub(super) fn keep_hold(&self) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.reopen(&self.path);
    }

    /// Takes in what was minted since. A token stands in the file before it is printed, so this comes after each read.
    fn refresh(&self) -> io::Result<()> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(metadata) = fs::metadata(&self.path) {
            if tokens.read == Some(state_of(&metadata)?) {
                return Ok(());
            }
            tokens.reopen(&self.path);
        }
        let state = Some(state_of(&tokens.file.metadata()?)?);
        if tokens.read != state {
            // From its beginning: somebody may have emptied it.
            tokens.file.rewind()?;
            let mut text = Zeroizing::new(Vec::with_capacity(4096));
            tokens.file.read_to_end(&mut text)?;
            let mut secrets = self.secrets().write().unwrap_or_else(PoisonError::into_inner);
            for token in token::tokens(&text) {
                secrets.add_token(&token);
            }
            tokens.read = state;
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
                    // Both streams may go to one log: a whole line is written at once, and does not wait for the next.
                    if self.redactor.is_at_line_end() {
                        self.redactor.pause(&self.secrets(), to)?;
                    }
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
