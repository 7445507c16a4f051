//! The env file: `. "$(asc-auth setup)"` on GitLab and in every other shell. Its path alone is printed, any shell reads
//! it, no value breaks out of it, no trace shows it, and `cleanup` finds what a killed `setup` left.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    io::pipe,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::symlink,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use proptest::prelude::*;
use simulator::ApiKey;

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    job::{JOB_ID, Job, entries, env_file, kept_tokens, mode},
    posix::{PATH, shells},
    proof::{AUDIENCE, assert_key_kept, assert_refused, judge},
    secrets::Secrets,
    shell::in_shell,
    simulator_with,
};

const EXPORTED: [&str; 8] = [
    "ASC_AUTH_DIR",
    "ASC_ISSUER_ID",
    "ASC_KEY_ID",
    "ASC_KEY_TYPE",
    "ASC_PRIVATE_KEY_PATH",
    "ASC_TOKEN",
    "ASC_TOKEN_EXPIRES_AT",
    "PATH",
];

fn names(exported: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    exported.keys().map(String::as_str).collect()
}

fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

// What is printed, and where the file is

#[test]
fn the_path_of_the_env_file_is_all_of_stdout() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    let elsewhere = job.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let shell = |arguments| Run::new(arguments).env("TMPDIR", &elsewhere);
    for (run, parent) in [
        (job.run(&["setup"]), job.directory()),
        (job.run(&["setup", "--ci", "gitlab"]), job.directory()),
        (job.run(&["setup"]).env("TMPDIR", &elsewhere), job.directory()),
        (
            job.run(&["setup"])
                .unset("RUNNER_TEMP_PROJECT_DIR")
                .env("TMPDIR", &elsewhere),
            elsewhere.join(format!("asc-auth-job-{JOB_ID}")),
        ),
        (
            job.run(&["setup"])
                .env("RUNNER_TEMP_PROJECT_DIR", "")
                .env("TMPDIR", &elsewhere),
            elsewhere.join(format!("asc-auth-job-{JOB_ID}")),
        ),
        (shell(&["setup", "--ci", "none"]), elsewhere.clone()),
        (shell(&["setup", "--ci", "gitlab"]), elsewhere.clone()),
    ] {
        let ran = run.team_key(&job.key).api(&simulator).run();
        let file = env_file(&ran);
        let directory = file.parent().unwrap();
        assert_eq!(directory.parent(), Some(parent.as_path()));
        assert_eq!((mode(&file), mode(directory)), (0o600, 0o700));
        let token = kept_tokens(directory)[0]["token"].as_str().unwrap().to_owned();
        let found = Secrets::of_key(&job.key).and_token(&token).found_in(&ran.text());
        assert!(found.is_empty(), "{found:?} in {}", ran.text());
        assert!(ran.stderr.starts_with("App Store Connect: ready\n"), "{}", ran.stderr);
    }
}

#[test]
fn the_env_file_is_private_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let job = Job::new();
        let ran = in_shell(&format!("umask {umask}; exec \"$0\" \"$@\""), job.setup(&[]));
        let file = env_file(&ran);
        let directory = file.parent().unwrap();
        assert_eq!(mode(&job.directory()), 0o700, "umask {umask}");
        assert_eq!(mode(directory), 0o700, "umask {umask}");
        for file in entries(directory) {
            assert_eq!(mode(&file), 0o600, "umask {umask}: {}", file.display());
        }
    }
}

