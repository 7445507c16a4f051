//! Runs the static binary where nothing else is: in an empty folder as its root, without a home, a configuration or
//! a folder for temporary files. That is what an image FROM scratch gives it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use simulator::{ApiKey, Simulator, TestKey, random_issuer_id, random_key_id};
use tempfile::TempDir;

use crate::Outcome;

/// Proves a key against the simulator from within such a folder, and fails if that fails. Where the system lets
/// nobody change the root, it is said, and nothing is proved.
pub(super) fn runs_alone(binary: &Path) -> Outcome {
    let root = TempDir::with_prefix("asc-auth-empty-")?;
    fs::copy(binary, root.path().join("asc-auth"))?;
    if !in_root(root.path())
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        // Either the binary does not run there, or nothing does.
        if Command::new("unshare")
            .args(["--map-root-user", "true"])
            .output()
            .is_ok_and(|output| output.status.success())
        {
            return Err("asc-auth --version fails in an empty container".into());
        }
        println!("Not tried in an empty container: unshare is not allowed here.");
        return Ok(());
    }
    let (key, key_id, issuer_id) = (TestKey::generate(), random_key_id(), random_issuer_id());
    let apple = Simulator::builder().start()?;
    apple.register(ApiKey::team(&key_id, &issuer_id, &key));
    let mut child = in_root(root.path())
        .args(["validate", "--key-id", &key_id, "--issuer-id", &issuer_id])
        .args(["--private-key-path", "-", "--api-url", &apple.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(key.pem().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() || apple.requests().is_empty() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(format!("asc-auth validate fails in an empty container: {reason}").into());
    }
    println!("asc-auth validate works in an empty container.");
    Ok(())
}

fn in_root(root: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["--map-root-user", "chroot"])
        .arg(root)
        .arg("/asc-auth");
    command
}
