//! A throw-away P-256 key in the forms a `.p8` comes in. Made with `ring`; it can also sign, so
//! that the simulator's own tests need nothing of asc-auth.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// Object identifier prime256v1, as DER.
const PRIME256V1: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Object identifier ecPublicKey, as DER.
const EC_PUBLIC_KEY: [u8; 9] = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Where the private scalar lies in the PKCS#8 that ring makes.
const SCALAR: std::ops::Range<usize> = 36..68;

/// A P-256 key pair. Prints as its public half only.
pub struct TestKey {
    pkcs8: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl TestKey {
    /// A new random key.
    pub fn generate() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key is generated");
        let pkcs8 = pkcs8.as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8, &random).expect("its own key");
        Self { pkcs8, pair }
    }

    /// The key in a file, which must be PKCS#8 with the public key in it, as Apple writes it and as [`Self::pkcs8_pem`]
    /// is. None if it is not.
    pub fn read(pem: &str) -> Option<Self> {
        let file = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let file = file.secret_pkcs8_der();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, file, &SystemRandom::new()).ok()?;
        let scalar = der(0x04, &[file.get(SCALAR)?]);
        let public_key = der(0x03, &[&[0], pair.public_key().as_ref()]);
        let inner = der(0x30, &[&[0x02, 1, 1], &scalar, &der(0xa1, &[&public_key])]);
        let algorithm = der(0x30, &[&EC_PUBLIC_KEY, &PRIME256V1]);
        let pkcs8 = der(0x30, &[&[0x02, 1, 0], &algorithm, &der(0x04, &[&inner])]);
        Some(Self { pkcs8, pair })
    }

    /// The public key as a 65-byte uncompressed point.
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The 32 bytes of the private scalar.
    pub fn scalar(&self) -> &[u8] {
        &self.pkcs8[SCALAR]
    }

    /// PKCS#8 as most tools write it: no curve parameters inside the private key; 138 bytes.
    pub fn pkcs8_der(&self) -> Vec<u8> {
        self.pkcs8.clone()
    }

    /// PKCS#8 exactly as Apple writes it, with the curve repeated inside; 150 bytes.
    pub fn apple_der(&self) -> Vec<u8> {
        let curve = PRIME256V1;
        let algorithm = der(0x30, &[&EC_PUBLIC_KEY, &curve]);
        let inner = self.ec_private_key(&curve);
        der(0x30, &[&[0x02, 1, 0], &algorithm, &der(0x04, &[&inner])])
    }

    /// SEC1 (`EC PRIVATE KEY`), as `openssl ecparam -genkey` writes it.
    pub fn sec1_der(&self) -> Vec<u8> {
        self.ec_private_key(&PRIME256V1)
    }

    /// The file Apple hands out: 257 bytes, body lines of 64, 64, 64 and 8 characters, no line
    /// end after the last one.
    pub fn pem(&self) -> String {
        pem("PRIVATE KEY", &self.apple_der()).trim_end().to_owned()
    }

    /// The PEM of [`Self::pkcs8_der`], with a line end after the last line.
    pub fn pkcs8_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// The PEM of [`Self::sec1_der`], with a line end after the last line.
    pub fn sec1_pem(&self) -> String {
        pem("EC PRIVATE KEY", &self.sec1_der())
    }

    /// A compact JWS with whatever header and claims are given; the signature is always ES256.
    pub fn sign_token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("the system gives random bytes");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// RFC 5915: version 1, the scalar, `[0]` the curve, `[1]` the public key.
    fn ec_private_key(&self, curve: &[u8]) -> Vec<u8> {
        let scalar = der(0x04, &[self.scalar()]);
        let public_key = der(0x03, &[&[0], self.public_key()]);
        der(
            0x30,
            &[&[0x02, 1, 1], &scalar, &der(0xa0, &[curve]), &der(0xa1, &[&public_key])],
        )
    }
}

impl fmt::Debug for TestKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public_key = STANDARD.encode(self.public_key());
        out.debug_struct("TestKey")
            .field("public_key", &public_key)
            .finish_non_exhaustive()
    }
}

/// One DER element of less than 256 bytes.
fn der(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u8::try_from(content.len()).expect("short");
    let head: &[u8] = if length < 0x80 {
        &[tag, length]
    } else {
        &[tag, 0x81, length]
    };
    [head, &content].concat()
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|start| &body[start..body.len().min(start + 64)])
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pem_has_apples_size_and_lines() {
        let pem = TestKey::generate().pem();
        assert_eq!(pem.len(), 257);
        let lines: Vec<usize> = pem.lines().map(str::len).collect();
        assert_eq!(lines, [27, 64, 64, 64, 8, 25]);
    }

    #[test]
    fn a_key_that_is_read_from_its_file_is_the_same() {
        let key = TestKey::generate();
        for pem in [key.pem(), key.pkcs8_pem()] {
            let read = TestKey::read(&pem).unwrap();
            assert_eq!(read.pkcs8_der(), key.pkcs8_der());
        }
        assert!(TestKey::read(&key.sec1_pem()).is_none());
    }

    #[test]
    fn every_pkcs8_form_is_the_same_key() {
        let key = TestKey::generate();
        for der in [key.pkcs8_der(), key.apple_der()] {
            let read = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new())
                .expect("ring reads it");
            assert_eq!(read.public_key().as_ref(), key.public_key());
        }
    }

    #[test]
    fn no_private_part_is_printed() {
        let key = TestKey::generate();
        let scalar = STANDARD.encode(&key.pkcs8[SCALAR]);
        assert!(!format!("{key:?}").contains(&scalar));
        assert_eq!(key.sec1_der()[7..39], key.pkcs8[SCALAR]);
    }
}
