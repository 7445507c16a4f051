//! A home directory with as many profiles as a team can have keys.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use simulator::{ApiKey, Simulator, TestKey, random_issuer_id, random_key_id};

/// Apple's limit of active keys.
const PROFILES: usize = 50;

/// More requests than are made.
const REQUESTS: u64 = 1_000_000;

/// Writes the profiles, and makes their keys known. The first is the default.
pub(super) fn write_profiles(folder: &Path, apple: &Simulator) -> Result<PathBuf, Box<dyn Error>> {
    let home = folder.join("home");
    fs::create_dir_all(home.join(".asc"))?;
    apple.set_rate_limit(REQUESTS, REQUESTS);
    let mut keys = Vec::new();
    for number in 0..PROFILES {
        let (key, key_id, issuer_id) = (TestKey::generate(), random_key_id(), random_issuer_id());
        apple.register(ApiKey::team(&key_id, &issuer_id, &key));
        let path = home.join(format!("AuthKey_{key_id}.p8"));
        fs::write(&path, key.pem())?;
        keys.push(json!({
            "name": format!("app-{number}"),
            "key_id": key_id,
            "issuer_id": issuer_id,
            "private_key_path": path,
        }));
    }
    let config = json!({"default_key_name": "app-0", "keys": keys});
    fs::write(home.join(".asc/config.json"), config.to_string())?;
    Ok(home)
}
