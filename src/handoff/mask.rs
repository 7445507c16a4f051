//! The forms of a secret that a log could show: what masks and redactors look for.
//!
//! BEGIN and END lines are no secret, and masking them would garble logs.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    credential::{PrivateKey, pem_of},
    token::Token,
};

/// Masking something shorter would hit innocent text, in characters.
const SHORTEST: usize = 8;

type Forms = Vec<Zeroizing<String>>;

/// Every form of a key: each text that it was given as, the clean PEM of it and the PEM that is written, each whole,
/// by line, with the lines joined, and as base64 in every usual width. The longest first, so that a runner that
/// replaces in order leaves no rests.
pub fn forms_of_key(key: &PrivateKey) -> Forms {
    let mut forms = Forms::new();
    for text in key.given() {
        add_text(&mut forms, text);
    }
    add_text(&mut forms, &pem_of(key.given_der()));
    add_text(&mut forms, &key.to_pem());
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// The lines of `text`, which is ASCII, at a width.
fn wrapped(text: &str, width: usize) -> impl Iterator<Item = &str> {
    (0..text.len())
        .step_by(width)
        .filter_map(move |at| text.get(at..text.len().min(at + width)))
}

/// The forms of a token: whole, and its signature, without which the rest is worth nothing.
pub fn forms_of_token(token: &Token) -> Forms {
    let mut forms = Forms::new();
    add(&mut forms, token.secret());
    add(&mut forms, token.signature());
    forms
}

/// The text's own forms, and those of what `base64` and `openssl base64` print of it.
fn add_text(forms: &mut Forms, text: &str) {
    add_lines(forms, text);
    for file in [
        text,
        text.trim_end(),
        &*Zeroizing::new(format!("{}\n", text.trim_end())),
    ] {
        let encoded = Zeroizing::new(STANDARD.encode(file));
        add(forms, &encoded);
        for line in wrapped(&encoded, 76).chain(wrapped(&encoded, 64)) {
            add(forms, line);
        }
    }
}

fn add_lines(forms: &mut Forms, text: &str) {
    let body = without_armour(text);
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    add(forms, &Zeroizing::new(lines.join("\n")));
    add(forms, &Zeroizing::new(lines.concat()));
    for line in &lines {
        add(forms, line);
        // A body on one line, with spaces where the newlines were.
        for word in line.split_whitespace().filter(|word| word.bytes().all(is_base64)) {
            add(forms, word);
        }
    }
    let words: Vec<&str> = body.split_whitespace().collect();
    add(forms, &Zeroizing::new(words.concat()));
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
}

fn add(forms: &mut Forms, form: &str) {
    if form.chars().count() >= SHORTEST && !forms.iter().any(|known| known.as_str() == form) {
        forms.push(Zeroizing::new(form.to_owned()));
    }
}

/// The text with every `-----BEGIN …-----` and `-----END …-----` replaced by a newline.
pub(super) fn without_armour(text: &str) -> Zeroizing<String> {
    let mut body = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(at) = ["-----BEGIN ", "-----END "]
        .iter()
        .filter_map(|armour| rest.find(armour))
        .min()
    {
        body.push_str(&rest[..at]);
        body.push('\n');
        let armour = &rest[at + 5..];
        rest = armour.find("-----").map_or("", |end| &armour[end + 5..]);
    }
    body.push_str(rest);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_is_no_secret_and_the_rest_is() {
        let body = without_armour("-----BEGIN PRIVATE KEY-----\nabc\ndef\n-----END PRIVATE KEY-----\n");
        assert_eq!(body.split_whitespace().collect::<Vec<_>>(), ["abc", "def"]);
        let one_line = without_armour("-----BEGIN PRIVATE KEY----- abc def -----END PRIVATE KEY-----");
        assert_eq!(one_line.split_whitespace().collect::<Vec<_>>(), ["abc", "def"]);
        assert_eq!(without_armour("abc").as_str(), "abc");
    }

    #[test]
    fn what_is_short_is_not_masked() {
        let mut forms = Forms::new();
        add_text(&mut forms, "short\nlong enough to mask\n");
        assert!(forms.iter().all(|form| form.len() >= SHORTEST));
        assert!(forms.iter().any(|form| form.as_str() == "long enough to mask"));
    }
}
