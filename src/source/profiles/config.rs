//! What stands in a config file, which the asc CLI reads and writes too.
//!
//! `keys` lists the profiles, `default_key_name` names the default one, and the texts beside them repeat it. Whatever
//! else stands there belongs to other features: it keeps its order and its bytes.

use std::{fmt, io};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Profile, StoredIn};

const KEYS: &str = "keys";
const DEFAULT: &str = "default_key_name";
const NAME: &str = "name";
/// Of an entry of `keys`, and of the copy of the default profile beside it.
const KEY_ID: &str = "key_id";
const ISSUER_ID: &str = "issuer_id";
const PATH: &str = "private_key_path";
const KEY_TYPE: &str = "key_type";
const FIELDS: [&str; 4] = [KEY_ID, ISSUER_ID, PATH, KEY_TYPE];

/// The name of a profile that was stored without one.
const UNNAMED: &str = "default";

/// Why a config file can't be read. Places are named, contents never.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigDefect {
    #[error("it is empty")]
    Empty,
    #[error("it is no JSON from line {line}, column {column} on")]
    NoJson { line: usize, column: usize },
    #[error("it is no JSON object")]
    NoObject,
    #[error("its {place} is no {kind}")]
    Shape { place: String, kind: &'static str },
}

/// A config file's content: profiles, and what belongs to others.
#[derive(Debug, Default)]
pub struct Config {
    root: Object,
    keys: Vec<Object>,
}

impl Config {
    pub fn parse(text: &[u8]) -> Result<Self, ConfigDefect> {
        if text.trim_ascii().is_empty() {
            return Err(ConfigDefect::Empty);
        }
        let root: Object = match serde_json::from_slice(text) {
            Ok(root) => root,
            Err(error) if error.is_data() => return Err(ConfigDefect::NoObject),
            Err(error) => {
                return Err(ConfigDefect::NoJson {
                    line: error.line(),
                    column: error.column(),
                });
            }
        };
        let keys = match root.get(KEYS) {
            Some(keys) if keys.get() != "null" => {
                serde_json::from_str(keys.get()).map_err(|_| shape(KEYS, "list of objects"))?
            }
            _ => Vec::new(),
        };
        let config = Self { root, keys };
        config.check()?;
        Ok(config)
    }

    /// Everything that is read is a text.
    fn check(&self) -> Result<(), ConfigDefect> {
        for field in FIELDS.iter().chain([&DEFAULT]) {
            self.root.text(field).ok_or_else(|| shape(field, "text"))?;
        }
        for (index, key) in self.keys.iter().enumerate() {
            for field in FIELDS.iter().chain([&NAME]) {
                let place = || shape(&format!("{KEYS}[{index}].{field}"), "text");
                key.text(field).ok_or_else(place)?;
            }
        }
        Ok(())
    }

