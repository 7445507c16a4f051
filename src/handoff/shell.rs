//! The env file: what a POSIX shell reads with `. "$(asc-auth setup)"`. For GitLab, where nothing that is minted at
//! run time can be masked, and for every CI without channels of its own.
//!
//! Its path goes to stdout and nothing else does; its content never reaches a log, not even under `set -x`.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{HandoffError, PrivateDir, Variable};

/// Its name in the private directory.
const ENV_FILE: &str = "env";

/// A shell that traces prints what it runs (`set -x`) or reads (`set -v`): both pause before the first value is read.
const PAUSE_TRACE: &str = "{ asc_auth_trace=; case $- in *x*) asc_auth_trace=x;; esac; \
    case $- in *v*) asc_auth_trace=v$asc_auth_trace;; esac; set +xv; } 2>/dev/null\n";
const RESUME_TRACE: &str = "case $asc_auth_trace in vx) unset asc_auth_trace; set -xv;; x) unset asc_auth_trace; set -x;; \
    v) unset asc_auth_trace; set -v;; *) unset asc_auth_trace;; esac\n";

/// Writes the env file and says where it is. The variables of `unset` are taken away.
pub fn write_env_file(
    directory: &PrivateDir,
    variables: &[Variable],
    unset: &[&str],
    path_entry: Option<&Path>,
) -> Result<PathBuf, HandoffError> {
    directory.write(ENV_FILE, script(variables, unset, path_entry)?.as_bytes())
}

/// The commands that export all of it.
fn script(
    variables: &[Variable],
    unset: &[&str],
    path_entry: Option<&Path>,
) -> Result<Zeroizing<String>, HandoffError> {
    let capacity: usize = variables.iter().map(|variable| variable.value.len() * 4 + 128).sum();
    let mut script = Zeroizing::new(String::with_capacity(capacity + 4096));
    script.push_str(PAUSE_TRACE);
    for name in unset {
        script.push_str("unset ");
        script.push_str(name);
        script.push('\n');
    }
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
        // There may be no PATH yet, and an empty part of one is the working directory.
        script.push_str("\"${PATH:+:$PATH}\"\nexport PATH\n");
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
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };

    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["ASC_A", "ASC_B", "ASC_C", "ASC_D"];

    /// Those that every machine has, and those that only some have.
    const SHELLS: [(&[&str], bool); 8] = [
        (&["sh"], true),
        (&["dash"], true),
        (&["bash"], true),
        (&["bash", "--posix"], true),
        (&["busybox", "sh"], true),
        (&["mksh"], false),
        (&["ksh"], false),
        (&["zsh"], false),
    ];

    /// What a shell exports that reads this script, a value a name, or `None` if there is no such shell.
    fn exported(shell: &[&str], script: &str) -> Option<Vec<Option<String>>> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(script.as_bytes()).expect("a write");
        let output = Command::new(shell[0])
            .args(&shell[1..])
            .args(["-euc", ". \"$1\"; exec /usr/bin/env -0", "a-script"])
            .arg(file.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        assert!(output.status.success(), "{shell:?}: {output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let value = |name: &str| {
            text.split('\0')
                .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
        };
        Some(NAMES.iter().map(|name| value(name).map(str::to_owned)).collect())
    }

    /// Characters that mean something to some shell, and all others.
    fn value() -> impl Strategy<Value = String> {
        let pieces = [
            "'", "''", "'\\''", "\"", "\\", "\n", "\r\n", "$", "$(", "${", "`", ";", "&", "|", "#", "!", "~", "*", " ",
            "\t", "=", "-n", "export ", "\u{1}", "\u{7}", "\u{7f}", "\u{81}", "\u{88}",
        ];
        let piece = prop_oneof![
            proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().replace('\0', ""))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_value_comes_through_every_shell_byte_for_byte(values in proptest::array::uniform4(value())) {
            let variables: Vec<Variable> = NAMES
                .iter()
                .zip(&values)
                .map(|(name, value)| Variable::plain(name, value.clone()))
                .collect();
            let script = script(&variables, &[], None).expect("a script");
            let expected: Vec<Option<String>> = values.into_iter().map(Some).collect();
            for (shell, is_required) in SHELLS {
                let exported = exported(shell, &script);
                assert!(exported.is_some() || !is_required, "install Debian's package {}", shell[0]);
                if let Some(exported) = exported {
                    prop_assert_eq!(&exported, &expected, "{:?}", shell);
                }
            }
        }
    }

    #[test]
    fn a_nul_is_refused_and_not_cut_off() {
        let variables = [Variable::plain("ASC_A", "a\0b".to_owned())];
        let error = script(&variables, &[], None).expect_err("no variable can hold it");
        assert_eq!(
            error.to_string(),
            "ASC_A can't be handed over: no variable can hold a NUL"
        );
    }
}
