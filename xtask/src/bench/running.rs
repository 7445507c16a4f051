//! What `asc-auth exec` costs the program that it runs: the time before it starts, the time that its output takes, and
//! the memory that this needs.
//!
//! These are times on the wall, because three processes share the work; the programs take turns.

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

use super::cost::succeed;
use crate::Outcome;

/// What a busy build may print, in bytes.
const LOG_LENGTH: usize = 200_000_000;

/// Writes a log such as a build prints.
pub(super) fn write_log(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let path = folder.join("build.log");
    let mut file = BufWriter::new(File::create(&path)?);
    let mut length = 0;
    let mut number: u32 = 1;
    while length < LOG_LENGTH {
        // Any numbers will do, as long as they are the same in every run.
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let line = format!(
            "CompileSwift normal arm64 /Users/runner/App/Sources/Module{}/File{}.swift (in target 'App' from \
             project 'App') {number:08x} took {} ms\n",
            number % 97,
            number % 9973,
            number % 4999
        );
        file.write_all(line.as_bytes())?;
        length += line.len();
    }
    file.flush()?;
    Ok(path)
}

/// How long the command takes, its output thrown away.
pub(super) fn wall_time(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    if status.success() {
        Ok(time)
    } else {
        Err(format!("{}: {status}", command.get_program().to_string_lossy()).into())
    }
}

/// How long it takes until `xtask now`, which the command runs, tells the time.
pub(super) fn time_to_start(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let start = monotonic_now()?;
    let told: u64 = succeed(command)?.trim().parse()?;
    Ok(Duration::from_nanos(told.saturating_sub(start)))
}

/// `xtask now`: prints the time of a clock that all processes share.
pub(crate) fn now() -> Outcome {
    println!("{}", monotonic_now()?);
    Ok(())
}

/// Nanoseconds.
fn monotonic_now() -> Result<u64, Box<dyn Error>> {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds: u64 = time.tv_sec.try_into()?;
    let nanoseconds: u64 = time.tv_nsec.try_into()?;
    Ok(seconds * 1_000_000_000 + nanoseconds)
}
