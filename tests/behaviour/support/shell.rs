//! Starting the binary as a shell would: with another umask, with limits, in a namespace.

use std::process::{Command, Stdio};

use super::{Ran, Run};

/// Runs `script` in `sh` with the environment of `run`; in it `"$0" "$@"` is what `run` would have started.
pub fn in_shell(script: &str, run: Run) -> Ran {
    let mut shell = Command::new("sh");
    pass_on(run, shell.args(["-c", script]));
    Ran::from(shell.output().expect("sh starts"))
}

/// The same in a mount namespace of its own, as root of it.
#[cfg(target_os = "linux")]
pub fn in_namespace(script: &str, run: Run) -> Ran {
    let mut unshare = Command::new("unshare");
    pass_on(run, unshare.args(["-rm", "sh", "-c", script]));
    Ran::from(unshare.output().expect("unshare starts"))
}

/// Whether this machine lets an ordinary user mount a tmpfs in a namespace.
#[cfg(target_os = "linux")]
pub fn has_namespaces() -> bool {
    Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn pass_on(run: Run, to: &mut Command) {
    as_arguments(run, to);
    to.stdin(Stdio::null());
}

/// What `run` would have started becomes the last arguments of `to`, and its environment and directory are those of `to`.
pub fn as_arguments(run: Run, to: &mut Command) {
    let run = run.into_command();
    to.arg(run.get_program()).args(run.get_args());
    if let Some(directory) = run.get_current_dir() {
        to.current_dir(directory);
    }
    to.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    to.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
}
