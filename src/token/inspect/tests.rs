use serde_json::json;
use simulator::TestKey;

use super::*;

const NOW: i64 = 1_790_000_000;

fn good_header() -> Value {
    json!({"alg": "ES256", "kid": "2X9R4QWVK6", "typ": "JWT"})
}

fn good_claims() -> Value {
    json!({"iss": "57246542-96fe-1a63-e053-0824d011072a", "iat": NOW - 60, "exp": NOW + 900, "aud": "appstoreconnect-v1"})
}

/// The claims with those of `changes`; `null` takes one out.
fn claims_with(changes: &Value) -> Value {
    changed(good_claims(), changes)
}

fn changed(mut value: Value, changes: &Value) -> Value {
    let object = value.as_object_mut().expect("an object");
    for (name, change) in changes.as_object().expect("an object") {
        match change {
            Value::Null => object.remove(name),
            change => object.insert(name.clone(), change.clone()),
        };
    }
    value
}

fn judged(header: &Value, claims: &Value) -> Inspection {
    let token = TestKey::generate().sign_token(header, claims);
    inspect(&token, None, Audience::AppStoreConnect, NOW).expect("a token")
}

/// The rules that were found, refusals with a `!`.
fn rules(inspection: &Inspection) -> Vec<String> {
    let mark = |finding: &Finding| match finding.severity {
        Severity::Refused => format!("!{}", finding.rule),
        Severity::Doubtful => finding.rule.to_owned(),
    };
    inspection.findings.iter().map(mark).collect()
}

#[test]
fn a_token_of_somebody_elses_is_told_from_a_wrong_one_for_apple() {
    let somebodys = json!({"iss": "https://example.com", "aud": "api", "iat": NOW, "exp": NOW + 60});
    for (changes, is_foreign) in [
        (json!({}), true),
        (json!({"aud": null}), true),
        (json!({"aud": ["api", "web"]}), true),
        (json!({"sub": "somebody"}), true),
        (json!({"aud": "appstoreconnect-v1"}), false),
        (json!({"aud": "apple-developer-enterprise-v1"}), false),
        (json!({"aud": "https://appleid.apple.com"}), false),
        (json!({"aud": ["api", "appstoreconnect-v1"]}), false),
        (json!({"iss": "57246542-96fe-1a63-e053-0824d011072a"}), false),
        (json!({"iss": "ABCDE12345"}), false),
        (json!({"sub": "user"}), false),
        (json!({"bid": "com.example.app"}), false),
    ] {
        let found = judged(&json!({"alg": "ES256"}), &changed(somebodys.clone(), &changes));
        assert_eq!(found.is_foreign, is_foreign, "{changes}");
    }
    assert!(
        !judged(&good_header(), &somebodys).is_foreign,
        "its key ID is one of Apple's"
    );
}

#[test]
fn each_wrong_audience_is_told_whose_it_is() {
    let told = |aud: &str, wanted: Audience| {
        let token = TestKey::generate().sign_token(&good_header(), &claims_with(&json!({ "aud": aud })));
        let found = inspect(&token, None, wanted, NOW).expect("a token");
        format!("{:?}", found.findings)
    };
    assert!(told("appstoreconnect-v1", Audience::Enterprise).contains("That is App Store Connect's."));
    assert!(told("apple-developer-enterprise-v1", Audience::AppStoreConnect).contains("in-house"));
    assert!(told("https://appleid.apple.com", Audience::AppStoreConnect).contains("Sign in with Apple"));
    for text in ["api", ""] {
        let found = told(text, Audience::AppStoreConnect);
        assert!(
            found.contains("Write “appstoreconnect-v1”") && !found.contains("That is"),
            "{found}"
        );
    }
}

#[test]
fn a_scope_that_is_not_written_as_apple_writes_it_is_refused() {
    for scope in ["GET   /v1/apps", " GET /v1/apps", "get /v1/apps"] {
        let found = judged(&good_header(), &claims_with(&json!({ "scope": [scope] })));
        assert_eq!(rules(&found), ["!scope"], "{scope:?}");
    }
}

