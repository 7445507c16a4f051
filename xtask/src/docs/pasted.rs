//! What the checker page gives people to paste, for the least and for the most that can be chosen.

use std::error::Error;

use serde_json::{Value, json};

use super::markdown::Block;

pub(super) fn blocks() -> Result<Vec<Block>, Box<dyn Error>> {
    let team = json!({"key_id": "2X9R4QWVK6", "issuer_id": "57246542-96fe-1a63-e053-0824d011072a"});
    let individual = json!({"key_id": "2X9R4QWVK6", "kind": "individual"});
    let least = json!({"validate": true});
    let most = json!({
        "export": ["asc", "fastlane", "altool", "codemagic", "expo", "tauri", "quill"], "lifetime": "20m",
        "scope": "GET /v1/apps\nGET /v1/builds?filter[app]=1", "validate": true,
        "expect_app": "com.example.app", "forbid_admin": true,
    });
    let mut blocks = Vec::new();
    for (name, fields, choices) in [
        ("team", &team, &least),
        ("team-with-all", &team, &most),
        ("individual", &individual, &least),
    ] {
        let prepared = asc_auth_web::prepare(fields.to_string(), Vec::new(), &choices.to_string());
        let prepared: Value = serde_json::from_str(&prepared)?;
        for (part, language) in [
            ("/github/commands", "sh"),
            ("/github/workflow", "yaml"),
            ("/gitlab/commands", "sh"),
            ("/gitlab/pipeline", "yaml"),
        ] {
            let text = prepared.pointer(part).and_then(Value::as_str);
            blocks.push(Block {
                place: format!("checker-page/{name}{part}"),
                language: language.to_owned(),
                text: text.ok_or("the page prepares less than it did")?.to_owned(),
            });
        }
    }
    Ok(blocks)
}
