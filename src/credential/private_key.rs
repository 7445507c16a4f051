//! The private key: a P-256 scalar that is wiped when dropped and never printed.

use std::fmt;

use ecdsa::hazmat::sign_prehashed_rfc6979;
use p256::{
    NistP256, PublicKey, SecretKey,
    ecdsa::Signature,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::decode::{self, Form, KeyDefect};

/// A P-256 private key, together with the texts it was given as, so that logs can be kept clear of them.
pub struct PrivateKey {
    key: SecretKey,
    /// The public key that the file carried, as a SEC1 point.
    public: Option<Vec<u8>>,
    form: Form,
    given: Vec<Zeroizing<String>>,
    given_der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Decodes any form that people paste (see `docs/troubleshooting.md` for the list).
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyDefect> {
        let decoded = decode::decode(bytes)?;
        Ok(Self {
            key: decoded.key,
            public: decoded.public,
            form: decoded.form,
            given: decoded.texts,
            given_der: decoded.der,
        })
    }

    /// Compares the key with the public key that its file carries, which finds a changed character that left
    /// everything else well formed. It costs as much as a signature: `token` leaves it to Apple, every command that
    /// asks Apple does it first.
    pub fn check(&self) -> Result<(), KeyDefect> {
        let Some(public) = &self.public else {
            return Ok(());
        };
        match PublicKey::from_sec1_bytes(public) {
            Ok(public) if public == self.key.public_key() => Ok(()),
            _ => Err(KeyDefect::Damaged),
        }
    }

    /// The wrapping that the key was found in.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Every text that was peeled off on the way to the key, the one that was given first.
    pub fn given(&self) -> impl Iterator<Item = &str> {
        self.given.iter().map(|text| text.as_str())
    }

    /// The DER that was found at the core of it. Apple's own holds more than [`PrivateKey::to_pem`] writes.
    pub fn given_der(&self) -> &[u8] {
        &self.given_der
    }

    /// The key as other tools read it: PKCS#8 PEM, LF line ends, a final newline.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.key
            .to_pkcs8_pem(LineEnding::LF)
            .unwrap_or_else(|_| unreachable!("a P-256 key always has a PKCS#8 encoding"))
    }

    /// A 64-byte ES256 signature of `message`: `r` and `s`, as RFC 7518 (3.4) wants them. The nonce is RFC 6979's.
    ///
    /// `SigningKey` would work out the public key first, which takes as long as the signature itself.
    pub(crate) fn sign(scalar: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        let key = SecretKey::from_slice(scalar).ok()?;
        let digest = Sha256::digest(message);
        let (signature, _): (Signature, _) =
            sign_prehashed_rfc6979::<NistP256, Sha256>(&key.to_nonzero_scalar(), &digest, &[]);
        Some(signature.to_bytes().to_vec())
    }

    /// The 32 bytes of the private scalar.
    pub(crate) fn scalar(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes().into())
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let public = self
            .key
            .public_key()
            .to_public_key_der()
            .unwrap_or_else(|_| unreachable!("a P-256 key always has an SPKI encoding"));
        Fingerprint(Sha256::digest(public.as_bytes()).into())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([redacted])")
    }
}

/// SHA-256 of the public key's SPKI DER; two texts hold the same key if their fingerprints agree.
/// `openssl pkey -in AuthKey.p8 -pubout -outform DER | sha256sum` prints the same digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    /// The first 16 of 64 digits, enough to tell keys apart: `SHA256:3f1c…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256:")?;
        for byte in &self.0[..8] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…")
    }
}
