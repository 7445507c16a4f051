//! `cargo run -p simulator`: an App Store Connect to try a pipeline against, offline. Makes a
//! throw-away key and signs a throw-away Admin in on the web side, prints the variables to export,
//! and serves until standard input closes or Ctrl-C; then the key and the session are removed.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use simulator::{ApiKey, Role, SeenRequest, Simulator, TestKey, WebRole, random_key_id};
use tempfile::TempDir;
use tokio::sync::oneshot;

const USAGE: &str = "usage: simulator [--port N]

A loopback App Store Connect with one throw-away key, and an Admin signed in. Export the lines it prints, and use it
from another shell. It stops when its standard input closes, or at Ctrl-C.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Some(0),
        ["--port", port] => port.parse().ok(),
        ["--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => None,
    };
    let Some(port) = port else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(port: u16) -> io::Result<()> {
    let simulator = Simulator::builder()
        .port(port)
        .on_request(|request| eprintln!("{}", log_line(request)))
        .start()
        .map_err(|error| io::Error::other(format!("can't listen on port {port}: {error}")))?;
    let (key, key_id, issuer_id) = (TestKey::generate(), random_key_id(), simulator.issuer_id());
    simulator.register(ApiKey::team(&key_id, &issuer_id, &key).with_roles([Role::AppManager]));
    let directory = private_directory()?;
    let path = write_private(&directory, &format!("AuthKey_{key_id}.p8"), &key.pem())?;
    let session = simulator.sign_in(WebRole::Admin).file();
    let session = write_private(&directory, "web-session.json", &session)?;

    let mut out = io::stdout().lock();
    writeln!(out, "export ASC_API_URL={}", simulator.url())?;
    writeln!(out, "export ASC_KEY_ID={key_id}")?;
    writeln!(out, "export ASC_ISSUER_ID={issuer_id}")?;
    writeln!(out, "export ASC_PRIVATE_KEY_PATH={}", quote(&path))?;
    writeln!(out, "export ASC_WEB_URL={}", simulator.url())?;
    writeln!(out, "export ASC_WEB_SESSION={}", quote(&session))?;
    out.flush()?;
    drop(out);

    wait_for_the_end()?;
    directory.close()
}

fn private_directory() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("simulator-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

fn write_private(directory: &TempDir, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = directory.path().join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

/// For a POSIX shell.
fn quote(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn log_line(request: &SeenRequest) -> String {
    let status = request
        .status
        .map_or_else(|| "reset".to_owned(), |status| status.to_string());
    let mut line = format!("{} {} {status}", request.method, request.path);
    if let Some(code) = &request.code {
        line = format!("{line} {code}");
    }
    if let Some(refusal) = &request.refusal {
        line = format!("{line}: {refusal}");
    }
    if let Some(refusal) = &request.web_refusal {
        line = format!("{line}: {refusal}");
    }
    line
}

/// Returns when standard input closes or somebody asks the process to end.
fn wait_for_the_end() -> io::Result<()> {
    let (closing, closed) = oneshot::channel::<()>();
    // Reading a terminal would stop a process in the background; there, Ctrl-C ends it.
    let _open = if io::stdin().is_terminal() {
        Some(closing)
    } else {
        close_with_stdin(closing)
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            tokio::select! {
                _ = closed => {}
                _ = tokio::signal::ctrl_c() => {}
                () = terminated() => {}
            }
        });
    Ok(())
}

/// Drops `closing` when standard input ends; whatever comes through it until then is ignored.
fn close_with_stdin<T: Send + 'static>(closing: T) -> Option<T> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while io::stdin().read(&mut buffer).is_ok_and(|count| count > 0) {}
        drop(closing);
    });
    None
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
