//! Tokens that nobody may accept, made of good ones.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Failure;

/// The bytes of the third part.
pub(super) fn signature(token: &str) -> Result<Vec<u8>, Failure> {
    let signature = token.rsplit('.').next().ok_or("no signature")?;
    Ok(URL_SAFE_NO_PAD.decode(signature)?)
}

/// The token with a signature or a text that is not its own: ten ways in turn.
pub(super) fn spoil(token: &str, number: usize) -> Result<String, Failure> {
    let (signed, _) = token.rsplit_once('.').ok_or("no signature")?;
    let (header, claims) = signed.split_once('.').ok_or("no claims")?;
    let mut signature = signature(token)?;
    let with = |signature: &[u8]| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let (r, s) = signature.split_at(32);
    Ok(match number % 10 {
        0 => {
            let at = number / 10 % 64;
            signature[at] ^= 1 << (number % 7);
            with(&signature)
        }
        1 => with(&[s, r].concat()),
        2 => with(&[0; 64]),
        3 => with(&[&[0; 32], s].concat()),
        4 => with(&[r, &[0; 32]].concat()),
        5 => with(&signature[..63]),
        6 => with(&[&signature[..], &[0]].concat()),
        7 => with(&as_der(&signature)),
        8 => {
            let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims)?)?.replacen('{', "{\"one\":\"more\",", 1);
            let (_, signature) = token.rsplit_once('.').ok_or("no signature")?;
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
        }
        _ => {
            let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header)?)?.replacen("ES256", "none", 1);
            format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header))
        }
    })
}

/// The signature as X.509 has it, which is not the one of a token. (RFC 7518, 3.4)
fn as_der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let bytes = &bytes[start..];
        let zero: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
        let length = u8::try_from(zero.len() + bytes.len()).unwrap_or(u8::MAX);
        [&[2, length], zero, bytes].concat()
    };
    let content = [number(&signature[..32]), number(&signature[32..])].concat();
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[0x30, length], &content[..]].concat()
}