#[test]
fn only_what_is_larger_than_any_token_is_too_large() {
    let refusal = |length| inspect(&"x".repeat(length), None, Audience::AppStoreConnect, NOW).err();
    assert_eq!(refusal(64 * 1024 + 1), Some(TokenError::TooLarge));
    assert!(refusal(64 * 1024).is_some_and(|error| error != TokenError::TooLarge));
}

#[test]
fn half_a_key_is_one_and_a_shorter_word_is_none() {
    let pem = TestKey::generate().pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(is_private_key(&body[..48]));
    assert!(!is_private_key(&body[..47]));
}

#[test]
fn what_apple_accepts_has_no_finding() {
    for changes in [
        json!({}),
        json!({"iss": null, "sub": "user"}),
        json!({"scope": ["GET /v1/apps?filter[platform]=IOS"]}),
        json!({"iat": NOW, "exp": NOW + 1200}),
        json!({"exp": NOW + 180 * 86_400 - 60, "scope": ["GET /v1/ciProducts"]}),
    ] {
        assert_eq!(
            rules(&judged(&good_header(), &claims_with(&changes))),
            [""; 0],
            "{changes}"
        );
    }
}

#[test]
fn every_rule_for_a_claim_is_told_by_its_name() {
    let far = NOW + 86_400;
    for (changes, expected) in [
        (json!({"aud": null}), "!aud"),
        (json!({"aud": ["appstoreconnect-v1"]}), "!aud"),
        (json!({"aud": "https://appleid.apple.com"}), "!aud"),
        (json!({"aud": "apple-developer-enterprise-v1"}), "aud_enterprise"),
        (json!({"iss": null}), "!owner"),
        (json!({"sub": "user"}), "!owner"),
        (json!({"iss": "ABCDE12345"}), "!iss"),
        (json!({"iss": " 57246542-96fe-1a63-e053-0824d011072a"}), "!iss"),
        (json!({"iss": 7}), "!iss"),
        (json!({"iss": null, "sub": "me"}), "!sub"),
        (json!({"bid": "com.example.app"}), "!bid"),
        (json!({"jti": "1"}), "unknown_claims"),
        (json!({"iat": null}), "iat"),
        (json!({"exp": null}), "!exp"),
        (json!({"exp": "soon"}), "!exp"),
        (json!({"iat": 1_789_999_990.5}), "iat"),
        (json!({"iat": NOW * 1000}), "!milliseconds"),
        (json!({"exp": NOW - 1}), "!expired"),
        (json!({"exp": NOW}), "!expired"),
        (json!({"iat": NOW + 30}), "issued_in_future"),
        (json!({"iat": NOW + 61}), "!issued_in_future"),
        (json!({"exp": NOW - 60}), "!expired !lifetime"),
        (json!({"exp": NOW + 1141}), "!lifetime"),
        (
            json!({"iat": NOW + 20, "exp": NOW + 1201}),
            "!expires_too_late issued_in_future",
        ),
        (json!({"exp": far}), "!lifetime"),
        (json!({"exp": far, "scope": ["GET /v1/apps"]}), "long_lived_scope"),
        (
            json!({"exp": NOW + 181 * 86_400, "scope": ["GET /v1/ciProducts"]}),
            "!lifetime",
        ),
        (json!({"scope": "GET /v1/apps"}), "!scope"),
        (json!({"scope": []}), "!scope"),
        (json!({"scope": ["GET /v1/apps", "POST /v1/apps", 7]}), "!scope !scope"),
    ] {
        let found = rules(&judged(&good_header(), &claims_with(&changes)));
        assert_eq!(found.join(" "), expected, "{changes}");
    }
}

