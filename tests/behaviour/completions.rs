//! What a package brings beside the binary: completions of five shells, and manual pages.

use std::{collections::BTreeSet, fs};

use asc_auth::cli::Cli;
use clap::{Command, CommandFactory};

use crate::support::Run;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

/// Every command by its words, those below another too: `["key", "create"]`.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &Command, words: &[String]) -> Vec<Vec<String>> {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        let with_all = |command: &Command| {
            let words = [words, &[command.get_name().to_owned()]].concat();
            [vec![words.clone()], below(command, &words)].concat()
        };
        shown.flat_map(with_all).collect()
    }
    below(&Cli::command(), &[])
}

/// The long flags of a command that are shown, and those that are hidden.
fn flags(words: &[String]) -> (Vec<String>, Vec<String>) {
    let cli = Cli::command();
    let command = words
        .iter()
        .fold(&cli, |command, word| command.find_subcommand(word).expect("a command"));
    let (hidden, shown): (Vec<_>, Vec<_>) = command
        .get_arguments()
        .filter(|argument| argument.get_long().is_some())
        .partition(|argument| argument.is_hide_set());
    let names = |arguments: Vec<&clap::Arg>| {
        arguments
            .into_iter()
            .filter_map(|argument| argument.get_long().map(str::to_owned))
            .collect()
    };
    (names(shown), names(hidden))
}

#[test]
fn every_command_and_flag_is_completed_in_every_shell_and_none_that_is_hidden() {
    let mut hidden_ones = 0;
    for shell in SHELLS {
        let script = Run::new(&["completions", shell]).run().code(0).stdout;
        for command in commands() {
            assert!(command.iter().all(|word| script.contains(word)), "{shell}: {command:?}");
            let (shown, hidden) = flags(&command);
            for flag in shown {
                assert!(script.contains(&flag), "{shell}: {command:?} --{flag}");
            }
            for flag in hidden {
                assert!(!script.contains(&flag), "{shell}: {command:?} --{flag}");
                hidden_ones += 1;
            }
        }
    }
    assert!(hidden_ones > 0, "setup hides a flag");
}

#[test]
fn every_command_has_a_manual_page_and_every_flag_stands_in_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let pages = directory.path().join("share/man1");
    let ran = Run::new(&["man", "--dir", pages.to_str().expect("Unicode")])
        .run()
        .code(0);
    assert_eq!(ran.text(), "");
    let written: BTreeSet<String> = fs::read_dir(&pages)
        .expect("the directory is made")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("Unicode"))
        .collect();
    let pages_of = commands()
        .into_iter()
        .map(|command| format!("asc-auth-{}.1", command.join("-")));
    let expected: BTreeSet<String> = pages_of.chain(["asc-auth.1".to_owned()]).collect();
    assert_eq!(written, expected);
    for command in commands() {
        let name = command.join("-");
        let page = fs::read_to_string(pages.join(format!("asc-auth-{name}.1"))).expect("a page");
        let (shown, hidden) = flags(&command);
        for flag in shown {
            assert!(page.contains(&flag.replace('-', "\\-")), "{name} --{flag}");
        }
        for flag in hidden {
            assert!(!page.contains(&flag.replace('-', "\\-")), "{name} --{flag}");
        }
    }
    let main = fs::read_to_string(pages.join("asc-auth.1")).expect("a page");
    let printed = Run::new(&["man"]).run().code(0).stdout;
    let group = fs::read_to_string(pages.join("asc-auth-key.1")).expect("a page");
    for command in commands() {
        let named = format!("asc\\-auth\\-{}(1)", command.join("\\-"));
        let naming = if command.len() == 1 {
            vec![&main, &printed]
        } else {
            vec![&group]
        };
        for page in naming {
            assert!(page.contains(&named), "{command:?}");
        }
    }
}

#[test]
fn pages_that_can_not_be_written_are_an_error_that_names_their_place() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let place = file.path().to_str().expect("Unicode");
    Run::new(&["man", "--dir", place])
        .run()
        .code(30)
        .says("the output could not be written")
        .says("--dir");
}

#[test]
fn a_key_for_a_directory_becomes_no_directory() {
    let key = simulator::TestKey::generate();
    let directory = tempfile::tempdir().expect("a directory");
    for text in [
        key.pem(),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key.pem()),
    ] {
        Run::new(&["man", &format!("--dir={text}")])
            .dir(directory.path())
            .run()
            .code(2)
            .says("--dir holds a private key")
            .does_not_say(&text);
    }
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
}

#[test]
fn a_shell_that_is_not_known_is_a_usage_error_that_names_those_that_are() {
    Run::new(&["completions", "tcsh"])
        .run()
        .code(2)
        .says("bash, elvish, fish, powershell, zsh");
}

#[cfg(unix)]
#[test]
fn bash_completes_a_command_and_its_flags() {
    let script = Run::new(&["completions", "bash"]).run().code(0).stdout;
    let complete = |words: &[&str]| {
        let last = words.last().expect("a word");
        let before = words[words.len() - 2];
        let program = format!(
            "{script}\ndefined=$(complete -p asc-auth) && defined=${{defined##*-F }}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n\
             \"${{defined%% *}}\" asc-auth '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
        );
        let output = std::process::Command::new("bash")
            .args(["--noprofile", "--norc", "-c", &program])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("bash starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        told.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(&["asc-auth", "tok"]), ["token"]);
    assert_eq!(complete(&["asc-auth", "token", "--lif"]), ["--lifetime"]);
    assert_eq!(complete(&["asc-auth", "roles", "--output", ""]), ["text", "json"]);
    assert_eq!(
        complete(&["asc-auth", "token", "--key-type", ""]),
        ["team", "individual"]
    );
    assert_eq!(complete(&["asc-auth", "setup", "--strict-auth", ""]), ["true", "false"]);
    assert_eq!(complete(&["asc-auth", "token", "--profile", "''"]), [""]);
    assert_ne!(complete(&["asc-auth", "token", "--private-key-path", "''"]), [""]);
    assert_eq!(complete(&["asc-auth", "key", "rev"]), ["revoke"]);
    assert_eq!(complete(&["asc-auth", "key", "list", "--st"]), ["--stale"]);
    assert_eq!(complete(&["asc-auth", "key", "list", "--output", ""]), ["text", "json"]);
}

#[test]
fn help_looks_alike_in_every_command_and_with_either_flag() {
    for command in commands() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = |flag| Run::new(&[words.as_slice(), &[flag]].concat()).run().code(0).stdout;
        assert_eq!(help("-h"), help("--help"), "{command:?}");
    }
}

#[test]
fn completions_and_manual_pages_tell_how_they_are_installed() {
    for (command, says) in [
        ("completions", "asc-auth completions bash > "),
        ("completions", "asc-auth completions zsh > "),
        ("completions", "asc-auth completions fish > "),
        ("man", "asc-auth man --dir "),
    ] {
        Run::new(&[command, "--help"]).run().code(0).says(says);
    }
}
