//! The private key: a P-256 scalar that is wiped when dropped and never printed.

use std::{fmt, sync::OnceLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use ecdsa::hazmat::sign_prehashed_rfc6979;
use p256::{
    NistP256, PublicKey, SecretKey, ecdsa::Signature, elliptic_curve::sec1::ToSec1Point, pkcs8::EncodePublicKey,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    decode::{self, Form, KeyDefect},
    stack::wiping,
};

/// PKCS#8 of a P-256 key that carries its public key, up to the private scalar. (RFC 5958, RFC 5915)
const DER_HEAD: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
];
/// What stands between the scalar and the public point.
const DER_BEFORE_PUBLIC: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];
/// An uncompressed point, as SEC1 has it.
const POINT_LENGTH: usize = 65;
const DER_LENGTH: usize = 36 + 32 + 5 + POINT_LENGTH;

/// A P-256 private key, together with the texts it was given as, so that logs can be kept clear of them.
pub struct PrivateKey {
    /// Boxed: what is moved leaves a copy behind.
    key: Box<SecretKey>,
    /// The public key that the file carried, as a SEC1 point.
    public: Option<Vec<u8>>,
    /// The public key that belongs to it, once it was worked out.
    worked_out: OnceLock<PublicKey>,
    form: Form,
    given: Vec<Zeroizing<String>>,
    given_der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// What is said of one.
    pub const WELL_FORMED: &str = "P-256, well formed";

    /// Decodes any form that people paste (see `docs/troubleshooting.md` for the list).
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyDefect> {
        let decoded = wiping(|| decode::decode(bytes))?;
        Ok(Self {
            key: decoded.key,
            public: decoded.public,
            worked_out: OnceLock::new(),
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
            Ok(public) if public == *self.public_key() => Ok(()),
            _ => Err(KeyDefect::Damaged),
        }
    }

    /// Its public half, which costs as much as a signature to work out, and is worked out once.
    pub(super) fn public_key(&self) -> &PublicKey {
        self.worked_out.get_or_init(|| wiping(|| self.key.public_key()))
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

    /// The key as other tools read it: PKCS#8 PEM, LF line ends, a final newline. The public key in it is the one that
    /// came with the file, if one did: working it out costs as much as a signature (see [`PrivateKey::check`]).
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new(Vec::with_capacity(DER_LENGTH));
        der.extend_from_slice(&DER_HEAD);
        der.extend_from_slice(&self.scalar());
        der.extend_from_slice(&DER_BEFORE_PUBLIC);
        match &self.public {
            Some(point) if point.len() == POINT_LENGTH && point[0] == 4 => der.extend_from_slice(point),
            _ => der.extend_from_slice(self.public_key().to_sec1_point(false).as_bytes()),
        }
        pem_of(&der)
    }

    /// A 64-byte ES256 signature of `message`: `r` and `s`, as RFC 7518 (3.4) wants them. The nonce is RFC 6979's.
    ///
    /// `SigningKey` would work out the public key first, which takes as long as the signature itself.
    pub(crate) fn sign(scalar: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        let digest = Sha256::digest(message);
        wiping(|| {
            let key = SecretKey::from_slice(scalar).ok()?;
            let (signature, _): (Signature, _) =
                sign_prehashed_rfc6979::<NistP256, Sha256>(&key.to_nonzero_scalar(), &digest, &[]);
            Some(signature.to_bytes().to_vec())
        })
    }

    /// The 32 bytes of the private scalar.
    pub(crate) fn scalar(&self) -> Zeroizing<Vec<u8>> {
        wiping(|| Zeroizing::new(self.key.to_bytes().to_vec()))
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let public = self
            .public_key()
            .to_public_key_der()
            .unwrap_or_else(|_| unreachable!("a P-256 key always has an SPKI encoding"));
        Fingerprint(Sha256::digest(public.as_bytes()).into())
    }
}

/// The file that a tool would make of this DER: lines of 64 characters between BEGIN and END.
pub fn pem_of(der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(body.len() * 2 + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
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
