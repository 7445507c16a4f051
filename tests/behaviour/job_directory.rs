//! The directory that is named for a CI's job: whose it must be, and how clean-up finds it without being told.

use std::{
    collections::BTreeSet,
    fs,
    io::{PipeWriter, Write, pipe},
    os::{
        fd::AsFd,
        unix::fs::{PermissionsExt, chown, symlink},
    },
    path::PathBuf,
    process::Stdio,
    thread,
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use simulator::Fault;

use crate::support::{
    KEY_ID,
    job::{Job, entries, env_file, is_root, kill, mode, wait_until},
    proof::{assert_key_kept, assert_refused},
    simulator_with,
};

#[test]
fn a_jobs_directory_that_can_not_be_trusted_is_refused_and_left_alone() {
    let refused = |job: &Job, why: &str| {
        for run in [
            job.setup(&[]),
            job.run(&["exec", "--no-validate", "--", "true"]).team_key(&job.key),
        ] {
            let ran = run.run();
            let sentence = format!("the job's directory can't be trusted: {why}");
            assert_refused(why, &ran, 30, &sentence, &job.key.pem());
            assert_eq!(ran.stdout, "", "{why}");
            assert!(ran.text().contains(job.directory().to_str().unwrap()), "{}", ran.text());
        }
        // Nor does a clean-up touch it, and it fails no job.
        job.run(&["cleanup"]).run().code(0).says(why).does_not_say("removed /");
    };
    let victim = |job: &Job| {
        let victim = job.beside("victim");
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("precious"), "mine").unwrap();
        victim
    };

    let job = Job::new();
    let linked = victim(&job);
    symlink(&linked, job.directory()).unwrap();
    refused(&job, "it is a symbolic link");
    assert_eq!(entries(&linked), [linked.join("precious")]);

    let job = Job::new();
    symlink(job.beside("nowhere"), job.directory()).unwrap();
    refused(&job, "it is a symbolic link");
    assert!(!job.beside("nowhere").exists());

    let job = Job::new();
    fs::write(job.directory(), "mine").unwrap();
    refused(&job, "it is not a directory");
    assert_eq!(fs::read_to_string(job.directory()).unwrap(), "mine");

    for wide in [0o755, 0o750, 0o701, 0o1777, 0o720] {
        let job = Job::new();
        fs::create_dir(job.directory()).unwrap();
        fs::write(job.directory().join("precious"), "mine").unwrap();
        fs::set_permissions(job.directory(), fs::Permissions::from_mode(wide)).unwrap();
        refused(&job, "others may use it");
        assert_eq!(entries(&job.directory()), [job.directory().join("precious")]);
        assert_eq!(
            mode(&job.directory()),
            wide,
            "it is not made private behind its owner's back"
        );
    }

    if is_root() {
        let job = Job::new();
        fs::create_dir(job.directory()).unwrap();
        fs::set_permissions(job.directory(), fs::Permissions::from_mode(0o700)).unwrap();
        chown(job.directory(), Some(65534), None).unwrap();
        refused(&job, "it belongs to somebody else");
        assert!(entries(&job.directory()).is_empty());
    } else {
        eprintln!("skipped: only root can give a directory away");
    }
}

#[test]
fn a_jobs_directory_of_its_own_is_used_again() {
    let job = Job::new();
    let directories: BTreeSet<PathBuf> = (0..3)
        .map(|_| env_file(&job.setup(&[]).run()).parent().unwrap().to_owned())
        .collect();
    assert_eq!(directories.len(), 3);
    assert_eq!(entries(&job.directory()), directories.into_iter().collect::<Vec<_>>());
    assert_eq!(mode(&job.directory()), 0o700);
}

#[test]
fn a_jobs_name_leads_nowhere_else() {
    for id in ["../../escaped", "a/b", "$(touch pwned)", "a b\nc", &"9".repeat(300)] {
        let job = Job::new();
        let file = env_file(&job.setup(&[]).env("CI_JOB_ID", id).run());
        let [directory] = job.leftovers().try_into().expect("one directory");
        assert_eq!(file.parent().unwrap().parent(), Some(directory.as_path()));
        job.run(&["cleanup"]).env("CI_JOB_ID", id).run().code(0).says("removed");
        assert!(job.leftovers().is_empty());
    }
}

// Nothing is left

#[test]
fn a_cleanup_that_is_told_nothing_removes_all_of_the_job_and_nothing_of_another() {
    let job = Job::new();
    let other = env_file(&job.setup(&[]).env("CI_JOB_ID", "8471124").run());
    let unnamed = env_file(&job.setup(&[]).unset("CI_JOB_ID").run());
    for _ in 0..3 {
        job.setup(&[]).run().code(0);
    }
    job.run(&["cleanup"]).run().code(0).says("removed");
    assert!(!job.directory().exists());
    assert!(other.is_file() && unnamed.is_file());
    job.run(&["cleanup"]).run().code(0).says("nothing to remove");
    let json = job.run(&["cleanup", "--output", "json"]).run().code(0).json();
    assert_eq!(json["removed"], false);
    assert!(other.is_file() && unnamed.is_file());
}

#[test]
fn the_last_cleanup_that_names_its_directory_takes_the_jobs_with_it() {
    let job = Job::new();
    let first = job.auth_dir(&[]);
    let second = job.auth_dir(&[]);
    job.run(&["cleanup"])
        .env("ASC_AUTH_DIR", &first)
        .run()
        .code(0)
        .says("removed");
    assert_eq!(entries(&job.directory()), std::slice::from_ref(&second));
    job.run(&["cleanup"])
        .env("ASC_AUTH_DIR", &second)
        .run()
        .code(0)
        .says("removed");
    assert!(job.leftovers().is_empty());
}

