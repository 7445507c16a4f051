//! Keys at the edges of the rules, after the example of Wycheproof: each with what asc-auth makes of it, what OpenSSL
//! does, and the reason where they differ. The scalars are numbers that everybody knows, and no key of anybody's.

mod edges;

use self::edges::{ORDER, ending, explicit_p256, small};
use super::forms::{EC_PUBLIC_KEY, P256, P384, SECP256K1, der};
use super::key::TestKey;

pub use self::edges::{EdgeKey, edge_keys};

/// What asc-auth says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// With this message.
    Refused(&'static str),
    /// By every command that asks Apple. `token` leaves what costs as much as a signature to Apple.
    RefusedWhenChecked(&'static str),
}

/// One file.
#[derive(Debug, Clone)]
pub struct Vector {
    pub row: &'static str,
    pub der: Vec<u8>,
    pub verdict: Verdict,
    /// Whether OpenSSL, as Node brings it, reads a private key from it.
    pub openssl: bool,
    pub why: &'static str,
}

const DAMAGED: Verdict = Verdict::Refused("it is damaged");
const UNNAMED: Verdict = Verdict::Refused("it is a key on a curve without a name, not on P-256");

/// Every file. `key` is the one in those that are about the container and not about the scalar.
pub fn vectors(key: &TestKey) -> Vec<Vector> {
    let mut all: Vec<Vector> = edge_keys()
        .iter()
        .flat_map(|edge| {
            let why = "a private key is any number from 1 to n-1, in 32 bytes (SEC 1, 3.2.1; RFC 5915, 3)";
            let without = pkcs8(&ec_private_key(&edge.scalar, &[]));
            [edge.pkcs8_der(), without].map(|der| Vector {
                row: edge.row,
                der,
                verdict: Verdict::Accepted,
                openssl: true,
                why,
            })
        })
        .collect();
    all.extend(scalars(key));
    all.extend(lengths(key));
    all.extend(public_keys(key));
    all.extend(algorithms(key));
    all.extend(versions(key));
    all
}

fn row(row: &'static str, der: Vec<u8>, verdict: Verdict, openssl: bool, why: &'static str) -> Vector {
    Vector {
        row,
        der,
        verdict,
        openssl,
        why,
    }
}

fn scalars(key: &TestKey) -> Vec<Vector> {
    let bare = |scalar: &[u8]| pkcs8(&ec_private_key(scalar, &[]));
    let range = "a private key is at least 1 and less than n (SEC 1, 3.2.1); OpenSSL does not look when it reads";
    let length = "the scalar has 32 bytes, no fewer and no more (RFC 5915, 3); OpenSSL pads and strips";
    let scalar = key.scalar();
    vec![
        row("scalar 0", bare(&small(0)), DAMAGED, true, range),
        row("scalar n", bare(&ORDER), DAMAGED, true, range),
        row("scalar n+1", bare(&ending(ORDER, 0x52)), DAMAGED, true, range),
        row("a scalar of all ones", bare(&[0xff; 32]), DAMAGED, true, range),
        row("no scalar", bare(&[]), DAMAGED, true, length),
        row("scalar 1 in one byte", bare(&[1]), DAMAGED, true, length),
        row(
            "a scalar without its zero byte",
            bare(&[0xff; 31]),
            DAMAGED,
            true,
            length,
        ),
        row(
            "a scalar with a zero byte before it",
            bare(&[&[0], scalar].concat()),
            DAMAGED,
            true,
            length,
        ),
    ]
}

fn lengths(key: &TestKey) -> Vec<Vector> {
    let whole = key.apple_der();
    let content = &whole[3..];
    let size = whole[2];
    let der_only = "DER has one way to write a length, the shortest (X.690, 10.1)";
    let end = "nothing follows the key: what does was not written with it";
    let inner = ec_private_key(key.scalar(), &[&public(key.public_key())]);
    let octets = |inner: &[u8]| [&VERSION_1[..], &algorithm(P256), &der(0x04, &[inner])].concat();
    vec![
        row(
            "Apple's own",
            whole.clone(),
            Verdict::Accepted,
            true,
            "it is what Apple hands out",
        ),
        row(
            "a length with a zero before it",
            [&[0x30, 0x82, 0, size], content].concat(),
            DAMAGED,
            true,
            der_only,
        ),
        row(
            "a length of four bytes",
            [&[0x30, 0x84, 0, 0, 0, size], content].concat(),
            DAMAGED,
            true,
            der_only,
        ),
        row(
            "a short length in the long form",
            der(0x30, &[&[0x02, 0x81, 1, 0], &whole[6..]]),
            DAMAGED,
            true,
            der_only,
        ),
        row(
            "an indefinite length",
            [&[0x30, 0x80], content, &[0, 0]].concat(),
            DAMAGED,
            true,
            "DER has no indefinite length (X.690, 10.1)",
        ),
        row(
            "an octet string in two parts",
            der(
                0x30,
                &[
                    &VERSION_1,
                    &algorithm(P256),
                    &der(0x24, &[&der(0x04, &[&inner[..9]]), &der(0x04, &[&inner[9..]])]),
                ],
            ),
            DAMAGED,
            true,
            "DER has no strings in parts (X.690, 10.2)",
        ),
        row(
            "a version with a zero before it",
            der(0x30, &[&[0x02, 2, 0, 0], &whole[6..]]),
            DAMAGED,
            false,
            "a number has no superfluous bytes (X.690, 8.3.2)",
        ),
        row("a byte after it", [&whole[..], &[0]].concat(), DAMAGED, true, end),
        row(
            "a second key after it",
            [&whole[..], &whole].concat(),
            DAMAGED,
            true,
            end,
        ),
        row(
            "a null inside, at its end",
            der(0x30, &[&octets(&inner), &[5, 0]]),
            DAMAGED,
            false,
            end,
        ),
        row(
            "a byte after the private key inside",
            der(0x30, &[&octets(&[&inner[..], &[0]].concat())]),
            DAMAGED,
            true,
            end,
        ),
        row(
            "a byte too few",
            whole[..whole.len() - 1].to_vec(),
            Verdict::Refused("it is cut off"),
            false,
            end,
        ),
    ]
}

fn public_keys(key: &TestKey) -> Vec<Vector> {
    let with = |point: &[u8]| pkcs8(&ec_private_key(key.scalar(), &[&public(point)]));
    let checked = Verdict::RefusedWhenChecked("it is damaged");
    let own = key.public_key();
    let other = TestKey::generate();
    let compressed = [&[2 + (own[64] & 1)], &own[1..33]].concat();
    let mut off_curve = own.to_vec();
    off_curve[64] ^= 1;
    let compare = "the file contradicts itself, so a byte of it was changed; OpenSSL does not compare";
    let point = "it is no point of the curve, so a byte of it was changed";
    vec![
        row(
            "no public key",
            pkcs8(&ec_private_key(key.scalar(), &[])),
            Verdict::Accepted,
            true,
            "it is optional, and follows from the private key (RFC 5915, 3)",
        ),
        row(
            "a compressed public key",
            with(&compressed),
            Verdict::Accepted,
            true,
            "a point has this form too",
        ),
        row(
            "another key's public key",
            with(other.public_key()),
            checked,
            true,
            compare,
        ),
        row(
            "another key's public key in SEC1",
            sec1_with(key, other.public_key()),
            checked,
            true,
            compare,
        ),
        row("a public key off the curve", with(&off_curve), checked, false, point),
        row("a public key cut off", with(&own[..64]), checked, false, point),
        row(
            "a public key at infinity",
            with(&[0]),
            checked,
            true,
            "no private key has it",
        ),
        row(
            "a public key without bytes",
            pkcs8(&ec_private_key(key.scalar(), &[&der(0xa1, &[&der(0x03, &[&[0]])])])),
            checked,
            false,
            point,
        ),
    ]
}

fn algorithms(key: &TestKey) -> Vec<Vector> {
    /// ecDH: a key for agreements only. (RFC 5480, 2.1.2)
    const EC_DH: &[u8] = &[0x06, 5, 0x2b, 0x81, 4, 1, 12];
    let inner = ec_private_key(key.scalar(), &[&public(key.public_key())]);
    let of = |algorithm: &[&[u8]]| der(0x30, &[&VERSION_1, &der(0x30, algorithm), &der(0x04, &[&inner])]);
    let curve_inside = |curve: &[u8]| pkcs8(&ec_private_key(key.scalar(), &[&der(0xa0, &[curve])]));
    let named = "a curve is named (RFC 5480, 2.1.1): parameters of one's own can pass for P-256 and be another curve";
    let contradiction = "it says two curves";
    let secp256k1 = Verdict::Refused("it is a key on secp256k1, not on P-256");
    vec![
        row(
            "explicit parameters",
            of(&[EC_PUBLIC_KEY, &explicit_p256()]),
            UNNAMED,
            true,
            named,
        ),
        row(
            "a null for parameters",
            of(&[EC_PUBLIC_KEY, &[5, 0]]),
            UNNAMED,
            false,
            named,
        ),
        row("no parameters", of(&[EC_PUBLIC_KEY]), UNNAMED, false, named),
        row(
            "an algorithm for agreements",
            of(&[EC_DH, P256]),
            Verdict::Refused("it is a key for an unknown algorithm, not for ECDSA on P-256"),
            false,
            "its owner says that it does not sign",
        ),
        row(
            "another curve outside",
            of(&[EC_PUBLIC_KEY, SECP256K1]),
            secp256k1,
            false,
            "it is not on P-256",
        ),
        row(
            "another curve inside",
            curve_inside(P384),
            Verdict::Refused("it is a key on P-384, not on P-256"),
            true,
            contradiction,
        ),
        row(
            "the same curve inside",
            curve_inside(P256),
            Verdict::Accepted,
            true,
            "Apple repeats it too",
        ),
        row(
            "SEC1 without a curve",
            ec_private_key(key.scalar(), &[&public(key.public_key())]),
            Verdict::Accepted,
            false,
            "App Store Connect has P-256 only, and the public key in it tells another curve",
        ),
    ]
}

fn versions(key: &TestKey) -> Vec<Vector> {
    let inner = ec_private_key(key.scalar(), &[&public(key.public_key())]);
    let whole =
        |version: u8, rest: &[u8]| der(0x30, &[&[2, 1, version], &algorithm(P256), &der(0x04, &[&inner]), rest]);
    // friendlyName, as a key store writes it.
    let name = der(
        0x30,
        &[
            &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20],
            &der(0x31, &[&der(0x1e, &[&[0, b'k']])]),
        ],
    );
    let attributes = der(0xa0, &[&name]);
    let public_key = der(0x81, &[&[0], key.public_key()]);
    let of_inner = |inner: Vec<u8>| der(0x30, &[&VERSION_1, &algorithm(P256), &der(0x04, &[&inner])]);
    let mut inner_2 = inner.clone();
    inner_2[4] = 2;
    let known = "there is no such version (RFC 5958, 2; RFC 5915, 3)";
    vec![
        row(
            "with attributes",
            whole(0, &attributes),
            Verdict::Accepted,
            true,
            "they say nothing of the key",
        ),
        row(
            "version 2 without a public key",
            whole(1, &[]),
            DAMAGED,
            true,
            "the version is 2 where a public key follows, and only there (RFC 5958, 2)",
        ),
        row(
            "version 2 with a public key",
            whole(1, &public_key),
            Verdict::Accepted,
            true,
            "it is PKCS#8 too (RFC 5958, 2)",
        ),
        row("version 3", whole(2, &[]), DAMAGED, false, known),
        row("version 2 inside", of_inner(inner_2), DAMAGED, true, known),
    ]
}

/// 0, which is version 1 of PKCS#8.
const VERSION_1: [u8; 3] = [2, 1, 0];

fn algorithm(curve: &[u8]) -> Vec<u8> {
    der(0x30, &[EC_PUBLIC_KEY, curve])
}

fn pkcs8(inner: &[u8]) -> Vec<u8> {
    der(0x30, &[&VERSION_1, &algorithm(P256), &der(0x04, &[inner])])
}

fn ec_private_key(scalar: &[u8], optional: &[&[u8]]) -> Vec<u8> {
    der(0x30, &[&[2, 1, 1], &der(0x04, &[scalar]), &optional.concat()])
}

fn sec1_with(key: &TestKey, point: &[u8]) -> Vec<u8> {
    ec_private_key(key.scalar(), &[&der(0xa0, &[P256]), &public(point)])
}

fn public(point: &[u8]) -> Vec<u8> {
    der(0xa1, &[&der(0x03, &[&[0], point])])
}
