//! `asc-auth exec -- CMD` at a terminal: the child can ask, Ctrl-C and Ctrl-Z do what they do without us, and whoever
//! comes after has the terminal back.

use simulator::TestKey;

use crate::support::{
    child::Job,
    terminal::{CTRL_C, CTRL_D, CTRL_Z, Terminal},
};

/// What a person does next: says how it ended, and reads from the terminal again.
const AFTER: &str = r#"; echo "code $?"; read line; echo "then $line""#;

fn at_terminal(before: &str, job: &Job, key: &TestKey, command: &[&str]) -> Terminal {
    Terminal::script(
        &format!(r#"trap : INT; {before} "$0" "$@"{AFTER}"#),
        job.exec(key, &[], command),
    )
}

/// The shell has the terminal back, and nothing is left.
#[track_caller]
fn assert_back(mut terminal: Terminal, job: &Job, code: i32) {
    terminal.screen.wait_for(&format!("code {code}\r\n"));
    terminal.type_in("on\n");
    terminal.screen.wait_for("then on\r\n");
    assert_eq!(terminal.process.end(), 0);
    job.assert_nothing_left();
}

#[test]
fn a_child_asks_and_gets_the_answer() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal(
        "",
        &job,
        &key,
        &["sh", "-c", r#"printf 'name? '; read name; echo "hello $name"; exit 3"#],
    );
    terminal.screen.wait_for("name? ");
    terminal.type_in("Ann\n");
    terminal.screen.wait_for("hello Ann\r\n");
    assert_back(terminal, &job, 3);
}

#[test]
fn a_program_without_a_shell_reads_from_the_terminal() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal("", &job, &key, &["cat"]);
    terminal.type_in("words\n");
    // Once as the terminal's echo.
    terminal.screen.wait_for_times("words\r\n", 2);
    terminal.type_in(CTRL_D);
    assert_back(terminal, &job, 0);
}

#[test]
fn standard_input_is_the_terminal() {
    let (job, key) = (Job::new(), TestKey::generate());
    let terminal = at_terminal(
        "",
        &job,
        &key,
        &[
            "sh",
            "-c",
            "test -t 0 && stty size >/dev/null && stty -echo && stty echo",
        ],
    );
    assert_back(terminal, &job, 0);
}

#[test]
fn ctrl_c_ends_the_child() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal("", &job, &key, &["python3", "-c", WAIT]);
    terminal.screen.wait_for("ready\r\n");
    terminal.type_in(CTRL_C);
    assert_back(terminal, &job, 130);
}

/// Waits for its end, for two minutes at most.
const WAIT: &str = "
import signal, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.alarm(120)
print('ready', flush=True)
while True:
    time.sleep(1)
";

#[test]
fn ctrl_c_ends_a_child_that_has_asked() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal("", &job, &key, &["cat"]);
    terminal.type_in("words\n");
    terminal.screen.wait_for_times("words\r\n", 2);
    terminal.type_in(CTRL_C);
    assert_back(terminal, &job, 130);
}

#[test]
fn a_child_that_answers_ctrl_c_has_the_last_word() {
    let (job, key) = (Job::new(), TestKey::generate());
    let script = WAIT.replace("signal.SIG_DFL", "lambda *_: exit(4)");
    let mut terminal = at_terminal("", &job, &key, &["python3", "-c", &script]);
    terminal.screen.wait_for("ready\r\n");
    terminal.type_in(CTRL_C);
    assert_back(terminal, &job, 4);
}

#[test]
fn a_password_is_asked_for_at_the_terminal_though_input_is_piped() {
    let (job, key) = (Job::new(), TestKey::generate());
    let script = r#"printf 'password? '; read word </dev/tty; echo "is $word"; cat"#;
    let mut terminal = at_terminal("echo piped |", &job, &key, &["sh", "-c", script]);
    terminal.screen.wait_for("password? ");
    terminal.type_in("open\n");
    terminal.screen.wait_for("is open\r\n");
    terminal.screen.wait_for("piped\r\n");
    assert_back(terminal, &job, 0);
}

#[test]
fn ctrl_c_works_though_input_is_piped() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal("echo piped |", &job, &key, &["python3", "-c", WAIT]);
    terminal.screen.wait_for("ready\r\n");
    terminal.type_in(CTRL_C);
    assert_back(terminal, &job, 130);
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_goes_on() {
    for (before, flags) in [("", &[][..]), ("echo piped |", &[]), ("", &["--no-redact"])] {
        let (job, key) = (Job::new(), TestKey::generate());
        let script = r#"echo ready; i=0; while [ ! -e "$OUT/go" ] && [ $i -lt 2000 ]; do sleep 0.05; i=$((i + 1)); done; echo done; exit 5"#;
        let run = job.exec(&key, flags, &["sh", "-c", script]);
        let mut terminal = Terminal::script(
            &format!(r#"set -m; {before} "$0" "$@"; echo "stopped"; : >"$OUT/go"; fg{AFTER}"#),
            run,
        );
        terminal.screen.wait_for("ready\r\n");
        terminal.type_in(CTRL_Z);
        terminal.screen.wait_for("stopped\r\n");
        terminal.screen.wait_for("done\r\n");
        assert_back(terminal, &job, 5);
    }
}

#[test]
fn an_interactive_shell_can_be_the_child() {
    let (job, key) = (Job::new(), TestKey::generate());
    let mut terminal = at_terminal("", &job, &key, &["bash", "--norc", "--noprofile", "-i"]);
    terminal.type_in("echo $((20 + 22)) $ASC_TOKEN\n");
    // The shell prompts on the other stream: what is held back of each may stand between them.
    terminal.screen.wait_for("42 ");
    terminal.screen.wait_for("***");
    terminal.type_in("exit 6\n");
    assert_back(terminal, &job, 6);
}

#[test]
fn the_code_of_a_child_that_was_killed_is_told_at_a_terminal_as_well() {
    let (job, key) = (Job::new(), TestKey::generate());
    let terminal = at_terminal("", &job, &key, &["sh", "-c", "kill -KILL $$"]);
    assert_back(terminal, &job, 137);
}
