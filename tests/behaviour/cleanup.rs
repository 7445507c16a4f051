//! `cleanup`: removes what `setup` left, also after its death, and nothing else, and never fails a job.

use std::{
    fs,
    path::{Path, PathBuf},
};

use simulator::TestKey;

use crate::support::{Run, Step};

/// A step whose `setup` went well, without a request.
fn ready() -> Step {
    let step = Step::new();
    set_up(&step);
    step
}

fn set_up(step: &Step) {
    step.run(&["setup", "--validate=false", "--export", "fastlane"])
        .team_key(&TestKey::generate())
        .run()
        .code(0);
}

#[test]
fn what_setup_left_is_removed_and_a_second_time_is_no_error() {
    let step = ready();
    assert_eq!(step.leftovers().len(), 1);
    step.cleanup().code(0).says("App Store Connect: removed ");
    assert!(step.leftovers().is_empty());
    for _ in 0..2 {
        step.cleanup()
            .code(0)
            .says("nothing to remove, the private directory is gone")
            .does_not_say("::error");
    }
}

#[test]
fn where_nothing_is_named_nothing_is_removed() {
    let step = ready();
    step.run(&["cleanup"])
        .run()
        .code(0)
        .says("nothing to remove, no private directory is named");
    Run::new(&["cleanup"]).env("ASC_AUTH_DIR", "").run().code(0);
    assert_eq!(step.leftovers().len(), 1);
}

#[test]
fn the_variable_that_setup_exported_names_the_directory() {
    let step = ready();
    let directory = step.environment()["ASC_AUTH_DIR"].clone();
    Run::new(&["cleanup"]).env("ASC_AUTH_DIR", directory).run().code(0);
    assert!(step.leftovers().is_empty());
}

#[test]
fn json_says_whether_something_was_removed() {
    let step = ready();
    let directory = step.environment()["ASC_AUTH_DIR"].clone();
    for removed in [true, false] {
        let run = Run::new(&["cleanup", "--output", "json"]).env("ASC_AUTH_DIR", &directory);
        assert_eq!(run.run().code(0).json()["removed"], removed);
    }
}

#[test]
fn one_identity_is_cleaned_up_without_the_other() {
    let step = Step::new();
    set_up(&step);
    let first = step.state()["private_dir"].clone();
    set_up(&step);
    let second = step.state()["private_dir"].clone();
    assert_ne!(first, second);
    step.run(&["cleanup", "--dir", &first]).run().code(0);
    assert_eq!(step.leftovers(), [Path::new(&second)]);
    assert!(Path::new(&second).join("AuthKey_2X9R4QWVK6.p8").is_file());
}

#[test]
fn what_is_no_private_directory_is_refused_and_stays() {
    let step = Step::new();
    let digits = "0123456789abcdef0123456789abcdef";
    let keep = |name: &str| {
        let path = step.temp().join(name);
        fs::create_dir(&path).expect("a directory");
        fs::write(path.join("precious"), "mine").expect("a file");
        path
    };
    let near_misses = [
        keep("work"),
        keep("asc-auth-"),
        keep("asc-auth-0123"),
        keep(&format!("asc-auth-{}", digits.to_uppercase())),
        keep(&format!("asc-auth-{digits}0")),
        keep(&format!("my-asc-auth-{digits}")),
    ];
    let inside = keep(&format!("asc-auth-{digits}")).join("..");
    let file = step.temp().join(format!("asc-auth-f{}", &digits[1..]));
    fs::write(&file, "mine").expect("a file");
    let parent = step.temp();
    let named = near_misses.iter().map(|path| path.to_str().expect("Unicode"));
    let others = ["/", ".", "..", "relative", parent.to_str().expect("Unicode")];
    let relative = format!("asc-auth-{digits}");
    let tricks = [
        inside.to_str().expect("Unicode"),
        file.to_str().expect("Unicode"),
        relative.as_str(),
    ];
    for path in named.chain(others).chain(tricks) {
        step.run(&["cleanup", "--dir", path])
            .dir(&step.temp())
            .run()
            .code(2)
            .says("is not a private directory of asc-auth")
            .says("Nothing was removed.");
    }
    assert_eq!(step.leftovers().len(), near_misses.len() + 2);
    for directory in step.leftovers().iter().filter(|path| path.is_dir()) {
        assert!(directory.join("precious").is_file(), "{}", directory.display());
    }
}

#[test]
fn a_key_in_the_place_of_the_directory_is_not_told_and_fails_no_job() {
    let key = TestKey::generate();
    let body: String = key.pem().lines().filter(|line| !line.starts_with("-----")).collect();
    Run::new(&["cleanup"])
        .env("ASC_AUTH_DIR", &body)
        .run()
        .code(0)
        .says("ASC_AUTH_DIR names nothing that setup made")
        .does_not_say(&body);
}

