//! A key in the forms that people paste it in, and what they paste in its place. Each has a name for its row.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

use super::{key::TestKey, tls::CertificateAuthority};

/// One row: its name, and what is given.
pub type Form = (&'static str, Vec<u8>);

/// Texts that hold `key`: they fit into a variable, a file and standard input alike.
pub fn accepted_texts(key: &TestKey) -> Vec<(&'static str, String)> {
    let pem = key.pem();
    let body = body_of(&pem);
    let base64 = STANDARD.encode(&pem);
    vec![
        ("Apple's file as it is", pem.clone()),
        ("a final newline", format!("{pem}\n")),
        ("the PKCS#8 of other tools", key.pkcs8_pem()),
        ("CRLF line ends", pem.replace('\n', "\r\n")),
        ("CR line ends", pem.replace('\n', "\r")),
        ("a byte-order mark", format!("\u{feff}{pem}")),
        ("indented", pem.replace('\n', "\n    ")),
        (
            "blank lines around and between",
            format!("\n\n{}\n\n", pem.replace('\n', "\n\n")),
        ),
        ("the body on one line", armoured("PRIVATE KEY", &body)),
        ("no line ends at all", pem.replace('\n', "")),
        ("spaces for line ends", pem.replace('\n', " ")),
        ("literal \\n", pem.replace('\n', "\\n")),
        ("literal \\r\\n", pem.replace('\n', "\\r\\n")),
        ("literal \\n, escaped twice", pem.replace('\n', "\\\\n")),
        ("a JSON string", serde_json::json!(format!("{pem}\n")).to_string()),
        ("double quotes", format!("\"{pem}\n\"")),
        ("single quotes", format!("'{pem}'\n")),
        ("white space around", format!(" \t\n{pem}\n \t\r\n")),
        (
            "a no-break and a zero-width space around",
            format!("\u{a0}\u{200b}{pem}\u{200b}\u{a0}"),
        ),
        ("the body alone in lines of 64", wrapped(&body, 64)),
        ("the body alone on one line", body),
        ("base64, padded", base64.clone()),
        ("base64, not padded", STANDARD_NO_PAD.encode(&pem)),
        ("base64, wrapped at 64", wrapped(&base64, 64)),
        ("base64, wrapped at 76", wrapped(&base64, 76)),
        ("base64, URL-safe", URL_SAFE.encode(&pem)),
        ("base64, URL-safe, not padded", URL_SAFE_NO_PAD.encode(&pem)),
        ("base64, quoted", format!("\"{base64}\"")),
        ("base64 of CRLF", STANDARD.encode(pem.replace('\n', "\r\n"))),
        ("base64 twice", STANDARD.encode(&base64)),
        (
            "base64 twice, wrapped both times",
            wrapped(&STANDARD.encode(wrapped(&base64, 76)), 76),
        ),
        ("base64 of DER", STANDARD.encode(key.pkcs8_der())),
        ("base64 of DER, URL-safe", URL_SAFE_NO_PAD.encode(key.apple_der())),
        ("base64 of DER twice", STANDARD.encode(STANDARD.encode(key.apple_der()))),
        (
            "base64 of UTF-16LE, as PowerShell makes it",
            STANDARD.encode(utf16le(&pem)),
        ),
        (
            "base64 of UTF-16LE with a mark",
            STANDARD.encode(utf16le(&format!("\u{feff}{pem}"))),
        ),
        ("SEC1", key.sec1_pem()),
        (
            "SEC1 after EC PARAMETERS",
            format!("{}{}", ec_parameters(), key.sec1_pem()),
        ),
        ("base64 of SEC1", STANDARD.encode(key.sec1_pem())),
        ("base64 of SEC1 DER", STANDARD.encode(key.sec1_der())),
    ]
}

/// Bytes that hold `key` and are no text: they fit into a file and standard input only.
pub fn accepted_bytes(key: &TestKey) -> Vec<Form> {
    let marked = format!("\u{feff}{}\r\n", key.pem().replace('\n', "\r\n"));
    vec![
        ("DER", key.apple_der()),
        ("DER of other tools", key.pkcs8_der()),
        ("SEC1 DER", key.sec1_der()),
        ("UTF-16LE with a mark, as PowerShell writes it", utf16le(&marked)),
        ("UTF-16LE without a mark", utf16le(&key.pem())),
        ("UTF-16BE with a mark", utf16be(&marked)),
        (
            "base64 as UTF-16LE",
            utf16le(&format!("\u{feff}{}", STANDARD.encode(key.pem()))),
        ),
    ]
}

/// What is not a key at all: the message, the row, the text.
pub fn no_keys() -> Vec<(&'static str, &'static str, String)> {
    let path = "it is a path, where the key itself belongs";
    let placeholder = "it is a placeholder that was never filled in";
    let unknown = "it is not a private key in any known form";
    [
        (path, "an absolute path", "/home/runner/AuthKey_ABCDE12345.p8"),
        (
            path,
            "an absolute path without an extension",
            "/run/secrets/app-store-connect",
        ),
        (path, "a relative path", "./AuthKey_ABCDE12345.p8"),
        (path, "a path upwards", "../keys/app-store-connect"),
        (path, "a path at home", "~/private_keys/AuthKey_ABCDE12345"),
        (path, "a file name", "AuthKey_ABCDE12345.p8"),
        (path, "a file below", "keys/AuthKey_ABCDE12345.p8"),
        (path, "a quoted path", "\"/home/runner/key.p8\"\n"),
        (path, "a path with a variable", "$HOME/keys/key.p8"),
        (
            path,
            "a Windows path",
            r"C:\Users\runneradmin\new\AuthKey_ABCDE12345.p8",
        ),
        (path, "a Windows path with slashes", "D:/a/_temp/key"),
        (path, "a Windows share", r"\\server\new\key.p8"),
        (path, "a Windows path with a variable", r"%USERPROFILE%\new\key.p8"),
        (path, "a file URL", "file:///home/runner/key.p8"),
        (path, "Codemagic's form", "@file:/home/runner/key"),
        (placeholder, "GitHub's expression", "${{ secrets.ASC_PRIVATE_KEY }}"),
        (placeholder, "a shell variable", "$ASC_PRIVATE_KEY"),
        (placeholder, "a shell variable in braces", "${ASC_PRIVATE_KEY}"),
        (placeholder, "a masked value", "***"),
        (placeholder, "a Windows variable", "%ASC_PRIVATE_KEY%"),
        (placeholder, "a PowerShell variable", "$env:ASC_PRIVATE_KEY"),
        (placeholder, "Azure's macro", "$(ASC_PRIVATE_KEY)"),
        (placeholder, "a documentation's example", "<your private key>"),
        ("it looks like a key ID", "a key ID", "ABCDE12345"),
        (
            "it looks like an issuer ID",
            "an issuer ID",
            "69a6de70-03db-47e3-e053-5b8c7c11a4d1",
        ),
        (unknown, "words", "correct horse battery staple"),
        (unknown, "one word", "changeme"),
        (unknown, "an e-mail address", "release@example.com"),
        (
            unknown,
            "an SSH public key",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0 me@example.com",
        ),
    ]
    .map(|(message, row, text)| (message, row, text.to_owned()))
    .into()
}

/// Keys of the wrong kind: the message, the row, the text.
pub fn wrong_keys() -> Vec<(&'static str, &'static str, String)> {
    let rsa = "it is an RSA key";
    let encrypted = "it is an encrypted private key";
    let public = "it is a public key";
    let certificate = "it is a certificate";
    let p384 = "it is a key on P-384, not on P-256";
    let p521 = "it is a key on P-521, not on P-256";
    let secp256k1 = "it is a key on secp256k1, not on P-256";
    let pkcs12 = "it is a PKCS#12 file";
    let authority = CertificateAuthority::generate().pem();
    vec![
        (
            encrypted,
            "encrypted PKCS#8",
            pem("ENCRYPTED PRIVATE KEY", &encrypted_der()),
        ),
        (
            encrypted,
            "encrypted PKCS#8 under a plain label",
            pem("PRIVATE KEY", &encrypted_der()),
        ),
        (
            encrypted,
            "encrypted PKCS#8, base64 of DER",
            STANDARD.encode(encrypted_der()),
        ),
        (encrypted, "encrypted SEC1", encrypted_sec1()),
        (public, "a public key", pem("PUBLIC KEY", &public_der())),
        (public, "a public key, base64 of DER", STANDARD.encode(public_der())),
        (
            public,
            "a public key under a private label",
            pem("PRIVATE KEY", &public_der()),
        ),
        (certificate, "a certificate", authority.clone()),
        (certificate, "a certificate, base64 of DER", body_of(&authority)),
        (certificate, "a certificate, base64 of PEM", STANDARD.encode(&authority)),
        (
            "it is an OpenSSH key",
            "an OpenSSH key",
            pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0 and so on"),
        ),
        (
            rsa,
            "RSA in PKCS#8",
            pem("PRIVATE KEY", &pkcs8(&[RSA, &[5, 0]], &rsa_der())),
        ),
        (rsa, "RSA in PKCS#1", pem("RSA PRIVATE KEY", &rsa_der())),
        (rsa, "RSA, base64 of DER", STANDARD.encode(rsa_der())),
        (p384, "P-384 in PKCS#8", pem("PRIVATE KEY", &ec_pkcs8(P384, 48))),
        (p384, "P-384 in SEC1", pem("EC PRIVATE KEY", &sec1(P384, 48))),
        (
            p384,
            "P-384, base64 of PEM",
            STANDARD.encode(pem("PRIVATE KEY", &ec_pkcs8(P384, 48))),
        ),
        (p521, "P-521 in PKCS#8", pem("PRIVATE KEY", &ec_pkcs8(P521, 66))),
        (p521, "P-521 in SEC1", pem("EC PRIVATE KEY", &sec1(P521, 66))),
        (
            secp256k1,
            "secp256k1 in PKCS#8",
            pem("PRIVATE KEY", &ec_pkcs8(SECP256K1, 32)),
        ),
        (
            secp256k1,
            "secp256k1 in SEC1",
            pem("EC PRIVATE KEY", &sec1(SECP256K1, 32)),
        ),
        (
            "it is a key for Ed25519, not for ECDSA on P-256",
            "Ed25519",
            pem("PRIVATE KEY", &pkcs8(&[ED25519], &der(0x04, &[&FILLER[..32]]))),
        ),
        (pkcs12, "PKCS#12", STANDARD.encode(pkcs12_der())),
        (
            "it is a PEM block of another kind",
            "a certificate request",
            pem("CERTIFICATE REQUEST", &FILLER),
        ),
    ]
}

/// `key`, not all of it or not as it was: the message, the row, the bytes.
pub fn spoilt(key: &TestKey) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let cut = "it is cut off";
    let damaged = "it is damaged";
    let not_base64 = "it has characters that are not base64 where only base64 belongs";
    let armour = "its BEGIN or END line is damaged";
    let pem = key.pem();
    let lines: Vec<&str> = pem.lines().collect();
    let base64 = STANDARD.encode(&pem);
    let body = body_of(&pem);
    let der = key.apple_der();
    let texts = [
        (cut, "the BEGIN line only", lines[0].to_owned()),
        (cut, "no END line", lines[..4].join("\n")),
        (cut, "half of the END line", pem[..pem.len() - 22].to_owned()),
        (cut, "no BEGIN line", lines[2..].join("\n")),
        (
            cut,
            "a line of the body missing",
            [&lines[..3], &lines[4..]].concat().join("\n"),
        ),
        (cut, "base64 cut between bytes", base64[..200].to_owned()),
        (cut, "base64 cut within a byte", base64[..201].to_owned()),
        (cut, "half of the body alone", body[..100].to_owned()),
        (cut, "the first line of the body alone", body[..64].to_owned()),
        (
            damaged,
            "padding within the body",
            pem.replace(lines[2], &format!("{}====", &lines[2][..60])),
        ),
        (
            damaged,
            "more at the end of the body",
            pem.replace(lines[4], &format!("{}AAAA", lines[4])),
        ),
        (
            not_base64,
            "a foreign letter in the body",
            pem.replace(lines[2], &format!("é{}", &lines[2][1..])),
        ),
        (not_base64, "a shell's % after the body alone", format!("{body}%")),
        (not_base64, "an ellipsis in base64", format!("{}...", &base64[..100])),
        (armour, "four hyphens", pem.replace("-----", "----")),
        (armour, "a dash for the hyphens", pem.replace("-----", "—")),
        (
            armour,
            "an END line of another kind",
            pem.replace("END PRIVATE", "END EC PRIVATE"),
        ),
    ]
    .map(|(message, row, text)| (message, row, text.into_bytes()));
    let mut rows = Vec::from(texts);
    rows.push((cut, "DER cut off", der[..100].to_vec()));
    rows.push((damaged, "DER with a byte too many", [&der[..], &[0]].concat()));
    rows.push((
        damaged,
        "DER with another length inside",
        [&der[..4], &[9], &der[5..]].concat(),
    ));
    rows
}

