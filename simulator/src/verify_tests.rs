//! Each of Apple's rules, one token that keeps it and one that breaks it.

use serde_json::{Value, json};

use super::*;
use crate::material::key::TestKey;

const NOW: i64 = 1_800_000_000;
const KEY_ID: &str = "2X9R4QWVK6";
const ISSUER: &str = "57246542-96fe-1a63-e053-0824d011072a";
const APPS: Call<'_> = Call {
    method: "GET",
    path: "/v1/apps",
    query: Some("limit=1"),
};

struct Bench {
    key: TestKey,
    keys: KeyStore,
    header: Value,
    claims: Value,
}

impl Bench {
    fn team() -> Self {
        let key = TestKey::generate();
        let keys = KeyStore::default();
        keys.register(ApiKey::team(KEY_ID, ISSUER, &key));
        let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
        let claims = json!({
            "iss": ISSUER, "iat": NOW - 60, "exp": NOW + 900, "aud": "appstoreconnect-v1",
        });
        Self {
            key,
            keys,
            header,
            claims,
        }
    }

    fn individual() -> Self {
        let mut bench = Self::team();
        bench.keys.register(ApiKey::individual(KEY_ID, &bench.key));
        bench.remove("iss").set("sub", json!("user"));
        bench
    }

    fn set(&mut self, claim: &str, value: Value) -> &mut Self {
        self.claims[claim] = value;
        self
    }

    fn remove(&mut self, claim: &str) -> &mut Self {
        self.claims.as_object_mut().unwrap().remove(claim);
        self
    }

    /// The verdict for `GET /v1/apps?limit=1`.
    fn verdict(&self) -> Result<(), Refusal> {
        self.verdict_for(&APPS).0
    }

    fn verdict_for(&self, call: &Call<'_>) -> (Result<(), Refusal>, bool) {
        let raw = self.key.sign_token(&self.header, &self.claims);
        let mut token = SeenToken::read(&raw).unwrap();
        let rules = Rules {
            now: NOW,
            audience: "appstoreconnect-v1".to_owned(),
        };
        let verdict = verify(&mut token, call, &self.keys, &rules).map(|_| ());
        (verdict, token.signature_verified)
    }
}

#[test]
fn a_good_team_token_passes() {
    assert_eq!(Bench::team().verdict_for(&APPS), (Ok(()), true));
}

#[test]
fn a_good_individual_token_passes() {
    assert_eq!(Bench::individual().verdict(), Ok(()));
}

#[test]
fn the_header_must_be_es256_and_jwt() {
    for (member, value, refusal) in [
        ("alg", json!("none"), Refusal::Algorithm),
        ("alg", json!("HS256"), Refusal::Algorithm),
        ("typ", json!("JWS"), Refusal::Type),
        ("typ", Value::Null, Refusal::Type),
    ] {
        let mut bench = Bench::team();
        bench.header[member] = value;
        assert_eq!(bench.verdict(), Err(refusal));
    }
}

#[test]
fn the_key_must_be_known_active_and_the_signer() {
    let mut bench = Bench::team();
    bench.header["kid"] = json!("AAAAAAAAAA");
    assert_eq!(bench.verdict_for(&APPS), (Err(Refusal::UnknownKey), false));

    let bench = Bench::team();
    assert!(bench.keys.revoke(KEY_ID));
    assert_eq!(bench.verdict_for(&APPS), (Err(Refusal::RevokedKey), true));

    let mut bench = Bench::team();
    bench.key = TestKey::generate();
    assert_eq!(bench.verdict_for(&APPS), (Err(Refusal::Signature), false));
}

#[test]
fn an_altered_token_is_noticed() {
    let bench = Bench::team();
    let raw = bench.key.sign_token(&bench.header, &bench.claims);
    let other = bench
        .key
        .sign_token(&bench.header, &json!({"iss": ISSUER, "exp": NOW + 999}));
    let (head, _) = raw.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let mut token = SeenToken::read(&format!("{head}.{signature}")).unwrap();
    let rules = Rules {
        now: NOW,
        audience: "appstoreconnect-v1".to_owned(),
    };
    assert_eq!(verify(&mut token, &APPS, &bench.keys, &rules), Err(Refusal::Signature));
}

#[test]
fn text_that_is_no_token_is_not_read() {
    for raw in ["", "a.b", "a.b.c", "e30.e30", "e30.W10.AA", "e30.e30.AA.AA"] {
        assert_eq!(SeenToken::read(raw), None, "{raw:?}");
    }
}

