//! One connection: plain or TLS, HTTP/1.1, and a cord that a fault pulls to reset it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::limits::{HEAD_BYTES, HEAD_TIMEOUT};

/// Serves one connection to its end. How it ends is the client's affair.
pub(crate) async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router) {
    let cord = Cord::default();
    // Only speed is at stake.
    let _ = stream.set_nodelay(true);
    let line = Line {
        stream,
        cord: cord.clone(),
    };
    match tls {
        None => speak_http(line, cord, router).await,
        Some(tls) => {
            if let Ok(Ok(line)) = timeout(HEAD_TIMEOUT, tls.accept(line)).await {
                speak_http(line, cord, router).await;
            }
        }
    }
}

async fn speak_http<L>(line: L, cord: Cord, router: Router)
where
    L: AsyncRead + AsyncWrite + Unpin,
{
    let answer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let (cord, router) = (cord.clone(), router.clone());
        async move {
            request.extensions_mut().insert(cord.clone());
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            if cord.is_pulled() {
                Err(Cord::error())
            } else {
                Ok(response)
            }
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(line), answer)
        .await;
    // A reset that was asked for, or a client that hung up: neither is news.
    drop(served);
}

/// Pulled, it resets the connection: nothing more is written, and the peer gets an RST.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cord(Arc<AtomicBool>);

impl Cord {
    pub(crate) fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// What the side that still wants to write is told.
    pub(crate) fn error() -> io::Error {
        io::ErrorKind::ConnectionReset.into()
    }

    fn is_pulled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP stream that minds its cord.
struct Line {
    stream: TcpStream,
    cord: Cord,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.cord.is_pulled() {
            // With a linger time of zero, closing sends an RST instead of a FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cord.is_pulled() {
            return Poll::Ready(Err(Cord::error()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.cord.is_pulled() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
