//! The env file: what a POSIX shell reads with `. "$(asc-auth setup)"`. For GitLab, where nothing that is minted at
//! run time can be masked, and for every CI without channels of its own.
//!
//! Its path goes to stdout and nothing else does; its content never reaches a log, not even under `set -x`.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{HandoffError, PrivateDir, Variable};

/// Its name in the private directory.
const ENV_FILE: &str = "env";

/// A shell that traces prints what it reads: the trace pauses, and only then the first value is read.
const PAUSE_TRACE: &str = "{ case $- in *x*) asc_auth_trace=1; set +x;; *) asc_auth_trace=;; esac; } 2>/dev/null\n";
const RESUME_TRACE: &str =
    "if [ -n \"$asc_auth_trace\" ]; then unset asc_auth_trace; set -x; else unset asc_auth_trace; fi\n";

/// Writes the env file and says where it is.
pub fn write_env_file(
    directory: &PrivateDir,
    variables: &[Variable],
    path_entry: Option<&Path>,
) -> Result<PathBuf, HandoffError> {
    directory.write(ENV_FILE, script(variables, path_entry)?.as_bytes())
}

/// The commands that export all of it.
fn script(variables: &[Variable], path_entry: Option<&Path>) -> Result<Zeroizing<String>, HandoffError> {
    let capacity: usize = variables.iter().map(|variable| variable.value.len() * 4 + 128).sum();
    let mut script = Zeroizing::new(String::with_capacity(capacity + 4096));
    script.push_str(PAUSE_TRACE);
    for Variable { name, value, .. } in variables {
        if value.contains('\0') {
            return Err(HandoffError::Value {
                name: (*name).to_owned(),
                why: "no variable can hold a NUL",
            });
        }
        push_export(&mut script, name, value);
    }
    if let Some(entry) = path_entry.and_then(Path::to_str).filter(|entry| !entry.contains(':')) {
        script.push_str("PATH=");
        push_quoted(&mut script, entry);
        script.push_str(":\"$PATH\"\nexport PATH\n");
    }
    script.push_str(RESUME_TRACE);
    Ok(script)
}

fn push_export(script: &mut String, name: &str, value: &str) {
    script.push_str(name);
    script.push('=');
    push_quoted(script, value);
    script.push_str("\nexport ");
    script.push_str(name);
    script.push('\n');
}

/// Between single quotes a shell changes nothing, and only a single quote ends them. (POSIX: Shell Command Language, 2.2.2.)
fn push_quoted(script: &mut String, text: &str) {
    script.push('\'');
    for c in text.chars() {
        match c {
            '\'' => script.push_str("'\\''"),
            c => script.push(c),
        }
    }
    script.push('\'');
}