/// What follows the armour's BEGIN line up to its END line, joined.
pub fn body_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

pub fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<&str> = (0..text.len())
        .step_by(width)
        .map(|start| &text[start..text.len().min(start + width)])
        .collect();
    lines.join("\n") + "\n"
}

pub fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Stands for key material in structures of which only the outside matters.
const FILLER: [u8; 128] = [0x5a; 128];

const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const PBES2: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PKCS7_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
pub(super) const P256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
pub(super) const P384: &[u8] = &[0x06, 5, 0x2b, 0x81, 4, 0, 34];
const P521: &[u8] = &[0x06, 5, 0x2b, 0x81, 4, 0, 35];
pub(super) const SECP256K1: &[u8] = &[0x06, 5, 0x2b, 0x81, 4, 0, 10];
const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];

fn pkcs8(algorithm: &[&[u8]], inner: &[u8]) -> Vec<u8> {
    der(0x30, &[&[2, 1, 0], &der(0x30, algorithm), &der(0x04, &[inner])])
}

fn ec_pkcs8(curve: &[u8], size: usize) -> Vec<u8> {
    let inner = der(0x30, &[&[2, 1, 1], &der(0x04, &[&FILLER[..size]])]);
    pkcs8(&[EC_PUBLIC_KEY, curve], &inner)
}

