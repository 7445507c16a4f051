//! Where the key file lies: private from its creation, and gone whenever the hand-over fails half-way.

use std::{
    fs,
    path::{Path, PathBuf},
};

use simulator::TestKey;

use crate::support::{Run, Step, simulator_with};

#[track_caller]
fn assert_nothing_handed_over(step: &Step) {
    assert_eq!(step.leftovers(), Vec::<PathBuf>::new());
    for name in ["OUTPUT", "PATH", "STEP_SUMMARY"] {
        assert_eq!(step.read(name), "", "{name}");
    }
}

/// `setup` without a request, for what happens on this machine alone.
fn setup(step: &Step, key: &TestKey) -> Run {
    step.run(&["setup", "--validate=false"]).team_key(key)
}

#[test]
fn two_runs_share_no_directory() {
    let (step, key) = (Step::new(), TestKey::generate());
    for _ in 0..2 {
        setup(&step, &key).run().code(0);
    }
    let directories = step.leftovers();
    assert_eq!(directories.len(), 2);
    for directory in directories {
        let name = directory.file_name().and_then(|name| name.to_str()).expect("a name");
        let digits = name.strip_prefix("asc-auth-").expect("a prefix");
        assert!(
            digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
            "{name}"
        );
    }
}

#[test]
fn a_place_that_can_not_hold_the_directory_is_refused_with_the_reason() {
    let key = TestKey::generate();
    let step = Step::new();
    let file = step.file("a-file");
    fs::write(&file, "mine").expect("a file");
    for (path, why) in [
        (step.file("missing"), "it does not exist"),
        (PathBuf::from("temp"), "it is not an absolute path"),
        (PathBuf::from("."), "it is not an absolute path"),
        (file.clone(), "it is not a directory"),
    ] {
        setup(&step, &key)
            .env("RUNNER_TEMP", &path)
            .dir(step.temp().parent().expect("a parent"))
            .run()
            .code(30)
            .says(&format!("RUNNER_TEMP can't hold the private directory: {why}"))
            .says(path.to_str().expect("Unicode"))
            .says("It must be an absolute path to an existing directory, and no link.");
        assert_nothing_handed_over(&step);
    }
    assert_eq!(fs::read_to_string(file).expect("a file"), "mine");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::support::shell::in_shell;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    #[test]
    fn only_this_user_can_read_it_whatever_the_umask() {
        let key = TestKey::generate();
        for umask in ["000", "022", "027", "077"] {
            let step = Step::new();
            let run = step
                .run(&["setup", "--validate=false", "--export", "fastlane"])
                .team_key(&key);
            in_shell(&format!("umask {umask}; exec \"$0\" \"$@\""), run).code(0);
            let [directory] = step.leftovers().try_into().expect("one directory");
            assert_eq!(mode(&directory), 0o700, "umask {umask}");
            let mut files: Vec<String> = fs::read_dir(&directory)
                .expect("a directory")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("Unicode"))
                .collect();
            files.sort();
            let expected = [
                "AuthKey_2X9R4QWVK6.p8",
                "credential.json",
                "fastlane-api-key.json",
                "owners.json",
                "tokens.jsonl",
            ];
            assert_eq!(files, expected);
            for file in files {
                assert_eq!(mode(&directory.join(&file)), 0o600, "umask {umask}: {file}");
            }
        }
    }

    #[test]
    fn a_link_is_no_place_for_it() {
        let (step, key) = (Step::new(), TestKey::generate());
        let link = step.file("link");
        symlink(step.temp(), &link).expect("a link");
        setup(&step, &key)
            .env("RUNNER_TEMP", &link)
            .run()
            .code(30)
            .says("RUNNER_TEMP can't hold the private directory: it is a symbolic link");
        assert_nothing_handed_over(&step);
    }

    #[test]
    fn a_place_that_can_not_be_written_is_named() {
        let (step, key) = (Step::new(), TestKey::generate());
        let read_only = step.file("read-only");
        fs::create_dir(&read_only).expect("a directory");
        fs::set_permissions(&read_only, fs::Permissions::from_mode(0o555)).expect("a mode");
        // Root may write anywhere, except where the kernel itself keeps the files.
        let is_root = fs::create_dir(read_only.join("probe")).is_ok();
        let places = [(!is_root).then_some(read_only.as_path()), Some(Path::new("/proc"))];
        for place in places.into_iter().flatten().filter(|place| place.is_dir()) {
            setup(&step, &key)
                .env("RUNNER_TEMP", place)
                .run()
                .code(30)
                .says("RUNNER_TEMP can't hold the private directory: ")
                .says(&format!("  directory  {}", place.display()));
            assert_nothing_handed_over(&step);
        }
    }

    #[test]
    fn a_quota_that_stops_the_key_file_leaves_nothing() {
        let (step, key) = (Step::new(), TestKey::generate());
        // What is recorded before goes to devices, which have no quota.
        let run = setup(&step, &key)
            .env("GITHUB_STATE", "/dev/null")
            .env("GITHUB_ENV", "/dev/null");
        in_shell("trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", run)
            .code(30)
            .says("AuthKey_2X9R4QWVK6.p8 could not be written: a quota or size limit was reached")
            .says("the private directory was removed. Check space and permissions.");
        assert_nothing_handed_over(&step);
    }

    #[test]
    fn an_output_file_that_is_cut_in_the_middle_gets_its_earlier_length_back() {
        let key = TestKey::generate();
        for earlier in ["", "color<<X\ngreen\nX\n"] {
            let step = Step::new();
            fs::write(step.file("OUTPUT"), earlier).expect("a file");
            // A block is 512 or 1024 bytes; the outputs take more, everything else takes less.
            in_shell("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", setup(&step, &key))
                .code(30)
                .says("GITHUB_OUTPUT could not be written: a quota or size limit was reached")
                .says("What was written before was taken back");
            assert_eq!(step.read("OUTPUT"), earlier);
            assert_eq!(step.read("PATH"), "");
            assert_eq!(step.leftovers(), Vec::<PathBuf>::new());
        }
    }

    #[test]
    fn the_outputs_are_longer_than_that_quota() {
        let (step, key) = (Step::new(), TestKey::generate());
        setup(&step, &key).run().code(0);
        assert!(step.read("OUTPUT").len() > 1024, "else the test above cuts nothing");
        assert!(step.read("STATE").len() < 512 && step.read("ENV").len() < 512);
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use crate::support::shell::{has_namespaces, in_namespace};

    #[test]
    fn a_full_disk_under_any_of_the_runners_files_leaves_nothing() {
        for name in ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] {
            let key = TestKey::generate();
            let simulator = simulator_with(&key);
            let step = Step::new();
            let variable = format!("GITHUB_{name}");
            step.run(&["setup", "--export", "asc"])
                .team_key(&key)
                .api(&simulator)
                .env(&variable, "/dev/full")
                .run()
                .code(30)
                .says(&format!("{variable} could not be written: the disk is full"))
                .says("  file       /dev/full")
                .says("Check space and permissions.");
            assert_nothing_handed_over(&step);
            let environment = if step.read("ENV").is_empty() {
                vec![]
            } else {
                step.environment().into_keys().collect()
            };
            assert!(environment.iter().all(|name| name == "ASC_AUTH_DIR"), "{environment:?}");
        }
    }

    #[test]
    fn a_full_disk_under_the_key_file_leaves_nothing() {
        if !has_namespaces() {
            // The quota of the test above shows the same without them.
            eprintln!("skipped: no namespaces here");
            return;
        }
        let (step, key) = (Step::new(), TestKey::generate());
        let script = "mount -t tmpfs -o size=4k tmpfs \"$RUNNER_TEMP\" || exit 99
            head -c 4096 /dev/zero >\"$RUNNER_TEMP/filler\"
            \"$0\" \"$@\"
            code=$?
            echo left: $(ls -A \"$RUNNER_TEMP\")
            exit $code";
        in_namespace(script, setup(&step, &key))
            .code(30)
            .says("could not be written: the disk is full")
            .says("\nleft: filler\n");
        assert_nothing_handed_over(&step);
    }
}
