//! Plays the host of the releases on loopback: serves the files of a folder, misbehaves when told to, and writes
//! down what it was asked for. A client that takes it for its proxy gets the same files.

use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client that asks for nothing, or takes nothing, holds nobody up.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than any client here takes.
const ENDLESS: usize = 256 * 1024 * 1024;

const ARCHIVE: &str = "application/octet-stream";

/// What goes wrong instead of an answer with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An answer with this status, and no file.
    Status(u16),
    /// A page such as a proxy puts in the place of what it doesn't let through.
    WebPage,
    /// The file with one byte changed.
    Tampered,
    /// The connection ends in the middle of the file.
    BreaksOff,
    /// More than any file has, its length not told.
    Endless,
}

/// Stopped when dropped.
#[derive(Debug)]
pub(crate) struct ReleaseHost {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// What the paths below this one lead to.
    root: String,
    folder: PathBuf,
    asked: Mutex<Vec<String>>,
    /// Those of the next answers, and that of all that follow.
    faults: Mutex<(VecDeque<Fault>, Option<Fault>)>,
    stopped: AtomicBool,
}

impl ReleaseHost {
    /// Serves what is in this folder, at the path that each file has there, and 404 elsewhere.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        Self::below("/", folder)
    }

    /// The same below a path that begins and ends with a slash.
    pub(crate) fn below(root: &str, folder: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            folder: folder.to_owned(),
            asked: Mutex::default(),
            faults: Mutex::default(),
            stopped: AtomicBool::default(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if of_thread.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&of_thread);
                // A client that goes away is its own affair; the job says so.
                thread::spawn(move || shared.serve(connection).is_ok());
            }
        });
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// What a release's paths come after, without a slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.root.trim_end_matches('/'))
    }

    /// Lets the next answers go wrong, each in its way, before those after them.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.shared.faults).0.extend(faults);
    }

    /// Lets all answers go wrong.
    pub(crate) fn fail_always(&self, fault: Fault) {
        locked(&self.shared.faults).1 = Some(fault);
    }

    /// The paths that were asked for, or what was asked of the proxy.
    pub(crate) fn asked(&self) -> Vec<String> {
        locked(&self.shared.asked).clone()
    }
}

impl Drop for ReleaseHost {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the server, so that it sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, mut connection: TcpStream) -> io::Result<()> {
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        let mut from_client = BufReader::new(connection.try_clone()?);
        let mut asked = request(&mut from_client)?;
        if let Some(host) = asked.strip_prefix("CONNECT ") {
            // Whatever host it is, the tunnel leads to this one.
            let host = host.to_owned();
            connection.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")?;
            asked = format!("http://{host}{}", request(&mut from_client)?);
        }
        if asked.is_empty() {
            // Some clients open one more connection than they use.
            return Ok(());
        }
        locked(&self.asked).push(asked.clone());
        let fault = {
            let mut faults = locked(&self.faults);
            faults.0.pop_front().or(faults.1)
        };
        self.answer(&mut connection, &asked, fault)
    }

    fn answer(&self, connection: &mut TcpStream, asked: &str, fault: Option<Fault>) -> io::Result<()> {
        let Some(mut file) = self.file(asked) else {
            return send(connection, 404, "text/plain", b"Not Found");
        };
        match fault {
            None => send(connection, 200, ARCHIVE, &file),
            Some(Fault::Status(status)) => send(connection, status, "text/plain", b"Not now"),
            Some(Fault::WebPage) => {
                let page = b"<!DOCTYPE html>\n<title>Sign in</title>\n";
                send(connection, 200, "text/html; charset=utf-8", page)
            }
            Some(Fault::Tampered) => {
                let middle = file.len() / 2;
                if let Some(byte) = file.get_mut(middle) {
                    *byte ^= 1;
                }
                send(connection, 200, ARCHIVE, &file)
            }
            Some(Fault::BreaksOff) => {
                head(connection, 200, ARCHIVE, Some(file.len()))?;
                connection.write_all(&file[..file.len() / 2])
            }
            Some(Fault::Endless) => {
                head(connection, 200, ARCHIVE, None)?;
                let piece = [0; 8 * 1024];
                (0..ENDLESS / piece.len()).try_for_each(|_| connection.write_all(&piece))
            }
        }
    }

    fn file(&self, asked: &str) -> Option<Vec<u8>> {
        // A proxy is asked for the whole URL.
        let path = match asked.strip_prefix("http://") {
            Some(rest) => &rest[rest.find('/')?..],
            None => asked,
        };
        let within = Path::new(path.strip_prefix(&self.root)?);
        let stays = within.components().all(|part| matches!(part, Component::Normal(_)));
        fs::read(self.folder.join(stays.then_some(within)?)).ok()
    }
}

/// What the request's first line asks for: a path, a URL, or `CONNECT` and a host.
fn request(from_client: &mut impl BufRead) -> io::Result<String> {
    let mut first = String::new();
    from_client.read_line(&mut first)?;
    let mut header = String::new();
    while from_client.read_line(&mut header)? > 0 && !header.trim_end().is_empty() {
        header.clear();
    }
    let mut words = first.split(' ');
    Ok(match (words.next(), words.next()) {
        (Some("CONNECT"), Some(host)) => format!("CONNECT {host}"),
        (_, target) => target.unwrap_or_default().to_owned(),
    })
}

fn send(connection: &mut TcpStream, status: u16, kind: &str, body: &[u8]) -> io::Result<()> {
    head(connection, status, kind, Some(body.len()))?;
    connection.write_all(body)
}

fn head(connection: &mut TcpStream, status: u16, kind: &str, length: Option<usize>) -> io::Result<()> {
    let length = length.map_or_else(String::new, |length| format!("Content-Length: {length}\r\n"));
    let head = format!("HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\n{length}Connection: close\r\n\r\n");
    connection.write_all(head.as_bytes())
}

/// No thread here panics while it holds a lock, and if one did, what it holds is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
