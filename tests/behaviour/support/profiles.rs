//! A person's home directory and a directory to work in, with key files and config files as the asc CLI writes them.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use simulator::TestKey;
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use super::keyring::Keyring;
use super::{ISSUER_ID, KEY_ID, Run};

pub struct Home {
    root: TempDir,
    pub key: TestKey,
}

impl Home {
    pub fn new() -> Self {
        let home = Self {
            root: tempfile::tempdir().expect("a temporary directory"),
            key: TestKey::generate(),
        };
        for name in ["home", "work", "temp"] {
            fs::create_dir(home.root.path().join(name)).expect("a directory");
        }
        home.write_key(&format!("AuthKey_{KEY_ID}.p8"));
        home
    }

    /// The home directory.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The working directory.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// `AuthKey_<KEY_ID>.p8`, which holds the key.
    pub fn key_file(&self) -> PathBuf {
        self.path().join(format!("AuthKey_{KEY_ID}.p8"))
    }

    /// The key in a file of another name.
    pub fn write_key(&self, name: &str) -> PathBuf {
        use std::io::Write;

        let path = self.path().join(name);
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(self.key.pem().as_bytes()))
            .expect("a file");
        path
    }

    /// `asc-auth ARGUMENTS` in the working directory.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::new(arguments)
            .env("HOME", self.path())
            .env("TMPDIR", self.root.path().join("temp"))
            .env("PATH", std::env::var_os("PATH").expect("a path"))
            .dir(&self.work())
    }

    /// `run` where a person with this home directory is logged in.
    #[cfg(target_os = "linux")]
    pub fn in_session(&self, keyring: &Keyring, run: Run) -> Run {
        keyring.apply(run).env("HOME", self.path())
    }

    /// `asc-auth login` with the key file of a team key.
    pub fn login(&self, name: &str, flags: &[&str]) -> Run {
        let file = self.key_file();
        let file = file.to_str().expect("UTF-8");
        let given = ["login", "--name", name, "--issuer-id", ISSUER_ID, "--private-key", file];
        self.run(&[&given, flags].concat())
    }

    /// `asc-auth login --bypass-keychain`, done.
    #[track_caller]
    pub fn stored(self, names: &[&str]) -> Self {
        for name in names {
            self.login(name, &["--bypass-keychain"]).run().code(0);
        }
        self
    }

    /// `~/.asc/config.json`.
    pub fn config_path(&self) -> PathBuf {
        config_in(&self.path())
    }

    /// `./.asc/config.json`.
    pub fn local_path(&self) -> PathBuf {
        config_in(&self.work())
    }

    #[track_caller]
    pub fn config(&self) -> Value {
        read(&self.config_path())
    }

    /// Writes `~/.asc/config.json` as another program would.
    pub fn write_config(&self, text: &str) {
        write(&self.config_path(), text);
    }

    /// A profile as the asc CLI lists it.
    pub fn entry(&self, name: &str) -> Value {
        json!({
            "name": name,
            "key_id": KEY_ID,
            "issuer_id": ISSUER_ID,
            "private_key_path": self.key_file(),
            "key_type": "team",
        })
    }
}

fn config_in(folder: &Path) -> PathBuf {
    folder.join(".asc").join("config.json")
}

pub fn write(config: &Path, text: &str) {
    let folder = config.parent().expect("a directory");
    fs::create_dir_all(folder).expect("a directory");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("it is ours");
    fs::write(config, text).expect("a file");
}

#[track_caller]
pub fn read(config: &Path) -> Value {
    let text = fs::read_to_string(config).expect("a config file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

/// The names in `keys`, in order.
pub fn names(config: &Value) -> Vec<String> {
    let keys = config["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    keys.iter()
        .map(|key| key["name"].as_str().expect("a name").to_owned())
        .collect()
}
