//! The shells that read an env file, each as it is installed, with nothing in the environment but a PATH.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output, Stdio},
};

pub const PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

/// A shell: its words, and whether every machine that runs these tests has it.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    words: &'static [&'static str],
    is_required: bool,
}

const fn shell(words: &'static [&'static str], is_required: bool) -> Shell {
    Shell { words, is_required }
}

const ALL: [Shell; 8] = [
    shell(&["sh"], true),
    shell(&["dash"], true),
    shell(&["bash"], true),
    shell(&["bash", "--posix"], true),
    shell(&["busybox", "sh"], true),
    shell(&["mksh"], false),
    shell(&["ksh"], false),
    shell(&["zsh"], false),
];

/// Every shell of this machine. One that must be there and is not fails the test.
pub fn shells() -> impl Iterator<Item = Shell> {
    ALL.into_iter().filter(|shell| {
        let started = shell.command().args(["-c", ":"]).stderr(Stdio::null()).status();
        let is_there = started.is_ok_and(|status| status.success());
        let name = shell.words[0];
        assert!(
            is_there || !shell.is_required,
            "{name} is missing: install Debian's package {name}"
        );
        is_there
    })
}

impl Shell {
    pub fn name(self) -> String {
        self.words.join(" ")
    }

    pub fn is_bash(self) -> bool {
        self.words[0] == "bash"
    }

    pub fn command(self) -> Command {
        let mut command = Command::new(self.words[0]);
        command.args(&self.words[1..]).env_clear().env("PATH", PATH);
        command
    }

    /// Runs `script`; in it `"$1"` is the env file.
    pub fn run(self, script: &str, env_file: &Path) -> Output {
        let mut command = self.command();
        command.args(["-c", script, "a-script"]).arg(env_file);
        command.stdin(Stdio::null()).output().expect("the shell starts")
    }

    /// What `script` exports with it, by comparison with what this shell exports anyway. `$-` must not change.
    #[track_caller]
    pub fn exports(self, options: &str, env_file: &Path) -> BTreeMap<String, Vec<u8>> {
        let environment = |middle: &str| {
            let script = format!(
                "{options}\nwas=$-\n{middle}\n[ \"$was\" = \"$-\" ] || exit 97\nunset was\nexec /usr/bin/env -0"
            );
            let output = self.run(&script, env_file);
            assert!(
                output.status.success(),
                "{self:?} {options:?}: {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
            variables(&output.stdout)
        };
        let before = environment(":");
        let mut after = environment(". \"$1\"");
        after.retain(|name, value| name != "_" && before.get(name) != Some(value));
        after
    }
}

/// What `env -0` printed.
fn variables(text: &[u8]) -> BTreeMap<String, Vec<u8>> {
    text.split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let at = entry.iter().position(|byte| *byte == b'=').expect("NAME=value");
            let name = String::from_utf8(entry[..at].to_vec()).expect("a name");
            (name, entry[at + 1..].to_vec())
        })
        .collect()
}
