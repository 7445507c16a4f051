//! Which ASN.1 structure some DER is, told by its outermost elements, and the P-256 key in it.
//!
//! PEM labels are a hint only: people rename them. The structure decides.

use p256::{
    SecretKey,
    pkcs8::{
        DecodePrivateKey, ObjectIdentifier, PrivateKeyInfoRef,
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

/// The P-256 key in `der`, or what is there in its place.
pub(super) fn decode(der: &[u8]) -> Result<(SecretKey, Container), KeyDefect> {
    check_length(der)?;
    let elements = elements(der).ok_or(KeyDefect::Damaged)?;
    let tags: Vec<Tag> = elements.iter().map(|element| element.header().tag()).collect();
    match tags.as_slice() {
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Ok((pkcs8(der)?, Container::Pkcs8)),
        [Tag::Integer, Tag::OctetString, rest @ ..] if rest.len() <= 2 => Ok((sec1(der, &elements)?, Container::Sec1)),
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

fn pkcs8(der: &[u8]) -> Result<SecretKey, KeyDefect> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyDefect::Damaged)?;
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return Err(other_algorithm(info.algorithm.oid));
    }
    match info.algorithm.parameters_oid() {
        Ok(P256) => SecretKey::from_pkcs8_der(der).map_err(|_| KeyDefect::Damaged),
        Ok(curve) => Err(KeyDefect::OtherCurve(curve_name(curve))),
        Err(_) => Err(KeyDefect::OtherCurve("a curve without a name")),
    }
}

fn sec1(der: &[u8], elements: &[AnyRef<'_>]) -> Result<SecretKey, KeyDefect> {
    let named = elements
        .iter()
        .skip(2)
        .filter_map(|element| ObjectIdentifier::from_der(element.value()).ok())
        .find(|oid| *oid != P256);
    match (named, elements.get(1).map(|key| key.value().len())) {
        (Some(curve), _) => Err(KeyDefect::OtherCurve(curve_name(curve))),
        (None, Some(32)) => SecretKey::from_sec1_der(der).map_err(|_| KeyDefect::Damaged),
        (None, _) => Err(KeyDefect::OtherCurve("a curve of another size")),
    }
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
