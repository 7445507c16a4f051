//! The forms in which a log may show a key and a token, as the documentation lists them: whole or one line of a PEM, raw
//! or in base64 or escaped for a URL or JSON, and the scalar as dumps have it.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};

use crate::keys::Sample;

/// Every form of both, none of them empty.
pub fn of(sample: &Sample) -> Vec<Vec<u8>> {
    let body = sample.body();
    let token = sample.token.secret();
    let mut texts = vec![body.clone(), token.to_owned(), sample.token.signature().to_owned()];
    for line_end in ["\n", "\r\n", "\\n", "\\r\\n", " "] {
        texts.push(sample.pem.replace('\n', line_end));
    }
    for text in texts.clone() {
        for before in ["", "=", "K="] {
            let digits = STANDARD.encode(format!("{before}{text}"));
            texts.push(STANDARD.encode(&digits));
            texts.push(digits);
        }
    }
    let safe = body.replace('+', "-").replace('/', "_");
    texts.extend([STANDARD.encode(&safe), safe, URL_SAFE.encode(&sample.pem)]);
    texts.push(sample.pem.replace('/', "\\/").replace('\n', "\\n"));
    let url: String = url::form_urlencoded::byte_serialize(sample.pem.as_bytes()).collect();
    texts.push(url.replace('+', "%20"));
    texts.push(url.replace("%2B", "%2b").replace("%2F", "%2f").replace("%0A", "%0a"));
    texts.push(url);
    for joint in ["", ":", " "] {
        let hex: Vec<String> = sample.scalar.iter().map(|byte| format!("{byte:02x}")).collect();
        texts.push(hex.join(joint).to_uppercase());
        texts.push(hex.join(joint));
    }
    texts.push(STANDARD.encode(&sample.scalar));
    texts.push(URL_SAFE_NO_PAD.encode(&sample.scalar));
    let mut forms: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    forms.push(sample.scalar.clone());
    forms
}
