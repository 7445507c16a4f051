//! What the checker page gives people to paste, for the least and for the most that can be chosen.

use std::error::Error;

use serde_json::{Value, json};

use super::markdown::Block;

pub(super) fn blocks() -> Result<Vec<Block>, Box<dyn Error>> {
    let team = fields("57246542-96fe-1a63-e053-0824d011072a", "");
    let individual = fields("", "individual");
    let least = json!({});
    let most = json!({
        "export": ["asc", "fastlane", "altool", "codemagic", "expo", "tauri", "quill"], "lifetime": "20m",
        "expect_app": "com.example.app", "forbid_admin": true,
    });
    let scoped = json!({"scope": "GET /v1/apps\nGET /v1/builds?filter[app]=1"});
    let mut blocks = Vec::new();
    for (name, fields, choices) in [
        ("team", &team, &least),
        ("team-with-all", &team, &most),
        ("team-with-scopes", &team, &scoped),
        ("individual", &individual, &least),
    ] {
        let prepared = asc_auth_web::prepare(fields.clone(), Vec::new(), &choices.to_string());
        let prepared: Value = serde_json::from_str(&prepared)?;
        for (part, language) in [
            ("/github/commands", "sh"),
            ("/github/workflow", "yaml"),
            ("/gitlab/commands", "sh"),
            ("/gitlab/pipeline", "yaml"),
        ] {
            let text = prepared.pointer(part).and_then(Value::as_str);
            let text = text.ok_or("the page prepares less than it did")?;
            // The component has no input for scopes.
            if text.is_empty() && name == "team-with-scopes" {
                continue;
            }
            blocks.push(Block {
                place: format!("checker-page/{name}{part}"),
                language: language.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    Ok(blocks)
}

fn fields(issuer_id: &str, kind: &str) -> String {
    json!({"key_id": "2X9R4QWVK6", "issuer_id": issuer_id, "kind": kind, "file_name": ""}).to_string()
}
