//! Which ASN.1 structure some DER is, told by its outermost elements, and the P-256 key in it.
//!
//! PEM labels are a hint only: people rename them. The structure decides.

use p256::{
    PublicKey, SecretKey,
    pkcs8::{
        ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef,
        der::{Decode, Header, Reader, SliceReader, Tag, asn1::AnyRef},
    },
};

use super::decode::KeyDefect;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// The container a key came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Pkcs8,
    Sec1,
}

/// A key, and what its file says beside it.
pub(super) struct Found {
    /// Boxed: what is moved leaves a copy behind.
    pub(super) key: Box<SecretKey>,
    pub(super) container: Container,
    /// The public key that the file carries, as a SEC1 point: not compared with the private one yet.
    pub(super) public: Option<Vec<u8>>,
}

/// The P-256 key in `der`, or what is there in its place.
pub(super) fn decode(der: &[u8]) -> Result<Found, KeyDefect> {
    check_length(der)?;
    let elements = elements(der).ok_or(KeyDefect::Damaged)?;
    let tags: Vec<Tag> = elements.iter().map(|element| element.header().tag()).collect();
    match tags.as_slice() {
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => pkcs8(der),
        [Tag::Integer, Tag::OctetString, rest @ ..] if rest.len() <= 2 => sec1(&elements, Container::Sec1),
        [Tag::Integer, Tag::Integer, ..] => Err(KeyDefect::Rsa),
        [Tag::Sequence, Tag::OctetString] => Err(KeyDefect::Encrypted),
        [Tag::Sequence, Tag::BitString] => Err(KeyDefect::PublicKey),
        [Tag::Sequence, Tag::Sequence, Tag::BitString] => Err(KeyDefect::Certificate),
        [Tag::Integer, Tag::Sequence, Tag::Sequence] => Err(KeyDefect::Pkcs12),
        _ => Err(KeyDefect::Damaged),
    }
}

/// A DER value says how long it is: shorter means cut off, longer means something was added.
fn check_length(der: &[u8]) -> Result<(), KeyDefect> {
    let mut reader = SliceReader::new(der).map_err(|_| KeyDefect::Truncated)?;
    let header = Header::decode(&mut reader).map_err(|_| match der.len() {
        0..=5 => KeyDefect::Truncated,
        _ => KeyDefect::Damaged,
    })?;
    let (announced, present) = (u32::from(header.length()), u32::from(reader.remaining_len()));
    match announced.cmp(&present) {
        std::cmp::Ordering::Greater => Err(KeyDefect::Truncated),
        std::cmp::Ordering::Less => Err(KeyDefect::Damaged),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

fn elements(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let outer = AnyRef::from_der(der).ok()?;
    if outer.header().tag() != Tag::Sequence {
        return None;
    }
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(elements)
}

fn pkcs8(der: &[u8]) -> Result<Found, KeyDefect> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyDefect::Damaged)?;
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return Err(other_algorithm(info.algorithm.oid));
    }
    match info.algorithm.parameters_oid() {
        Ok(P256) => {
            let elements = elements(info.private_key.as_bytes()).ok_or(KeyDefect::Damaged)?;
            sec1(&elements, Container::Pkcs8)
        }
        Ok(curve) => Err(KeyDefect::OtherCurve(curve_name(curve))),
        Err(_) => Err(KeyDefect::OtherCurve("a curve without a name")),
    }
}

/// The P-256 key in the DER of an SPKI (RFC 5480).
pub(super) fn public_key(der: &[u8]) -> Result<PublicKey, KeyDefect> {
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyDefect::Damaged)?;
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return Err(other_algorithm(info.algorithm.oid));
    }
    match info.algorithm.parameters_oid() {
        Ok(P256) => PublicKey::try_from(info).map_err(|_| KeyDefect::Damaged),
        Ok(curve) => Err(KeyDefect::OtherCurve(curve_name(curve))),
        Err(_) => Err(KeyDefect::OtherCurve("a curve without a name")),
    }
}

/// Reads the elements of an `ECPrivateKey` (RFC 5915): 1, the scalar, the curve and the public key if present.
fn sec1(elements: &[AnyRef<'_>], container: Container) -> Result<Found, KeyDefect> {
    let [version, scalar, optional @ ..] = elements else {
        return Err(KeyDefect::Damaged);
    };
    if version.value() != [1] || scalar.header().tag() != Tag::OctetString || optional.len() > 2 {
        return Err(KeyDefect::Damaged);
    }
    let (mut public, mut is_named) = (None, false);
    for element in optional {
        let inner = AnyRef::from_der(element.value()).map_err(|_| KeyDefect::Damaged)?;
        match inner.header().tag() {
            Tag::ObjectIdentifier => match inner.decode_as::<ObjectIdentifier>() {
                Ok(P256) => is_named = true,
                Ok(curve) => return Err(KeyDefect::OtherCurve(curve_name(curve))),
                Err(_) => return Err(KeyDefect::Damaged),
            },
            // The first byte counts unused bits.
            Tag::BitString => public = inner.value().get(1..).map(<[u8]>::to_vec),
            _ => return Err(KeyDefect::Damaged),
        }
    }
    if scalar.value().len() != 32 {
        // Where the curve is named, it is P-256 here, and a zero was dropped or added.
        return Err(if is_named || container == Container::Pkcs8 {
            KeyDefect::Damaged
        } else {
            KeyDefect::OtherCurve("a curve of another size")
        });
    }
    let key = SecretKey::from_slice(scalar.value()).map_err(|_| KeyDefect::Damaged)?;
    Ok(Found {
        key: Box::new(key),
        container,
        public,
    })
}

fn other_algorithm(oid: ObjectIdentifier) -> KeyDefect {
    match oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => KeyDefect::Rsa,
        "1.3.101.112" => KeyDefect::OtherAlgorithm("Ed25519"),
        "1.3.101.113" => KeyDefect::OtherAlgorithm("Ed448"),
        "1.3.101.110" | "1.3.101.111" => KeyDefect::OtherAlgorithm("X25519 or X448"),
        "1.2.840.10040.4.1" => KeyDefect::OtherAlgorithm("DSA"),
        _ => KeyDefect::OtherAlgorithm("an unknown algorithm"),
    }
}

fn curve_name(oid: ObjectIdentifier) -> &'static str {
    match oid.to_string().as_str() {
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        _ => "an unknown curve",
    }
}
