//! Keys and tokens that are made at run time, and what of them nobody may see.
//!
//! The scalars are digests of fixed words, so that an input that breaks a property breaks it again tomorrow; a corpus
//! never holds a key, only where one is put in.

use std::{collections::HashSet, sync::LazyLock};

use asc_auth::{
    credential::{Credential, IssuerId, KeyId, KeyKind, PrivateKey},
    token::{Audience, Lifetime, Token, TokenRequest, mint},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use p256::{
    SecretKey,
    pkcs8::{EncodePrivateKey, LineEnding},
};
use ring::digest::{SHA256, digest};

/// So many bytes in a row of something secret are a leak. The redactor lets less than eight telling ones pass.
pub const LEAK: usize = 12;

/// A key, a token that it has signed, and every piece of both that is a leak.
pub struct Sample {
    pub pem: String,
    pub scalar: Vec<u8>,
    pub token: Token,
    leaks: HashSet<[u8; LEAK]>,
}

/// Two keys of the usual kind and one of `0xff`, of which base64 is all slashes.
pub static SAMPLES: LazyLock<[Sample; 3]> = LazyLock::new(|| {
    let digests = ["one", "two"].map(|word| digest(&SHA256, word.as_bytes()).as_ref().to_vec());
    let [one, two] = digests;
    [one, two, [&[0x3f][..], &[0xff; 31]].concat()].map(Sample::of)
});

impl Sample {
    fn of(scalar: Vec<u8>) -> Self {
        let key = SecretKey::from_slice(&scalar).expect("a scalar");
        let pem = key.to_pkcs8_pem(LineEnding::LF).expect("a PEM").to_string();
        let token = token_of(PrivateKey::decode(pem.as_bytes()).expect("a key"));
        let pieces = pieces_of_key(&scalar)
            .into_iter()
            .chain(pieces_of_token(token.secret()));
        let leaks = pieces.flat_map(|piece| windows(&piece).collect::<Vec<_>>()).collect();
        Self {
            pem,
            scalar,
            token,
            leaks,
        }
    }

    /// Base64 between the BEGIN and the END line.
    pub fn body(&self) -> String {
        self.pem.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    /// Whether enough of the key or of the token stands in `output` to be a leak.
    pub fn leaks_into(&self, output: &[u8]) -> bool {
        windows(output).any(|window| self.leaks.contains(&window))
    }
}

/// A token of a team key. The time is fixed, and so is the signature: RFC 6979 has no random nonce.
pub fn token_of(private_key: PrivateKey) -> Token {
    let issuer = IssuerId::parse("57246542-96fe-1a63-e053-0824d011072a").expect("an issuer ID");
    let credential = Credential {
        key_id: KeyId::parse("2X9R4QWVK6").expect("a key ID"),
        kind: KeyKind::Team(issuer),
        private_key,
    };
    let lifetime = Lifetime::parse("15m").expect("a lifetime");
    let request = TokenRequest::new(lifetime, Vec::new(), Audience::AppStoreConnect).expect("a request");
    mint(&credential, &credential.kind, &request, NOW)
}

/// Unix seconds.
pub const NOW: i64 = 1_790_000_000;

fn windows(bytes: &[u8]) -> impl Iterator<Item = [u8; LEAK]> {
    bytes.windows(LEAK).filter_map(|window| window.try_into().ok())
}

/// The scalar as dumps and a PEM show it, and base64 of the PEM's lines. Its 43 digits begin in a line of 64.
fn pieces_of_key(scalar: &[u8]) -> Vec<Vec<u8>> {
    let digits = URL_SAFE_NO_PAD.encode(scalar).replace('-', "+").replace('_', "/");
    let mut pieces = vec![scalar.to_vec()];
    for joint in ["", ":", " "] {
        let hex: Vec<String> = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
        pieces.push(hex.join(joint).into_bytes());
        pieces.push(hex.join(joint).to_uppercase().into_bytes());
    }
    pieces.extend(in_base64(scalar));
    // The last digit holds bits of what follows.
    for line in [&digits[..16], &digits[16..42], &digits[..42]] {
        let safe = line.replace('+', "-").replace('/', "_");
        for text in [line, &safe] {
            pieces.extend(in_base64(text.as_bytes()));
            for once in in_base64(text.as_bytes()) {
                pieces.extend(in_base64(&once));
            }
        }
        let upper = line.replace('+', "%2B").replace('/', "%2F");
        let lower = upper.replace("%2B", "%2b").replace("%2F", "%2f");
        pieces.extend([upper, lower, line.replace('/', "\\/"), line.to_owned(), safe].map(String::into_bytes));
    }
    pieces
}

fn pieces_of_token(token: &str) -> Vec<Vec<u8>> {
    let (_, secret) = token.split_once('.').expect("three parts");
    let mut pieces = in_base64(secret.as_bytes());
    pieces.push(secret.as_bytes().to_vec());
    pieces
}

/// The digits in base64 of something longer that depend on these bytes alone, for each place in a group of three.
fn in_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let digits = |before: usize| {
        let all = STANDARD.encode([&[0; 2][..before], bytes].concat());
        let end = (before + bytes.len()) * 8 / 6;
        all.as_bytes()[(before * 8).div_ceil(6)..end].to_vec()
    };
    (0..3).map(digits).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::{PrivateKey, SAMPLES};

    #[test]
    fn no_corpus_holds_a_key() {
        let mut seen = 0;
        for corpus in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).expect("corpora") {
            for file in fs::read_dir(corpus.expect("a corpus").path()).expect("a corpus") {
                let path = file.expect("a file").path();
                let input = fs::read(&path).expect("a read");
                assert!(PrivateKey::decode(&input).is_err(), "{}", path.display());
                seen += 1;
            }
        }
        assert!(seen > 100, "only {seen} inputs were found");
    }

    #[test]
    fn a_leak_is_known_in_a_pem_and_in_base64_of_it() {
        let sample = &SAMPLES[0];
        assert!(sample.leaks_into(sample.pem.as_bytes()));
        assert!(sample.leaks_into(STANDARD.encode(&sample.pem).as_bytes()));
        assert!(sample.leaks_into(sample.token.secret().as_bytes()));
        assert!(!sample.leaks_into(SAMPLES[1].pem.as_bytes()));
        assert!(!sample.leaks_into(&[0x41; 100]));
    }
}
