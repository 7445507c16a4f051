//! Bodies that travel badly.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use http_body_util::BodyExt as _;
use tokio::time::sleep;

use crate::connection::Cord;
use crate::limits::HUGE_BODY_BYTES;

/// Long enough for the first half to be on its way before the connection is reset.
const FLUSH: Duration = Duration::from_millis(50);

/// The same answer, one byte an interval.
pub(crate) async fn drip(response: Response, interval: Duration) -> Response {
    replace(response, |bytes| {
        Body::from_stream(stream::unfold(bytes, move |mut left| async move {
            if left.is_empty() {
                return None;
            }
            sleep(interval).await;
            let byte = left.split_to(1);
            Some((Ok::<_, io::Error>(byte), left))
        }))
    })
    .await
}

/// The head and half the body; then the cord is pulled.
pub(crate) async fn break_off(response: Response, cord: Cord) -> Response {
    replace(response, |bytes| {
        let half = bytes.slice(..bytes.len() / 2);
        Body::from_stream(stream::unfold(Some(half), move |half| {
            let cord = cord.clone();
            async move {
                if let Some(half) = half {
                    return Some((Ok(half), None));
                }
                sleep(FLUSH).await;
                cord.pull();
                Some((Err(Cord::error()), None))
            }
        }))
    })
    .await
}

/// A JSON string without end, in pieces, cut off after so many bytes.
pub(crate) fn huge(bytes: u64) -> Body {
    const PIECE: &[u8] = &[b'x'; 64 * 1024];
    let left = bytes.min(HUGE_BODY_BYTES);
    let opening = Bytes::from_static(br#"{"errors":[{"detail":""#);
    Body::from_stream(stream::unfold((left, opening), |(left, piece)| async move {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let piece = piece.slice(..length);
        let left = left - length as u64;
        (length > 0).then(|| (Ok::<_, io::Error>(piece), (left, Bytes::from_static(PIECE))))
    }))
}

/// Gives an answer another body of the same length.
async fn replace(response: Response, body: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut head, old) = response.into_parts();
    let bytes = old.collect().await.expect("answers are made in memory").to_bytes();
    head.headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(head, body(bytes))
}
