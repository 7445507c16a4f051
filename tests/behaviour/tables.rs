//! What is listed fits the terminal that it is listed on, and is whole where there is none.

use std::{fs::File, io::Read, process::Stdio};

use nix::pty::{Winsize, openpty};

use simulator::TestKey;

use crate::{
    doctor::{doctor, healthy},
    support::Run,
};

/// What `asc-auth roles` shows on a terminal of this width.
fn on_terminal(columns: u16, variables: &[(&str, &str)]) -> String {
    let run = variables
        .iter()
        .fold(Run::new(&["roles"]), |run, (name, value)| run.env(name, value));
    shown(columns, run)
}

/// What a run that ends well shows on a terminal of this width.
fn shown(columns: u16, run: Run) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).expect("a terminal");
    let mut command = run.into_command();
    command.stdout(Stdio::from(pty.slave)).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    drop(command);
    let mut shown = Vec::new();
    // Linux ends a terminal that nobody writes to any more with an error.
    let _ = File::from(pty.master).read_to_end(&mut shown);
    assert!(child.wait().expect("it ends").success());
    String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n")
}

const TERM: (&str, &str) = ("TERM", "xterm-256color");

fn without_colours(text: &str) -> String {
    ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"]
        .iter()
        .fold(text.to_owned(), |text, sequence| text.replace(sequence, ""))
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
    let whole = Run::new(&["roles"]).run().code(0).stdout;
    for columns in [200, 120, 100, 80] {
        let shown = without_colours(&on_terminal(columns, &[TERM]));
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns.into()), "{columns}:\n{shown}");
        assert_eq!(words(&shown), words(&whole), "{columns}");
    }
    for columns in [40, 20] {
        let shown = without_colours(&on_terminal(columns, &[TERM]));
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns.into()), "{columns}:\n{shown}");
        assert!(shown.starts_with("Role "), "{shown}");
        assert_eq!(
            shown.matches("Role ").count(),
            7 + 1,
            "each row of the areas is a list, and two columns fit: {shown}"
        );
    }
}

#[test]
fn headings_are_bold_on_a_terminal_and_nowhere_else() {
    assert!(on_terminal(120, &[TERM]).starts_with("\x1b[1mRole\x1b[0m"));
    for variables in [&[TERM, ("NO_COLOR", "1")][..], &[("TERM", "dumb")], &[]] {
        let shown = on_terminal(120, variables);
        assert!(!shown.contains('\x1b'), "{variables:?}: {shown:?}");
    }
    assert!(
        on_terminal(120, &[TERM, ("NO_COLOR", "")]).contains('\x1b'),
        "empty counts as unset"
    );
    let piped = Run::new(&["roles"]).env("TERM", "xterm").run().code(0);
    assert!(!piped.stdout.contains('\x1b'));
}

#[test]
fn a_terminal_that_does_not_tell_its_width_has_eighty_columns() {
    let shown = without_colours(&on_terminal(0, &[TERM]));
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{shown}");
}

#[test]
fn what_doctor_looked_at_fits_the_terminal_and_its_verdict_has_a_colour() {
    let machine = healthy(&TestKey::generate());
    let whole = doctor(&machine, &[]).run().code(0).stdout;
    let on_terminal = shown(80, doctor(&machine, &[]).env(TERM.0, TERM.1));
    assert!(
        on_terminal.ends_with("\x1b[32mNo issues found.\x1b[0m\n"),
        "{on_terminal}"
    );
    let plain = without_colours(&on_terminal);
    assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
    assert!(plain.starts_with("Checked       Found\n"), "{plain}");
    assert!(!whole.contains('\x1b'), "{whole}");
}