#[test]
fn a_setup_that_fails_leaves_nothing() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    simulator.revoke(KEY_ID);
    let ran = job.run(&["setup"]).team_key(&job.key).api(&simulator).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(12), ""));
    assert!(job.leftovers().is_empty());
}

#[test]
fn what_a_killed_setup_left_is_found_without_being_told() {
    let job = Job::new();
    let simulator = simulator_with(&job.key);
    simulator.fail_always(Fault::Latency(Duration::from_secs(300)));
    let mut setup = job.run(&["setup"]).team_key(&job.key).api(&simulator).into_command();
    let mut child = setup.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the request", || !simulator.requests().is_empty());
    kill(&mut child);
    assert_eq!(entries(&job.directory()).len(), 1, "the dead can't clean up");
    job.run(&["cleanup"]).run().code(0).says("removed");
    assert!(job.leftovers().is_empty());
}

#[test]
fn what_a_setup_left_that_was_killed_with_the_key_on_disk_is_found_too() {
    let job = Job::new();
    // Nobody reads the pipe, and it is full: setup stops where it tells the path.
    let (reader, writer) = pipe().unwrap();
    fill(&writer);
    let mut setup = job.setup(&[]).into_command();
    let mut child = setup.stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    let env_file = || {
        Some(
            entries(entries(&job.directory()).first()?)
                .into_iter()
                .find(|path| path.ends_with("env")),
        )
    };
    wait_until("the env file", || {
        job.directory().is_dir()
            && env_file()
                .flatten()
                .is_some_and(|file| fs::metadata(file).is_ok_and(|file| file.len() > 200))
    });
    kill(&mut child);
    drop(reader);
    assert!(env_file().flatten().is_some(), "the dead can't clean up");
    job.run(&["cleanup"]).run().code(0).says("removed");
    assert!(job.leftovers().is_empty());
}

/// Fills a pipe that nobody reads, by a thread that ends with the pipe.
fn fill(pipe: &PipeWriter) {
    let mut writer = pipe.try_clone().unwrap();
    thread::spawn(move || while writer.write_all(&[0; 4096]).is_ok() {});
    wait_until("a full pipe", || {
        let mut ready = [PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)];
        poll(&mut ready, PollTimeout::ZERO).unwrap() == 0
    });
}

#[test]
fn many_setups_and_cleanups_of_one_job_do_not_trip_over_each_other() {
    let job = Job::new();
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let ran = job.setup(&["--output", "json"]).run();
                    assert_eq!(ran.code, Some(0), "{}", ran.text());
                    let directory = PathBuf::from(ran.json()["key_dir"].as_str().unwrap());
                    assert!(directory.join("env").is_file(), "somebody else's clean-up took it");
                    let ran = job.run(&["cleanup"]).env("ASC_AUTH_DIR", &directory).run();
                    assert_eq!(ran.code, Some(0), "{}", ran.text());
                    assert!(ran.text().contains("App Store Connect: removed "), "{}", ran.text());
                    assert!(!directory.exists());
                }
            });
        }
    });
    assert!(job.leftovers().is_empty());
}

#[test]
fn a_cleanup_of_the_whole_job_in_the_middle_of_setups_leaves_no_orphans() {
    let job = Job::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..15 {
                    let ran = job.setup(&["--export", "fastlane"]).run();
                    // It may lose its directory at any time, and then it says so.
                    assert!(matches!(ran.code, Some(0 | 30)), "{}", ran.text());
                    assert_eq!(ran.code == Some(0), !ran.stdout.is_empty(), "{}", ran.text());
                    assert_key_kept("a lost directory", &ran, &job.key);
                }
            });
            scope.spawn(|| {
                for _ in 0..15 {
                    job.run(&["cleanup"]).run().code(0);
                }
            });
        }
    });
    job.run(&["cleanup"]).run().code(0).does_not_say("warning");
    assert_eq!(job.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn many_cleanups_at_once_leave_nothing_and_complain_of_nothing() {
    let job = Job::new();
    for _ in 0..5 {
        for _ in 0..4 {
            job.setup(&["--export", "fastlane"]).run().code(0);
        }
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| job.run(&["cleanup"]).run().code(0).does_not_say("warning"));
            }
        });
        assert!(job.leftovers().is_empty());
    }
}

#[test]
fn a_cleanup_of_the_job_removes_every_identity_whatever_the_variable_names() {
    let job = Job::new();
    let directories: Vec<PathBuf> = (0..2)
        .map(|_| env_file(&job.setup(&[]).run()).parent().unwrap().to_owned())
        .collect();
    let named = |arguments: &[&str]| job.run(arguments).env("ASC_AUTH_DIR", &directories[1]).run().code(0);
    named(&["cleanup"]);
    assert!(directories[0].is_dir(), "what is not named stays");
    named(&["cleanup", "--job"]);
    assert!(job.leftovers().is_empty());
    job.run(&["cleanup", "--job", "--dir", "/x"]).run().code(2);
}

#[test]
fn a_setup_that_a_signal_ends_leaves_nothing() {
    let job = Job::new();
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let simulator = simulator_with(&job.key);
        simulator.fail_always(Fault::Latency(Duration::from_secs(300)));
        let setup = job.run(&["setup"]).team_key(&job.key).api(&simulator);
        let mut setup = setup.unset("CI_JOB_ID").into_command();
        let mut child = setup.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the request", || !simulator.requests().is_empty());
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, format!("SIG{signal}").parse::<nix::sys::signal::Signal>().unwrap()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert!(job.leftovers().is_empty(), "{signal}");
    }
}
