//! A person's machine: a home directory, a directory to work in, config files as the asc CLI writes them, and key files.
//! There is no keychain on it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use simulator::TestKey;
use tempfile::TempDir;

use super::{ISSUER_ID, KEY_ID, Run};

pub struct Machine {
    root: TempDir,
}

impl Machine {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for name in ["home", "work", "keys", "temp"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        Self { root }
    }

    /// A directory of it: `home`, `work`, `keys`, `temp`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Where the config file of `home` or `work` is.
    pub fn config(&self, of: &str) -> PathBuf {
        self.path(of).join(".asc").join("config.json")
    }

    /// Writes the config file of `home` or `work`.
    pub fn write_config(&self, of: &str, config: &Value) -> PathBuf {
        self.write_config_text(of, config.to_string())
    }

    pub fn write_config_text(&self, of: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.config(of);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// Writes a key file, and gives its path.
    pub fn key_file(&self, name: &str, key: &TestKey) -> String {
        let path = self.path("keys").join(name);
        fs::write(&path, key.pem()).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// A profile of a team key, its key in a file.
    pub fn profile(&self, name: &str, key: &TestKey) -> Value {
        entry(name, KEY_ID, &self.key_file(&format!("{name}.p8"), key))
    }

    /// `asc-auth ARGUMENTS` in the directory to work in.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in("work", arguments)
    }

    pub fn run_in(&self, directory: &str, arguments: &[&str]) -> Run {
        self.at_home(Run::new(arguments)).dir(&self.path(directory))
    }

    /// A run of whoever lives here, in the directory to work in.
    pub fn at_home(&self, run: Run) -> Run {
        run.env("HOME", self.path("home"))
            .env("USERPROFILE", self.path("home"))
            .env("TMPDIR", self.path("temp"))
            .dir(&self.path("work"))
    }
}

/// A pipe that nobody writes to.
#[cfg(unix)]
pub fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo starts").success());
}

/// An entry of `keys`, for a team key.
pub fn entry(name: &str, key_id: &str, path: &str) -> Value {
    json!({
        "name": name,
        "key_id": key_id,
        "issuer_id": ISSUER_ID,
        "private_key_path": path,
        "key_type": "team",
    })
}

/// A config file as the asc CLI writes it: the default profile is repeated beside `keys`.
pub fn config(default: &str, keys: &[Value]) -> Value {
    let mut config = json!({"default_key_name": default, "keys": keys});
    if let Some(key) = keys.iter().find(|key| key["name"] == default) {
        for field in ["key_id", "issuer_id", "private_key_path", "key_type"] {
            config[field] = key[field].clone();
        }
    }
    config
}

/// The same without a default.
pub fn keys(keys: &[Value]) -> Value {
    json!({"keys": keys})
}

/// Everything below a directory: each path, and what is in it.
pub fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("it is there").file_type();
        if kind.is_dir() {
            all.extend(contents(&path));
            all.push((path, Vec::new()));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            all.push((path, bytes));
        } else {
            all.push((path, Vec::new()));
        }
    }
    all.sort();
    all
}
