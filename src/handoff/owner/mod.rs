//! Whose a private directory is: the processes that it was made for, told in it before anything secret is, so that a
//! directory which a killed process left can be told from one that is in use.
//!
//! A process is known by its number and the time of its start, within one boot of one machine and one PID namespace.
//! Nothing is guessed: what can't be told stays unknown, and whoever is unknown may be alive.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::{
    io::{Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::private_files;

/// The record's name in the directory.
const OWNERS: &str = "owners.json";

/// No record is larger, in bytes.
const LARGEST: u64 = 64 * 1024;

/// For whom a directory is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// This process alone, which removes it again.
    ThisProcess,
    /// Whoever started this process, and who started them: a step's shell ends while its job goes on.
    Callers,
    /// A CI's job, of which they are only a part: it may go on in a process that none of them started.
    Job,
}

/// What is known of a directory's owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// One of them is there, with this number, or another process that was told of the directory.
    Alive(u32),
    /// All of them have ended.
    Gone,
    /// It can't be told, for this reason.
    Unknown(&'static str),
}

/// A process, as it is told from every other of its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Process {
    pid: u32,
    /// In the system's own unit, since its boot. None where it is not told: then a number that is in use again counts.
    started: Option<u64>,
}

/// Within what a process's number means something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct World {
    host: String,
    /// Two hosts of one name may share a directory. None where a system has no ID.
    machine: Option<String>,
    boot: Option<String>,
    pid_namespace: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    world: World,
    processes: Vec<Process>,
    /// Whether nobody else can be using the directory once these have ended.
    are_all: bool,
}

/// Tells in `directory` whose it is. Where that can't be found out or written nothing is told, and its owners stay
/// unknown: a credential is worth more than its removal in a rare case.
pub(super) fn record(directory: &Path, made_for: For) {
    let known = match made_for {
        For::ThisProcess => system::this_process().map(|process| (vec![process], true)),
        For::Callers => system::callers(),
        For::Job => system::callers().map(|(callers, _)| (callers, false)),
    };
    // Nobody at all is nobody who could be gone.
    let Some((processes, are_all)) = known.filter(|(processes, _)| !processes.is_empty()) else {
        return;
    };
    let record = system::world().map(|world| Record {
        world,
        processes,
        are_all,
    });
    let json = record.and_then(|record| serde_json::to_vec(&record).ok());
    if let Some(json) = json {
        let _ = private_files::create_file(&directory.join(OWNERS)).and_then(|mut file| file.write_all(&json));
    }
}

/// What is known of the owners of `directory`.
pub(super) fn of(directory: &Path) -> Owners {
    let Some(record) = read(directory) else {
        return Owners::Unknown("nothing in it tells whose it is");
    };
    let Some(here) = system::world() else {
        return Owners::Unknown("this system does not tell its processes");
    };
    record.judge(&here, directory)
}

impl Record {
    fn judge(&self, here: &World, directory: &Path) -> Owners {
        if self.world.host != here.host || self.world.machine != here.machine {
            return Owners::Unknown("it was made on another machine, or in another container");
        }
        if self.world.boot != here.boot {
            return match here.machine {
                Some(_) => Owners::Gone,
                None => Owners::Unknown("it was made before this machine started, or on another one of its name"),
            };
        }
        if self.world.pid_namespace != here.pid_namespace {
            return Owners::Unknown("it was made in another container");
        }
        let owner = self.processes.iter().find(|process| system::may_be_alive(process));
        match owner
            .map(|process| process.pid)
            .or_else(|| system::somebody_told(directory))
        {
            Some(pid) => Owners::Alive(pid),
            None if self.processes.is_empty() => Owners::Unknown("nothing in it tells whose it is"),
            None if !self.are_all => Owners::Unknown("the step that made it has ended, and its job may go on"),
            None => Owners::Gone,
        }
    }
}

fn read(directory: &Path) -> Option<Record> {
    let mut json = Vec::new();
    let file = private_files::open(&directory.join(OWNERS)).ok()?;
    file.take(LARGEST).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The machine's name, as far as it has one.
#[cfg(unix)]
fn host() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

#[cfg(test)]
mod tests;
