//! What is to be stored: given by flags, and the rest by whoever sits at the terminal. The one resolver judges it.

use std::{
    fs,
    io::{self, Read},
    path::{self, Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    cli::LoginArgs,
    commands::options::{self, Stdin},
    credential::{Lookalike, tidy},
    error::Error,
    report::Console,
    source::{Environment, Flags, Mix, Origin, Resolved, SourceError, Sources, fields, profiles::Destination},
    terminal,
};

const FLAG: &str = "--private-key";
/// As messages name it.
const TERMINAL: &str = "the terminal";

const ASK_KEY: &str = "Private key: paste what is in the .p8 file, or type the path of the file, which is not shown. If \
                       nothing happens then, press Enter twice.\n";
const ASK_PATH: &str = "Path of the .p8 file, which is not shown: ";

/// A checked credential, and where its key was.
pub(super) struct Given {
    pub(super) resolved: Resolved,
    key: Key,
}

/// Where the key is.
enum Key {
    Nowhere,
    /// A path, and what gave it.
    File(Zeroizing<String>, &'static str),
    Stdin,
    Typed(Zeroizing<Vec<u8>>),
}

impl Given {
    /// Asks once for what flags lack, if somebody is there.
    pub(super) fn read(
        args: &LoginArgs,
        into: &Destination,
        environment: &Environment,
        console: Console,
    ) -> Result<Self, Error> {
        let mut flags = args.credential();
        let mut key = Key::of(args.private_key());
        if matches!((&key, into), (Key::Stdin, Destination::File(_))) {
            return Err(no_path());
        }
        let resolved = match resolve(&flags, &key, console) {
            Err(Error::Source(SourceError::Missing { missing, .. })) if terminal::is_attended() => {
                for field in missing {
                    match field.what {
                        what if what == fields::KEY_ID.what => flags = key_id(flags)?,
                        what if what == fields::ISSUER_ID.what => flags = issuer_id(flags)?,
                        _ => key = Key::ask(into, environment)?,
                    }
                }
                resolve(&flags, &key, console)
            }
            resolved => resolved,
        };
        let resolved = resolved.map_err(as_spelt)?;
        Ok(Self { resolved, key })
    }

    /// The absolute path of the key's file. A pipe has none that leads to it again.
    pub(super) fn path(&self) -> Option<String> {
        Some(self.file()?.to_str()?.to_owned())
    }

    /// What is odd, in one sentence each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let file = self.file();
        self.resolved
            .warnings
            .iter()
            .cloned()
            .chain(file.as_deref().and_then(others_may_read))
            .collect()
    }

    fn file(&self) -> Option<PathBuf> {
        let Key::File(path, _) = &self.key else { return None };
        let path = plain(path::absolute(tidy(path)).ok()?);
        let is_file = match fs::metadata(&path) {
            Ok(file) => file.is_file(),
            // The key was read from it a moment ago: it is not said to be in no file.
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        is_file.then_some(path)
    }
}

impl Key {
    /// A terminal that a key is read from must not show it: that is asked for.
    fn of(given: Option<(&'static str, &str)>) -> Self {
        match given {
            None => Self::Nowhere,
            Some((flag, path)) if tidy(path) != "-" => Self::File(Zeroizing::new(path.to_owned()), flag),
            Some(_) if terminal::is_attended() => Self::Nowhere,
            Some(_) => Self::Stdin,
        }
    }

    /// A config file holds the path of a key, so that is what is asked for. Somebody may paste the key all the same.
    fn ask(into: &Destination, environment: &Environment) -> Result<Self, Error> {
        let typed = match into {
            Destination::File(_) => terminal::ask_hidden(ASK_PATH, is_line_of_no_key)?,
            Destination::Keychain => terminal::ask_hidden(ASK_KEY, |line| path_in(line).is_some())?,
        };
        Ok(match (path_in(&typed), into) {
            (Some(path), _) => Self::File(at_home(path, environment), TERMINAL),
            (None, Destination::Keychain) => Self::Typed(typed),
            (None, Destination::File(_)) => {
                let text = Zeroizing::new(String::from_utf8_lossy(&typed).into_owned());
                match tidy(&text) {
                    // Standard input is this terminal, which would show the key.
                    "" | "-" => Self::Nowhere,
                    _ => Self::File(text, TERMINAL),
                }
            }
        })
    }

    fn add_to(&self, flags: Flags) -> Flags {
        let (told, path) = match self {
            Self::Nowhere => (FLAG, None),
            Self::File(path, told) => (*told, Some(path.as_str())),
            Self::Stdin => (FLAG, Some("-")),
            Self::Typed(_) => (TERMINAL, Some("-")),
        };
        flags.spelt("--private-key-path", told, path)
    }
}

/// What was given must agree with itself: nobody looks at it again before it is used.
fn resolve(flags: &Flags, key: &Key, console: Console) -> Result<Resolved, Error> {
    let flags = key.add_to(flags.clone()).with("--strict-auth", Some("true"));
    let sources = Sources::of_flags_alone(&flags)?;
    let mut typed: &[u8] = match key {
        Key::Typed(text) => text,
        _ => &[],
    };
    let stdin: &mut dyn Read = match key {
        Key::Typed(_) => &mut typed,
        _ => &mut Stdin,
    };
    options::resolve_with(&sources, None, stdin, console)
}

fn key_id(flags: Flags) -> Result<Flags, Error> {
    let id = terminal::ask("Key ID: ")?;
    Ok(flags.spelt("--key-id", TERMINAL, some(&id)))
}

fn issuer_id(flags: Flags) -> Result<Flags, Error> {
    let id = terminal::ask("Issuer ID (empty for an individual key): ")?;
    Ok(match some(&id) {
        None => flags.spelt("--key-type", TERMINAL, Some("individual")),
        id => flags.spelt("--issuer-id", TERMINAL, id),
    })
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The path that somebody typed in the place of a key.
fn path_in(typed: &[u8]) -> Option<&str> {
    let text = str::from_utf8(typed).ok().map(tidy)?;
    let is_line = !text.is_empty() && !text.contains(['\n', '\r']);
    (is_line && (Lookalike::of(text) == Lookalike::Path || Path::new(text).is_file())).then_some(text)
}

/// Whether nothing belongs to this line that comes after it. A key's lines are of 64 characters, and none
/// has a dot.
fn is_line_of_no_key(line: &[u8]) -> bool {
    !line.starts_with(b"-") && (line.len() < 60 || line.contains(&b'.'))
}

/// The path that a shell would have made of it.
fn at_home(path: &str, environment: &Environment) -> Zeroizing<String> {
    let home = environment.path("HOME").filter(|_| path.starts_with("~/"));
    let path = home
        .and_then(|home| home.join(&path[2..]).into_os_string().into_string().ok())
        .unwrap_or_else(|| path.to_owned());
    Zeroizing::new(path)
}

/// The path without `..` in it. Only the file system knows where that leads; the file keeps its name, which says the
/// key ID.
fn plain(path: PathBuf) -> PathBuf {
    if !path.components().any(|part| part == path::Component::ParentDir) {
        return path;
    }
    let plain = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    match (plain, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// The resolver knows the flag by the name that it has in other commands, and strictness by a flag that is none here.
fn as_spelt(mut error: Error) -> Error {
    if let Error::Source(SourceError::Missing { missing, .. }) = &mut error {
        for (origin, _) in missing.iter_mut().flat_map(|field| &mut field.places) {
            if *origin == Origin::Flag("--private-key-path") {
                *origin = Origin::Flag(FLAG);
            }
        }
    }
    match error {
        Error::Source(SourceError::KeyInPath {
            origin: Origin::Flag(TERMINAL),
        }) => no_path(),
        Error::Source(SourceError::Mixed(mix)) => match *mix {
            Mix::FileName { name, says, origin, .. } => Error::Usage {
                what: format!("{name} means {says}, and {origin} says otherwise"),
                advice: "Nothing was stored. Apple names a key file for its key: correct the one that is wrong, or \
                         rename the file if its name is."
                    .to_owned(),
            },
            mix => SourceError::Mixed(Box::new(mix)).into(),
        },
        error => error,
    }
}

pub(super) fn no_path() -> Error {
    Error::Usage {
        what: "a config file holds the path of a key, and this key is in no file".to_owned(),
        advice: "Nothing was stored. Save the key in a file that only you can read (chmod 600) and give its path with \
                 --private-key, or leave out --local and --bypass-keychain: the keychain holds the key itself."
            .to_owned(),
    }
}

#[cfg(unix)]
fn others_may_read(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "others may use the key file, whose mode is {mode:04o}: chmod 600 {}",
            crate::text::quoted(&file.display().to_string())
        )
    })
}

/// Who may read a file on Windows, its mode does not say.
#[cfg(windows)]
fn others_may_read(_: &Path) -> Option<String> {
    None
}
