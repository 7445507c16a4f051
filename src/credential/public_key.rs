//! The public half of an API key, to tell whether it signed a token. It is no secret; a private key that it is taken
//! from is wiped as soon as that is done.

use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    pkcs8::Document,
};

use super::{PrivateKey, decode::KeyDefect, der, lookalike::tidy};

/// A P-256 public key.
#[derive(Clone, Debug)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a public key (SPKI, as PEM or DER), or a private one in any form that [`PrivateKey::decode`] reads.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyDefect> {
        let key = match PrivateKey::decode(bytes) {
            Ok(private) => *private.public_key(),
            Err(KeyDefect::PublicKey) => match std::str::from_utf8(bytes) {
                Ok(text) if text.contains("-----BEGIN") => {
                    let (_, document) = Document::from_pem(tidy(text)).map_err(|_| KeyDefect::Damaged)?;
                    der::public_key(document.as_bytes())?
                }
                _ => der::public_key(bytes)?,
            },
            Err(defect) => return Err(defect),
        };
        Ok(Self(VerifyingKey::from(key)))
    }

    /// Whether `signature` is this key's ES256 signature of `message`: 64 bytes, `r` and `s`. (RFC 7518, 3.4)
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use p256::pkcs8::{EncodePublicKey, LineEnding};
    use simulator::TestKey;

    use super::*;

    /// The SPKI of a test key, as PEM and as DER.
    fn spki(key: &TestKey) -> (String, Vec<u8>) {
        let public = p256::PublicKey::from_sec1_bytes(key.public_key()).expect("a point");
        let pem = public.to_public_key_pem(LineEnding::CRLF).expect("a PEM");
        (pem, public.to_public_key_der().expect("a DER").into_vec())
    }

    #[test]
    fn a_public_key_and_a_private_one_tell_the_same() {
        let key = TestKey::generate();
        let token = key.sign_token(&serde_json::json!({}), &serde_json::json!({}));
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(signature)
            .expect("base64url");
        let (pem, der) = spki(&key);
        for form in [
            pem.into_bytes(),
            der,
            key.pem().into_bytes(),
            STANDARD.encode(key.pem()).into_bytes(),
        ] {
            let public = PublicKey::decode(&form).expect("a key");
            assert!(public.has_signed(message.as_bytes(), &signature));
            assert!(!public.has_signed(b"another message", &signature));
            assert!(!public.has_signed(message.as_bytes(), &signature[..63]));
        }
    }

    #[test]
    fn what_is_no_p256_key_is_named() {
        let (pem, der) = spki(&TestKey::generate());
        // The last byte of the curve's identifier: secp256r1 becomes secp256 of another kind.
        let other = |at: usize, byte: u8| {
            let mut der = der.clone();
            der[at] = byte;
            PublicKey::decode(&der).map(|_| ()).err()
        };
        assert_eq!(other(22, 0x01), Some(KeyDefect::OtherCurve("P-192")));
        assert_eq!(other(12, 0x02), Some(KeyDefect::OtherAlgorithm("an unknown algorithm")));
        assert_eq!(
            other(30, der[30] ^ 1),
            Some(KeyDefect::Damaged),
            "no point of the curve"
        );
        for (text, defect) in [
            ("", KeyDefect::Empty),
            ("$KEY", KeyDefect::Placeholder),
            (&pem[..60], KeyDefect::Damaged),
        ] {
            assert_eq!(
                PublicKey::decode(text.as_bytes()).map(|_| ()).err(),
                Some(defect),
                "{text}"
            );
        }
    }
}
