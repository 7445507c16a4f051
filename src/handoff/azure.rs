//! Azure Pipelines: logging commands on stdout. (Azure DevOps: Logging commands.)
//!
//! A secret variable is masked by the agent, and reaches a later step only where that step names it.

use std::path::Path;

use zeroize::Zeroizing;

use super::{Annotation, Variable};

/// `##vso[task.setsecret]` commands, one a line. A secret of several lines is masked by its lines, which are forms
/// of their own.
pub fn masks(forms: &[Zeroizing<String>]) -> Zeroizing<String> {
    let capacity = forms.iter().map(|form| form.len() * 6 + 24).sum();
    let mut commands = Zeroizing::new(String::with_capacity(capacity));
    for form in forms.iter().filter(|form| !form.contains(['\r', '\n'])) {
        commands.push_str("##vso[task.setsecret]");
        push_escaped(&mut commands, form);
        commands.push('\n');
    }
    commands
}

/// The commands that set variables for the steps that follow, and put a directory on their PATH.
pub fn set_variables(variables: &[Variable], path_entry: Option<&Path>) -> Zeroizing<String> {
    let capacity: usize = variables.iter().map(|variable| variable.value.len() * 6 + 96).sum();
    let mut commands = Zeroizing::new(String::with_capacity(capacity + 4096));
    for variable in variables {
        commands.push_str("##vso[task.setvariable variable=");
        commands.push_str(variable.name);
        if variable.secret {
            commands.push_str(";issecret=true");
        }
        commands.push(']');
        push_escaped(&mut commands, &variable.value);
        commands.push('\n');
    }
    if let Some(entry) = path_entry.and_then(Path::to_str) {
        commands.push_str("##vso[task.prependpath]");
        push_escaped(&mut commands, entry);
        commands.push('\n');
    }
    commands
}

/// An issue of the run, with its lines in the log.
pub fn annotate(kind: Annotation, lines: &[String]) -> String {
    let kind = match kind {
        Annotation::Error => "error",
        Annotation::Warning => "warning",
    };
    let mut command = format!("##vso[task.logissue type={kind}]");
    push_escaped(&mut command, &lines.join("\n"));
    command.push('\n');
    command
}

/// Escapes the data of a command, which ends at the line's end.
fn push_escaped(to: &mut String, data: &str) {
    for c in data.chars() {
        match c {
            '%' => to.push_str("%AZP25"),
            '\r' => to.push_str("%0D"),
            '\n' => to.push_str("%0A"),
            c => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_not_be_broken_out_of() {
        let lines = ["100%\r\n##vso[task.complete]".to_owned()];
        assert_eq!(
            annotate(Annotation::Error, &lines),
            "##vso[task.logissue type=error]100%AZP25%0D%0A##vso[task.complete]\n"
        );
    }

    #[test]
    fn a_secret_is_masked_line_by_line() {
        let forms = ["abc\ndef", "abc", "def"].map(|form| Zeroizing::new(form.to_owned()));
        assert_eq!(
            masks(&forms).as_str(),
            "##vso[task.setsecret]abc\n##vso[task.setsecret]def\n"
        );
    }
}
