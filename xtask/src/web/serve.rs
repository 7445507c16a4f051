//! Shows the page on loopback: to GET of `/`, with the policy as a header too, as a careful host would send it. All
//! else is not found. It writes down what it was asked for, so that a test can say that it was the page alone.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::Page;
use crate::Outcome;

/// A client that asks for nothing, or takes nothing, holds nobody up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Of a request's head: far more than a browser sends.
const MOST: u64 = 64 * 1024;

/// Serves until the process ends.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: JoinHandle<()>,
}

impl Host {
    /// On this port of loopback; 0 is any that is free.
    pub(crate) fn start(page: &Page, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let found: Arc<[u8]> = found(page).into();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&asked);
        let thread = thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (found, notes) = (Arc::clone(&found), Arc::clone(&notes));
                // A client that goes away is its own affair.
                thread::spawn(move || answer(&connection, &found, &notes).is_ok());
            }
        });
        Ok(Self { address, asked, thread })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The first lines of the requests so far, without the version: `GET /`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns only if the server breaks.
    pub(crate) fn wait(self) -> Outcome {
        self.thread.join().map_err(|_| "the server broke".into())
    }
}

fn answer(mut connection: &TcpStream, found: &[u8], notes: &Mutex<Vec<String>>) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(connection.take(MOST));
    let mut first = String::new();
    head.read_line(&mut first)?;
    let mut header = String::new();
    while head.read_line(&mut header)? > 0 && !header.trim_end().is_empty() {
        header.clear();
    }
    // A browser opens connections ahead of need; what asks for nothing is no request.
    let Some((asked, _version)) = first.rsplit_once(' ') else {
        return Ok(());
    };
    notes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(asked.to_owned());
    if asked == "GET /" {
        connection.write_all(found)
    } else {
        connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
}

fn found(page: &Page) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Content-Security-Policy: {}; frame-ancestors 'none'\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\n\
         Connection: close\r\n\r\n",
        page.html.len(),
        page.policy
    );
    [head.as_bytes(), page.html.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let page = Page {
            html: "<!DOCTYPE html>\n<title>Page</title>\n".to_owned(),
            policy: "default-src 'none'".to_owned(),
        };
        Host::start(&page, 0).unwrap()
    }

    fn ask(host: &Host, request: &str) -> String {
        let mut connection = TcpStream::connect(host.address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_page_comes_with_its_policy_as_a_header() {
        let answer = ask(&host(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for header in [
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
        ] {
            assert!(head.lines().any(|line| line == header), "{head}");
        }
        assert_eq!(body, "<!DOCTYPE html>\n<title>Page</title>\n");
    }

    #[test]
    fn nothing_else_is_found_and_all_of_it_is_written_down() {
        let host = host();
        let requests = ["GET /favicon.ico", "POST /", "GET /../Cargo.toml", "HEAD /"];
        for request in requests {
            let answer = ask(&host, &format!("{request} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404"), "{request}: {answer}");
        }
        assert_eq!(host.asked(), requests);
    }
}