#[cfg(unix)]
mod unix {
    use std::{
        os::unix::{fs::symlink, process::ExitStatusExt},
        process::{Child, Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use simulator::{Fault, TestKey};

    use super::*;
    use crate::support::simulator_with;

    #[test]
    fn a_link_of_the_right_name_is_refused_and_what_it_points_to_stays() {
        let step = Step::new();
        let victim = step.file("victim");
        fs::create_dir(&victim).expect("a directory");
        fs::write(victim.join("precious"), "mine").expect("a file");
        let link = step.temp().join("asc-auth-0123456789abcdef0123456789abcdef");
        symlink(&victim, &link).expect("a link");
        let link = link.to_str().expect("Unicode");
        // A slash behind its name would make the system follow it.
        for spelling in [
            link.to_owned(),
            format!("{link}/"),
            format!("{link}//"),
            format!("{link}/."),
        ] {
            step.run(&["cleanup", "--dir", &spelling])
                .run()
                .code(2)
                .says("is not a private directory of asc-auth")
                .says("it is a symbolic link")
                .says("Nothing was removed.");
            assert_eq!(
                fs::read_to_string(victim.join("precious")).expect("it is there"),
                "mine"
            );
        }
        assert_eq!(step.leftovers().len(), 1);
    }

    #[test]
    fn a_link_inside_is_removed_and_what_it_points_to_stays() {
        let step = ready();
        let victim = step.file("victim");
        fs::create_dir(&victim).expect("a directory");
        fs::write(victim.join("precious"), "mine").expect("a file");
        let directory = step.state()["private_dir"].clone();
        symlink(&victim, Path::new(&directory).join("link")).expect("a link");
        step.run(&["cleanup", "--dir", &format!("{directory}/")]).run().code(0);
        assert!(step.leftovers().is_empty());
        assert!(victim.join("precious").is_file());
    }

    /// Waits until `done`, for a minute at most.
    fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn kill(child: &mut Child, signal: &str) -> i32 {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -s {signal} {}", child.id())])
            .status()
            .expect("sh starts");
        assert!(sent.success());
        let ended = child.wait().expect("it ends");
        ended
            .signal()
            .unwrap_or_else(|| panic!("{signal} was survived: {ended}"))
    }

    // SIGINT and SIGHUP are not here: a test run in the background of a shell inherits them ignored.
    const SIGNALS: [(&str, i32); 2] = [("TERM", 15), ("KILL", 9)];

    #[test]
    fn a_setup_that_is_killed_with_the_key_on_disk_is_cleaned_up_after() {
        for (signal, number) in SIGNALS {
            let step = Step::new();
            // Nobody reads the pipe, so that setup stops at the outputs, when the key file is written.
            let pipe = step.file("pipe");
            let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts");
            assert!(made.success());
            let mut setup = step
                .run(&["setup", "--validate=false"])
                .team_key(&TestKey::generate())
                .env("GITHUB_OUTPUT", &pipe)
                .into_command();
            let mut child = setup
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            let key_file = || Some(step.leftovers().first()?.join("AuthKey_2X9R4QWVK6.p8"));
            wait_until("the key file", || {
                key_file().is_some_and(|path| fs::metadata(path).is_ok_and(|file| file.len() > 200))
            });
            assert_eq!(kill(&mut child, signal), number);

            let key_file = key_file().expect("the dead can't clean up");
            assert!(key_file.is_file());
            assert_eq!(
                Path::new(&step.state()["private_dir"]),
                key_file.parent().expect("a directory")
            );
            step.cleanup().code(0).says("removed");
            assert!(step.leftovers().is_empty(), "{signal}");
        }
    }

    #[test]
    fn a_setup_that_is_killed_while_apple_thinks_has_written_no_secret() {
        for (signal, number) in SIGNALS {
            let key = TestKey::generate();
            let simulator = simulator_with(&key);
            simulator.fail_always(Fault::Latency(Duration::from_secs(300)));
            let step = Step::new();
            let mut setup = step.run(&["setup"]).team_key(&key).api(&simulator).into_command();
            let mut child = setup
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            wait_until("the request", || !simulator.requests().is_empty());
            assert_eq!(kill(&mut child, signal), number);
            let directory = PathBuf::from(&step.state()["private_dir"]);
            assert_eq!(step.leftovers(), std::slice::from_ref(&directory));
            let files = fs::read_dir(&directory).expect("a directory");
            let names: Vec<_> = files.map(|file| file.expect("an entry").file_name()).collect();
            assert_eq!(names, ["owners.json"], "whose it is, and nothing else");
            step.cleanup().code(0).says("removed");
            assert!(step.leftovers().is_empty(), "{signal}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_can_not_be_removed_is_told_and_fails_no_job() {
    use crate::support::shell::{has_namespaces, in_namespace};

    if !has_namespaces() {
        eprintln!("skipped: no namespaces here");
        return;
    }
    let step = ready();
    let directory = step.environment()["ASC_AUTH_DIR"].clone();
    // Not even root can remove a directory that something is mounted on.
    let run = step.run(&["cleanup"]).env("ASC_AUTH_DIR", &directory);
    in_namespace(
        "mount -t tmpfs tmpfs \"$ASC_AUTH_DIR\" || exit 99; exec \"$0\" \"$@\"",
        run,
    )
    .code(0)
    .says("::warning title=App Store Connect::the directory ")
    .says(&directory)
    .says("is still there");
}