#[test]
fn in_json_the_env_file_has_a_name() {
    let job = Job::new();
    let ran = job.setup(&["--output", "json"]).run().code(0);
    let json = ran.json();
    let file = PathBuf::from(json["env_file"].as_str().unwrap());
    assert_eq!(file.parent().unwrap().to_str(), json["key_dir"].as_str());
    let token = kept_tokens(file.parent().unwrap())[0]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let found = Secrets::of_key(&job.key).and_token(&token).found_in(&ran.text());
    assert!(found.is_empty(), "{found:?} in {}", ran.text());
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_temporary_directory_that_can_not_be_used_is_named_and_nothing_is_left() {
    let job = Job::new();
    let file = job.beside("file");
    fs::write(&file, "mine").unwrap();
    let link = job.beside("link");
    symlink(job.temp(), &link).unwrap();
    for (path, why) in [
        ("temp".into(), "it is not an absolute path"),
        (file, "it is not a directory"),
        (link.clone(), "it is a symbolic link"),
        (link.join("."), "it is a symbolic link"),
    ] {
        let ran = job.setup(&[]).env("RUNNER_TEMP_PROJECT_DIR", &path).run();
        let sentence = format!("RUNNER_TEMP_PROJECT_DIR can't hold the private directory: {why}");
        assert_refused(&path.display().to_string(), &ran, 30, &sentence, &job.key.pem());
        assert_eq!(ran.stdout, "");
        assert!(job.leftovers().is_empty());
    }
}

#[test]
fn gitlabs_own_temporary_directory_is_made_if_the_runner_has_not() {
    let job = Job::new();
    let missing = job.beside("project.tmp");
    let ran = job.setup(&[]).env("RUNNER_TEMP_PROJECT_DIR", &missing).run().code(0);
    assert!(ran.stdout.starts_with(&missing.display().to_string()), "{}", ran.text());
}

#[test]
fn a_path_that_is_not_unicode_is_refused_and_nothing_is_left() {
    let job = Job::new();
    let temp = job.beside("").join(OsString::from_vec(b"t\xff".to_vec()));
    if fs::create_dir(&temp).is_err() {
        eprintln!("skipped: this file system has Unicode names only");
        return;
    }
    let ran = job.setup(&[]).env("RUNNER_TEMP_PROJECT_DIR", &temp).run();
    assert_refused("not Unicode", &ran, 30, "it is not Unicode", &job.key.pem());
    assert_eq!(ran.stdout, "");
    assert_eq!(entries(&temp), Vec::<PathBuf>::new());
}

// Which CI it is

#[test]
fn two_cis_at_once_are_both_named_and_nothing_is_done() {
    for pair in [
        ["GITHUB_ACTIONS", "GITLAB_CI"],
        ["GITLAB_CI", "TF_BUILD"],
        ["GITHUB_ACTIONS", "TF_BUILD"],
    ] {
        let job = Job::new();
        let run = Run::new(&["setup", "--validate=false"])
            .team_key(&job.key)
            .env("TMPDIR", job.temp());
        let run = pair.iter().fold(run, |run, sign| run.env(sign, "true"));
        let ran = run.run().code(2).says(pair[0]).says(pair[1]).says("--ci");
        assert_key_kept("two CIs", &ran, &job.key);
        assert!(job.leftovers().is_empty());
    }
    let job = Job::new();
    let ran = job.setup(&["--ci", "gitlab"]).env("TF_BUILD", "True").run();
    assert!(env_file(&ran).is_file(), "the one that is named is taken");
}

#[test]
fn no_ci_is_told_with_what_to_say_instead() {
    let job = Job::new();
    for sign in ["", "false", "1"] {
        Run::new(&["setup", "--validate=false"])
            .team_key(&job.key)
            .env("GITLAB_CI", sign)
            .env("TMPDIR", job.temp())
            .run()
            .code(2)
            .says("no CI system was recognised")
            .says("--ci none");
        assert!(job.leftovers().is_empty());
    }
}

#[test]
fn a_job_that_is_traced_is_refused_before_anything_is_written_or_asked() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    for value in ["true", "TRUE", "1", "yes", "on", " true ", "maybe", "2", "truе"] {
        for arguments in [
            &["setup"][..],
            &["setup", "--ci", "none"],
            &["exec", "--", "true"],
            &["token"],
        ] {
            let ran = job
                .run(arguments)
                .team_key(&job.key)
                .api(&simulator)
                .env("CI_DEBUG_TRACE", value)
                .run();
            assert_refused(value, &ran, 2, "CI_DEBUG_TRACE", &job.key.pem());
            assert_eq!(ran.stdout, "");
        }
    }
    assert!(simulator.requests().is_empty());
    assert!(job.leftovers().is_empty());
    for value in ["false", "0", "no", "off", "", " "] {
        assert!(
            env_file(&job.setup(&[]).env("CI_DEBUG_TRACE", value).run()).is_file(),
            "{value:?}"
        );
    }
}

