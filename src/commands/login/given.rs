//! What is to be stored: given by flags, and the rest by whoever sits at the terminal. The one resolver judges it.

use std::{
    fs,
    io::Read,
    path::{self, Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    cli::LoginArgs,
    commands::options::{self, Stdin},
    credential::tidy,
    error::Error,
    report::Console,
    source::{Flags, Origin, Resolved, SourceError, Sources, fields, profiles::Destination},
    terminal,
};

const FLAG: &str = "--private-key";
/// As messages name it.
const TERMINAL: &str = "the terminal";

/// A checked credential, and where its key was.
pub(super) struct Given {
    pub(super) resolved: Resolved,
    key: Key,
}

/// Where the key is.
enum Key {
    Nowhere,
    /// A path, and what gave it.
    File(String, &'static str),
    Stdin,
    Typed(Zeroizing<Vec<u8>>),
}

impl Given {
    /// Asks once for what flags lack, if somebody is there.
    pub(super) fn read(args: &LoginArgs, into: &Destination, console: Console) -> Result<Self, Error> {
        let mut flags = args.credential();
        let mut key = Key::of(args.private_key.as_deref());
        if matches!((&key, into), (Key::Stdin, Destination::File(_))) {
            return Err(no_path());
        }
        let resolved = match resolve(&flags, &key, console) {
            Err(Error::Source(SourceError::Missing { missing, .. })) if terminal::is_attended() => {
                for field in missing {
                    match field.what {
                        what if what == fields::KEY_ID.what => flags = key_id(flags)?,
                        what if what == fields::ISSUER_ID.what => flags = issuer_id(flags)?,
                        _ => key = Key::ask(into)?,
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
        let path = path::absolute(tidy(path)).ok()?;
        fs::metadata(&path).is_ok_and(|file| file.is_file()).then_some(path)
    }
}

impl Key {
    /// A terminal that a key is read from must not show it: that is asked for.
    fn of(flag: Option<&str>) -> Self {
        match flag {
            None => Self::Nowhere,
            Some(path) if tidy(path) != "-" => Self::File(path.to_owned(), FLAG),
            Some(_) if terminal::is_attended() => Self::Nowhere,
            Some(_) => Self::Stdin,
        }
    }

    /// A config file holds the path of a key, so that is what is asked for.
    fn ask(into: &Destination) -> Result<Self, Error> {
        Ok(match into {
            Destination::File(_) => match terminal::ask("Path of the .p8 file: ")? {
                path if path.is_empty() => Self::Nowhere,
                path => Self::File(path, TERMINAL),
            },
            Destination::Keychain => Self::Typed(terminal::ask_hidden(
                "Private key: paste what is in the .p8 file, which is not shown. An empty line ends anything else.\n",
            )?),
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

/// The resolver knows the flag by the name that it has in other commands.
fn as_spelt(mut error: Error) -> Error {
    if let Error::Source(SourceError::Missing { missing, .. }) = &mut error {
        for (origin, _) in missing.iter_mut().flat_map(|field| &mut field.places) {
            if *origin == Origin::Flag("--private-key-path") {
                *origin = Origin::Flag(FLAG);
            }
        }
    }
    error
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
