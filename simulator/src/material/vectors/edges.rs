//! The numbers at the edges: the private keys that everybody knows, and the curve's own.

use super::{ec_private_key, pkcs8, public};
use crate::material::forms::der;

/// A private key that everybody knows, and its public key as OpenSSL computes it.
#[derive(Debug, Clone)]
pub struct EdgeKey {
    pub row: &'static str,
    pub scalar: [u8; 32],
    /// An uncompressed point.
    pub public_key: [u8; 65],
}

impl EdgeKey {
    fn new(row: &'static str, scalar: [u8; 32], public_key: &str) -> Self {
        let byte = |at: usize| u8::from_str_radix(&public_key[2 * at..2 * at + 2], 16).expect("hexadecimal digits");
        let public_key = std::array::from_fn(byte);
        Self {
            row,
            scalar,
            public_key,
        }
    }

    /// PKCS#8 with the public key in it.
    pub fn pkcs8_der(&self) -> Vec<u8> {
        pkcs8(&ec_private_key(&self.scalar, &[&public(&self.public_key)]))
    }
}

/// The order of P-256's group: the smallest number that is no private key any more. (SEC 2, 2.4.2)
pub(super) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The scalars at the edges: the least, the greatest, and those that begin with zeros.
pub fn edge_keys() -> Vec<EdgeKey> {
    let filled = |from: usize| std::array::from_fn(|at| if at < from { 0 } else { 0xff });
    vec![
        EdgeKey::new(
            "scalar 1",
            small(1),
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
             4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
        EdgeKey::new(
            "scalar 2",
            small(2),
            "047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978\
             07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
        ),
        EdgeKey::new(
            "scalar n-1",
            ending(ORDER, 0x50),
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
             b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a",
        ),
        EdgeKey::new(
            "a scalar that begins with one zero byte",
            filled(1),
            "04276512d759c97c4b57751aab2d2d4a478318647639b9b42fb3f4e5adc8f3176c\
             8a63b43f82671930d542ee6443320a94dbf595791c2ca440a29797b13120ec3b",
        ),
        EdgeKey::new(
            "a scalar that begins with sixteen zero bytes",
            filled(16),
            "04faa31e824f8143caeb2b0e68deee70bd45dc5b9a78fa0741ee22a6a7b9d0b22f\
             e6078b5a598df8b65ba3d288e70db604a25d90279d586d11282d704f8bd18f2d",
        ),
    ]
}

pub(super) fn small(number: u8) -> [u8; 32] {
    ending([0; 32], number)
}

pub(super) fn ending(mut bytes: [u8; 32], last: u8) -> [u8; 32] {
    bytes[31] = last;
    bytes
}

/// P-256 spelt out: prime, coefficients, generator, order, cofactor. (SEC 1, C.2; SEC 2, 2.4.2)
pub(super) fn explicit_p256() -> Vec<u8> {
    const PRIME_FIELD: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1];
    const B: [u8; 32] = [
        0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc, 0x65, 0x1d,
        0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b,
    ];
    let mut prime = [0xff; 32];
    prime[4..8].copy_from_slice(&[0, 0, 0, 1]);
    prime[8..20].fill(0);
    let a = ending(prime, 0xfc);
    let number = |bytes: &[u8; 32]| der(0x02, &[&[0], bytes]);
    let generator = edge_keys()[0].public_key;
    der(
        0x30,
        &[
            &[2, 1, 1],
            &der(0x30, &[PRIME_FIELD, &number(&prime)]),
            &der(0x30, &[&der(0x04, &[&a]), &der(0x04, &[&B])]),
            &der(0x04, &[&generator]),
            &number(&ORDER),
            &[2, 1, 1],
        ],
    )
}
