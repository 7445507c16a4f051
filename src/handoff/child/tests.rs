use std::{collections::BTreeMap, env, fs, path::Path};

use super::*;
use crate::{
    handoff::{For, Place},
    source::Environment,
};

/// More than a pipe takes.
const LONG: usize = 1 << 20;

/// Runs `script` in a shell that is given `stdin`, with `OUT` for what it keeps.
fn run(script: &str, stdin: Vec<u8>, out: &Path) -> u8 {
    let temp = BTreeMap::from([("TMPDIR".to_owned(), out.display().to_string())]);
    let place = Place::of(&Environment::Fixed(temp));
    let directory = PrivateDir::create(&place, For::ThisProcess, |_| Ok(())).expect("a directory");
    let private = directory.path().to_owned();
    let task = Task {
        program: Program::Shell(script.into()),
        environment: vec![
            ("PATH".into(), env::var_os("PATH").expect("a path")),
            ("OUT".into(), out.into()),
        ],
        stdin: Some(Zeroizing::new(stdin)),
        stdout_is_taken: false,
    };
    let signals = Signals::hold().expect("signals");
    let code = run_child(&task, None, directory, &signals).expect("it runs");
    assert!(!private.exists(), "the private directory is left");
    code
}

#[test]
fn standard_input_arrives_whole_and_ends() {
    let out = tempfile::tempdir().expect("a directory");
    for length in [0, 1, 241, LONG] {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        assert_eq!(run(r#"cat >"$OUT/kept""#, bytes.clone(), out.path()), 0);
        let kept = fs::read(out.path().join("kept")).expect("a file");
        assert!(kept == bytes, "{length} bytes are changed");
    }
}

#[test]
fn a_child_that_does_not_read_its_input_ends_as_it_would_without() {
    let out = tempfile::tempdir().expect("a directory");
    for script in ["exit 7", "exec <&-; exit 7", "head -c 1 >/dev/null; exit 7"] {
        assert_eq!(run(script, vec![0; LONG], out.path()), 7, "{script}");
    }
}

#[test]
fn an_environment_that_may_hold_a_key_is_not_printed() {
    let task = Task {
        program: Program::Words(vec!["true".into()]),
        environment: vec![("KEY".into(), "secret".into())],
        stdin: Some(Zeroizing::new(b"secret".to_vec())),
        stdout_is_taken: false,
    };
    assert_eq!(format!("{task:?}"), "Task([redacted])");
}
