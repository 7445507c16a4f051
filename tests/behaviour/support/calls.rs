//! The system calls of a run, as strace sees them, and what it can do to one of them: kill the process before it is made,
//! or let it fail without being made.
//!
//! Names and numbers are all that is read of a trace: what a process keeps from others, strace may not decode either.

use std::{collections::BTreeMap, fmt, fs, path::Path, process::Command};

use super::Run;

/// Calls that only look, wait, or change what ends with the process: dead before one of them, it leaves what it leaves
/// before the next other call. Every other call that has to do with files or the network is one to be killed at.
const WITHOUT_TRACE: [&str; 28] = [
    "access",
    "close",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "faccessat2",
    "fcntl",
    "fstat",
    "getcwd",
    "getdents64",
    "getpeername",
    "getsockname",
    "getsockopt",
    "lseek",
    "mmap",
    "newfstatat",
    "pipe2",
    "poll",
    "ppoll",
    "pread64",
    "read",
    "readlink",
    "setsockopt",
    "socketpair",
    "stat",
    "statx",
];

/// What a program begins with, before its `main`: Rust looks whether its standard streams are open. What the loader does
/// before that is the same for every program.
const BEGINNING: [&str; 2] = ["poll", "ppoll"];

/// What strace writes behind a call that it let fail.
const INJECTED: &str = "(INJECTED)";

/// How a write of eight bytes ends: tokio wakes itself by it (eventfd(2)), and no disk or signal has to do with that.
const WAKE_UP: &str = ", 8)";

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    /// The process is killed before it.
    Kill,
    /// It fails with this error, and is not made.
    Error(&'static str),
}

impl fmt::Display for Injected {
    /// As strace has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => f.write_str("signal=KILL"),
            Self::Error(name) => write!(f, "error={name}"),
        }
    }
}

/// Of each name: the first number that counts, and the last.
pub type Numbers = BTreeMap<String, (usize, usize)>;

/// Whether processes can be traced here.
pub fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "true"]).output();
    let can = traced.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("skipped: strace is not here, or may not trace");
    }
    can
}

/// The run under strace, which writes what it sees into `log`. Where something is injected, it sees no more than that
/// call, and which programs are started.
pub fn traced(run: Run, log: &Path, injected: Option<(&str, usize, Injected)>) -> Run {
    let flags = match injected {
        None => vec!["--trace=%file,%desc,%network".to_owned()],
        Some((name, nth, what)) => vec![
            format!("--trace=execve,{name}"),
            // Counted for each process and thread by itself: whichever comes to this number first is hit. The threads
            // that serve the publish command make few calls, whose numbers the main one had before; a death while it
            // publishes has a test of its own.
            format!("--inject={name}:{what}:when={nth}"),
        ],
    };
    let log = log.to_str().expect("UTF-8");
    let mut words = vec!["strace", "--follow-forks", "--quiet=attach", "--output", log];
    words.extend(flags.iter().map(String::as_str));
    run.through(&words)
}

/// What strace left of the calls of a run.
pub fn read_calls(log: &Path) -> String {
    let calls = fs::read_to_string(log).unwrap_or_default();
    let _ = fs::remove_file(log);
    calls
}

/// The calls of a trace that leave something behind.
pub fn lasting_calls(trace: &str) -> Numbers {
    calls(trace, |name| !WITHOUT_TRACE.contains(&name))
}

/// The calls of these names, from the program's own beginning on.
pub fn calls(trace: &str, counts: impl Fn(&str) -> bool) -> Numbers {
    let mut made: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found = Numbers::new();
    let mut is_begun = false;
    for line in trace.lines() {
        let Some((process, name)) = call(line) else { continue };
        let nth = made.entry((process, name)).or_default();
        *nth += 1;
        if is_begun && counts(name) {
            let (_, last) = found.entry(name.to_owned()).or_insert((*nth, *nth));
            *last = (*last).max(*nth);
        }
        is_begun |= BEGINNING.contains(&name);
    }
    found
}

/// Whether this program itself was hit, and not only one that it started. One that is killed is not asked about here.
pub fn hit_itself(trace: &str) -> bool {
    let mut processes = trace.lines().filter_map(|line| line.split_once(' '));
    let Some((itself, _)) = processes.next() else {
        return false;
    };
    let others: Vec<&str> = trace
        .lines()
        .filter_map(call)
        .filter(|(process, name)| *name == "execve" && *process != itself)
        .map(|(process, _)| process)
        .collect();
    let is_hit = |line: &&str| line.contains(INJECTED) && !line.contains(WAKE_UP);
    let lines = trace.lines().filter(is_hit);
    lines
        .filter_map(|line| line.split_once(' '))
        .any(|(process, _)| !others.contains(&process))
}

/// Whether something was injected in a line of strace's, or in any of them.
pub fn is_hit(calls: &str) -> bool {
    calls.contains(INJECTED) || calls.contains("killed by SIGKILL")
}

/// The process and the name in a line of strace's, as in `1234  openat(AT_FDCWD, …`. None where a call goes on.
fn call(line: &str) -> Option<(&str, &str)> {
    let (process, rest) = line.split_once(' ')?;
    let (name, _) = rest.trim_start().split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((process, name))
}

#[test]
fn calls_are_counted_from_the_beginning_of_the_program() {
    let trace = "10 execve(\"/bin/asc-auth\", …) = 0\n\
                 10 openat(AT_FDCWD, \"/etc/ld.so.cache\", …) = 3\n\
                 10 poll(0x7ffc, 3, 0) = 0\n\
                 10 openat(AT_FDCWD, 0x7ffc, …) = 3\n\
                 10 read(3, 0x7ffc, 10) = 0\n\
                 10 write(1, 0x7ffc, 1 <unfinished ...>\n\
                 11 write(2, 0x7ffc, 1) = 1\n\
                 10 <... write resumed>) = 1\n\
                 11 openat(AT_FDCWD, 0x7ffc, …) = 3\n\
                 10 openat(AT_FDCWD, 0x7ffc, …) = 3\n\
                 10 +++ killed by SIGKILL +++\n";
    let expected = [("openat", (2, 3)), ("write", (1, 1))].map(|(name, numbers)| (name.to_owned(), numbers));
    assert_eq!(lasting_calls(trace), expected.into());
}

#[test]
fn what_happens_to_a_child_did_not_happen_to_the_program() {
    let of_child = "10 execve(…) = 0\n11 execve(…) = 0\n11 write(1, …) = -1 ENOSPC (No space) (INJECTED)\n";
    let wake_up = "10 execve(…) = 0\n10 write(4, 0x7ffc, 8) = -1 ENOSPC (No space) (INJECTED)\n";
    let of_thread = "10 execve(…) = 0\n11 write(1, …) = -1 ENOSPC (No space) (INJECTED)\n";
    assert!(!hit_itself(of_child));
    assert!(!hit_itself(wake_up));
    assert!(hit_itself(of_thread));
    assert!(!hit_itself(""));
}
