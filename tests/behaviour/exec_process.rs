//! `asc-auth exec -- CMD` as a process among others: exit codes, signals, streams, and the private directory that is
//! gone however it ends.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use simulator::{Fault, TestKey};

use crate::support::{
    Ran,
    child::{Job, Running, wait_until},
    shell::in_shell,
    simulator_with,
};

/// A process that a child left behind; it is ended with the test.
struct Left(Pid);

impl Left {
    /// The one whose ID the child wrote.
    fn from(text: &str) -> Self {
        Self(Pid::from_raw(text.trim().parse().expect("a process ID")))
    }

    fn is_running(&self) -> bool {
        kill(self.0, None).is_ok()
    }
}

/// Whether this process is stopped, as Ctrl-Z does it.
#[cfg(target_os = "linux")]
fn is_stopped(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it is there");
    stat.rsplit(')').next().is_some_and(|state| state.starts_with(" T"))
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

mod exit_codes {
    use super::*;

    #[test]
    fn the_childs_code_is_passed_on() {
        let (job, key) = (Job::new(), TestKey::generate());
        for code in [0, 1, 2, 12, 30, 64, 126, 127, 128, 254, 255] {
            let ran = job.sh(&key, &format!("exit {code}")).run().code(code);
            assert_eq!(ran.text(), "", "nothing but the child's words");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_child_that_a_signal_killed_gives_128_and_its_number() {
        let (job, key) = (Job::new(), TestKey::generate());
        for (signal, code) in [
            ("KILL", 137),
            ("TERM", 143),
            ("SEGV", 139),
            ("USR1", 138),
            ("HUP", 129),
            ("PIPE", 141),
        ] {
            let script = format!(
                "import os, signal; s = signal.SIG{signal}; signal.signal(s, signal.SIG_DFL) if s != 9 else 0; os.kill(os.getpid(), s)"
            );
            let ran = job.exec(&key, &[], &["python3", "-c", &script]).run().code(code);
            assert_eq!(ran.text(), "", "{signal}");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_127() {
        let (job, key) = (Job::new(), TestKey::generate());
        let missing = job.out("missing");
        let script = job.out("script");
        fs::write(&script, "#!/no/such/interpreter\n").expect("a file");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is ours");
        for program in [
            "asc-auth-no-such-program",
            missing.to_str().expect("Unicode"),
            script.to_str().expect("Unicode"),
            "",
        ] {
            let ran = job.exec(&key, &[], &[program, "x"]).run().code(127);
            assert_eq!(ran.stdout, "");
            ran.says("command not found").says("Nothing was run.");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_file_that_can_not_be_run_is_126() {
        let (job, key) = (Job::new(), TestKey::generate());
        let file = |name: &str, mode: u32| {
            let path = job.out(name);
            fs::write(&path, "words\n").expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            path
        };
        for program in [file("plain", 0o644), file("no-program", 0o755), job.out("")] {
            let program = program.to_str().expect("Unicode");
            let ran = job.exec(&key, &[], &[program]).run().code(126);
            assert_eq!(ran.stdout, "");
            ran.says(program).says("Nothing was run.");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_key_in_the_place_of_the_program_is_not_told() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = job.exec(&key, &[], &[&key.pem()]).run();
        assert!(matches!(ran.code, Some(126 | 127)), "{}", ran.text());
        crate::support::proof::assert_not_told("the key as CMD", &ran, &key.pem());
    }

    #[test]
    fn without_a_command_it_is_a_usage_error() {
        let (job, key) = (Job::new(), TestKey::generate());
        for arguments in [
            &["exec"][..],
            &["exec", "--"],
            &["exec", "--no-validate", "--"],
            &["exec", "true"],
        ] {
            job.run(arguments).team_key(&key).run().code(2);
        }
        job.assert_nothing_left();
    }
}

mod streams {
    use super::*;

    /// `exec` in a shell script that begins with a redirection, as `"$0" "$@"`.
    fn redirected(job: &Job, script: &str, child: &str) -> Ran {
        in_shell(script, job.sh(&TestKey::generate(), child))
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_child_without_a_word() {
        for child in ["yes", "exec yes", "while :; do echo y || exit 1; done"] {
            let job = Job::new();
            let ran = redirected(&job, r#"{ "$0" "$@"; echo $? >"$OUT/code"; } | head -n 1"#, child);
            assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("y\n", ""), "{child}");
            assert_eq!(job.read("code"), "141\n", "{child}");
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_reader_that_goes_away_does_not_stop_a_child_that_is_silent() {
        let job = Job::new();
        let child = r#"echo first; while [ ! -e "$OUT/gone" ]; do sleep 0.05; done; echo late >&2; exit 6"#;
        let ran = redirected(
            &job,
            r#"{ "$0" "$@"; echo $? >"$OUT/code"; } | { head -n 1; : >"$OUT/gone"; }"#,
            child,
        );
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("first\n", "late\n"));
        assert_eq!(job.read("code"), "6\n");
        job.assert_nothing_left();
    }

    #[test]
    fn closed_streams_do_not_change_the_code() {
        for closed in [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"] {
            let job = Job::new();
            redirected(
                &job,
                &format!(r#"exec "$0" "$@" {closed}"#),
                "echo out; echo err >&2; exit 4",
            )
            .code(4);
            job.assert_nothing_left();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn output_that_can_not_be_written_is_an_error() {
        for child in ["echo out; exit 4", "yes", "yes; echo then; sleep 0.1"] {
            let job = Job::new();
            redirected(&job, r#"exec "$0" "$@" >/dev/full"#, child)
                .code(30)
                .says("the command's output could not be passed on: ")
                .says("the disk is full");
            job.assert_nothing_left();
            redirected(&job, r#"exec "$0" "$@" 2>/dev/full"#, &format!("{{ {child}; }} >&2")).code(30);
            job.assert_nothing_left();
        }
    }

    #[test]
    fn one_stream_that_can_not_be_written_leaves_the_other() {
        let job = Job::new();
        let ran = redirected(&job, r#"exec "$0" "$@" 2>/dev/full"#, "echo err >&2; echo out; exit 4").code(30);
        assert_eq!(ran.stdout, "out\n");
    }

    #[test]
    fn lines_of_both_streams_stay_whole_in_one_log() {
        let job = Job::new();
        // It begins when what it prints arrives without delay.
        let child = r#"echo ready; until grep -q ready "$OUT/log"; do sleep 0.05; done
            i=0; while [ $i -lt 20 ]; do echo "out $i"; echo "err $i" >&2; sleep 0.01; i=$((i + 1)); done"#;
        redirected(&job, r#"exec "$0" "$@" >"$OUT/log" 2>&1"#, child).code(0);
        let log = job.read("log");
        for kind in ["out", "err"] {
            let lines: Vec<&str> = log.lines().filter(|line| line.starts_with(kind)).collect();
            let expected: Vec<String> = (0..20).map(|number| format!("{kind} {number}")).collect();
            assert_eq!(lines, expected, "in:\n{log}");
        }
    }

    #[test]
    fn the_child_reads_what_is_piped_in() {
        let (job, key) = (Job::new(), TestKey::generate());
        let bytes: Vec<u8> = (0..=255).cycle().take(50_000).collect();
        let output = job.exec(&key, &[], &["cat"]).stdin(bytes.clone()).output();
        assert!(output.stdout == bytes, "stdin is changed");
        assert_eq!(output.status.code(), Some(0));
    }

    #[test]
    fn a_key_on_standard_input_is_not_there_for_the_child() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = job
            .exec(
                &key,
                &["--private-key-path", "-"],
                &["sh", "-c", r#"cat; cat "$ASC_PRIVATE_KEY_PATH"; echo end"#],
            )
            .unset("ASC_PRIVATE_KEY")
            .stdin(key.pem())
            .run()
            .code(0);
        assert_eq!(
            ran.stdout,
            "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\nend\n"
        );
        job.assert_nothing_left();
    }

    #[test]
    fn a_silent_daemon_that_holds_the_output_open_does_not_hold_exec() {
        let (job, key) = (Job::new(), TestKey::generate());
        let mut running = Running::start(job.sh(&key, r#"sleep 300 & echo $! >"$OUT/daemon"; echo started; exit 5"#));
        assert_eq!(running.end(), 5);
        running.stdout.wait_for("started\n");
        assert!(Left::from(&job.read("daemon")).is_running());
        job.assert_nothing_left();
    }

    #[test]
    fn a_daemon_that_goes_on_talking_does_not_hold_exec() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"(i=0; while [ $i -lt 1000 ]; do echo noise; sleep 0.3; i=$((i + 1)); done) & echo $! >"$OUT/daemon"; exit 5"#;
        let mut running = Running::start(job.sh(&key, script));
        running.stdout.wait_for("noise");
        let _daemon = Left::from(&job.read("daemon"));
        assert_eq!(running.end(), 5);
        job.assert_nothing_left();
    }

    #[test]
    fn the_last_words_of_a_grandchild_are_not_lost() {
        let (job, key) = (Job::new(), TestKey::generate());
        let ran = job.sh(&key, "(sleep 0.3; echo late) & echo early").run().code(0);
        assert_eq!(ran.stdout, "early\nlate\n");
    }
}

mod signals {
    use super::*;

    /// A child and a grandchild that tell which signal they got, and end with 7.
    const FAMILY: &str = r#"
import os, signal, time
signal.alarm(120)
def end(number, _):
    path = os.environ["OUT"] + "/" + role
    open(path + ".new", "w").write(str(number))
    os.rename(path + ".new", path)
    os._exit(7)
for number in (1, 2, 3, 10, 12, 15):
    signal.signal(number, end)
role = "child"
if os.fork() == 0:
    role = "grandchild"
os.write(1, b"ready\n")
while True:
    time.sleep(1)
"#;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_signal_reaches_the_child_and_what_it_has_started() {
        for signal in [
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ] {
            let (job, key) = (Job::new(), TestKey::generate());
            let mut running = Running::start(job.exec(&key, &[], &["python3", "-c", FAMILY]));
            running.stdout.wait_for_times("ready\n", 2);
            running.send(signal);
            assert_eq!(running.end(), 7, "{signal}");
            wait_until("the grandchild's end", || job.out("grandchild").exists());
            let number = (signal as i32).to_string();
            assert_eq!((job.read("child"), job.read("grandchild")), (number.clone(), number));
            job.assert_nothing_left();
        }
    }

    #[test]
    fn a_program_that_knows_nothing_of_signals_is_ended_by_them() {
        for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGUSR1, 138)] {
            let (job, key) = (Job::new(), TestKey::generate());
            // Not through a shell, which might set signals right.
            let mut running = Running::start(job.exec(&key, &[], &["cat"]));
            running.type_in("ready\n");
            running.stdout.wait_for("ready\n");
            running.send(signal);
            assert_eq!(running.end(), code);
            job.assert_nothing_left();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_child_starts_with_the_signals_that_exec_was_started_with() {
        let (job, key) = (Job::new(), TestKey::generate());
        // The C library keeps those above 31 for itself.
        let standard = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
            u64::from_str_radix(line.trim(), 16).expect("hexadecimal digits") & 0x7fff_ffff
        };
        for script in [r#"exec "$0" "$@""#, r#"trap '' HUP INT USR1; exec "$0" "$@""#] {
            let ran = in_shell(script, job.exec(&key, &[], &["cat", "/proc/self/status"])).code(0);
            let plain = script.replace(r#""$0" "$@""#, "cat /proc/self/status");
            let plain = in_shell(&plain, job.exec(&key, &[], &["true"]));
            for signals in ["SigBlk:", "SigIgn:"] {
                let [ran, plain] = [&ran, &plain].map(|ran| standard(&ran.stdout, signals));
                assert_eq!(ran, plain, "{signals} {ran:x}, and {plain:x} without exec");
            }
        }
    }

    #[test]
    fn a_child_that_answers_a_signal_has_the_last_word() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"trap 'echo "bye $ASC_TOKEN"; exit 3' TERM; echo ready; i=0; while [ $i -lt 2000 ]; do sleep 0.05; i=$((i + 1)); done"#;
        let mut running = Running::start(job.sh(&key, script));
        running.stdout.wait_for("ready\n");
        running.send(Signal::SIGTERM);
        assert_eq!(running.end(), 3);
        running.stdout.wait_for("bye ***\n");
        job.assert_nothing_left();
    }

    #[test]
    fn a_signal_while_apple_thinks_leaves_nothing() {
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            let (job, key) = (Job::new(), TestKey::generate());
            let simulator = simulator_with(&key);
            simulator.fail_always(Fault::Latency(Duration::from_secs(300)));
            let run = job.run(&["exec", "--", "sh", "-c", r#": >"$OUT/started""#]);
            let mut running = Running::start(run.team_key(&key).api(&simulator));
            wait_until("the request", || !simulator.requests().is_empty());
            running.send(signal);
            assert_eq!(running.end(), -(signal as i32));
            job.assert_nothing_left();
            assert!(!job.out("started").exists());
        }
    }

    #[test]
    fn a_child_that_ignores_sigterm_loses_the_key_and_goes_on() {
        for flags in [&[][..], &["--no-redact"]] {
            let (job, key) = (Job::new(), TestKey::generate());
            let script = r#"trap '' TERM; echo ready; read line; ls "$ASC_AUTH_DIR" || echo "no directory"; exit 5"#;
            let mut running = Running::start(job.exec(&key, flags, &["sh", "-c", script]));
            running.stdout.wait_for("ready\n");
            assert_eq!(job.leftovers().len(), 1);
            running.send(Signal::SIGTERM);
            wait_until("the directory's end", || job.leftovers().is_empty());
            assert!(running.is_running());
            running.type_in("\n");
            running.stdout.wait_for("no directory\n");
            assert_eq!(running.end(), 5);
        }
    }

    #[test]
    fn what_a_killed_exec_left_is_found_by_cleanup() {
        let (job, key) = (Job::new(), TestKey::generate());
        let run = job.sh(&key, r#"echo $$ >"$OUT/child"; echo ready; read line"#);
        let mut running = Running::start(run.env("CI_JOB_ID", "4711"));
        running.stdout.wait_for("ready\n");
        let _child = Left::from(&job.read("child"));
        running.send(Signal::SIGKILL);
        assert_eq!(running.end(), -9);
        assert_eq!(job.leftovers(), [job.temp().join("asc-auth-job-4711")]);
        job.run(&["cleanup"])
            .env("CI_JOB_ID", "4711")
            .run()
            .code(0)
            .says("removed");
        job.assert_nothing_left();
    }

    #[test]
    fn a_job_that_has_an_id_keeps_no_directory_of_that_name() {
        let (job, key) = (Job::new(), TestKey::generate());
        job.sh(&key, r#"echo "$ASC_AUTH_DIR""#)
            .env("CI_JOB_ID", "4711")
            .run()
            .code(0)
            .says("/asc-auth-job-4711/asc-auth-");
        job.assert_nothing_left();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_that_was_stopped_goes_on_when_exec_does() {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"echo $$ >"$OUT/child"; echo ready; read line; echo "got $line"; exit 5"#;
        let mut running = Running::start(job.sh(&key, script));
        running.stdout.wait_for("ready\n");
        let child = Left::from(&job.read("child"));
        for _ in 0..2 {
            running.send(Signal::SIGTSTP);
            wait_until("the child's stop", || is_stopped(child.0));
            wait_until("exec's own stop", || is_stopped(running.pid()));
            running.send(Signal::SIGCONT);
            wait_until("the child's return", || !is_stopped(child.0));
        }
        running.type_in("it\n");
        running.stdout.wait_for("got it\n");
        assert_eq!(running.end(), 5);
    }
}

#[test]
fn a_child_that_removes_the_directory_itself_does_no_harm() {
    let (job, key) = (Job::new(), TestKey::generate());
    for remove in [r#""$BIN" cleanup"#, r#"rm -r "$ASC_AUTH_DIR""#] {
        job.sh(&key, &format!(r#"{remove}; echo "$ASC_TOKEN"; exit 3"#))
            .run()
            .code(3)
            .says("***");
        job.assert_nothing_left();
    }
}

#[test]
fn a_child_that_damages_the_directory_does_no_harm() {
    for damage in [
        r#": >"$ASC_AUTH_DIR/tokens.jsonl""#,
        r#"printf '\377\0{' >>"$ASC_AUTH_DIR/tokens.jsonl""#,
        r#"mkdir "$ASC_AUTH_DIR/more"; : >"$ASC_AUTH_DIR/more/file""#,
        r#"chmod 000 "$ASC_PRIVATE_KEY_PATH""#,
    ] {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = format!(r#"echo first; read line; {damage}; echo "$ASC_TOKEN"; exit 3"#);
        let mut running = Running::start(job.sh(&key, &script));
        running.stdout.wait_for("first\n");
        running.type_in("\n");
        assert_eq!(running.end(), 3, "{damage}: {}", running.stderr.text());
        running.stdout.wait_for("first\n***\n");
        assert_eq!(running.stderr.text(), "", "{damage}");
        job.assert_nothing_left();
    }
}
