//! TLS, the proxy, and the end of it all.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use simulator::{CertificateAuthority, ConnectProxy, Role, Simulator};

use crate::client::{Bench, exchange};

fn tls_client(authority: &CertificateAuthority) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

#[test]
fn tls_works_for_who_trusts_the_root() {
    let authority = CertificateAuthority::generate();
    let apple = Simulator::start_tls(&authority.issue("localhost"));
    assert!(apple.url().starts_with("https://localhost:"));
    let bench = Bench::with(apple, Role::AppManager);
    let stream = TcpStream::connect(bench.apple.address()).unwrap();
    let line = StreamOwned::new(tls_client(&authority), stream);
    assert_eq!(exchange(line, "GET", "/v1/apps", Some(&bench.token_at(0))).status, 200);
}

#[test]
fn an_expired_certificate_and_an_unknown_root_are_refused() {
    let authority = CertificateAuthority::generate();
    let refusal = |apple: &Simulator, trusted: &CertificateAuthority| {
        let stream = TcpStream::connect(apple.address()).unwrap();
        let mut line = StreamOwned::new(tls_client(trusted), stream);
        line.write_all(b"GET").unwrap_err().to_string()
    };
    let expired = Simulator::start_tls(&authority.issue_expired("localhost"));
    let error = refusal(&expired, &authority);
    assert!(error.contains("expired"), "{error}");
    let good = Simulator::start_tls(&authority.issue("localhost"));
    let error = refusal(&good, &CertificateAuthority::generate());
    assert!(error.contains("UnknownIssuer"), "{error}");
}

#[test]
fn the_proxy_tunnels_to_its_target_whatever_was_asked_for() {
    let bench = Bench::start();
    let proxy = ConnectProxy::start(bench.apple.address());
    let mut line = TcpStream::connect(proxy.url().strip_prefix("http://").unwrap()).unwrap();
    line.write_all(b"CONNECT api.appstoreconnect.apple.com:443 HTTP/1.1\r\n\r\n")
        .unwrap();
    let mut reader = BufReader::new(line.try_clone().unwrap());
    let mut established = String::new();
    reader.read_line(&mut established).unwrap();
    assert!(established.starts_with("HTTP/1.1 200 "), "{established}");
    reader.read_line(&mut String::new()).unwrap();

    assert_eq!(exchange(line, "GET", "/v1/apps", Some(&bench.token_at(0))).status, 200);
    let [tunnel] = proxy.tunnels().try_into().unwrap();
    assert_eq!(tunnel.line, "CONNECT api.appstoreconnect.apple.com:443 HTTP/1.1");
    assert!(proxy.plain_requests().is_empty());
}

#[test]
fn the_proxy_keeps_and_refuses_what_is_sent_in_the_open() {
    let bench = Bench::start();
    let proxy = ConnectProxy::start(bench.apple.address());
    let line = TcpStream::connect(proxy.url().strip_prefix("http://").unwrap()).unwrap();
    assert_eq!(exchange(line, "GET", "http://example.com/", Some("token")).status, 502);
    let [plain] = proxy.plain_requests().try_into().unwrap();
    assert!(plain.head.contains("Authorization: Bearer token"));
    assert!(bench.apple.requests().is_empty());
}

#[test]
fn nothing_listens_after_the_drop() {
    let apple = Simulator::start();
    let address = apple.address();
    let mut idle = TcpStream::connect(address).unwrap();
    drop(apple);
    assert!(TcpStream::connect(address).is_err());
    // Whether it ends with a FIN or an RST, it ends.
    assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
}
