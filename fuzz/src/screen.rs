//! What a log or a terminal may be shown of something that came from outside.

use asc_auth::explanation::Explanation;

/// Asserts that `text` is one line without control characters and without commands of a CI, of `longest` characters at
/// most. Each `##[` that was taken apart has made it longer by one.
pub fn assert_one_line(text: &str, longest: usize) {
    assert!(!text.contains(char::is_control), "a control character: {text:?}");
    assert!(
        !text.contains(['\u{2028}', '\u{2029}', '\u{202e}']),
        "turned around: {text:?}"
    );
    assert!(!text.contains("##[") && !text.contains("##vso["), "a command: {text:?}");
    let own = text.chars().count() - text.matches("## ").count();
    assert!(own <= longest, "{own} characters");
}

/// Asserts the same of all that an error shows. Two texts of Apple's and their quotes are the longest of it.
pub fn assert_explanation(explanation: &Explanation) {
    const LONGEST: usize = 2 * 300 + 100;
    assert_one_line(&explanation.title, LONGEST);
    for line in explanation.body() {
        assert_one_line(&line, LONGEST);
    }
    assert!(!explanation.advice.is_empty(), "nothing says what to do");
}