// Its path must arrive

#[test]
fn where_the_path_can_not_be_told_nothing_is_left() {
    for stdout in [">&-", ">/dev/full"] {
        for output in ["text", "json"] {
            let job = Job::new();
            let script = format!("exec \"$0\" \"$@\" {stdout}");
            let ran = in_shell(&script, job.setup(&["--output", output]));
            assert_eq!(ran.code, Some(30), "{stdout} {output}: {}", ran.text());
            assert_key_kept(stdout, &ran, &job.key);
            assert_eq!(job.leftovers(), Vec::<PathBuf>::new(), "{stdout} {output}");
        }
    }
}

#[test]
fn where_nobody_reads_the_path_nothing_is_left() {
    for output in ["text", "json"] {
        let job = Job::new();
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut setup = job.setup(&["--output", output]).into_command();
        let ran = setup.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(job.leftovers(), Vec::<PathBuf>::new(), "{output}");
        assert_eq!(ran.status.code(), Some(30), "{output}");
    }
}

#[test]
fn a_closed_stderr_harms_nothing() {
    let job = Job::new();
    let ran = in_shell("exec \"$0\" \"$@\" 2>&-", job.setup(&[]));
    assert!(env_file(&ran).is_file());
}

// What a shell makes of it

#[test]
fn every_shell_exports_exactly_what_was_handed_over() {
    let job = Job::new();
    let file = env_file(&job.setup(&[]).run());
    let directory = file.parent().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_asc-auth"));
    for shell in shells() {
        for options in [
            "",
            "set -eu",
            "set -eu; (set -o pipefail) 2>/dev/null && set -o pipefail",
            "set -f; set -C",
            "set -a",
            "IFS=-/",
        ] {
            let exported = shell.exports(options, &file);
            let row = format!("{} {options}", shell.name());
            assert_eq!(names(&exported), EXPORTED, "{row}");
            let text = |name: &str| String::from_utf8(exported[name].clone()).expect("UTF-8");
            assert_eq!(text("ASC_KEY_ID"), KEY_ID, "{row}");
            assert_eq!(text("ASC_ISSUER_ID"), ISSUER_ID, "{row}");
            assert_eq!(text("ASC_KEY_TYPE"), "team", "{row}");
            assert_eq!(path_of(&exported["ASC_AUTH_DIR"]), directory, "{row}");
            let key_file = path_of(&exported["ASC_PRIVATE_KEY_PATH"]);
            assert_eq!(fs::read_to_string(key_file).unwrap(), job.key.pkcs8_pem(), "{row}");
            let team_key = ApiKey::team(KEY_ID, ISSUER_ID, &job.key);
            let judged = judge(&text("ASC_TOKEN"), team_key.clone(), "/v1/apps", AUDIENCE);
            assert_eq!(judged, Ok(team_key), "{row}");
            let expires: jiff::Timestamp = text("ASC_TOKEN_EXPIRES_AT").parse().expect("RFC 3339");
            assert_eq!(kept_tokens(directory)[0]["expires_at"], expires.as_second(), "{row}");
            let path = format!("{}:{PATH}", binary.parent().unwrap().display());
            assert_eq!(text("PATH"), path, "{row}");
        }
    }
}

#[test]
fn an_individual_key_has_no_issuer_and_conventions_are_exported_besides() {
    let job = Job::new();
    let file = env_file(
        &job.setup(&["--key-type", "individual", "--export", "fastlane,altool"])
            .run(),
    );
    for shell in shells() {
        let exported = shell.exports("set -eu", &file);
        let expected = [
            "API_PRIVATE_KEYS_DIR",
            "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH",
            "APP_STORE_CONNECT_API_KEY_KEY_ID",
            "APP_STORE_CONNECT_API_KEY_PATH",
            "ASC_AUTH_DIR",
            "ASC_KEY_ID",
            "ASC_KEY_TYPE",
            "ASC_PRIVATE_KEY_PATH",
            "ASC_TOKEN",
            "ASC_TOKEN_EXPIRES_AT",
            "PATH",
        ];
        assert_eq!(names(&exported), expected, "{}", shell.name());
        assert_eq!(exported["ASC_KEY_TYPE"], b"individual");
    }
}

