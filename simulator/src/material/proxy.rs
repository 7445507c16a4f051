//! A proxy on loopback that sends every CONNECT tunnel to one place, whatever host was asked for,
//! and keeps what it was asked. Plain requests are kept too, and get a 502: nothing of asc-auth
//! should travel in the open.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{self, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::background::Background;
use crate::limits::{HEAD_BYTES, HEAD_TIMEOUT, REMEMBERED};

/// One request head that reached the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyRequest {
    /// The first line: `CONNECT host:443 HTTP/1.1`.
    pub line: String,
    /// The whole head, headers included.
    pub head: String,
}

/// A running proxy; it stops when dropped.
#[derive(Debug)]
pub struct ConnectProxy {
    address: SocketAddr,
    seen: Seen,
    _background: Background,
}

type Seen = Arc<Mutex<Vec<ProxyRequest>>>;

impl ConnectProxy {
    /// Starts on a free port; every tunnel ends at `target`.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Seen::default();
        let notes = Arc::clone(&seen);
        let background = Background::serve(listener, move |stream| {
            let notes = Arc::clone(&notes);
            async move {
                // Whichever side hangs up, the tunnel is over and there is nobody to tell.
                let _ = serve(stream, target, &notes).await;
            }
        })
        .expect("a thread starts");
        Self {
            address,
            seen,
            _background: background,
        }
    }

    /// `http://127.0.0.1:PORT`, for `HTTPS_PROXY` and the like.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The tunnels asked for, oldest first.
    pub fn tunnels(&self) -> Vec<ProxyRequest> {
        self.requests(true)
    }

    /// The requests that were sent in the open, oldest first.
    pub fn plain_requests(&self) -> Vec<ProxyRequest> {
        self.requests(false)
    }

    fn requests(&self, tunnels: bool) -> Vec<ProxyRequest> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .filter(|request| is_tunnel(request) == tunnels)
            .cloned()
            .collect()
    }
}

fn is_tunnel(request: &ProxyRequest) -> bool {
    request.line.starts_with("CONNECT ")
}

async fn serve(mut client: TcpStream, target: SocketAddr, seen: &Seen) -> io::Result<()> {
    let head = timeout(HEAD_TIMEOUT, read_head(&mut client)).await??;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let request = ProxyRequest { line, head };
    let tunnel = is_tunnel(&request);
    {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < REMEMBERED {
            seen.push(request);
        }
    }
    if !tunnel {
        return client
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            .await;
    }
    let mut server = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Reads byte by byte, so that nothing behind the head is taken from the tunnel.
async fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(client.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