#[test]
fn the_audience_is_one_string() {
    for audience in [
        json!(["appstoreconnect-v1"]),
        json!("apple-developer-enterprise-v1"),
        Value::Null,
    ] {
        assert_eq!(Bench::team().set("aud", audience).verdict(), Err(Refusal::Audience));
    }
}

#[test]
fn a_team_key_needs_its_issuer_and_no_subject() {
    let mut bench = Bench::team();
    assert_eq!(bench.remove("iss").verdict(), Err(Refusal::IssuerMissing));
    let mut bench = Bench::team();
    assert_eq!(bench.set("iss", json!("other")).verdict(), Err(Refusal::IssuerWrong));
    let mut bench = Bench::team();
    assert_eq!(
        bench.set("sub", json!("user")).verdict(),
        Err(Refusal::SubjectUnexpected)
    );
}

#[test]
fn an_individual_key_needs_the_subject_and_no_issuer() {
    let mut bench = Bench::individual();
    assert_eq!(
        bench.set("iss", json!(ISSUER)).verdict(),
        Err(Refusal::IssuerUnexpected)
    );
    let mut bench = Bench::individual();
    assert_eq!(bench.remove("sub").verdict(), Err(Refusal::SubjectMissing));
    let mut bench = Bench::individual();
    assert_eq!(bench.set("sub", json!("me")).verdict(), Err(Refusal::SubjectMissing));
}

#[test]
fn a_claim_of_the_server_api_is_refused() {
    assert_eq!(
        Bench::team().set("bid", json!("a.b")).verdict(),
        Err(Refusal::BundleClaim)
    );
}

#[test]
fn times_are_whole_numbers_and_the_expiry_is_required() {
    assert_eq!(Bench::team().remove("exp").verdict(), Err(Refusal::Times));
    assert_eq!(Bench::team().set("exp", json!("soon")).verdict(), Err(Refusal::Times));
    assert_eq!(Bench::team().set("iat", json!(1.5)).verdict(), Err(Refusal::Times));
    assert_eq!(Bench::team().remove("iat").verdict(), Ok(()));
}

#[test]
fn twenty_minutes_have_no_leeway() {
    let with = |iat: i64, exp: i64| {
        Bench::team()
            .set("iat", json!(NOW + iat))
            .set("exp", json!(NOW + exp))
            .verdict()
    };
    assert_eq!(with(0, 1200), Ok(()));
    assert_eq!(with(0, 1201), Err(Refusal::ExpiresTooLate));
    assert_eq!(with(-1, 1200), Err(Refusal::LivesTooLong));
    assert_eq!(with(-60, 1140), Ok(()));
    assert_eq!(with(1, 900), Err(Refusal::IssuedInFuture));
    assert_eq!(with(-60, 1), Ok(()));
    assert_eq!(with(-60, 0), Err(Refusal::Expired));
}

#[test]
fn a_scope_allows_its_request_only() {
    let mut bench = Bench::team();
    bench.set("scope", json!(["GET /v1/users", "GET /v1/apps"]));
    assert_eq!(bench.verdict(), Ok(()));
    let certificates = Call {
        path: "/v1/certificates",
        ..APPS
    };
    assert_eq!(bench.verdict_for(&certificates).0, Err(Refusal::ScopeMismatch));
    assert_eq!(bench.set("scope", json!([])).verdict(), Err(Refusal::ScopeMismatch));
}

#[test]
fn a_scope_is_an_array_of_get_requests() {
    for scope in [json!("GET /v1/apps"), json!(["POST /v1/apps"]), json!([1]), Value::Null] {
        assert_eq!(
            Bench::team().set("scope", scope).verdict(),
            Err(Refusal::ScopeMalformed)
        );
    }
}

#[test]
fn a_long_life_needs_scopes_that_allow_it() {
    const DAYS: i64 = 24 * 60 * 60;
    let call = Call {
        method: "GET",
        path: "/v1/ciProducts",
        query: None,
    };
    let with = |scope: Value, life: i64| {
        let mut bench = Bench::team();
        bench
            .set("scope", scope)
            .set("iat", json!(NOW))
            .set("exp", json!(NOW + life));
        bench.verdict_for(&call).0
    };
    assert_eq!(with(json!(["GET /v1/ciProducts"]), 180 * DAYS), Ok(()));
    assert_eq!(
        with(json!(["GET /v1/ciProducts"]), 180 * DAYS + 1),
        Err(Refusal::ScopeLivesTooLong)
    );
    let mixed = json!(["GET /v1/ciProducts", "GET /v1/apps"]);
    assert_eq!(with(mixed.clone(), 1201), Err(Refusal::ScopeLivesTooLong));
    assert_eq!(with(mixed, 1200), Ok(()));
}
