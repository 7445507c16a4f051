use proptest::prelude::*;

use super::*;

fn on(width: usize) -> Screen {
    Screen {
        width: Some(width),
        colour: false,
    }
}

fn keys() -> Table {
    let mut table = Table::new(["Key", "Name", "Result"]);
    table.row(["2X9R4QWVK6", "the release pipeline", "works"]);
    table.row(["ABCDE12345", "日本語", "refused"]);
    table
}

#[test]
fn columns_line_up_by_what_a_terminal_shows() {
    assert_eq!(
        keys().render(Screen::default()),
        "Key         Name                  Result\n\
         2X9R4QWVK6  the release pipeline  works\n\
         ABCDE12345  日本語                refused\n"
    );
}

#[test]
fn the_widest_column_goes_on_below_where_the_terminal_is_narrow() {
    assert_eq!(
        keys().render(on(32)),
        "Key         Name         Result\n\
         2X9R4QWVK6  the release  works\n            \
         pipeline\n\
         ABCDE12345  日本語       refused\n"
    );
}

#[test]
fn rows_are_lists_where_the_terminal_is_far_too_narrow() {
    let mut table = Table::new(["Key", "Name", "Result"]);
    table.row(["2X9R4QWVK6", "the release pipeline", "works"]);
    table.row(["ABCDE12345", "", "refused"]);
    assert_eq!(
        table.render(on(22)),
        "Key     2X9R4QWVK6\n\
         Name    the release\n        \
         pipeline\n\
         Result  works\n\
         \n\
         Key     ABCDE12345\n\
         Name\n\
         Result  refused\n"
    );
}

#[test]
fn a_colour_terminal_shows_headings_bold_and_tones_in_colour() {
    let mut table = Table::new(["Result"]);
    table.row([Cell::new("reachable", Tone::Good)]);
    table.row([Cell::new("forbidden", Tone::Bad)]);
    table.row(["unknown"]);
    let colour = Screen {
        width: Some(80),
        colour: true,
    };
    assert_eq!(
        table.render(colour),
        "\x1b[1mResult\x1b[0m\n\x1b[32mreachable\x1b[0m\n\x1b[31mforbidden\x1b[0m\nunknown\n"
    );
    assert!(!table.render(on(80)).contains('\x1b'));
}

#[test]
fn what_a_cell_holds_is_no_command_and_no_escape_sequence() {
    let mut table = Table::new(["Name", "Note"]);
    table.row(["::error::a\n::warning::b", "\x1b[31mred\x07##[error]x"]);
    for width in [None, Some(40), Some(20), Some(12)] {
        let text = table.render(Screen { width, colour: false });
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{text}");
            assert!(!line.contains("##["), "{text}");
            assert!(!line.contains(char::is_control), "{text:?}");
        }
    }
}

/// Words of a few letters, wide ones, combining ones, control characters and commands.
fn texts() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec("[a-c :é日\u{301}\n\x1b#\\[👩]{0,40}", 1..6), 0..6)
}

fn table_of(rows: &[Vec<String>]) -> Table {
    let mut table = Table::new(["One", "Two", "The third", "4", "Five"]);
    for row in rows {
        table.row(row.iter().take(5));
    }
    table
}

fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(rows in texts(), width in NARROWEST_SCREEN..120) {
        for line in table_of(&rows).render(on(width)).lines() {
            prop_assert!(line.width() <= width, "{:?} is {} wide", line, line.width());
        }
    }

    #[test]
    fn nothing_is_lost_where_there_is_no_terminal(rows in texts()) {
        let text = table_of(&rows).render(Screen::default());
        prop_assert_eq!(text.lines().count(), rows.len() + 1);
        for (line, row) in text.lines().skip(1).zip(&rows) {
            let cells: String = row.iter().take(5).map(|cell| dense(&tame(cell))).collect();
            prop_assert_eq!(dense(line), cells);
        }
    }

    #[test]
    fn nothing_is_lost_in_a_column_that_goes_on_below(text in "[a-c 日]{0,80}", width in NARROWEST_SCREEN..30) {
        let mut table = Table::new(["Text"]);
        table.row([&text]);
        let shown = table.render(on(width));
        prop_assert_eq!(dense(&shown), format!("Text{}", dense(&text)));
    }
}
