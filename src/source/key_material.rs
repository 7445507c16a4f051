//! Reading the private key from wherever it was put: a file, standard input, a variable, an input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use super::{
    SourceError,
    auth_dir::is_private_name,
    environment::Presence,
    fields,
    places::{Origin, Place, Sources},
    profiles::Profile,
};
use crate::{
    credential::{Fingerprint, KeyDefect, KeyFileName, Lookalike, PrivateKey, Purpose, tidy},
    private_files, text,
};

/// No key is larger than this, in bytes: what is larger is not read to its end.
const LARGEST: u64 = 64 * 1024;

/// A private key that was read, and where it came from.
pub(super) struct Material {
    pub(super) key: PrivateKey,
    pub(super) origin: Origin,
    /// What the file's name says, if Apple named it.
    pub(super) file_name: Option<KeyFileName>,
}

/// A place that holds key material, before it has been read.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) origin: Origin,
    text: Zeroizing<String>,
    is_path: bool,
}

/// The variable that `--private-key-variable` names, and what it holds. It may hold the key or, as GitLab's file
/// variables do, the path of it.
pub(super) fn named_variable(sources: &Sources<'_>) -> Result<Option<Place>, SourceError> {
    let Some((origin, name)) = sources.text(&fields::KEY_VARIABLE) else {
        return Ok(None);
    };
    // Whatever is no name may be the key itself, and is not told.
    let is_name = name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        return Err(SourceError::Unreadable {
            origin,
            accepted: "the name of a variable: letters, digits and _",
        });
    }
    Ok(Some(Place {
        presence: sources.variable(&name),
        origin: Origin::NamedVariable(name),
    }))
}

/// Every place that holds key material, the highest rank first, and those that a flag overrides.
pub(super) fn candidates(sources: &Sources<'_>, named: Option<&Place>) -> (Vec<Candidate>, Vec<Origin>) {
    let mut all: Vec<Candidate> = Vec::new();
    if let Some(named) = named {
        // Only that one: what else there may be is another key.
        all.extend(named.presence.text().map(|text| Candidate {
            origin: named.origin.clone(),
            text: Zeroizing::new(text.to_owned()),
            is_path: Lookalike::of(tidy(text)) == Lookalike::Path,
        }));
        return (all, Vec::new());
    }
    for (field, is_path) in [
        (&fields::KEY_PATH, true),
        (&fields::KEY_B64, false),
        (&fields::KEY_TEXT, false),
    ] {
        for place in sources.find(field).into_places() {
            if let Presence::Set(text) = place.presence {
                all.push(Candidate {
                    origin: place.origin,
                    text,
                    is_path,
                });
            }
        }
    }
    let rank = |candidate: &Candidate| match candidate.origin {
        Origin::Flag(_) => 0,
        Origin::Input(_) => 1,
        _ => 2,
    };
    all.sort_by_key(rank);
    if all.first().is_some_and(|first| rank(first) == 0) {
        let overridden = all.drain(1..).map(|candidate| candidate.origin).collect();
        return (all, overridden);
    }
    (all, Vec::new())
}

impl Candidate {
    /// What a stored profile has: the key itself, or the path of it.
    pub(super) fn of_profile(profile: &Profile, origin: &Origin) -> Option<Self> {
        let (text, is_path) = if profile.private_key_pem.is_empty() {
            (Zeroizing::new(profile.private_key_path.clone()), true)
        } else {
            (profile.private_key_pem.clone(), false)
        };
        (!tidy(&text).is_empty()).then(|| Self {
            origin: origin.clone(),
            text,
            is_path,
        })
    }

    /// What the path's last part says about the key, if this is a path that Apple named.
    pub(super) fn file_name(&self) -> Option<KeyFileName> {
        let path = Path::new(tidy(&self.text));
        let name = path.file_name().filter(|_| self.is_path)?;
        KeyFileName::parse(name.to_str()?)
    }

