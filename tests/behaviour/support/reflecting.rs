//! A server that answers 403 and repeats the bearer token wherever an answer has room for text.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

pub struct ReflectingServer {
    address: SocketAddr,
    token: Arc<Mutex<Option<String>>>,
}

impl ReflectingServer {
    /// Serves for as long as the test's process lives.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let token = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&token);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 8192];
                let length = stream.read(&mut request).expect("a request");
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let bearer = request
                    .lines()
                    .find_map(|line| {
                        line.to_lowercase()
                            .starts_with("authorization: bearer ")
                            .then(|| &line[22..])
                    })
                    .expect("a token")
                    .to_owned();
                let signature = bearer.rsplit('.').next().unwrap_or_default();
                let body = serde_json::json!({
                    "errors": [{"code": bearer, "title": format!("no {bearer}"), "detail": format!("sig={signature}")}]
                })
                .to_string();
                let answer = format!(
                    "HTTP/1.1 403 Forbidden\r\nX-Request-ID: {bearer}\r\nLocation: http://{signature}/{bearer}\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                *seen.lock().expect("no poison") = Some(bearer.clone());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, token }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn last_token(&self) -> Option<String> {
        self.token.lock().expect("no poison").clone()
    }
}
