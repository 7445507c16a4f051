//! The conventions of the tools that come after: which variables and files each one reads.
//!
//! The table is in the README as well. To add a convention, add it to [`Convention`] and to its functions here.

use std::path::Path;

use serde::Serialize;
use zeroize::Zeroizing;

use super::HandoffError;
use crate::{
    convention::Convention,
    credential::{IssuerId, KeyId, KeyKind},
};

/// fastlane refuses a longer `duration`, in seconds.
const FASTLANE_LONGEST: u64 = 1200;

/// What a convention is made from.
#[derive(Debug)]
pub struct Handed<'a> {
    pub key_id: &'a KeyId,
    pub kind: &'a KeyKind,
    pub key_path: &'a Path,
    /// The directory of the key file.
    pub directory: &'a Path,
    /// The JSON file for fastlane, if it was asked for.
    pub fastlane_json: Option<&'a Path>,
}

/// Every name that a convention can set, whoever chose it.
pub fn every_variable(handed: &Handed<'_>) -> Result<Vec<&'static str>, HandoffError> {
    let handed = Handed {
        fastlane_json: Some(handed.key_path),
        ..*handed
    };
    let mut names = Vec::new();
    for convention in Convention::ALL {
        let variables = convention.variables(&handed)?;
        names.extend(variables.iter().map(|(name, _)| *name));
        names.extend(convention.issuer_variable());
    }
    Ok(names)
}

impl Convention {
    /// The variables that the tool reads. An individual key has no issuer, so it sets no issuer variable.
    pub fn variables(self, handed: &Handed<'_>) -> Result<Vec<(&'static str, String)>, HandoffError> {
        let path = |path: &Path| {
            path.to_str().map(str::to_owned).ok_or(HandoffError::Value {
                name: "the key's path".to_owned(),
                why: "it is not Unicode",
            })
        };
        let key_path = path(handed.key_path)?;
        let key_id = handed.key_id.to_string();
        let issuer = |name: &'static str| handed.kind.issuer_id().map(|issuer| (name, issuer.to_string()));
        let mut variables = match self {
            Self::Asc => vec![
                ("ASC_KEY_ID", key_id),
                ("ASC_PRIVATE_KEY_PATH", key_path),
                ("ASC_KEY_TYPE", handed.kind.name().to_owned()),
            ],
            Self::Fastlane => vec![
                ("APP_STORE_CONNECT_API_KEY_KEY_ID", key_id),
                ("APP_STORE_CONNECT_API_KEY_KEY_FILEPATH", key_path),
            ],
            Self::Altool => vec![("API_PRIVATE_KEYS_DIR", path(handed.directory)?)],
            Self::Codemagic => vec![
                ("APP_STORE_CONNECT_KEY_IDENTIFIER", key_id),
                ("APP_STORE_CONNECT_PRIVATE_KEY", format!("@file:{key_path}")),
            ],
            Self::Expo => vec![("EXPO_ASC_API_KEY_PATH", key_path), ("EXPO_ASC_KEY_ID", key_id)],
            Self::Tauri => vec![("APPLE_API_KEY", key_id), ("APPLE_API_KEY_PATH", key_path)],
            Self::ElectronBuilder => vec![("APPLE_API_KEY", key_path), ("APPLE_API_KEY_ID", key_id)],
            Self::Quill => vec![("QUILL_NOTARY_KEY", key_path), ("QUILL_NOTARY_KEY_ID", key_id)],
        };
        variables.extend(self.issuer_variable().and_then(issuer));
        if let (Self::Fastlane, Some(json)) = (self, handed.fastlane_json) {
            variables.push(("APP_STORE_CONNECT_API_KEY_PATH", path(json)?));
        }
        Ok(variables)
    }

    fn issuer_variable(self) -> Option<&'static str> {
        match self {
            Self::Asc => Some("ASC_ISSUER_ID"),
            Self::Fastlane => Some("APP_STORE_CONNECT_API_KEY_ISSUER_ID"),
            // altool takes the issuer as an argument.
            Self::Altool => None,
            Self::Codemagic => Some("APP_STORE_CONNECT_ISSUER_ID"),
            Self::Expo => Some("EXPO_ASC_ISSUER_ID"),
            Self::Tauri | Self::ElectronBuilder => Some("APPLE_API_ISSUER"),
            Self::Quill => Some("QUILL_NOTARY_ISSUER"),
        }
    }
}

/// The name of fastlane's JSON file in the private directory.
pub const FASTLANE_JSON: &str = "fastlane-api-key.json";

/// fastlane's own file: the key as text, and how long its tokens shall live.
pub fn fastlane_json(key_id: &KeyId, kind: &KeyKind, pem: &str, lifetime: u64, in_house: bool) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct ApiKey<'a> {
        key_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer_id: Option<&'a str>,
        key: &'a str,
        /// Seconds.
        duration: u64,
        in_house: bool,
    }
    let mut json = Zeroizing::new(Vec::with_capacity(1024));
    let api_key = ApiKey {
        key_id: key_id.as_str(),
        issuer_id: kind.issuer_id().map(IssuerId::as_str),
        key: pem,
        duration: lifetime.min(FASTLANE_LONGEST),
        in_house,
    };
    serde_json::to_writer(&mut *json, &api_key)
        .unwrap_or_else(|_| unreachable!("strings and numbers have a JSON form"));
    json
}