    pub(super) fn read(&self, stdin: &mut dyn Read) -> Result<Material, SourceError> {
        let file_name = self.file_name();
        if let Some(name) = file_name.as_ref().filter(|name| name.purpose == Purpose::InAppPurchase) {
            return Err(SourceError::InAppPurchaseKey {
                origin: self.origin.clone(),
                name: name.name.clone(),
            });
        }
        let decoded = if self.is_path {
            PrivateKey::decode(&self.read_file(stdin)?)
        } else {
            PrivateKey::decode(self.text.as_bytes())
        };
        let key = decoded.map_err(|defect| self.refused(defect))?;
        Ok(Material {
            key,
            origin: self.origin.clone(),
            file_name,
        })
    }

    fn read_file(&self, stdin: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>, SourceError> {
        let path = tidy(&self.text);
        if path == "-" {
            return if matches!(self.origin, Origin::Flag(_)) {
                read_bounded(stdin).map_err(|error| self.unreadable(&error))
            } else {
                Err(SourceError::StdinNeedsFlag {
                    origin: self.origin.clone(),
                })
            };
        }
        self.refuse_key_for_path(path)?;
        let file = self.open(path).map_err(|error| self.unreadable(&error))?;
        let is_directory = file.metadata().is_ok_and(|metadata| metadata.is_dir());
        if is_directory {
            return Err(self.unreadable(&io::Error::from(io::ErrorKind::IsADirectory)));
        }
        read_bounded(&mut &file).map_err(|error| self.unreadable(&error))
    }

    /// Who runs this may name a pipe. What a profile names may have come with a checked-out repository.
    fn open(&self, path: &str) -> io::Result<File> {
        match self.origin {
            Origin::Profile { .. } => private_files::open_regular(Path::new(path)),
            _ => File::open(path),
        }
    }

    /// A key pasted where its path belongs must be named, and never echoed as a path that does not exist.
    fn refuse_key_for_path(&self, path: &str) -> Result<(), SourceError> {
        let decoded = PrivateKey::decode(path.as_bytes());
        let is_key = !matches!(
            decoded,
            Err(KeyDefect::Path
                | KeyDefect::NotAKey
                | KeyDefect::Placeholder
                | KeyDefect::Token
                | KeyDefect::KeyId
                | KeyDefect::IssuerId
                | KeyDefect::Empty)
        );
        match Lookalike::of(path) {
            _ if is_key => Err(SourceError::KeyInPath {
                origin: self.origin.clone(),
            }),
            Lookalike::Placeholder => Err(self.refused(KeyDefect::Placeholder)),
            Lookalike::Token => Err(self.refused(KeyDefect::Token)),
            _ => Ok(()),
        }
    }

    fn refused(&self, defect: KeyDefect) -> SourceError {
        SourceError::Key {
            origin: self.origin.clone(),
            defect,
        }
    }

    fn unreadable(&self, error: &io::Error) -> SourceError {
        let path = tidy(&self.text);
        let shown = may_be_shown(path);
        SourceError::KeyFile {
            origin: self.origin.clone(),
            path: shown.then(|| path.to_owned()),
            reason: text::io_reason(error),
        }
    }
}

/// What one of several key materials turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contender {
    Key(Fingerprint),
    Unusable(String),
}

impl Contender {
    pub(super) fn of(read: &Result<Material, SourceError>) -> Self {
        match read {
            Ok(material) => Self::Key(material.key.fingerprint()),
            Err(error) => Self::Unusable(error.reason()),
        }
    }
}

/// The bytes of the key file that a flag names, or of standard input for `-`, and what the file's name says.
pub fn read_key_file(
    flag: &'static str,
    path: &str,
    stdin: &mut dyn Read,
) -> Result<(Zeroizing<Vec<u8>>, Option<KeyFileName>), SourceError> {
    let candidate = Candidate {
        origin: Origin::Flag(flag),
        text: Zeroizing::new(path.to_owned()),
        is_path: true,
    };
    Ok((candidate.read_file(stdin)?, candidate.file_name()))
}

/// Whether what is read is a private key that can be used.
pub fn holds_key(file: &mut dyn Read) -> bool {
    read_bounded(file).is_ok_and(|bytes| PrivateKey::decode(&bytes).is_ok())
}

fn read_bounded(reader: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(LARGEST).unwrap_or(usize::MAX) + 64));
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether this can hold no secret: a path has an extension, and no long part but the name of a private directory.
fn may_be_shown(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !is_private_name(part)).collect();
    path.contains('.') && text::has_short_parts(&parts.join("/"))
}
