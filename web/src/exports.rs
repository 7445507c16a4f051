//! What the page's script calls. The text that JavaScript gets is a copy: the one on this side is wiped.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::Json;

#[wasm_bindgen]
pub fn version() -> String {
    crate::VERSION.to_owned()
}

#[wasm_bindgen]
pub fn check(fields: String, key: Vec<u8>) -> JsValue {
    handed_over(&crate::check(fields, key))
}

#[wasm_bindgen]
pub fn choices() -> JsValue {
    handed_over(&crate::choices())
}

#[wasm_bindgen]
pub fn prepare(fields: String, key: Vec<u8>, choices: &str) -> JsValue {
    handed_over(&crate::prepare(fields, key, choices))
}

#[wasm_bindgen]
pub fn mint(fields: String, key: Vec<u8>, wanted: &str, now: f64) -> JsValue {
    handed_over(&crate::mint(fields, key, wanted, now))
}

#[wasm_bindgen]
pub fn inspect(token: String, key: Vec<u8>, file_name: &str, in_house: bool, now: f64) -> JsValue {
    handed_over(&crate::inspect(token, key, file_name, in_house, now))
}

#[wasm_bindgen]
pub fn roles(wanted: &str) -> JsValue {
    handed_over(&crate::roles(wanted))
}

#[wasm_bindgen]
pub fn explain(answer: String) -> JsValue {
    handed_over(&crate::explain(answer))
}

fn handed_over(json: &Json) -> JsValue {
    JsValue::from_str(json)
}
