//! Keeping the memory of this process, which holds keys and tokens, out of core dumps, and from other programs of the
//! same user. It must never keep a program that is started from here from a core dump of its own.

/// From here on a crash leaves no core file, and only root can look into this process (prctl(2), `PR_SET_DUMPABLE`). A
/// program that is started from it is not closed so: execve(2) opens it again.
#[cfg(target_os = "linux")]
pub fn forbid() {
    // A sandbox may refuse it. A credential is worth more than a closed door in it.
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Elsewhere there is a limit, which a program that is started from here would have as well.
#[cfg(not(target_os = "linux"))]
pub fn forbid() {}
