//! The way to Apple: names, connections, certificates, proxies. Everything here ends on loopback.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use simulator::{ConnectProxy, Fault, Simulator, TestKey};

use crate::support::{Run, simulator_with};

const PROXY_VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// `asc-auth validate` with a second to spend.
fn validate(key: &TestKey, api: &str) -> Run {
    Run::new(&["validate", "--timeout", "1s"])
        .team_key(key)
        .env("ASC_API_URL", api)
}

fn through(run: Run, proxy: &str) -> Run {
    PROXY_VARIABLES.into_iter().fold(run, |run, name| run.env(name, proxy))
}

/// A port that nothing listens on.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound").port()
}

#[test]
fn a_name_that_can_not_be_looked_up_is_named() {
    // A label of more than 63 characters fails in the resolver, before anything is sent.
    let proxy = format!("http://{}.invalid:3128", "a".repeat(64));
    let run = Run::new(&["validate", "--timeout", "1s"]).team_key(&TestKey::generate());
    through(run, &proxy)
        .run()
        .code(20)
        .says("no connection to api.appstoreconnect.apple.com: the name could not be looked up")
        .says("the name's spelling in ASC_API_URL")
        .says("Behind a proxy, set HTTPS_PROXY.");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_network_the_name_can_not_be_looked_up() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        eprintln!("skipped: no namespaces here");
        return;
    }
    for (api, host) in [
        ("", "api.appstoreconnect.apple.com"),
        ("https://asc.example.com", "asc.example.com"),
    ] {
        let run = validate(&TestKey::generate(), api);
        in_namespace("exec unshare -n \"$0\" \"$@\"", run)
            .code(20)
            .says(&format!("no connection to {host}: the name could not be looked up"));
    }
}

#[test]
fn a_refused_connection_is_not_blamed_on_the_key() {
    let address = format!("127.0.0.1:{}", closed_port());
    for scheme in ["http", "https"] {
        validate(&TestKey::generate(), &format!("{scheme}://{address}"))
            .run()
            .code(20)
            .says(&format!("no connection to {address}: the connection was refused"))
            .says("Nothing was wrong with the key.");
    }
}

