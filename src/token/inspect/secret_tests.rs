use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use simulator::TestKey;

use super::*;

const NOW: i64 = 1_790_000_000;

/// A key, and the base64 in its file.
struct Bench {
    key: TestKey,
    body: String,
}

impl Bench {
    fn new() -> Self {
        let key = TestKey::generate();
        let body = STANDARD.encode(key.apple_der());
        Self { key, body }
    }

    fn scalar(&self) -> String {
        STANDARD.encode(self.key.scalar())
    }

    /// PKCS#8 without a public key.
    fn short_pkcs8(&self) -> Vec<u8> {
        let start: &[u8] = &[
            0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
            0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
        ];
        [start, self.key.scalar()].concat()
    }

    /// SEC 1 without a public key.
    fn short_sec1(&self) -> Vec<u8> {
        let end: &[u8] = &[0xa0, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        [&[0x30, 0x31, 2, 1, 1, 4, 0x20], self.key.scalar(), end].concat()
    }

    fn jwk(&self) -> Value {
        json!({"kty": "EC", "crv": "P-256", "d": URL_SAFE_NO_PAD.encode(self.key.scalar())})
    }

    fn inspect(&self, header: &Value, claims: &Value) -> Inspection {
        let token = self.key.sign_token(header, claims);
        inspect(&token, None, Audience::AppStoreConnect, NOW).expect("a token")
    }

    /// Whether enough of the key is in any of it. Letter case and what joins the digits are no matter.
    fn is_told_in(&self, found: &Inspection) -> bool {
        let told = format!("{found:?} {}", found.headline());
        let facts = found
            .facts(NOW, "--key")
            .into_iter()
            .map(|fact| fact.label + &fact.text);
        let told = told + &facts.collect::<String>();
        let dense: String = told.chars().filter(char::is_ascii_alphanumeric).collect();
        let only = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let pieces = [
            only(&self.scalar()),
            only(&self.body[52..84]),
            only(&STANDARD.encode(self.short_sec1())[12..50]),
            only(&STANDARD.encode(&self.body)[72..104]),
        ];
        pieces.iter().any(|piece| dense.contains(&piece[4..16]))
            || dense.to_lowercase().contains(&hex(&self.key.scalar()[8..16]))
    }
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

fn wrapped(text: &str, every: usize) -> Vec<&str> {
    (0..text.len())
        .step_by(every)
        .map(|at| &text[at..text.len().min(at + every)])
        .collect()
}

fn header_with(kid: &Value) -> Value {
    json!({"alg": "ES256", "kid": kid, "typ": "JWT"})
}

fn claims_with(name: &str, value: &Value) -> Value {
    let mut claims = json!({"iss": "57246542-96fe-1a63-e053-0824d011072a", "iat": NOW - 60, "exp": NOW + 900, "aud": "appstoreconnect-v1"});
    claims[name] = value.clone();
    claims
}

fn secret_in(found: &Inspection) -> Option<Severity> {
    let mut secrets = found.findings.iter().filter(|finding| finding.rule == "secret");
    secrets.next().map(|finding| finding.severity)
}

/// Not told, and named, wherever in the token it stands.
fn assert_concealed(bench: &Bench, secret: &Value, severity: Severity) {
    let good = json!("2X9R4QWVK6");
    let mut tokens = vec![
        (header_with(&good), claims_with("x", secret)),
        (header_with(&good), claims_with("iss", secret)),
        (header_with(&good), claims_with("x", &json!({"y": [1, secret]}))),
        (header_with(secret), claims_with("x", &json!(1))),
    ];
    if let Some(name) = secret.as_str() {
        tokens.push((header_with(&good), claims_with(name, &json!(1))));
    }
    for (header, claims) in tokens {
        let found = bench.inspect(&header, &claims);
        assert!(!bench.is_told_in(&found), "{header} {claims}");
        assert_eq!(secret_in(&found), Some(severity), "{header} {claims}");
    }
}

#[test]
fn a_private_key_in_any_form_is_named_and_not_told() {
    let bench = Bench::new();
    let key = &bench.key;
    let short = [bench.short_pkcs8(), bench.short_sec1()].map(|der| STANDARD.encode(der));
    let [short_pkcs8, short_sec1] = &short;
    let url_safe = bench.body.replace('+', "-").replace('/', "_");
    let mut forms = vec![
        short_pkcs8.clone(),
        short_sec1.clone(),
        format!("key: {short_pkcs8} ok"),
        format!("key: {short_sec1} ok"),
        format!("key:{short_sec1}"),
        format!("x {}", wrapped(&bench.body, 5).join("\n")),
        format!("x {}", wrapped(short_sec1, 5).join("\r\n")),
        format!("x {}", wrapped(&url_safe, 30).join("\\n")),
        bench.body[10..].to_owned(),
        format!("x {}", &bench.body[10..80]),
        hex(&key.apple_der()),
        hex(&bench.short_sec1()).to_uppercase(),
        hex(key.pem().as_bytes()),
        bench.jwk().to_string(),
        json!(bench.jwk().to_string()).to_string(),
        format!("the JWK is {}", bench.jwk()),
        format!("{:?}", bench.jwk().to_string()),
        STANDARD.encode(bench.jwk().to_string()),
        bench.body.replace('/', "%2F").replace('+', "%2B"),
    ];
    for before in ["", "K", "KE", "KEY=", "a key: "] {
        let once = STANDARD.encode(format!("{before}{}", key.pem()));
        forms.push(STANDARD.encode(&once));
        forms.push(format!("KEY={once}"));
        forms.push(STANDARD.encode(format!("{before}{}", key.sec1_pem())));
    }
    for form in forms {
        assert_concealed(&bench, &json!(form), Severity::Refused);
    }
    for pieces in [
        wrapped(&bench.body, 40),
        wrapped(&bench.body, 7),
        wrapped(short_sec1, 12),
    ] {
        assert_concealed(&bench, &json!(pieces), Severity::Refused);
    }
    assert_concealed(&bench, &json!([bench.jwk()]), Severity::Refused);
}

#[test]
fn what_may_be_a_scalar_is_a_doubt_and_not_told() {
    let bench = Bench::new();
    let scalar = bench.scalar();
    let url_safe = URL_SAFE_NO_PAD.encode(bench.key.scalar());
    let hex = hex(bench.key.scalar());
    for form in [
        scalar.clone(),
        url_safe.clone(),
        format!("d={url_safe}, I think"),
        format!("key: {scalar} ok"),
        hex.clone(),
        format!("scalar: {} ok", hex.to_uppercase()),
        wrapped(&hex, 2).join(":"),
        wrapped(&hex, 2).join(" "),
        json!({"d": url_safe}).to_string(),
    ] {
        assert_concealed(&bench, &json!(form), Severity::Doubtful);
    }
    assert_concealed(&bench, &json!(wrapped(&hex, 16)), Severity::Doubtful);
    // Now and then it is a damaged key.
    let twice = json!(STANDARD.encode(&scalar));
    let found = bench.inspect(&header_with(&json!("2X9R4QWVK6")), &claims_with("x", &twice));
    assert!(!bench.is_told_in(&found) && secret_in(&found).is_some());
    assert_concealed(&bench, &json!(bench.key.scalar()), Severity::Doubtful);
}

#[test]
fn what_tokens_rightly_hold_is_told() {
    let bench = Bench::new();
    let uuid = "57246542-96fe-1a63-e053-0824d011072a";
    for value in [
        json!(uuid),
        json!([uuid, uuid, "0A1B2C3D-96FE-1A63-E053-0824D011072A"]),
        json!("2X9R4QWVK6"),
        json!(["2X9R4QWVK6", "ABCDE12345", "Z9Y8X7W6V5", "2X9R4QWVK6", "ABCDE12345"]),
        json!("com.example.a-rather-long-name-of-an-app.with.an.Extension.For2.Widgets"),
        json!("https://appleid.apple.com/auth/authorize/some/Rather/LongPath/of-v1/that/goes/on"),
        json!("000123.0123456789abcdef0123456789abcdef.1234"),
        json!("GET /v1/apps/6446998023/relationships/betaAppLocalizations?filter[platform]=IOS"),
        json!("GET /v1/appStoreVersionPhasedReleases/6446998023/relationships/appStoreVersion"),
        json!("GET /v1/builds/57246542-96fe-1a63-e053-0824d011072a/relationships/betaGroups"),
        json!("GET /v3/appPricePoints/eyJzIjoiMTIzNDU2Nzg5MCIsInQiOiJVU0EiLCJwIjoiMTAwMDEifQ"),
        json!([
            "GET /v1/apps",
            "GET /v1/ciProducts",
            "GET /v1/appStoreVersionPhasedReleases/6446998023",
            "GET /v1/builds"
        ]),
        json!("The Key Of The Team ABCDE12345 Is 2X9R4QWVK6, And It Was Made In May 2026"),
        json!("the key is in the secret ASC_PRIVATE_KEY_BASE64_OF_THE_RELEASE_TEAM"),
        json!(STANDARD.encode("this is only a text, which somebody wrote in base64")),
        json!({"kty": "EC", "crv": "P-256", "x": "short", "y": "short"}),
        json!([1, 2, 3]),
        json!(1_790_000_000),
    ] {
        let found = bench.inspect(&header_with(&json!("2X9R4QWVK6")), &claims_with("x", &value));
        assert_eq!(secret_in(&found), None, "{value}");
        assert_eq!(found.claims.expect("claims")["x"], value);
    }
}
