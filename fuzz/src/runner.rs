//! How GitHub's runner reads a step's files and its output. (actions/runner: FileCommandManager.cs, ActionCommand.cs.)

/// The pairs of `GITHUB_OUTPUT`, `GITHUB_ENV` or `GITHUB_STATE`, in their order.
pub fn pairs(text: &str, on_windows: bool) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((line, _)) = read_line(&mut rest, on_windows) {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            _ if line.is_empty() => {}
            (Some(at), heredoc) if heredoc.is_none_or(|heredoc| at < heredoc) => {
                pairs.push((line[..at].to_owned(), line[at + 1..].to_owned()));
            }
            (_, Some(at)) => {
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                if name.is_empty() || delimiter.is_empty() {
                    return Err("an empty name or delimiter".to_owned());
                }
                let (value, mut end) = (rest, 0);
                loop {
                    let (line, newline) = read_line(&mut rest, on_windows).ok_or("no matching delimiter")?;
                    if line == delimiter {
                        break;
                    }
                    end = value.len() - rest.len() - newline;
                }
                pairs.push((name.to_owned(), value[..end].to_owned()));
            }
            _ => return Err(format!("{line:?} is no pair")),
        }
    }
    Ok(pairs)
}

/// The next line, and how many bytes its end has.
fn read_line<'a>(rest: &mut &'a str, on_windows: bool) -> Option<(&'a str, usize)> {
    if rest.is_empty() {
        return None;
    }
    let (line, newline) = match rest.find('\n') {
        None => (*rest, 0),
        // Both are looked for on their own: a CR LF counts where it begins before the first LF.
        Some(at) if on_windows && rest[..at].ends_with('\r') => (&rest[..at - 1], 2),
        Some(at) => (&rest[..at], 1),
    };
    *rest = &rest[line.len() + newline..];
    Some((line, newline))
}

/// A workflow command: its name, its `title`, its data.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub title: String,
    pub data: String,
}

/// What the runner does with each line of a step's output. `None` is a line that is only shown.
pub fn commands(output: &str) -> Vec<Option<Command>> {
    // Its reader of a process's output ends a line at any of the three.
    let lines = output.split(['\r', '\n']).filter(|line| !line.is_empty());
    lines.map(command).collect()
}

fn command(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (info, data) = rest.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let title = properties
        .trim()
        .split(',')
        .filter_map(|property| property.split_once('='))
        .find(|(name, _)| *name == "title");
    Some(Command {
        name: name.to_owned(),
        title: title.map_or_else(String::new, |(_, title)| {
            unescaped(
                title,
                &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")],
            )
        }),
        data: unescaped(data, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]),
    })
}

/// One replacement after the other, `%25` last, as the runner does it.
fn unescaped(text: &str, replacements: &[(&str, &str)]) -> String {
    replacements
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::{commands, pairs};

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn both_forms_of_a_pair_are_read() {
        let text = "a=1=2\n\nb<<E\nx\r\ny\nE\nc<<E\nE\n";
        let expected = [pair("a", "1=2"), pair("b", "x\r\ny"), pair("c", "")];
        assert_eq!(pairs(text, false).expect("pairs"), expected);
        assert_eq!(pairs(text, true).expect("pairs"), expected);
        for text in ["a<<E\nx\n", "a\n", "<<E\nE\n"] {
            assert!(pairs(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn a_command_is_read_and_other_lines_are_not() {
        let read = commands("::error title=a%3A b::c%0Ad%250A\nx::y::z\n");
        let error = read[0].as_ref().expect("a command");
        assert_eq!(
            (error.name.as_str(), error.title.as_str(), error.data.as_str()),
            ("error", "a: b", "c\nd%0A")
        );
        assert_eq!(read[1], None);
    }
}
