//! Where App Store Connect is, its API or its web side, and whether a token or a session may be sent there.

use std::{fmt, net::IpAddr};

use rustls::pki_types::DnsName;
use url::{Host, Url};

use super::ConnectError;
use crate::{source::Origin, token::Audience};

const APPLE: &str = "https://api.appstoreconnect.apple.com/";
const APPLE_ENTERPRISE: &str = "https://api.enterprise.developer.apple.com/";
const APPLE_WEB: &str = "https://appstoreconnect.apple.com/";

/// One of the two sides of App Store Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What a token is for.
    Api,
    /// What a person signs in to.
    Web,
}

/// The root of one side: https, or http on loopback, no user, no query. A token may go to any host; a session goes to
/// Apple's own and to loopback.
#[derive(Clone, Debug)]
pub struct Root {
    url: Url,
    origin: Origin,
    side: Side,
}

impl Root {
    /// The API's root that was given, else Apple's own for the audience.
    pub fn api(given: Option<(Origin, String)>, audience: Audience) -> Result<Self, ConnectError> {
        let apple = match audience {
            Audience::AppStoreConnect => APPLE,
            Audience::Enterprise => APPLE_ENTERPRISE,
        };
        Self::choose(Side::Api, given, apple)
    }

    /// The web side's root that was given, else Apple's own.
    pub fn web(given: Option<(Origin, String)>) -> Result<Self, ConnectError> {
        let root = Self::choose(Side::Web, given, APPLE_WEB)?;
        if root.url.as_str() == APPLE_WEB || root.is_loopback() {
            return Ok(root);
        }
        Err(ConnectError::BadRoot {
            side: Side::Web,
            origin: root.origin,
            why: "a session goes to Apple's own host and to loopback only",
        })
    }

    fn choose(side: Side, given: Option<(Origin, String)>, apple: &str) -> Result<Self, ConnectError> {
        let (origin, text) = given.unwrap_or_else(|| (Origin::Default, apple.to_owned()));
        let refuse = |why| ConnectError::BadRoot {
            side,
            origin: origin.clone(),
            why,
        };
        let mut url = Url::parse(&text).map_err(|_| refuse("it is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it holds a query or a fragment"));
        }
        match url.scheme() {
            "https" if has_usable_host(&url) => {}
            "https" => return Err(refuse("its host is no name that can be looked up")),
            "http" if is_loopback(&url) => {}
            "http" => return Err(refuse("it is plain http, which is for loopback hosts only")),
            _ => return Err(refuse("it is not https")),
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { url, origin, side })
    }

    /// The URL of an endpoint, given without its leading slash.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.url.path()));
        url.set_query(query);
        url
    }

    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    pub fn is_apple(&self) -> bool {
        [APPLE, APPLE_ENTERPRISE, APPLE_WEB].contains(&self.url.as_str())
    }

    /// The root and where it came from, for messages, unless it is Apple's own.
    pub fn unless_apple(&self) -> Option<String> {
        (!self.is_apple()).then(|| format!("{self}, from {}", self.origin))
    }

    /// Whether this is the host of the Apple Developer Enterprise Program.
    pub fn is_enterprise(&self) -> bool {
        self.url.as_str() == APPLE_ENTERPRISE
    }

    /// Host and port, for messages.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    /// Scheme, host and port, as a browser's `Origin` header has it.
    pub(super) fn scheme_and_host(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host's name without a port, in lower case.
    pub(super) fn host_name(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl Side {
    /// As messages name its root.
    pub(super) fn root(self) -> &'static str {
        match self {
            Self::Api => "API root",
            Self::Web => "web root",
        }
    }

    /// The variable that names its root.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Api => "ASC_API_URL",
            Self::Web => "ASC_WEB_URL",
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

/// A URL may hold names that no certificate can be for, such as one with a label of more than 63 characters.
fn has_usable_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => DnsName::try_from(name).is_ok(),
        host => host.is_some(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Root, ConnectError> {
        Root::api(
            Some((Origin::Variable("ASC_API_URL"), text.to_owned())),
            Audience::AppStoreConnect,
        )
    }

    #[test]
    fn https_anywhere_and_http_on_loopback() {
        for text in [
            "https://example.com",
            "https://example.com/asc",
            "http://127.0.0.1:1",
            "http://[::1]:9",
            "http://localhost:8080/",
        ] {
            assert!(choose(text).is_ok(), "{text}");
        }
        for text in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://user:pw@example.com",
            "http://127.0.0.1@example.com",
            "https://example.com?x=1",
            "https://a..b",
            &format!("https://{}.example.com", "a".repeat(64)),
            "example.com",
            "",
        ] {
            assert!(choose(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_session_goes_to_apple_and_to_loopback_only() {
        let web = |text: &str| Root::web(Some((Origin::Variable("ASC_WEB_URL"), text.to_owned())));
        for text in [
            "https://appstoreconnect.apple.com",
            "http://127.0.0.1:1",
            "https://localhost:9",
        ] {
            assert!(web(text).is_ok(), "{text}");
        }
        for text in [
            "http://appstoreconnect.apple.com",
            "https://example.com",
            "https://api.appstoreconnect.apple.com",
            "https://appstoreconnect.apple.com.example.com",
            "https://appstoreconnect.apple.com:8443",
            "https://appstoreconnect.apple.com/elsewhere",
        ] {
            assert!(web(text).is_err(), "{text}");
        }
        assert_eq!(Root::web(None).expect("Apple's").to_string(), APPLE_WEB);
    }

    #[test]
    fn endpoints_stay_below_the_root() {
        let root = choose("https://example.com/asc").expect("a root");
        assert_eq!(
            root.endpoint("v1/apps?limit=1").as_str(),
            "https://example.com/asc/v1/apps?limit=1"
        );
    }
}
