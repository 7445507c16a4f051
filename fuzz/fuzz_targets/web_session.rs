//! The web session file, which another program writes.
//!
//! A cookie is sent if it is one of the last session's, and only to the host that set it or to those of its domain.
//! Nothing of it is shown.
#![no_main]

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use asc_auth::{
    connect::{Root, Session, WebError},
    source::{Environment, Origin},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

const LOOPBACK: &str = "http://127.0.0.1:8080/";

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder"));
static ROOTS: LazyLock<[(Root, &str); 2]> = LazyLock::new(|| {
    let loopback = Some((Origin::Variable("ASC_WEB_URL"), LOOPBACK.to_owned()));
    [
        (Root::web(None).expect("Apple's"), "appstoreconnect.apple.com"),
        (Root::web(loopback).expect("a root"), "127.0.0.1"),
    ]
});

fuzz_target!(|json: &[u8]| {
    let path = FOLDER.path().join("session.json");
    fs::write(&path, json).expect("a write");
    for (root, host) in &*ROOTS {
        match read(&path, root) {
            Ok(session) => check(&session, json, host),
            Err(WebError::BadSession { why, .. }) => assert!(!why.is_empty()),
            Err(other) => panic!("{other}"),
        }
    }
});

fn read(path: &Path, root: &Root) -> Result<Session, WebError> {
    let given = path.to_str().expect("Unicode").to_owned();
    let given = Some((Origin::Variable("ASC_WEB_SESSION"), given));
    Session::read(given, &Environment::Fixed(BTreeMap::new()), root)
}

fn check(session: &Session, json: &[u8], host: &str) {
    assert_eq!(format!("{session:?}"), "Session([redacted], from ASC_WEB_SESSION)");
    let header = session.header().expect("a header");
    assert!(header.is_sensitive());
    let header = header.to_str().expect("visible ASCII");

    // What nobody reads may be no text, which another reader of JSON refuses.
    let Ok(document) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    let last = document["last_key"].as_str().expect("a name");
    let set: Vec<(&String, &Value)> = document["sessions"][last]["cookies"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(url, cookies)| {
            cookies
                .as_array()
                .into_iter()
                .flatten()
                .map(move |cookie| (url, cookie))
        })
        .collect();
    assert!(!header.is_empty());
    for pair in header.split("; ") {
        let (name, value) = pair.split_once('=').expect("a pair");
        assert!(
            set.iter().any(|(url, cookie)| {
                cookie["name"] == name && cookie["value"] == value && may_go_to(host, url, &cookie["domain"])
            }),
            "a cookie that nobody set for {host}"
        );
    }
}

/// RFC 6265, 5.3 (6) and 5.4 (1): without a domain it is for the host that set it; with one for all hosts below it.
fn may_go_to(host: &str, url: &str, domain: &Value) -> bool {
    let domain = domain.as_str().unwrap_or_default().to_ascii_lowercase();
    let domain = domain.trim_start_matches('.');
    if domain.is_empty() {
        return Url::parse(url).is_ok_and(|url| url.host_str() == Some(host));
    }
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    host == domain || !is_address && host.ends_with(&format!(".{domain}"))
}
