//! A server on a thread of its own, for callers that know nothing of async: it starts before
//! `serve` returns and is gone, connections included, when it is dropped.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use crate::limits::{CONNECTION_LIFETIME, CONNECTIONS};

#[derive(Debug)]
pub(crate) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Gives every connection on `listener` to `handle`.
    pub(crate) fn serve<H, F>(listener: TcpListener, handle: H) -> io::Result<Self>
    where
        H: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, handle) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("simulator".to_owned()).spawn(serve)?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there was printed there; there is nothing to add while dropping.
            let _ = thread.join();
        }
    }
}

async fn accept<H, F>(listener: TcpListener, handle: H)
where
    H: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = tokio::net::TcpListener::from_std(listener).expect("inside the runtime");
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("never closed");
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: others must finish first.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        let connection = handle(stream);
        tokio::spawn(async move {
            // One that outlives its time is dropped, which closes it.
            let _ = timeout(CONNECTION_LIFETIME, connection).await;
            drop(place);
        });
    }
}