fn sec1(curve: &[u8], size: usize) -> Vec<u8> {
    der(
        0x30,
        &[&[2, 1, 1], &der(0x04, &[&FILLER[..size]]), &der(0xa0, &[curve])],
    )
}

fn rsa_der() -> Vec<u8> {
    let number = der(0x02, &[&FILLER]);
    der(0x30, &[&[2, 1, 0], &number, &[2, 3, 1, 0, 1], &number, &number])
}

fn encrypted_der() -> Vec<u8> {
    der(0x30, &[&der(0x30, &[PBES2, &der(0x30, &[])]), &der(0x04, &[&FILLER])])
}

fn encrypted_sec1() -> String {
    pem("EC PRIVATE KEY", &FILLER).replacen(
        '\n',
        "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,5A5A5A5A5A5A5A5A\n\n",
        1,
    )
}

fn public_der() -> Vec<u8> {
    der(
        0x30,
        &[
            &der(0x30, &[EC_PUBLIC_KEY, P256]),
            &der(0x03, &[&[0, 4], &FILLER[..64]]),
        ],
    )
}

fn pkcs12_der() -> Vec<u8> {
    let safe = der(0x30, &[PKCS7_DATA, &der(0xa0, &[&der(0x04, &[&FILLER])])]);
    der(0x30, &[&[2, 1, 3], &safe, &der(0x30, &[&FILLER[..0]])])
}

fn ec_parameters() -> String {
    pem("EC PARAMETERS", P256)
}

fn pem(label: &str, der: &[u8]) -> String {
    armoured(label, wrapped(&STANDARD.encode(der), 64).trim_end())
}

fn armoured(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// One DER element of less than 64 KiB.
pub(super) fn der(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let [high, low] = u16::try_from(content.len()).expect("short").to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}