#[test]
fn every_rule_for_the_header_is_told_by_its_name() {
    for (changes, expected) in [
        (json!({"alg": "HS256"}), "!alg"),
        (json!({"alg": null}), "!alg"),
        (json!({"typ": null}), "typ"),
        (json!({"kid": null}), "!kid"),
        (json!({"kid": "57246542-96fe-1a63-e053-0824d011072a"}), "!kid"),
        (json!({"kid": "2x9r4qwvk6"}), "!kid"),
        (json!({"kid": "2X9R4QWVK6\n"}), "!kid"),
    ] {
        let found = rules(&judged(&changed(good_header(), &changes), &good_claims()));
        assert_eq!(found.join(" "), expected, "{changes}");
    }
}

#[test]
fn a_token_for_the_enterprise_program_is_judged_by_its_audience() {
    let token = |aud| TestKey::generate().sign_token(&good_header(), &claims_with(&json!({ "aud": aud })));
    for (aud, expected) in [("apple-developer-enterprise-v1", ""), ("appstoreconnect-v1", "!aud")] {
        let found = inspect(&token(aud), None, Audience::Enterprise, NOW).expect("a token");
        assert_eq!(rules(&found).join(" "), expected, "{aud}");
    }
}

#[test]
fn what_stands_around_a_token_is_taken_off_and_told() {
    let token = TestKey::generate().sign_token(&good_header(), &good_claims());
    for (text, notes) in [
        (token.clone(), 0),
        (format!("{token}\n"), 0),
        (format!("  \"{token}\" "), 1),
        (format!("Bearer {token}"), 1),
        (format!("authorization: bearer  {token}\r\n"), 2),
    ] {
        let found = inspect(&text, None, Audience::AppStoreConnect, NOW).expect("a token");
        assert_eq!(rules(&found), [""; 0], "{text}");
        assert_eq!(found.notes.len(), notes, "{text}");
    }
}

#[test]
fn a_text_that_is_no_whole_token_is_told_why() {
    let token = TestKey::generate().sign_token(&good_header(), &good_claims());
    let (header, rest) = token.split_once('.').expect("three parts");
    let (claims, signature) = rest.split_once('.').expect("three parts");
    for (text, expected) in [
        ("a.b.c".to_owned(), "!base64url"),
        (header.to_owned(), "!parts"),
        (format!("{header}.{claims}"), "!parts"),
        (format!("{token}.x.y"), "!parts"),
        (format!("{header}.{claims}."), "!signature"),
        (format!("{header}=.{claims}.{signature}"), "!base64url"),
        (format!("{header}.{claims}.{}", &signature[..40]), "!signature_length"),
        (
            format!("{header}.{}\n{}.{signature}", &claims[..20], &claims[20..]),
            "!white_space",
        ),
        (format!("bnVsbA.{claims}.{signature}"), "!json"),
        (format!("e30x.{claims}.{signature}"), "!json"),
        (format!("{header}.{claims}.MEUCIQ"), "!signature_length"),
    ] {
        let found = inspect(&text, None, Audience::AppStoreConnect, NOW).expect("no error");
        assert!(
            rules(&found).contains(&expected.to_owned()),
            "{text}: {:?}",
            rules(&found)
        );
    }
}

#[test]
fn nothing_and_a_private_key_are_no_tokens() {
    let pem = TestKey::generate().pem();
    for (text, expected) in [
        ("", TokenError::NoToken),
        ("Bearer ''", TokenError::NoToken),
        (pem.as_str(), TokenError::KeyForToken),
        (&format!("Bearer {pem}"), TokenError::KeyForToken),
        (&pem[..150], TokenError::KeyForToken),
        (&"x".repeat(70_000), TokenError::TooLarge),
        ("hello", TokenError::NotAToken),
        ("AuthKey_2X9R4QWVK6.p8", TokenError::NotAToken),
    ] {
        let found = inspect(text, None, Audience::AppStoreConnect, NOW).map(|_| ());
        assert_eq!(found, Err(expected), "{text}");
    }
}

#[test]
fn a_private_key_inside_of_a_token_is_named_and_not_kept() {
    let key = TestKey::generate();
    let found = judged(&changed(good_header(), &json!({"kid": key.pem()})), &good_claims());
    assert_eq!(rules(&found), ["!secret", "!kid"]);
    assert!(!format!("{found:?}").contains("BEGIN"), "{found:?}");
}

