//! Processes as `/proc` tells them.

use std::{env, fs, io, os::unix::ffi::OsStrExt, path::Path};

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use zeroize::Zeroizing;

use super::{Process, World, host};

/// The process that everything else of a system or a container descends from.
const FIRST: u32 = 1;

/// More than any job nests.
const DEEPEST: usize = 256;

/// What `/proc/<pid>/stat` tells. (proc_pid_stat(5))
struct Stat {
    state: char,
    parent: u32,
    session: i64,
    /// The controlling terminal's number, or 0.
    terminal: i64,
    threads: i64,
    /// Clock ticks from the boot on.
    started: u64,
}

impl Stat {
    fn of(pid: u32) -> io::Result<Self> {
        let text = fs::read(format!("/proc/{pid}/stat"))?;
        Self::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The program's name may hold anything, parentheses and line breaks among it; behind it are numbers alone.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The page counts from 1, and two fields are in front of these.
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            state: field(3)?.chars().next()?,
            parent: field(4)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            terminal: field(7)?.parse().ok()?,
            threads: field(20)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }

    /// Whether it has ended, and only its parent has not asked about it yet. A process can outlive its first thread.
    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x') && self.threads <= 1
    }
}

pub(super) fn world() -> Option<World> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(World {
        host: host()?,
        machine: machine(),
        boot: Some(boot.trim().to_owned()),
        pid_namespace: Some(namespace.to_str()?.to_owned()),
    })
}

/// The ID that a system is given once. A container mostly has none, an image is to have an empty file. (machine-id(5))
fn machine() -> Option<String> {
    let text = fs::read_to_string("/etc/machine-id").ok()?;
    let is_id = |id: &&str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(text.trim()).filter(is_id).map(str::to_owned)
}

pub(super) fn this_process() -> Option<Process> {
    let pid = std::process::id();
    Some(Process {
        pid,
        started: Some(Stat::of(pid).ok()?.started),
    })
}

/// Parent, grandparent and so on, and whether these are all. `None` if one of them can't be looked at: who is not known
/// could be the job.
///
/// They are all only under the shell that a terminal belongs to, as a person has it. Whoever is not started from one may
/// have been taken off the processes that it works for, by `setsid` or `nohup`; and who entered a container has no parent in it.
///
/// The first process of a machine is no job's, and runs as long as the machine. That of a container may be the job's own
/// shell: then it is of the session of this process, as no machine's first process ever is.
pub(super) fn callers() -> Option<(Vec<Process>, bool)> {
    let this = Stat::of(std::process::id()).ok()?;
    let (mut callers, mut pid) = (Vec::new(), this.parent);
    while pid != 0 {
        let stat = Stat::of(pid).ok()?;
        if pid == FIRST && stat.session != this.session {
            break;
        }
        callers.push(Process {
            pid,
            started: Some(stat.started),
        });
        if callers.len() > DEEPEST {
            return None;
        }
        pid = stat.parent;
    }
    let is_under_its_terminal =
        this.terminal != 0 && callers.iter().any(|caller| i64::from(caller.pid) == this.session);
    let are_all = is_under_its_terminal && pid == FIRST;
    Some((callers, are_all))
}

pub(super) fn may_be_alive(process: &Process) -> bool {
    match Stat::of(process.pid) {
        Ok(stat) => {
            let is_another = process.started.is_some_and(|started| started != stat.started);
            !is_another && !stat.has_ended()
        }
        // `/proc` may be mounted so that it does not show what this user can't look into. (proc(5), hidepid)
        Err(error) if error.kind() == io::ErrorKind::NotFound => is_there(process.pid),
        Err(error) => error.raw_os_error() != Some(nix::libc::ESRCH),
    }
}

/// Whether a process has this number, whoever may look at it.
fn is_there(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0);
    pid.is_some_and(|pid| kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH))
}

/// A process that was told of the directory, by its environment or an argument: the command of an `exec` that was killed,
/// or a step's that outlives whoever started it. What another user's processes were told is not known, and they can't
/// use it. Nor is it known of another asc-auth, which nobody can look into: it reads what it was told of when it starts.
pub(super) fn somebody_told(directory: &Path) -> Option<u32> {
    let name = directory.file_name()?.as_bytes();
    let is_name_in = |words: &[u8]| words.windows(name.len()).any(|window| window == name);
    let mentions = |pid: u32, file: &str| {
        let words = Zeroizing::new(fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default());
        is_name_in(&words)
    };
    if env::vars_os().any(|(_, value)| is_name_in(value.as_bytes())) {
        return Some(std::process::id());
    }
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| mentions(*pid, "environ") || mentions(*pid, "cmdline"))
}
