//! The shell scripts in a pipeline of a CI that has no linter of its own: what stands behind `script:`, `run:`, `command:` and the like,
//! and behind Jenkins' `sh`. Read as text, because the examples' form is ours.

const KEYS: [&str; 6] = ["before_script:", "after_script:", "script:", "command:", "run:", "sh "];

/// Each script, a list of lines being one script.
pub(super) fn of(pipeline: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut lines = pipeline.lines().peekable();
    while let Some(line) = lines.next() {
        let entry = line.trim_start().trim_start_matches("- ");
        let Some(value) = KEYS.iter().find_map(|key| value(entry, key)) else {
            continue;
        };
        let columns = line.len() - line.trim_start().len();
        match value {
            "" | "|" | ">-" => {
                let mut script = String::new();
                while let Some(inside) = lines.next_if(|next| is_below(next, columns)) {
                    // `!reference` stands for a script that is checked where it comes from.
                    let line = inside.trim_start().trim_start_matches("- ");
                    let is_reference = line.starts_with("!reference");
                    if value.is_empty() && is_map(line) {
                        script.clear();
                        break;
                    }
                    if !is_reference {
                        script.push_str(line);
                        script.push('\n');
                    }
                }
                if !script.is_empty() {
                    scripts.push(script);
                }
            }
            command => scripts.push(format!("{}\n", command.trim_matches('\''))),
        }
    }
    scripts
}

/// The value of `key`, where it stands at the start of an entry or behind a brace.
fn value<'a>(entry: &'a str, key: &str) -> Option<&'a str> {
    let at = if entry.starts_with(key) {
        key.len()
    } else {
        entry.find(&format!("{{ {key}"))? + key.len() + 2
    };
    Some(entry.get(at..)?.trim().trim_end_matches(" }"))
}

/// CircleCI's `run:` may hold a map, with its script further in.
fn is_map(line: &str) -> bool {
    line.starts_with("name:") || line.starts_with("command:")
}

fn is_below(line: &str, columns: usize) -> bool {
    line.trim().is_empty() || line.len() - line.trim_start().len() > columns
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn scripts_are_found_in_every_form() {
        let gitlab = "release:\n  script:\n    - a \"$B\"\n    - !reference [.x, script]\n    - c\n  stage: d\n";
        assert_eq!(of(gitlab), ["a \"$B\"\nc\n"]);
        let circleci =
            "- run:\n    name: X\n    command: |\n      a\n      b\n- run: c\n- run:\n    name: Y\n    command: d\n";
        assert_eq!(of(circleci), ["a\nb\n", "c\n", "d\n"]);
        let azure = "steps:\n  - script: a\n    env:\n      B: $(B)\n  - script: ./c.sh\n";
        assert_eq!(of(azure), ["a\n", "./c.sh\n"]);
        let jenkins = "steps {\n  sh 'a b'\n}\npost {\n  always { sh 'c' }\n}\n";
        assert_eq!(of(jenkins), ["a b\n", "c\n"]);
    }
}
