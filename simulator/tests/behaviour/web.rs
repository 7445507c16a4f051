//! What becomes of keys on the web side, and on the API with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use simulator::{ApiKey, ProviderShape, Refusal, Role, Simulator, TestKey, WebStep};

use crate::client::{Answer, Browser, exchange};

pub(crate) const KEYS: &str = "/iris/v1/apiKeys";
pub(crate) const LIST: &str =
    "/iris/v1/apiKeys?include=createdBy,revokedBy,provider&sort=-isActive,-revokingDate&limit=2000";

impl Browser {
    pub(crate) fn create(&self, nickname: &str) -> Answer {
        self.send("POST", KEYS, &form(nickname).to_string())
    }

    /// Makes a key that must be made, and gives its ID.
    pub(crate) fn created(&self, nickname: &str) -> String {
        let answer = self.create(nickname);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["data"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn download(&self, id: &str) -> Answer {
        self.get(&format!("{KEYS}/{id}?fields[apiKeys]=privateKey"))
    }

    pub(crate) fn revoke(&self, id: &str) -> Answer {
        let body = json!({"data": {"type": "apiKeys", "id": id, "attributes": {"isActive": false}}});
        self.send("PATCH", &format!("{KEYS}/{id}"), &body.to_string())
    }

    /// The API's answer to a token of this key.
    fn use_key(&self, id: &str, pem: &str) -> Answer {
        let token = token(id, &self.apple.issuer_id(), pem);
        let line = std::net::TcpStream::connect(self.apple.address()).unwrap();
        exchange(line, "GET", "/v1/apps", Some(&token))
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn form(nickname: &str) -> Value {
    json!({"data": {"type": "apiKeys", "attributes": {
        "nickname": nickname, "roles": ["APP_MANAGER"], "allAppsVisible": true, "keyType": "PUBLIC_API",
    }}})
}

/// The PEM in a download's answer.
fn pem(answer: &Answer) -> String {
    let text = answer.json()["data"]["attributes"]["privateKey"]
        .as_str()
        .unwrap()
        .to_owned();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

fn token(key_id: &str, issuer: &str, pem: &str) -> String {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &random).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(json!({"alg": "ES256", "kid": key_id, "typ": "JWT"})),
        part(json!({"iss": issuer, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"}))
    );
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_created_key_signs_in_until_it_is_revoked() {
    let browser = Browser::start();
    let answer = browser.create("CI");
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("x-rate-limit"), None);
    let data = &answer.json()["data"];
    let id = data["id"].as_str().unwrap();
    assert_eq!(data["attributes"]["canDownload"], true);
    assert_eq!(data["attributes"]["roles"], json!(["APP_MANAGER"]));
    assert_eq!(data["attributes"]["privateKey"], Value::Null);

    let pem = pem(&browser.download(id));
    assert_eq!(pem.len(), 257);
    assert_eq!(browser.use_key(id, &pem).status, 200);

    let revoked = browser.revoke(id);
    assert_eq!(revoked.status, 200);
    assert_eq!(revoked.json()["data"]["attributes"]["isActive"], false);
    assert!(revoked.json()["data"]["attributes"]["revokingDate"].is_string());
    assert_eq!(browser.use_key(id, &pem).status, 401);
    let last = browser.apple.requests().pop().unwrap();
    assert_eq!(last.refusal, Some(Refusal::RevokedKey));

    let again = browser.revoke(id);
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "ENTITY_ERROR.ATTRIBUTE.INVALID")
    );
    assert_eq!(
        browser.apple.web_requests(),
        [WebStep::Create, WebStep::Download, WebStep::Revoke, WebStep::Revoke]
    );
}

#[test]
fn the_private_half_is_given_once() {
    let browser = Browser::start();
    let id = browser.created("CI");
    let first = browser.download(&id);
    let [key] = browser.apple.team_keys().try_into().unwrap();
    assert!(key.is_private_half(&pem(&first)));
    assert!(!key.is_private_half(&TestKey::generate().pem()));
    assert!(!key.is_private_half("no key"));
    assert_eq!((key.can_download, key.downloads, key.made_by_web), (false, 1, true));

    let second = browser.get(&format!("{KEYS}/{id}?fields%5BapiKeys%5D=privateKey,canDownload"));
    assert_eq!(second.status, 200);
    assert_eq!(second.json()["data"]["attributes"], json!({"canDownload": false}));
    assert_eq!(browser.apple.team_keys()[0].downloads, 1);
}

#[test]
fn a_revoked_key_has_no_private_half() {
    let browser = Browser::start();
    let id = browser.created("CI");
    assert_eq!(browser.revoke(&id).json()["data"]["attributes"]["canDownload"], false);
    let answer = browser.download(&id);
    assert_eq!((answer.status, &answer.json()["data"]["attributes"]), (200, &json!({})));
    assert_eq!(browser.apple.team_keys()[0].downloads, 0);
}

#[test]
fn a_key_that_is_not_there_is_not_found() {
    let browser = Browser::start();
    for answer in [
        browser.download("AAAAAAAAAA"),
        browser.revoke("AAAAAAAAAA"),
        browser.get(&format!("{KEYS}/AAAAAAAAAA")),
        browser.get("/iris/v1/apps"),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_FOUND"));
    }
    assert_eq!(browser.send("PUT", KEYS, "").code(), "METHOD_NOT_ALLOWED");
}

#[test]
fn the_name_of_an_active_key_is_taken() {
    let browser = Browser::start();
    let registered = ApiKey::team("2X9R4QWVK6", browser.apple.issuer_id(), &TestKey::generate()).named("old");
    browser.apple.register(registered);
    let id = browser.created("CI");
    for taken in ["CI", "old"] {
        let answer = browser.create(taken);
        let code = "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE";
        assert_eq!((answer.status, answer.code().as_str()), (409, code));
    }
    browser.revoke(&id);
    assert_eq!(browser.create("CI").status, 201);
}

#[test]
fn fifty_keys_can_be_active() {
    let browser = Browser::start();
    for number in 1..Simulator::WEB_KEY_LIMIT {
        browser.created(&number.to_string());
    }
    let last = browser.created("50");
    assert_eq!(browser.apple.team_keys().len(), 50);
    let over = browser.create("51");
    assert_eq!(
        (over.status, over.code().as_str()),
        (409, "ENTITY_ERROR.LIMIT_EXCEEDED")
    );
    browser.revoke(&last);
    browser.created("51");
}

#[test]
fn a_form_that_is_wrong_makes_no_key() {
    let browser = Browser::start();
    assert_eq!(browser.send("POST", KEYS, "{").code(), "ENTITY_INVALID");
    for (pointer, value) in [
        ("/data/type", json!("keys")),
        ("/data/attributes/nickname", json!(" ")),
        ("/data/attributes/roles", json!([])),
        ("/data/attributes/roles", json!(["app-manager"])),
        ("/data/attributes/allAppsVisible", json!(null)),
        ("/data/attributes/keyType", json!("PRIVATE")),
    ] {
        let mut form = form("CI");
        *form.pointer_mut(pointer).unwrap() = value;
        let answer = browser.send("POST", KEYS, &form.to_string());
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "ENTITY_ERROR.ATTRIBUTE.INVALID")
        );
        assert_eq!(answer.json()["errors"][0]["source"]["pointer"], pointer);
    }
    assert!(browser.apple.team_keys().is_empty());

    let id = browser.created("CI");
    let body = r#"{"data": {"type": "apiKeys", "id": "AAAAAAAAAA", "attributes": {"isActive": false}}}"#;
    assert_eq!(browser.send("PATCH", &format!("{KEYS}/{id}"), body).status, 409);
    let body = body.replace("AAAAAAAAAA", &id).replace("false", "true");
    assert_eq!(browser.send("PATCH", &format!("{KEYS}/{id}"), &body).status, 409);
    assert!(browser.apple.team_keys()[0].active);
}

#[test]
fn the_list_has_all_team_keys_the_active_ones_first() {
    let browser = Browser::start();
    let register = |key: ApiKey| browser.apple.register(key);
    let (issuer, key) = (browser.apple.issuer_id(), TestKey::generate());
    register(ApiKey::team("AAAAAAAAAA", &issuer, &key).with_roles([Role::Admin, Role::Sales]));
    register(ApiKey::individual("BBBBBBBBBB", &key));
    register(ApiKey::team("CCCCCCCCCC", &issuer, &key));
    browser.apple.revoke("AAAAAAAAAA");
    let used = UNIX_EPOCH + Duration::from_secs(1_777_882_353);
    browser.apple.set_last_used("CCCCCCCCCC", Some(used));

    let list = browser.get(LIST).json();
    let [active, revoked] = list["data"].as_array().unwrap().clone().try_into().unwrap();
    assert_eq!(
        active["attributes"],
        json!({
            "nickname": "key CCCCCCCCCC", "roles": ["APP_MANAGER"], "allAppsVisible": true, "keyType": "PUBLIC_API",
            "canDownload": false, "isActive": true, "lastUsed": "2026-05-04T01:12:33.000-07:00", "revokingDate": null,
        })
    );
    let provider = json!({"type": "contentProviders", "id": issuer});
    assert_eq!(active["relationships"]["provider"]["data"], provider);
    assert_eq!(
        (&active["type"], &active["id"]),
        (&json!("apiKeys"), &json!("CCCCCCCCCC"))
    );
    assert_eq!(revoked["id"], "AAAAAAAAAA");
    assert_eq!(revoked["attributes"]["roles"], json!(["ADMIN", "SALES"]));
    assert_eq!(revoked["attributes"]["lastUsed"], Value::Null);
    assert!(revoked["attributes"]["revokingDate"].is_string());
    let included = list["included"].as_array().unwrap();
    let included: Vec<_> = included.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(included, ["contentProviders", "users"]);
}

#[test]
fn a_key_was_last_used_when_the_api_took_its_token() {
    let browser = Browser::start();
    let id = browser.created("CI");
    let pem = pem(&browser.download(&id));
    let last_used = || browser.get(LIST).json()["data"][0]["attributes"]["lastUsed"].clone();
    let wrong = TestKey::generate().pem();
    assert_eq!(browser.use_key(&id, &wrong).status, 401);
    assert_eq!(last_used(), Value::Null);
    let before = SystemTime::now();
    assert_eq!(browser.use_key(&id, &pem).status, 200);
    assert!(last_used().is_string());
    assert!(browser.apple.team_keys()[0].last_used >= Some(before));
}

#[test]
fn a_new_key_may_take_a_while_to_be_known() {
    let browser = Browser::start();
    browser.apple.know_new_keys_after(2);
    let id = browser.created("CI");
    let pem = pem(&browser.download(&id));
    let statuses = [(); 3].map(|()| browser.use_key(&id, &pem).status);
    assert_eq!(statuses, [401, 401, 200]);
}

#[test]
fn the_issuer_is_told_twice_once_or_not_at_all() {
    let browser = Browser::start();
    let id = browser.created("CI");
    let told = |shape| {
        browser.apple.set_web_provider(shape);
        let answer = browser.get(&format!("{KEYS}/{id}?include=provider")).json();
        [
            &answer["included"][0]["id"],
            &answer["data"]["relationships"]["provider"]["data"]["id"],
        ]
        .map(Value::clone)
    };
    let issuer = Value::from(browser.apple.issuer_id());
    assert_eq!(told(ProviderShape::Included), [issuer.clone(), issuer.clone()]);
    assert_eq!(told(ProviderShape::RelationshipOnly), [Value::Null, issuer]);
    assert_eq!(told(ProviderShape::Missing), [Value::Null, Value::Null]);
    assert_eq!(browser.get(&format!("{KEYS}/{id}")).json()["included"], Value::Null);
    let [.., issuer, view] = browser.apple.web_requests()[..] else {
        panic!()
    };
    assert_eq!((issuer, view), (WebStep::Issuer, WebStep::View));
}
