//! The web session of a person, as another program has left it in a file. Its cookies are never printed, logged or kept.

use std::{
    collections::BTreeMap,
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::WebError;
use crate::{
    connect::Root,
    private_files::{self, wide_mode},
    source::{Environment, Origin},
    text::io_reason,
};

/// Where the file lies in the home directory.
const FILE: [&str; 3] = [".blitz", "asc-agent", "web-session.json"];

/// The form of the file that is read.
const VERSION: u64 = 1;

/// In bytes: no session file is larger.
const LARGEST: u64 = 1024 * 1024;

/// A shorter value is no secret, and would hit innocent text.
const SHORTEST_SECRET: usize = 6;

/// Name and value.
type Pair = (Zeroizing<String>, Zeroizing<String>);

/// The cookies that go to one root.
pub struct Session {
    cookies: Vec<Pair>,
    path: PathBuf,
    origin: Origin,
}

/// The file: one session an account, and the name of the one that was used last.
#[derive(Deserialize)]
struct Document {
    version: Option<u64>,
    last_key: Option<String>,
    #[serde(default)]
    sessions: BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Account {
    /// By the URL that set them.
    #[serde(default)]
    cookies: BTreeMap<String, Vec<Cookie>>,
}

/// A cookie as RFC 6265 has it. When it expires is not looked at: Apple says so, and knows more.
#[derive(Deserialize)]
struct Cookie {
    name: Option<Zeroizing<String>>,
    value: Option<Zeroizing<String>>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    domain: Option<String>,
}

impl Session {
    /// Reads the file that was named, else the one in the home directory, and picks the cookies that belong to `root`.
    pub fn read(given: Option<(Origin, String)>, environment: &Environment, root: &Root) -> Result<Self, WebError> {
        let (origin, path) = Self::place(given, environment)?;
        let unread = |error: std::io::Error| WebError::NoSession {
            path: path.clone(),
            origin: origin.clone(),
            reason: io_reason(&error),
        };
        let file = private_files::open_regular(&path).map_err(unread)?;
        // Room for all of it from the start: a buffer that grows leaves copies behind.
        let length = file.metadata().map_or(0, |metadata| metadata.len()).min(LARGEST);
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 64));
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unread)?;
        match cookies(&bytes, root) {
            Ok(cookies) => Ok(Self { cookies, path, origin }),
            Err(why) => Err(WebError::BadSession { path, origin, why }),
        }
    }

    /// The file that would be read, whether or not there is one.
    pub fn place(given: Option<(Origin, String)>, environment: &Environment) -> Result<(Origin, PathBuf), WebError> {
        match given {
            Some((origin, path)) => Ok((origin, PathBuf::from(path))),
            None => Ok((Origin::Default, default_path(environment).ok_or(WebError::NoHome)?)),
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The mode of its file, if others may use it: so may they the session. Behind a link it is that of what was read.
    pub fn wide_mode(&self) -> Option<u32> {
        wide_mode(&self.path.canonicalize().ok()?)
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The `Cookie` header, for the root that the session was read for and for no other.
    pub fn header(&self) -> Option<HeaderValue> {
        let length = self
            .cookies
            .iter()
            .map(|(name, value)| name.len() + value.len() + 3)
            .sum();
        let mut text = Zeroizing::new(String::with_capacity(length));
        for (name, value) in &self.cookies {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// `text` without any cookie's value: a server may send back what it got.
    pub(super) fn conceal_in(&self, text: &str) -> String {
        let secrets = self.cookies.iter().map(|(_, value)| value.as_str());
        secrets
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session([redacted], from {})", self.origin)
    }
}

/// The session file of this environment, where none is named.
fn default_path(environment: &Environment) -> Option<PathBuf> {
    Some(FILE.iter().fold(environment.home()?, |path, part| path.join(part)))
}

/// Names and values of those that belong to the root, each once.
fn cookies(json: &[u8], root: &Root) -> Result<Vec<Pair>, &'static str> {
    if json.len() as u64 > LARGEST {
        return Err("it is larger than 1 MiB");
    }
    let document: Document = serde_json::from_slice(json).map_err(|_| "it is not the JSON of a web session")?;
    if document.version.is_some_and(|version| version != VERSION) {
        return Err("it has a version that this asc-auth does not know");
    }
    let last = document.last_key.ok_or("it does not say which session was used last")?;
    let mut sessions = document.sessions;
    let account = sessions
        .remove(&last)
        .ok_or("the session that was used last is not in it")?;
    let mut chosen: Vec<(Zeroizing<String>, Zeroizing<String>, String)> = Vec::new();
    for (url, cookies) in account.cookies {
        for cookie in cookies {
            let path = cookie.path.clone().unwrap_or_default();
            let Some((name, value)) = cookie.for_root(&url, root) else {
                continue;
            };
            if !chosen.iter().any(|(other, _, at)| *other == name && *at == path) {
                chosen.push((name, value, path));
            }
        }
    }
    if chosen.is_empty() {
        return Err("no cookie in it belongs to App Store Connect");
    }
    // The most particular path first, as browsers do.
    chosen.sort_by_key(|(_, _, path)| std::cmp::Reverse(path.len()));
    Ok(chosen.into_iter().map(|(name, value, _)| (name, value)).collect())
}

impl Cookie {
    /// Name and value, if both can be sent and belong to the root. `url` is the one that set it.
    fn for_root(self, url: &str, root: &Root) -> Option<Pair> {
        let (name, value) = (self.name?, self.value?);
        let is_sendable = is_token(&name) && !value.is_empty() && value.bytes().all(is_cookie_octet);
        let domain = self.domain.unwrap_or_default();
        let host = root.host_name();
        let is_ours = match domain.trim_start_matches('.').to_ascii_lowercase() {
            // Without a domain it goes to nobody but the host that set it.
            domain if domain.is_empty() => host_of(url).is_some_and(|setter| setter == host),
            domain => domain == host || is_below(host, &domain),
        };
        let path = self.path.as_deref().unwrap_or_default();
        (is_sendable && is_ours && is_path_match(path)).then_some((name, value))
    }
}

fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Whether a name lies in a domain. An address lies in none.
fn is_below(host: &str, domain: &str) -> bool {
    let is_name = matches!(Host::parse(host), Ok(Host::Domain(_)));
    is_name && host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a cookie of this path goes to what is asked for here. (RFC 6265, 5.1.4)
fn is_path_match(path: &str) -> bool {
    const ASKED: &str = "/iris/v1/apiKeys";
    match ASKED.strip_prefix(path) {
        None => path.is_empty(),
        Some(rest) => rest.is_empty() || path.is_empty() || path.ends_with('/') || rest.starts_with('/'),
    }
}

/// RFC 9110, 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 6265, 4.1.1, and the quotes and commas that browsers send all the same.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && byte != b';' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn apple() -> Root {
        Root::web(None).expect("Apple's root")
    }

    fn file(cookies: &Value) -> Vec<u8> {
        let json = json!({"version": 1, "last_key": "a", "sessions": {
            "a": {"version": 1, "user_email": "person@example.com", "cookies": cookies},
            "b": {"cookies": {"https://appstoreconnect.apple.com/": [{"name": "other", "value": "other-value"}]}},
        }});
        json.to_string().into_bytes()
    }

    fn names(cookies: &Value, root: &Root) -> Vec<String> {
        let cookies = super::cookies(&file(cookies), root).unwrap_or_default();
        cookies.into_iter().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn only_what_belongs_to_the_host_is_sent() {
        let cookies = json!({
            "https://appstoreconnect.apple.com/": [
                {"name": "host-only", "value": "v"},
                {"name": "itself", "value": "v", "domain": "appstoreconnect.apple.com", "path": "/"},
                {"name": "all-of-apple", "value": "v", "domain": ".apple.com", "path": "/"},
                {"name": "iris", "value": "v", "domain": ".Apple.com", "path": "/iris"},
                {"name": "elsewhere", "value": "v", "domain": ".apple.com", "path": "/iri"},
                {"name": "foreign", "value": "v", "domain": "example.com"},
                {"name": "suffix", "value": "v", "domain": "connect.apple.com"},
                {"name": "empty", "value": ""},
                {"name": "no-value"},
                {"name": "bad;name", "value": "v"},
                {"name": "bad-value", "value": "a;b"},
                {"name": "line", "value": "a\r\nb"},
            ],
            "https://idmsa.apple.com/": [
                {"name": "of-another-host", "value": "v"},
                {"name": "all-of-apple", "value": "second", "domain": "apple.com", "path": "/"},
            ],
        });
        assert_eq!(
            names(&cookies, &apple()),
            ["iris", "itself", "all-of-apple", "host-only"]
        );
    }

    #[test]
    fn a_session_of_apples_does_not_go_to_loopback() {
        let cookies = json!({
            "https://appstoreconnect.apple.com/": [{"name": "a", "value": "v", "domain": ".apple.com"}],
            "http://127.0.0.1:9/": [{"name": "b", "value": "v"}, {"name": "c", "value": "v", "domain": "0.0.1"}],
        });
        let given = (Origin::Variable("ASC_WEB_URL"), "http://127.0.0.1:9".to_owned());
        let loopback = Root::web(Some(given)).expect("a root");
        assert_eq!(names(&cookies, &loopback), ["b"]);
        assert_eq!(names(&cookies, &apple()), ["a"]);
    }

    #[test]
    fn what_is_no_session_is_named() {
        for (json, why) in [
            ("", "it is not the JSON of a web session"),
            ("[]", "it is not the JSON of a web session"),
            (r#"{"version":2}"#, "it has a version that this asc-auth does not know"),
            (r#"{"version":1}"#, "it does not say which session was used last"),
            (
                r#"{"last_key":"x","sessions":{}}"#,
                "the session that was used last is not in it",
            ),
            (
                r#"{"last_key":"x","sessions":{"x":{}}}"#,
                "no cookie in it belongs to App Store Connect",
            ),
        ] {
            assert_eq!(cookies(json.as_bytes(), &apple()).err(), Some(why), "{json}");
        }
    }
}