#[test]
fn a_shell_that_is_strict_goes_on_after_it() {
    let job = Job::new();
    let file = env_file(&job.setup(&[]).run());
    for shell in shells() {
        for (script, code) in [
            ("set -eu; . \"$1\" && exit 42", 42),
            ("false; . \"$1\"; exit $?", 0),
            ("set -eux; . \"$1\" && exit 42", 42),
            ("set -eu; . \"$1\"; . \"$1\"; asc-auth token >/dev/null; exit 43", 43),
            // A shell may have no PATH at all, and then it must not get the working directory for one.
            (
                "set -eu; unset PATH; . \"$1\"; case $PATH in *:) exit 9;; esac; exit 44",
                44,
            ),
        ] {
            let ran = shell.run(script, &file);
            assert_eq!(
                ran.status.code(),
                Some(code),
                "{}: {script}: {}",
                shell.name(),
                String::from_utf8_lossy(&ran.stderr)
            );
        }
    }
}

#[test]
fn no_trace_shows_what_is_in_it_and_the_trace_goes_on_afterwards() {
    let job = Job::new();
    let file = env_file(&job.setup(&["--export", "fastlane"]).run());
    let token = kept_tokens(file.parent().unwrap())[0]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let secrets = Secrets::of_key(&job.key).and_token(&token);
    for shell in shells() {
        for options in ["-x", "-v", "-xv", "-euxv"] {
            for script in [
                format!("set {options}; was=$-\n. \"$1\"\n[ \"$was\" = \"$-\" ] || exit 97\n: still traced"),
                format!("set {options}; was=$-; . \"$1\"; [ \"$was\" = \"$-\" ] || exit 97\n: still traced"),
                format!(
                    "f() {{ . \"$1\"; }}; set {options}; was=$-\nf \"$1\"\n[ \"$was\" = \"$-\" ] || exit 97\n: still traced"
                ),
            ] {
                let ran = shell.run(&script, &file);
                let row = format!("{}: {script}", shell.name());
                let log = [ran.stdout, ran.stderr].concat();
                let log = String::from_utf8(log).expect("UTF-8");
                let found = secrets.found_in(&log);
                assert!(found.is_empty(), "{row}: {found:?} in:\n{log}");
                assert!(!log.contains(&token[..40]), "{row}: the token's beginning in:\n{log}");
                assert_eq!(ran.status.code(), Some(0), "{row}:\n{log}");
                if options.contains('x') {
                    assert!(
                        log.contains("+ : still traced") || log.contains("> : still traced"),
                        "{row}:\n{log}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_trace_into_another_file_shows_nothing_either() {
    let job = Job::new();
    let file = env_file(&job.setup(&[]).run());
    let token = kept_tokens(file.parent().unwrap())[0]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let trace = job.beside("trace");
    for shell in shells().filter(|shell| shell.is_bash()) {
        let script = format!(
            "exec 9>{}; BASH_XTRACEFD=9; set -x; . \"$1\"; : still traced",
            trace.display()
        );
        let ran = shell.run(&script, &file);
        assert!(ran.status.success());
        let log = fs::read_to_string(&trace).unwrap();
        assert!(log.contains("+ : still traced"), "{log}");
        assert!(!log.contains(&token[..40]), "{log}");
        assert!(!log.contains("ASC_TOKEN="), "{log}");
    }
}

// No value breaks out

const NASTY: [&str; 24] = [
    "a b",
    " a ",
    "it's",
    "'",
    "''",
    "'''\\'''",
    "\"",
    "$HOME",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "'; rm -rf .; '",
    "\\",
    "\\'",
    "a\\",
    "a\nb",
    "'\ntouch pwned\n'",
    "\n",
    "*",
    "?[a-z]{a,b}~!",
    "-n",
    "a:b=c#d;e&f|g<h>i",
    "\u{1}\u{7}\u{1b}\u{7f}\r\t",
    "Ünïcödé 🔑 \u{81}\u{88}\u{2028}",
];

/// `setup` with a temporary directory of this name: every shell gets every path byte for byte, and runs nothing else.
#[track_caller]
fn assert_survives(name: &str, locale: &str) {
    let job = Job::new();
    let temp = job.beside("outer").join(name);
    fs::create_dir_all(&temp).unwrap();
    let ran = Run::new(&["setup", "--ci", "none", "--validate=false"])
        .team_key(&job.key)
        .env("TMPDIR", &temp)
        .run();
    let file = env_file(&ran);
    let directory = file.parent().unwrap();
    assert_eq!(directory.parent(), Some(temp.as_path()), "{name:?}");
    let yard = job.beside("yard");
    fs::create_dir(&yard).unwrap();
    for shell in shells() {
        let options = format!("cd {}; LC_ALL={locale}; set -eu", yard.display());
        let exported = shell.exports(&options, &file);
        let row = format!("{} {name:?}", shell.name());
        assert_eq!(names(&exported), EXPORTED, "{row}");
        assert_eq!(path_of(&exported["ASC_AUTH_DIR"]), directory, "{row}");
        let key_file = directory.join("AuthKey_2X9R4QWVK6.p8");
        assert_eq!(path_of(&exported["ASC_PRIVATE_KEY_PATH"]), key_file, "{row}");
        assert_eq!(entries(&yard), Vec::<PathBuf>::new(), "{row} ran something");
    }
}

#[test]
fn no_name_of_a_directory_breaks_out_of_the_quotes() {
    for name in NASTY {
        for locale in ["C", "C.UTF-8"] {
            assert_survives(name, locale);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_whatsoever_breaks_out_of_the_quotes(
        parts in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec!["'", "\\", "\n", "\"", "$", "`", ";", " ", "touch pwned", "-", "*", "\r"])
                    .prop_map(str::to_owned),
                any::<char>().prop_map(String::from),
            ],
            1..24,
        )
    ) {
        let name = parts.concat().replace(['\0', '/'], "_");
        if name != "." && name != ".." {
            assert_survives(&name, "C.UTF-8");
        }
    }
}

/// What `run` would start, from a binary of another name. A job's own tools lie where people put them.
fn moved(run: Run, directory: &Path) -> Command {
    let original = env!("CARGO_BIN_EXE_asc-auth");
    fs::create_dir_all(directory).unwrap();
    let binary = directory.join("asc-auth");
    if fs::hard_link(original, &binary).is_err() {
        fs::copy(original, &binary).unwrap();
    }
    let run = run.into_command();
    let mut command = Command::new(binary);
    command.args(run.get_args()).env_clear().stdin(Stdio::null());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn the_binarys_own_directory_breaks_nothing_either() {
    for name in ["it's \"$HOME\" `x` \\", "a\nb'; touch pwned; '", "with:colon"] {
        let job = Job::new();
        let home = job.beside(name);
        let ran = Ran::from(moved(job.setup(&[]), &home).output().unwrap());
        let file = env_file(&ran);
        for shell in shells() {
            let exported = shell.exports("", &file);
            if name.contains(':') {
                // PATH has no way to quote it.
                assert!(!exported.contains_key("PATH"), "{}", shell.name());
            } else {
                let path = [home.as_os_str().as_bytes(), b":", PATH.as_bytes()].concat();
                assert_eq!(exported["PATH"], path, "{}", shell.name());
            }
        }
    }
}

#[test]
fn one_line_of_a_job_is_enough() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    let run = || job.run(&["setup"]).team_key(&job.key).api(&simulator);
    let ran = in_shell(
        "set -eu
        file=$(\"$0\" \"$@\") && . \"$file\"
        test -s \"$ASC_PRIVATE_KEY_PATH\"
        unset ASC_PRIVATE_KEY
        test \"$(asc-auth token)\" = \"$ASC_TOKEN\"
        asc-auth validate
        asc-auth cleanup",
        run(),
    )
    .code(0)
    .says("the credential works");
    assert_key_kept("a whole job", &ran, &job.key);
    assert!(job.leftovers().is_empty(), "{:?}", job.leftovers());

    let ran = in_shell("set -eu; . \"$(\"$0\" \"$@\")\"; test -n \"$ASC_TOKEN\"", run()).code(0);
    assert_key_kept("a whole job", &ran, &job.key);
}