#[test]
fn a_private_key_is_not_told_with_words_around_it_nor_as_a_name_nor_in_a_jwk() {
    let key = TestKey::generate();
    let base64_of = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let body: String = key.pem().lines().filter(|line| !line.starts_with("-----")).collect();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": "x", "d": "the scalar"});
    let named: serde_json::Map<_, _> = [(body.clone(), json!(1))].into_iter().collect();
    for (claim, secret) in [
        (json!(format!("the key is {body}, I think")), &body[50..80]),
        (
            json!(format!("KEY={}", base64_of(&key.pem()))),
            &base64_of(&key.pem())[120..160],
        ),
        (json!(["a", { "b": format!("KEY={}", key.pem()) }]), &body[50..64]),
        (json!(named), &body[50..80]),
        (jwk, "the scalar"),
    ] {
        let found = judged(&good_header(), &claims_with(&json!({ "x": claim })));
        assert_eq!(rules(&found), ["!secret", "unknown_claims"], "{claim}");
        assert!(!format!("{found:?}").contains(secret), "{found:?}");
    }
    let mut claims = good_claims();
    claims[&body] = json!(1);
    let found = judged(&good_header(), &claims);
    assert_eq!(rules(&found), ["!secret", "unknown_claims"]);
    assert!(!format!("{found:?}").contains(&body[50..80]), "{found:?}");
}

#[test]
fn a_signature_is_checked_with_a_key_and_only_then() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let check = |key: &TestKey, file: &str| CheckKey {
        public: crate::credential::PublicKey::decode(key.pem().as_bytes()).expect("a key"),
        file_name: crate::credential::KeyFileName::parse(file),
    };
    let token = key.sign_token(&good_header(), &good_claims());
    let found = |check: Option<&CheckKey>| {
        let found = inspect(&token, check, Audience::AppStoreConnect, NOW).expect("a token");
        (found.signature, rules(&found).join(" "))
    };
    assert_eq!(found(None), (SignatureState::NotChecked, String::new()));
    let right = check(&key, "AuthKey_2X9R4QWVK6.p8");
    assert_eq!(found(Some(&right)), (SignatureState::Valid, String::new()));
    let renamed = check(&key, "AuthKey_ABCDE12345.p8");
    assert_eq!(
        found(Some(&renamed)),
        (SignatureState::Valid, "key_file_name".to_owned())
    );
    let wrong = check(&other, "key.p8");
    assert_eq!(found(Some(&wrong)), (SignatureState::Invalid, "!signature".to_owned()));
}

#[test]
fn a_signature_in_der_is_named() {
    let token = TestKey::generate().sign_token(&good_header(), &good_claims());
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    // Two INTEGERs of 32 bytes in a SEQUENCE.
    let integer = [&[0x02, 32][..], &[0x11; 32]].concat();
    let der = [&[0x30, 68][..], &integer, &integer].concat();
    let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, der);
    let found = inspect(&format!("{signed}.{text}"), None, Audience::AppStoreConnect, NOW).expect("a token");
    assert_eq!(rules(&found), ["!signature_der"]);
}

#[test]
fn spans_are_told_in_the_units_that_fit() {
    assert_eq!(
        [0, 59, 60, 723, 3600, 18_610, 86_400, 2_944_800, 63_071_999, 278_985_600].map(span),
        [
            "0 s",
            "59 s",
            "1 min",
            "12 min 3 s",
            "1 h",
            "5 h 10 min",
            "1 d",
            "34 d 2 h",
            "729 d 23 h",
            "8 years"
        ]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_and_none_gets_a_line_of_its_own(text in "(\\PC|[\n\r\u{1b}.=-]){0,200}") {
        if let Ok(found) = inspect(&text, None, Audience::AppStoreConnect, NOW) {
            for finding in found.findings {
                proptest::prop_assert!(!finding.what.contains(char::is_control));
            }
        }
    }
}
