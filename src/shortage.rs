//! Whether the system has run out of something. That is no mistake of whoever is told of it, and may pass.

use std::io;

/// Whether the system, or this user, has no more processes, descriptors or memory to give.
#[cfg(unix)]
pub fn is_shortage(error: &io::Error) -> bool {
    use nix::errno::Errno;

    let shortages = [Errno::EAGAIN, Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|number| shortages.contains(&Errno::from_raw(number)))
}

/// Whether the system has no more handles or memory to give. (Microsoft: System Error Codes; Windows Sockets Error Codes)
#[cfg(windows)]
pub fn is_shortage(error: &io::Error) -> bool {
    const TOO_MANY_OPEN_FILES: i32 = 4;
    const NOT_ENOUGH_MEMORY: i32 = 8;
    const TOO_MANY_SOCKETS: i32 = 10024;
    let shortages = [TOO_MANY_OPEN_FILES, NOT_ENOUGH_MEMORY, TOO_MANY_SOCKETS];
    error.raw_os_error().is_some_and(|number| shortages.contains(&number))
}
