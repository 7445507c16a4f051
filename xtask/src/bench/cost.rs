//! What a program costs: the CPU time and the memory of one child process, as the kernel counts them.
//!
//! CPU time and not the clock on the wall, because other programs run on the machine as well.

use std::{env, error::Error, path::Path, process::Command, time::Duration};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};

use crate::Outcome;

/// Before what is counted: the first runs load programs from disk.
pub(super) const WARM_UP: usize = 3;

/// One run of something; it tells its CPU time.
pub(super) type Run<'a> = dyn FnMut() -> Result<Duration, Box<dyn Error>> + 'a;

/// The median CPU time of each program. They take turns, so that whatever else the machine does meets
/// all of them alike.
pub(super) fn medians<const N: usize>(
    rounds: usize,
    mut programs: [&mut Run<'_>; N],
) -> Result<[Duration; N], Box<dyn Error>> {
    let mut times = [const { Vec::new() }; N];
    for round in 0..WARM_UP + rounds {
        for (run, times) in programs.iter_mut().zip(&mut times) {
            let time = run()?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    Ok(times.map(median))
}

pub(super) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs the command to its end: the CPU time that it took, in user and in system mode. Its failure is
/// an error, because what fails early costs little.
pub(super) fn cpu_time(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let before = cpu_time_of_children()?;
    succeed(command)?;
    Ok(cpu_time_of_children()?.saturating_sub(before))
}

/// Runs the command, and shows what it said if it fails.
pub(super) fn succeed(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let program = command.get_program().to_string_lossy().into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{program}: {}\n{said}", output.status).into())
}

/// The most memory that `program` held, in bytes. `make_command` gives a program the environment to run in.
///
/// The kernel tells the most of all children that a process ever had, so a process that has only this
/// one runs it and asks. That process counts as well until it becomes the program, some 3 MB.
pub(super) fn peak_memory(
    make_command: impl FnOnce(&Path) -> Command,
    program: &Path,
    arguments: &[&str],
) -> Result<u64, Box<dyn Error>> {
    let mut command = make_command(&env::current_exe()?);
    let printed = succeed(command.arg("measure").arg(program).args(arguments))?;
    Ok(printed.trim().parse()?)
}

/// `xtask measure PROGRAM ARGUMENTS`: runs the program and prints the most memory that it held, in bytes.
pub(crate) fn measure(arguments: &[String]) -> Outcome {
    let (program, arguments) = arguments.split_first().ok_or("measure what?")?;
    succeed(Command::new(program).args(arguments))?;
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    println!("{}", kibibytes * 1024);
    Ok(())
}

fn cpu_time_of_children() -> Result<Duration, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(microseconds.try_into()?))
}
