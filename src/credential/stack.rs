//! Wiping what work with a private key leaves on the stack: the libraries wipe what they keep, and not every copy that a
//! function had while it ran. Nothing here may return a key by value: what is moved is copied.

use std::hint::black_box;

/// Deeper than any work with a key goes, in bytes: a signature of a debug build takes 40 KiB.
const DEPTH: usize = 64 * 1024;

/// Does `work`, and overwrites the part of the stack that it may have used.
pub(super) fn wiping<T>(work: impl FnOnce() -> T) -> T {
    let result = apart(work);
    overwrite();
    result
}

/// In a frame of its own, below the one that overwrites.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "it is what is to be overwritten")]
fn overwrite() {
    // Seen as used, or it would be left out.
    black_box(&mut [0_u8; DEPTH]);
}
