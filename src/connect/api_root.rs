//! Where the API is, and whether a token may be sent there.

use std::{fmt, net::IpAddr};

use rustls::pki_types::DnsName;
use url::{Host, Url};

use super::ConnectError;
use crate::{source::Origin, token::Audience};

const APPLE: &str = "https://api.appstoreconnect.apple.com/";
const APPLE_ENTERPRISE: &str = "https://api.enterprise.developer.apple.com/";

/// The root of the API: https anywhere, http on loopback only, no user, no query.
#[derive(Clone, Debug)]
pub struct ApiRoot {
    url: Url,
    origin: Origin,
}

impl ApiRoot {
    /// The root that was given, else Apple's own for the audience.
    pub fn choose(given: Option<(Origin, String)>, audience: Audience) -> Result<Self, ConnectError> {
        let (origin, text) = given.unwrap_or_else(|| {
            let apple = match audience {
                Audience::AppStoreConnect => APPLE,
                Audience::Enterprise => APPLE_ENTERPRISE,
            };
            (Origin::Default, apple.to_owned())
        });
        let refuse = |why| ConnectError::ApiRoot {
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
        Ok(Self { url, origin })
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
        [APPLE, APPLE_ENTERPRISE].contains(&self.url.as_str())
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
}

impl fmt::Display for ApiRoot {
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

    fn choose(text: &str) -> Result<ApiRoot, ConnectError> {
        ApiRoot::choose(
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
    fn endpoints_stay_below_the_root() {
        let root = choose("https://example.com/asc").expect("a root");
        assert_eq!(
            root.endpoint("v1/apps?limit=1").as_str(),
            "https://example.com/asc/v1/apps?limit=1"
        );
    }
}