    /// As people read it: indented, with a final newline.
    pub fn to_json(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The profiles in the order of the file, each with the place it is stored in.
    pub fn profiles(&self, stored_in: &StoredIn) -> Vec<Profile> {
        let listed = self.keys.iter().map(|key| key.profile(name_of(key), stored_in));
        listed.chain(self.legacy(stored_in)).collect()
    }

    /// The credential beside `keys` that is in no entry of it: files had nothing else once.
    pub fn legacy(&self, stored_in: &StoredIn) -> Option<Profile> {
        match self.beside() {
            Some(Beside::Legacy(name)) => Some(self.root.profile(name, stored_in)),
            _ => None,
        }
    }

    /// The default profile's name, which may be stored elsewhere.
    pub fn default_name(&self) -> Option<String> {
        match self.beside() {
            Some(Beside::Legacy(name) | Beside::Copy(name)) => Some(name),
            None => Some(self.root.plain(DEFAULT)).filter(|name| !name.is_empty()),
        }
    }

    fn beside(&self) -> Option<Beside> {
        let texts = |object: &Object| FIELDS.map(|field| object.plain(field));
        let credential = texts(&self.root);
        if credential.iter().all(String::is_empty) {
            return None;
        }
        let named = self.root.plain(DEFAULT);
        let is_copy = |key: &&Object| match named.as_str() {
            "" => texts(key) == credential,
            named => name_of(key) == named,
        };
        let copied = self.keys.iter().find(is_copy);
        Some(match copied.map(name_of) {
            Some(name) => Beside::Copy(name),
            None if named.is_empty() => Beside::Legacy(UNNAMED.to_owned()),
            None => Beside::Legacy(named),
        })
    }

    /// Stores a profile, in the place of those of its name. The key itself is not stored.
    pub fn put(&mut self, profile: &Profile) {
        self.adopt_legacy();
        let first = self.keys.iter().position(|key| name_of(key) == profile.name);
        let mut key = first.map_or_else(Object::default, |index| self.keys[index].clone());
        key.set(NAME, &profile.name);
        for (field, value) in FIELDS.iter().zip(profile.fields()) {
            key.set(field, value);
        }
        let index = first.unwrap_or(self.keys.len());
        self.keys.retain(|key| name_of(key) != profile.name);
        self.keys.insert(index.min(self.keys.len()), key);
        self.repeat_default();
    }

    /// Removes every profile of this name. `false` if there is none.
    pub fn remove(&mut self, name: &str) -> bool {
        self.adopt_legacy();
        let before = self.keys.len();
        self.keys.retain(|key| name_of(key) != name);
        self.repeat_default();
        self.keys.len() < before
    }

    /// Makes the profile of this name the default one, wherever it is stored; or none.
    pub fn set_default(&mut self, name: Option<&str>) {
        self.adopt_legacy();
        match name {
            Some(name) => self.root.set(DEFAULT, name),
            None => self.root.remove(DEFAULT),
        }
        self.repeat_default();
    }

    /// Moves the credential beside `keys` into it. `false` if there is none.
    pub fn adopt_legacy(&mut self) -> bool {
        let Some(legacy) = self.legacy(&StoredIn::Keychain) else {
            return false;
        };
        let mut key = Object::default();
        key.set(NAME, &legacy.name);
        for (field, value) in FIELDS.iter().zip(legacy.fields()) {
            key.set(field, value);
        }
        self.keys.push(key);
        self.root.set(DEFAULT, &legacy.name);
        true
    }

    /// Beside `keys`, readers that know no `keys` find the default profile.
    fn repeat_default(&mut self) {
        let default = self.default_name();
        let key = self.keys.iter().find(|key| Some(name_of(key)) == default);
        match key {
            Some(key) => {
                for field in FIELDS {
                    self.root.set(field, &key.plain(field));
                }
            }
            None => {
                for field in FIELDS {
                    self.root.remove(field);
                }
            }
        }
    }
}

/// What the credential beside `keys` is.
enum Beside {
    /// The default profile's, which is in `keys` as well.
    Copy(String),
    /// A profile that is nowhere else.
    Legacy(String),
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.root.0.iter().filter(|(name, _)| name != KEYS) {
            map.serialize_entry(name, value)?;
        }
        if !self.keys.is_empty() || self.root.get(KEYS).is_some() {
            map.serialize_entry(KEYS, &self.keys)?;
        }
        map.end()
    }
}

fn name_of(key: &Object) -> String {
    let name = key.plain(NAME);
    if name.is_empty() { UNNAMED.to_owned() } else { name }
}

fn shape(place: &str, kind: &'static str) -> ConfigDefect {
    ConfigDefect::Shape {
        place: place.to_owned(),
        kind,
    }
}

impl Profile {
    /// The texts of [`FIELDS`].
    fn fields(&self) -> [&str; 4] {
        [&self.key_id, &self.issuer_id, &self.private_key_path, &self.key_type]
    }
}

/// A JSON object whose members keep their order, and their bytes if nothing is set.
#[derive(Clone, Default)]
struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// The last of this name, as every reader of JSON has it.
    fn get(&self, name: &str) -> Option<&RawValue> {
        let member = self.0.iter().rfind(|(other, _)| other == name);
        member.map(|(_, value)| &**value)
    }

    /// A text, empty if there is none; `None` if there is something else.
    fn text(&self, name: &str) -> Option<String> {
        match self.get(name).map(RawValue::get) {
            None | Some("null") => Some(String::new()),
            Some(json) => serde_json::from_str(json).ok(),
        }
    }

    /// A text that was checked before.
    fn plain(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn set(&mut self, name: &str, text: &str) {
        // Nothing of what is not set before, and is empty now, is written.
        if self.plain(name) == text {
            return;
        }
        let Ok(value) = to_raw_value(text) else {
            unreachable!("every text is JSON");
        };
        match self.0.iter_mut().rfind(|(other, _)| other == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    fn profile(&self, name: String, stored_in: &StoredIn) -> Profile {
        Profile {
            name,
            stored_in: stored_in.clone(),
            key_id: self.plain(KEY_ID),
            issuer_id: self.plain(ISSUER_ID),
            key_type: self.plain(KEY_TYPE),
            private_key_path: self.plain(PATH),
            private_key_pem: Zeroizing::default(),
        }
    }
}

impl fmt::Debug for Object {
    /// What belongs to others may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
