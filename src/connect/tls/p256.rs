//! P-256 for TLS, by the crate that signs the tokens. ring's own brings a table of 0.15 MB, more than the rest of TLS
//! that is not code; with this the binary holds one P-256. It does what it is told to by rustls and judges nothing.

use std::fmt;

use p256::{
    PublicKey, SecretKey,
    ecdsa::{DerSignature, VerifyingKey, signature::hazmat::PrehashVerifier},
    elliptic_curve::{ecdh::diffie_hellman, sec1::ToSec1Point},
};
use rustls::{
    Error, NamedGroup, PeerMisbehaved,
    crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup},
    pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id},
};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroizing;

/// Signatures of certificates and handshakes with SHA-256.
pub(super) static ECDSA_SHA256: &dyn SignatureVerificationAlgorithm = &Ecdsa {
    signature: alg_id::ECDSA_SHA256,
    digest: |message| Sha256::digest(message).to_vec(),
};

/// The same with SHA-384, which some authorities use.
pub(super) static ECDSA_SHA384: &dyn SignatureVerificationAlgorithm = &Ecdsa {
    signature: alg_id::ECDSA_SHA384,
    digest: |message| Sha384::digest(message).to_vec(),
};

/// Ephemeral Diffie-Hellman.
pub(super) static KEY_EXCHANGE: &dyn SupportedKxGroup = &Group;

/// Uncompressed: TLS 1.3 forbids every other form, and nobody else uses one (RFC 8446, 4.2.8.2).
const POINT_LENGTH: usize = 65;

#[derive(Debug)]
struct Ecdsa {
    signature: AlgorithmIdentifier,
    digest: fn(&[u8]) -> Vec<u8>,
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }

    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = uncompressed(public_key).ok_or(InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        VerifyingKey::from(key)
            .verify_prehash(&(self.digest)(message), &signature)
            .map_err(|_| InvalidSignature)
    }
}

#[derive(Debug)]
struct Group;

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        let secret = loop {
            getrandom::fill(&mut *bytes).map_err(|_| GetRandomFailed)?;
            // All but one of 2^32 are in the curve's range.
            if let Ok(secret) = SecretKey::from_slice(&*bytes) {
                break secret;
            }
        };
        let public = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

/// Our half. The secret is wiped when dropped.
struct Exchange {
    secret: SecretKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer = uncompressed(peer).ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let secret = Zeroizing::new(self.secret.to_nonzero_scalar());
        let shared = diffie_hellman(*secret, peer.as_affine());
        Ok(shared.raw_secret_bytes().as_slice().into())
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

/// The point, if it is one of the curve and not the one at infinity.
fn uncompressed(point: &[u8]) -> Option<PublicKey> {
    (point.len() == POINT_LENGTH)
        .then(|| PublicKey::from_sec1_bytes(point).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::kx_group::SECP256R1;

    use super::*;

    /// RFC 6979, A.2.5: the public key and its signatures of "sample".
    const KEY: &str = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
                       7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    const OF_SHA256: [&str; 2] = [
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ];
    const OF_SHA384: [&str; 2] = [
        "0EAFEA039B20E9B42309FB1D89E213057CBF973DC0CFC8F129EDDDC800EF7719",
        "4861F0491E6998B9455193E34E7B0D284DDD7149A74B95B9261F13ABDE940954",
    ];

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        hexadecimal
            .as_bytes()
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap_or_default(), 16).unwrap_or_default())
            .collect()
    }

    /// As certificates have it.
    fn der([r, s]: [&str; 2]) -> Vec<u8> {
        let integer = |number: &str| {
            let mut digits = bytes(number);
            if digits[0] >= 0x80 {
                digits.insert(0, 0);
            }
            [vec![2, u8::try_from(digits.len()).unwrap_or_default()], digits].concat()
        };
        let both = [integer(r), integer(s)].concat();
        [vec![0x30, u8::try_from(both.len()).unwrap_or_default()], both].concat()
    }

    #[test]
    fn signatures_are_told_from_others() {
        let key = bytes(KEY);
        for (algorithm, good, bad) in [
            (ECDSA_SHA256, OF_SHA256, OF_SHA384),
            (ECDSA_SHA384, OF_SHA384, OF_SHA256),
        ] {
            assert!(algorithm.verify_signature(&key, b"sample", &der(good)).is_ok());
            assert!(algorithm.verify_signature(&key, b"Sample", &der(good)).is_err());
            assert!(algorithm.verify_signature(&key, b"sample", &der(bad)).is_err());
            assert!(algorithm.verify_signature(&key, b"sample", b"").is_err());
            assert!(algorithm.verify_signature(&key[..64], b"sample", &der(good)).is_err());
        }
    }

    #[test]
    fn a_signature_has_one_form() {
        let (key, good) = (bytes(KEY), der(OF_SHA256));
        let trailing = [&good[..], &[0]].concat();
        let indefinite = [&[0x30, 0x81, good[1]], &good[2..]].concat();
        let mut padded = good.clone();
        // A leading zero too many before r.
        padded.splice(1..4, [good[1] + 1, 2, good[3] + 1, 0]);
        let zero = der(["00", OF_SHA256[1]]);
        let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
        let too_large = der([OF_SHA256[0], order]);
        for bad in [trailing, indefinite, padded, zero, too_large] {
            assert!(
                ECDSA_SHA256.verify_signature(&key, b"sample", &bad).is_err(),
                "{bad:02x?}"
            );
        }
    }

    #[test]
    fn both_ends_come_to_the_same_secret_whoever_computes_it() -> Result<(), Error> {
        for (one, other) in [(KEY_EXCHANGE, SECP256R1), (SECP256R1, KEY_EXCHANGE)] {
            let (one, other) = (one.start()?, other.start()?);
            let (of_one, of_other) = (one.pub_key().to_vec(), other.pub_key().to_vec());
            let (mine, theirs) = (one.complete(&of_other)?, other.complete(&of_one)?);
            assert_eq!(mine.secret_bytes(), theirs.secret_bytes());
        }
        Ok(())
    }

    #[test]
    fn what_is_no_point_of_the_curve_ends_the_handshake() -> Result<(), Error> {
        let good = bytes(KEY);
        let mut off = good.clone();
        off[64] ^= 1;
        let compressed = [&[3], &good[1..33]].concat();
        let hybrid = [&[7], &good[1..]].concat();
        for bad in [
            off,
            compressed,
            hybrid,
            vec![0; 65],
            vec![0],
            vec![],
            good[..64].to_vec(),
        ] {
            assert!(KEY_EXCHANGE.start()?.complete(&bad).is_err(), "{bad:?}");
        }
        assert!(KEY_EXCHANGE.start()?.complete(&good).is_ok());
        Ok(())
    }
}
