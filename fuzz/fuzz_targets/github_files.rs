//! What GitHub's runner is told, in files and by commands in the output.
//!
//! The runner reads the pairs, the directory, the masks and the annotation that were meant and nothing else, on Windows
//! too; or nothing was written.
#![no_main]

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use asc_auth::{
    handoff::{Annotation, GitHub, Handover, annotate_github, masks_for_github},
    source::Environment,
};
use asc_auth_fuzz::runner::{Command, commands, pairs};
use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};
use tempfile::TempDir;

const FILES: [&str; 4] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"];

static TEMP: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder"));
static GITHUB: LazyLock<GitHub> = LazyLock::new(|| {
    let path = |name| TEMP.path().join(name).to_str().expect("Unicode").to_owned();
    let named = FILES.iter().map(|name| ((*name).to_owned(), path(*name)));
    let temp = [("RUNNER_TEMP".to_owned(), path("."))];
    GitHub::open(&Environment::Fixed(named.chain(temp).collect::<BTreeMap<_, _>>())).expect("all files are named")
});

#[derive(Debug, Arbitrary)]
struct Input {
    name: String,
    value: String,
    other: String,
    path: Option<String>,
    title: String,
    lines: Vec<String>,
}

fuzz_target!(|input: Input| {
    files(&input);
    output(&input);
});

fn files(input: &Input) {
    for name in FILES {
        fs::write(TEMP.path().join(name), "").expect("a write");
    }
    let read = |name| fs::read_to_string(TEMP.path().join(name)).expect("a read");
    let handover = Handover {
        outputs: vec![(&input.name, &input.value), ("last", &input.other)],
        environment: vec![("ASC_AUTH_DIR", &input.other)],
        path: input.path.as_deref().map(Path::new),
        summary: "",
    };
    if GITHUB.hand_over(&handover).is_err() {
        for name in FILES {
            assert_eq!(read(name), "", "{name} was written all the same");
        }
        let breaks = |text: &str| text.contains(['\n', '\r', '<', '=']);
        let path_breaks = input.path.as_ref().is_some_and(|path| path.contains(['\n', '\r']));
        assert!(
            input.name.is_empty() || breaks(&input.name) || path_breaks,
            "refused for no reason"
        );
        return;
    }
    for on_windows in [false, true] {
        // There the runner takes a CR before the delimiter's line for a part of its line end.
        let value = |text: &str| {
            text.strip_suffix('\r')
                .filter(|_| on_windows)
                .unwrap_or(text)
                .to_owned()
        };
        let outputs = [
            (input.name.clone(), value(&input.value)),
            ("last".to_owned(), value(&input.other)),
        ];
        assert_eq!(pairs(&read("GITHUB_OUTPUT"), on_windows).expect("pairs"), outputs);
        let environment = [("ASC_AUTH_DIR".to_owned(), value(&input.other))];
        assert_eq!(pairs(&read("GITHUB_ENV"), on_windows).expect("pairs"), environment);
    }
    let lines: Vec<String> = read("GITHUB_PATH").lines().map(str::to_owned).collect();
    assert_eq!(lines, input.path.iter().cloned().collect::<Vec<_>>());
}

fn output(input: &Input) {
    let forms: Vec<_> = input.lines.iter().map(|line| line.clone().into()).collect();
    let masks = commands(&masks_for_github(&forms));
    let expected: Vec<_> = input
        .lines
        .iter()
        .map(|line| Some(command("add-mask", "", line)))
        .collect();
    assert_eq!(masks, expected);

    let annotation = commands(&annotate_github(Annotation::Error, &input.title, &input.lines));
    let data = input.lines.join("\n").replace("##[", "## [");
    let [Some(read)] = annotation.as_slice() else {
        panic!("{annotation:?} is not one command");
    };
    // What surrounds the properties is trimmed.
    let read = Command {
        title: read.title.trim().to_owned(),
        ..command(&read.name, "", &read.data)
    };
    assert_eq!(read, command("error", input.title.trim(), &data));
}

fn command(name: &str, title: &str, data: &str) -> Command {
    Command {
        name: name.to_owned(),
        title: title.to_owned(),
        data: data.to_owned(),
    }
}
