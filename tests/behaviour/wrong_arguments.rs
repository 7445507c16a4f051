//! Arguments that can't be read: told in the form that was asked for, and never repeated.

use crate::support::Run;

#[test]
fn where_json_is_asked_for_a_wrong_argument_is_told_as_json() {
    for (arguments, title) in [
        (&["status", "--output", "json", "--bogus"][..], "there is no --bogus"),
        (&["status", "--output=json", "--bogus"], "there is no --bogus"),
        (
            &["login", "--output", "json", "--name"],
            "a value is missing: --name <NAME>",
        ),
        (&["roles", "--nope", "--output", "json"], "there is no --nope"),
        (&["toekn", "--output", "json"], "there is no such command"),
        (&["key", "list", "--output", "json", "--bogus"], "there is no --bogus"),
        (&["key", "lsit", "--output=json"], "there is no such command"),
        (&["key", "create", "--output=json"], "no --name and no --role was given"),
    ] {
        let ran = Run::new(arguments).run().code(2);
        assert_eq!(ran.stderr, "", "{arguments:?}");
        assert_eq!(ran.json()["error"]["title"], title, "{arguments:?}");
        assert_eq!(ran.json()["exit_code"], 2, "{arguments:?}");
    }
}

#[test]
fn where_text_is_asked_for_it_is_text() {
    for arguments in [
        &["status", "--bogus"][..],
        &["exec", "--bogus", "--", "tool", "--output", "json"],
        &["exec", "tool", "--output", "json"],
        &["key"],
        &["key", "list", "--bogus"],
    ] {
        let ran = Run::new(arguments).run().code(2).says("error: ");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}
