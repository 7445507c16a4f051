//! A client that shows everything: also what came before a connection broke.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use simulator::{ApiKey, Role, Simulator, TestKey, WebRole, WebSession};

pub(crate) const KEY_ID: &str = "2X9R4QWVK6";
pub(crate) const ISSUER: &str = "57246542-96fe-1a63-e053-0824d011072a";

/// A simulator that knows one team key, an Admin's.
pub(crate) struct Bench {
    pub(crate) apple: Simulator,
    pub(crate) key: TestKey,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self::with(Simulator::start(), Role::Admin)
    }

    pub(crate) fn with(apple: Simulator, role: Role) -> Self {
        let key = TestKey::generate();
        apple.register(ApiKey::team(KEY_ID, ISSUER, &key).with_roles([role]));
        Self { apple, key }
    }

    /// A token that is good by the clock that is `offset` seconds off the system's.
    pub(crate) fn token_at(&self, offset: i64) -> String {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(since.as_secs()).unwrap() + offset;
        let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
        let claims = json!({
            "iss": ISSUER, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1",
        });
        self.key.sign_token(&header, &claims)
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, Some(&self.token_at(0)))
    }

    pub(crate) fn send(&self, method: &str, target: &str, token: Option<&str>) -> Answer {
        let stream = TcpStream::connect(self.apple.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        exchange(stream, method, target, token)
    }
}

/// What came back, as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) broken: Option<io::ErrorKind>,
    /// Nothing at all came.
    pub(crate) silent: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(seen, _)| seen == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

/// A browser on which somebody is signed in. The pause between two requests is switched off.
pub(crate) struct Browser {
    pub(crate) apple: Simulator,
    pub(crate) session: WebSession,
}

impl Browser {
    pub(crate) fn start() -> Self {
        Self::of(WebRole::Admin)
    }

    pub(crate) fn of(role: WebRole) -> Self {
        let apple = Simulator::start();
        apple.set_web_spacing(None);
        let session = apple.sign_in(role);
        Self { apple, session }
    }

    /// The headers that every request needs, cookies included.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let cookies = self.session.cookies().into_iter();
        let cookies: Vec<_> = cookies.map(|(name, value)| format!("{name}={value}")).collect();
        vec![
            ("X-Requested-With", "XMLHttpRequest".to_owned()),
            ("Origin", self.apple.url()),
            ("Referer", format!("{}/", self.apple.url())),
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("Cookie", cookies.join("; ")),
        ]
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "")
    }

    pub(crate) fn send(&self, method: &str, target: &str, body: &str) -> Answer {
        self.send_with(&self.headers(), method, target, body)
    }

    pub(crate) fn send_with(&self, headers: &[(&str, String)], method: &str, target: &str, body: &str) -> Answer {
        let stream = TcpStream::connect(self.apple.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
            Content-Length: {}\r\n{}\r\n{body}",
            body.len(),
            headers.collect::<String>()
        );
        talk(stream, &request)
    }
}

/// One request and everything that follows it on the line.
pub(crate) fn exchange(line: impl Read + Write, method: &str, target: &str, token: Option<&str>) -> Answer {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\
        Connection: close\r\n{}\r\n",
        bearer.unwrap_or_default()
    );
    talk(line, &request)
}

fn talk(mut line: impl Read + Write, request: &str) -> Answer {
    line.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let broken = loop {
        match line.read(&mut buffer) {
            Ok(0) => break None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => break Some(error.kind()),
        }
    };
    read(&bytes, broken)
}

fn read(bytes: &[u8], broken: Option<io::ErrorKind>) -> Answer {
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = String::from_utf8_lossy(&bytes[..split.unwrap_or(0)]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.unwrap_or(0),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: split.map(|split| bytes[split + 4..].to_vec()).unwrap_or_default(),
        broken,
        silent: bytes.is_empty(),
    }
}