#[test]
fn a_server_that_never_answers_is_not_waited_for() {
    // The system completes the connection; nobody accepts it.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("it is bound");
    for scheme in ["http", "https"] {
        validate(&TestKey::generate(), &format!("{scheme}://{address}"))
            .run()
            .code(20)
            .says("it took too long")
            .says("give more time with --timeout");
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_from_one_that_is_away() {
    let simulator = Simulator::start();
    validate(&TestKey::generate(), &format!("https://{}", simulator.address()))
        .run()
        .code(20)
        .says("the TLS handshake failed")
        .says("Check ASC_API_URL");
    assert!(simulator.requests().is_empty());
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let key = TestKey::generate();
    let proxy = ConnectProxy::start(Simulator::start().address());
    for (url, why) in [
        (
            "http://api.appstoreconnect.apple.com",
            "plain http, which is for loopback hosts only",
        ),
        ("http://example.com", "plain http, which is for loopback hosts only"),
        ("http://192.0.2.1", "plain http, which is for loopback hosts only"),
        (
            "http://localhost.example.com",
            "plain http, which is for loopback hosts only",
        ),
        ("http://127.0.0.1@example.com", "a user name or a password"),
        ("https://user:hunter2@example.com", "a user name or a password"),
        ("https://example.com?token=1", "a query or a fragment"),
        ("https://a..b", "its host is no name that can be looked up"),
        ("ftp://127.0.0.1", "it is not https"),
        ("api.appstoreconnect.apple.com", "it is not a URL"),
    ] {
        for command in ["validate", "token"] {
            let run = Run::new(&[command]).team_key(&key).env("ASC_API_URL", url);
            through(run, &proxy.url())
                .run()
                .code(2)
                .says("the API root can't be used: ")
                .says(why)
                .says("from ASC_API_URL")
                .says("Give https://HOST, or http://127.0.0.1:PORT")
                .does_not_say("hunter2");
        }
    }
    assert!(proxy.tunnels().is_empty() && proxy.plain_requests().is_empty());
}

#[test]
fn a_redirect_is_not_followed() {
    let key = TestKey::generate();
    let (simulator, elsewhere) = (simulator_with(&key), simulator_with(&key));
    for location in [
        format!("{}/v1/apps?limit=1", elsewhere.url()),
        format!("{}/v1/apps?limit=1", simulator.url()),
        "/v1/apps".to_owned(),
    ] {
        simulator.fail_next(Fault::Redirect(location.clone()));
        let before = simulator.requests().len();
        validate(&key, &simulator.url())
            .run()
            .code(20)
            .says("answered with a redirect")
            .says("the token is never sent to another place")
            .says("Check ASC_API_URL");
        assert_eq!(simulator.requests().len(), before + 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn what_stays_on_this_machine_goes_through_no_proxy() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let proxy = ConnectProxy::start(simulator.address());
    let run = Run::new(&["validate"]).team_key(&key).api(&simulator);
    through(run, &proxy.url()).run().code(0);
    assert_eq!(simulator.requests().len(), 1);
    assert!(proxy.plain_requests().is_empty() && proxy.tunnels().is_empty());
}

/// A proxy that answers every request with this status line, and keeps what it was asked.
fn refusing_proxy(status: &'static str) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let asked = Arc::new(Mutex::new(String::new()));
    let notes = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or(0);
            if let Ok(mut asked) = notes.lock() {
                asked.push_str(&String::from_utf8_lossy(&head[..length]));
            }
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (address.to_string(), asked)
}

#[test]
fn a_proxy_that_refuses_is_named_as_the_proxy_and_sees_no_token() {
    for status in ["502 Bad Gateway", "403 Forbidden", "407 Proxy Authentication Required"] {
        let (address, asked) = refusing_proxy(status);
        let run = Run::new(&["validate", "--timeout", "1s"]).team_key(&TestKey::generate());
        through(run, &format!("http://robot:hunter2@{address}"))
            .run()
            .code(20)
            .says("no connection to api.appstoreconnect.apple.com: the proxy refused or failed")
            .says("Check HTTPS_PROXY")
            .does_not_say("hunter2")
            .does_not_say("cm9ib3Q6aHVudGVyMg");
        let asked = asked.lock().expect("the proxy is well").clone();
        assert!(
            asked.starts_with("CONNECT api.appstoreconnect.apple.com:443 "),
            "{asked}"
        );
        assert!(!asked.contains("Bearer"), "{asked}");
    }
}

#[test]
fn a_proxy_that_is_away_is_a_refused_connection_with_the_proxys_name() {
    let run = Run::new(&["validate", "--timeout", "1s"]).team_key(&TestKey::generate());
    through(run, &format!("http://127.0.0.1:{}", closed_port()))
        .run()
        .code(20)
        .says("the connection was refused")
        .says("HTTPS_PROXY");
}

/// Certificates: which authorities are trusted is the platform's affair, and only on Linux can a variable add one.
#[cfg(target_os = "linux")]
mod tls {
    use std::{fs, path::PathBuf};

    use simulator::{ApiKey, CertificateAuthority, ConnectProxy, ServerIdentity, Simulator, TestKey};
    use tempfile::TempDir;

    use super::validate;
    use crate::support::{ISSUER_ID, KEY_ID, Run, Step};

    fn start(identity: &ServerIdentity, key: &TestKey) -> Simulator {
        let simulator = Simulator::start_tls(identity);
        simulator.register(ApiKey::team(KEY_ID, ISSUER_ID, key));
        simulator
    }

    fn written(authority: &CertificateAuthority) -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("roots.pem");
        fs::write(&path, authority.pem()).expect("a file");
        (directory, path)
    }

    #[test]
    fn an_authority_in_ssl_cert_file_is_trusted() {
        let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
        let simulator = start(&authority.issue("localhost"), &key);
        let (_directory, roots) = written(&authority);
        Run::new(&["validate"])
            .team_key(&key)
            .api(&simulator)
            .env("SSL_CERT_FILE", roots)
            .run()
            .code(0);
        assert_eq!(simulator.requests().len(), 1);
    }

    #[test]
    fn a_server_that_knows_p256_alone_or_tls_1_2_alone_is_understood() {
        let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
        let (_directory, roots) = written(&authority);
        let identity = || authority.issue("localhost");
        for identity in [
            identity().with_p256_alone(),
            identity().with_tls12_alone(),
            identity().with_p256_alone().with_tls12_alone(),
        ] {
            let simulator = start(&identity, &key);
            Run::new(&["validate"])
                .team_key(&key)
                .api(&simulator)
                .env("SSL_CERT_FILE", &roots)
                .run()
                .code(0);
        }
    }

    #[test]
    fn a_bad_certificate_is_told_by_its_fault_and_gets_no_token() {
        let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
        let (_directory, roots) = written(&authority);
        let stranger = CertificateAuthority::generate();
        for (identity, title, advice) in [
            (
                stranger.issue("localhost"),
                "is from an unknown authority",
                "SSL_CERT_FILE",
            ),
            (
                authority.issue_expired("localhost"),
                "has expired",
                "Check this machine's clock.",
            ),
            (
                authority.issue("example.com"),
                "is for another name",
                "Something else answers under this name",
            ),
        ] {
            let simulator = start(&identity, &key);
            Run::new(&["validate", "--timeout", "5s"])
                .team_key(&key)
                .api(&simulator)
                .env("SSL_CERT_FILE", &roots)
                .run()
                .code(20)
                .says(&format!("no connection to localhost:{}", simulator.address().port()))
                .says(&format!("the server's certificate {title}"))
                .says(advice)
                .says("  attempts   1\n"); // It does not change by trying again.
            assert!(simulator.requests().is_empty());
        }
    }

    #[test]
    fn a_machine_without_certificates_trusts_the_bundled_ones_and_not_just_anybody() {
        use crate::support::shell::{has_namespaces, in_namespace};

        if !has_namespaces() {
            eprintln!("skipped: no namespaces here");
            return;
        }
        let key = TestKey::generate();
        let simulator = start(&CertificateAuthority::generate().issue("localhost"), &key);
        // Without roots of any kind there would be no TLS to speak, and another message.
        let hidden = "for d in /etc/ssl /etc/pki /usr/share/ca-certificates; do \
                      [ ! -d $d ] || mount -t tmpfs tmpfs $d || exit 99; done; exec \"$0\" \"$@\"";
        in_namespace(hidden, validate(&key, &simulator.url()))
            .code(20)
            .says("the server's certificate is from an unknown authority");
        assert!(simulator.requests().is_empty());
    }

    #[test]
    fn the_systems_own_authorities_do_not_know_a_strangers() {
        let key = TestKey::generate();
        let simulator = start(&CertificateAuthority::generate().issue("localhost"), &key);
        validate(&key, &simulator.url())
            .run()
            .code(20)
            .says("the server's certificate is from an unknown authority")
            .says("somebody is in between: do not go on");
        assert!(simulator.requests().is_empty());
    }

    #[test]
    fn authorities_that_were_named_and_can_not_be_loaded_are_an_error() {
        let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
        let simulator = start(&authority.issue("localhost"), &key);
        let (directory, _) = written(&authority);
        let empty = directory.path().join("empty.pem");
        fs::write(&empty, "").expect("a file");
        for path in [directory.path().join("missing.pem"), empty] {
            Run::new(&["validate"])
                .team_key(&key)
                .api(&simulator)
                .env("SSL_CERT_FILE", path)
                .run()
                .code(30)
                .says("no certificate could be loaded from SSL_CERT_FILE")
                .says("Correct its path, or unset it");
        }
        assert!(simulator.requests().is_empty());
    }

    #[test]
    fn apples_own_address_is_reached_through_the_proxy_by_a_tunnel() {
        for (arguments, host, audience) in [
            (&["setup"][..], "api.appstoreconnect.apple.com", "appstoreconnect-v1"),
            (
                &["setup", "--in-house"],
                "api.enterprise.developer.apple.com",
                "apple-developer-enterprise-v1",
            ),
        ] {
            for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
                let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
                let simulator = start(&authority.issue(host), &key);
                simulator.set_audience(audience);
                let proxy = ConnectProxy::start(simulator.address());
                let (_directory, roots) = written(&authority);
                let step = Step::new();
                step.run(arguments)
                    .team_key(&key)
                    .env("SSL_CERT_FILE", roots)
                    .env(variable, proxy.url())
                    .run()
                    .code(0)
                    .does_not_say("not Apple's");
                let [tunnel] = proxy.tunnels().try_into().expect("one tunnel");
                assert_eq!(tunnel.line, format!("CONNECT {host}:443 HTTP/1.1"));
                assert!(!tunnel.head.contains("Bearer"), "{}", tunnel.head);
                assert!(proxy.plain_requests().is_empty());
                let [seen] = simulator.requests().try_into().expect("one request");
                let token = seen.token.expect("a token");
                assert!(token.signature_verified);
                assert_eq!(token.raw, step.outputs()["token"]);
            }
        }
    }

    #[test]
    fn a_root_that_is_not_apples_is_warned_of() {
        let (key, authority) = (TestKey::generate(), CertificateAuthority::generate());
        let simulator = start(&authority.issue("asc.example.com"), &key);
        let proxy = ConnectProxy::start(simulator.address());
        let (_directory, roots) = written(&authority);
        Run::new(&["validate"])
            .team_key(&key)
            .env("ASC_API_URL", "https://asc.example.com")
            .env("SSL_CERT_FILE", roots)
            .env("HTTPS_PROXY", proxy.url())
            .run()
            .code(0)
            .says("warning: the token goes to asc.example.com, which is not Apple's, because ASC_API_URL says so");
    }
}
