//! What GitHub's runner makes of a step's log: its commands, its masks, its annotations.

/// One `::error title=…::…` or `::warning title=…::…`.
#[derive(Debug, PartialEq, Eq)]
pub struct Annotation {
    pub kind: String,
    pub title: String,
    pub lines: Vec<String>,
}

/// The lines that the runner would take for a command: `::` at a line's start, `##[` anywhere in a line.
pub fn commands(log: &str) -> Vec<&str> {
    log.split(['\n', '\r'])
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}

/// The errors and warnings, unescaped, in order.
pub fn annotations(log: &str) -> Vec<Annotation> {
    log.lines()
        .filter_map(|line| {
            let (head, data) = line.strip_prefix("::")?.split_once("::")?;
            let (kind, title) = head.split_once(" title=")?;
            Some(Annotation {
                kind: kind.to_owned(),
                title: unescape(title),
                lines: unescape(data).split('\n').map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// What is to be masked, in order.
pub fn masks(log: &str) -> Vec<String> {
    log.lines()
        .filter_map(|line| line.strip_prefix("::add-mask::"))
        .map(unescape)
        .collect()
}

/// The log as it is shown: mask commands are not.
pub fn without_masks(log: &str) -> String {
    log.lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// That nothing is to be masked: outside of GitHub such a line shows what it should hide.
#[track_caller]
pub fn assert_no_mask(log: &str) {
    assert!(!log.contains("::add-mask::"), "a mask outside of GitHub:\n{log}");
}

/// `text` as a runner shows it that does no more than it must: line by line, every mask replaced.
pub fn masked(text: &str, masks: &[String]) -> String {
    text.lines()
        .map(|line| {
            masks
                .iter()
                .filter(|mask| !mask.contains('\n'))
                .fold(line.to_owned(), |line, mask| line.replace(mask.as_str(), "***"))
                + "\n"
        })
        .collect()
}

fn unescape(text: &str) -> String {
    [("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]
        .into_iter()
        .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}
