//! Somebody signed in on the web: the session's cookies, the file a program finds them in, and how long they are good.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::material::ids::random;

/// Where the sign-in page keeps what it set for the whole of App Store Connect.
const SIGN_IN_ORIGIN: &str = "https://idmsa.apple.com/";

/// What the person who is signed in may do in the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebRole {
    /// May manage team keys.
    AccountHolder,
    /// May manage team keys.
    Admin,
    /// May not: 403.
    AppManager,
    /// May not: 403.
    Developer,
}

/// A person who is signed in. A handle: clones are the same session.
#[derive(Clone)]
pub struct WebSession {
    inner: Arc<Session>,
}

struct Session {
    role: WebRole,
    cookies: Vec<Cookie>,
    life: Mutex<Life>,
}

#[derive(Default)]
struct Life {
    expired: bool,
    last_request: Option<Instant>,
}

/// A cookie in the session file.
struct Cookie {
    name: &'static str,
    value: String,
    /// The address that the file keeps it under.
    origin: String,
    /// The host that it belongs to.
    domain: String,
    secure: bool,
    /// Whether a request to this server must carry it. It must not carry the others.
    sent: bool,
}

impl WebSession {
    /// A new session at the server with this root.
    pub(crate) fn new(role: WebRole, root: &str) -> Self {
        let own = format!("{root}/");
        let secure = root.starts_with("https://");
        let host = if secure { "localhost" } else { "127.0.0.1" };
        let cookie = |name, value, origin: &str, domain: &str, sent| Cookie {
            name,
            value,
            origin: origin.to_owned(),
            domain: domain.to_owned(),
            secure,
            sent,
        };
        let cookies = vec![
            cookie("myacinfo", secret(), SIGN_IN_ORIGIN, host, true),
            cookie("itctx", secret(), &own, host, true),
            cookie("dqsid", secret(), &own, host, true),
            cookie("dssid2", String::new(), &own, host, false),
            cookie("s_vi", secret(), &own, ".example.com", false),
        ];
        let session = Session {
            role,
            cookies,
            life: Mutex::default(),
        };
        Self {
            inner: Arc::new(session),
        }
    }

    /// The text of its session file.
    pub fn file(&self) -> String {
        let mut origins = Map::new();
        for cookie in &self.inner.cookies {
            let cookies = origins.entry(&cookie.origin).or_insert_with(|| json!([]));
            cookies.as_array_mut().expect("made as an array").push(cookie.json());
        }
        // Apple's pages have no name for it; tools use a hash of who is signed in.
        let name = "5f0c1c9a3be84d1fa6d27d2d7c9b40e1";
        let session = json!({
            "version": 1,
            "updated_at": "2026-05-04T08:12:33Z",
            "user_email": "owner@example.com",
            "cookies": origins,
        });
        json!({ "version": 1, "last_key": name, "sessions": { name: session } }).to_string()
    }

    /// Name and value of every cookie that a request must carry.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let sent = self.inner.cookies.iter().filter(|cookie| cookie.sent);
        sent.map(|cookie| (cookie.name.to_owned(), cookie.value.clone()))
            .collect()
    }

    /// Every cookie value in the file that isn't empty.
    pub fn secrets(&self) -> Vec<String> {
        let values = self.inner.cookies.iter().map(|cookie| cookie.value.clone());
        values.filter(|value| !value.is_empty()).collect()
    }

    /// Ends it: from now on its cookies get a 401.
    pub fn expire(&self) {
        self.life(|life| life.expired = true);
    }

    /// Whether this cookie is one that a request must carry.
    pub(crate) fn owns(&self, (name, value): &(String, String)) -> bool {
        let mut cookies = self.inner.cookies.iter().filter(|cookie| cookie.sent);
        cookies.any(|cookie| cookie.name == name && cookie.value == *value)
    }

    /// Whether a request with these cookies is signed in.
    pub(crate) fn is_open_with(&self, cookies: &[(String, String)]) -> bool {
        let all = self.cookies().iter().all(|cookie| cookies.contains(cookie));
        all && !self.life(|life| life.expired)
    }

    /// Whether the person may manage team keys.
    pub(crate) fn may_manage_keys(&self) -> bool {
        matches!(self.inner.role, WebRole::AccountHolder | WebRole::Admin)
    }

    /// Notes a request that arrived; true when it comes less than `spacing` after the one before.
    pub(crate) fn comes_too_soon(&self, arrived: Instant, spacing: Option<Duration>) -> bool {
        let last = self.life(|life| life.last_request.replace(arrived));
        match (last, spacing) {
            (Some(last), Some(spacing)) => arrived.saturating_duration_since(last) < spacing,
            _ => false,
        }
    }

    fn life<T>(&self, work: impl FnOnce(&mut Life) -> T) -> T {
        work(&mut self.inner.life.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Cookie {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "value": self.value,
            "path": "/",
            "domain": self.domain,
            "expires": "2099-01-01T00:00:00Z",
            "max_age": 0,
            "secure": self.secure,
            "http_only": true,
            "same_site": 0,
        })
    }
}

impl fmt::Debug for WebSession {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WebSession")
            .field("role", &self.inner.role)
            .finish_non_exhaustive()
    }
}

/// A long random value.
fn secret() -> String {
    let mut text = String::new();
    for byte in random::<64>() {
        write!(text, "{byte:02x}").expect("a String takes all text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Web;

    #[test]
    fn the_pause_is_counted_from_the_request_before_also_if_that_came_too_soon() {
        let spacing = Web::default().with(|settings| settings.spacing);
        let session = WebSession::new(WebRole::Admin, "http://127.0.0.1:80");
        let start = Instant::now();
        let verdicts = [0, 349, 698, 1048].map(|milliseconds| {
            let arrived = start + Duration::from_millis(milliseconds);
            session.comes_too_soon(arrived, spacing)
        });
        assert_eq!(verdicts, [false, true, true, false]);
    }

    #[test]
    fn with_tls_the_cookies_are_for_localhost_and_secure() {
        let session = WebSession::new(WebRole::Admin, "https://localhost:80");
        let file: Value = serde_json::from_str(&session.file()).unwrap();
        let name = file["last_key"].as_str().unwrap();
        let cookie = &file["sessions"][name]["cookies"]["https://localhost:80/"][0];
        assert_eq!(
            (&cookie["domain"], &cookie["secure"]),
            (&json!("localhost"), &json!(true))
        );
    }
}
