//! What the targets for keys and tokens begin with: a key that is made now, in every form, and what people give in its
//! place. Nothing of it is ever committed.

use std::{fs, path::Path};

use serde_json::json;
use simulator::{TestKey, forms};

use crate::Outcome;

/// Writes a folder of seeds a target, in the place of those of an earlier run.
pub(super) fn write_into(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let key = TestKey::generate();
    let accepted = forms::accepted_texts(&key)
        .into_iter()
        .map(|(_, text)| text.into_bytes());
    let refused = forms::no_keys().into_iter().chain(forms::wrong_keys());
    let refused = refused.map(|(_, _, text)| text.into_bytes());
    let texts: Vec<Vec<u8>> = accepted.chain(refused).collect();
    write(&folder.join("private_key_text"), &texts)?;

    let bytes = forms::accepted_bytes(&key).into_iter().map(|(_, bytes)| bytes);
    let spoilt = forms::spoilt(&key).into_iter().map(|(_, _, bytes)| bytes);
    let bytes: Vec<Vec<u8>> = texts.into_iter().chain(bytes).chain(spoilt).collect();
    write(&folder.join("private_key_bytes"), &bytes)?;

    let header = json!({"alg": "ES256", "kid": "2X9R4QWVK6", "typ": "JWT"});
    let claims =
        json!({"iss": "57246542-96fe-1a63-e053-0824d011072a", "iat": 1, "exp": 901, "aud": "appstoreconnect-v1"});
    let token = key.sign_token(&header, &claims);
    let pasted = [token.clone(), format!("Authorization: Bearer {token}"), key.pem()];
    write(&folder.join("token_inspection"), &pasted.map(String::into_bytes))
}

fn write(folder: &Path, seeds: &[Vec<u8>]) -> Outcome {
    fs::create_dir_all(folder)?;
    for (index, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(index.to_string()), seed)?;
    }
    Ok(())
}
