//! The template's scripts, in the shells that jobs run in.

mod download;
mod job;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};

use tempfile::TempDir;

use self::job::{Job, WRAPPERS, said, scripts, shells, template};

#[test]
fn the_template_adds_two_jobs_and_nothing_else_to_a_pipeline() {
    assert_eq!(
        template().top_level_keys(),
        [r#"".$[[ inputs.job-name ]]""#, r#""$[[ inputs.job-name ]]""#]
    );
}

#[test]
fn every_input_that_goes_into_a_script_stands_in_single_quotes() {
    for (number, line) in (1..).zip(template().body.lines()) {
        for (before, after) in line
            .match_indices("$[[ inputs.")
            .map(|(at, _)| (&line[..at], &line[at..]))
        {
            let end = after.find("]]").unwrap();
            let quoted = before.ends_with('\'') && after[end + 2..].starts_with('\'');
            let key = ["stage: ", "rules: ", "\"", "\"."]
                .iter()
                .any(|start| before.trim_start() == *start);
            assert!(quoted || key, "line {number}: {line}");
        }
    }
}

#[test]
fn every_input_that_is_text_has_a_pattern_without_a_quote() {
    let header = template().header;
    let mut name = "";
    let mut patterns = 0;
    for line in header.lines() {
        if let Some(input) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) {
            name = input;
        }
        if let Some(pattern) = line.trim_start().strip_prefix("regex: ") {
            patterns += 1;
            assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{name} {pattern}");
            assert!(
                !pattern.contains(['\'', '\n']) && !pattern.contains("[^") && !pattern.contains(".*"),
                "{name} {pattern}"
            );
        }
    }
    let text_inputs = header.matches("description:").count() - header.matches("type:").count();
    assert_eq!(patterns, text_inputs, "an input of type string has no regex");
}

#[test]
fn every_shell_can_read_the_scripts() {
    let scripts = scripts();
    let folder = TempDir::with_prefix("asc-auth-component-").unwrap();
    let file = folder.path().join("script");
    for shell in shells() {
        for script in [&scripts.hidden_job, &scripts.visible_job, &scripts.after_script] {
            fs::write(&file, script).unwrap();
            let output = Command::new(shell[0])
                .args(&shell[1..])
                .arg("-n")
                .arg(&file)
                .output()
                .unwrap();
            assert!(output.status.success(), "{shell:?}: {}", said(&output));
        }
    }
}

#[test]
fn a_job_gets_its_token_and_leaves_nothing() {
    let rest = r#"
        case $- in *u*) exit 90 ;; esac
        [ "$ASC_TOKEN" = 'a stand-in' ] && [ -d "$ASC_AUTH_DIR" ]
        ls -ld "${ASC_AUTH_DIR%/*}"
        cd /
    "#;
    for shell in shells() {
        let job = Job::new();
        let output = job.run(shell, &(scripts().hidden_job + rest), &[]);
        assert!(output.status.success(), "{shell:?}: {}", said(&output));
        assert!(said(&output).contains("drwx------"), "{shell:?}: {}", said(&output));
        assert!(
            said(&output).contains("stand-in: setup --ci gitlab --strict-auth=true --forbid-admin=false --validate=true --lifetime=15m --export=asc,fastlane"),
            "{shell:?}: {}",
            said(&output)
        );
        assert!(!job.directory().exists(), "{shell:?} left the job directory");
    }
}

#[test]
fn a_job_fails_with_the_exit_code_of_setup_validate_or_its_own_line() {
    let scripts = scripts();
    for shell in shells() {
        for (lines, status, expected) in [
            (scripts.hidden_job.clone() + "echo went on", "12", 12),
            (scripts.visible_job.clone() + "echo went on", "14", 14),
            (scripts.hidden_job.clone() + "exit 7\necho went on", "0", 7),
            // A job that goes on after errors does not go on without a token.
            (format!("set +e\n{}echo went on", scripts.hidden_job), "12", 12),
        ] {
            for wrapper in WRAPPERS {
                let job = Job::new();
                let output = job.run_as(wrapper, shell, &lines, &[("STAND_IN_STATUS", status)]);
                let told = format!("{shell:?} {wrapper:?}: {}", said(&output));
                assert_eq!(output.status.code(), Some(expected), "{told}");
                assert!(!said(&output).contains("went on"), "{told}");
                assert!(!job.directory().exists(), "the job directory is left: {told}");
            }
        }
    }
}

#[test]
fn a_terminated_job_leaves_nothing() {
    for shell in shells() {
        for (signal, expected) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
            let job = Job::new();
            // The shell that has the traps sends the signal to itself.
            let lines = format!(
                "{}sh -c 'kill -{signal} $PPID'\nsleep 1\necho went on",
                scripts().hidden_job
            );
            let output = job.run(shell, &lines, &[]);
            assert_eq!(
                output.status.code(),
                Some(expected),
                "{shell:?} {signal}: {}",
                said(&output)
            );
            assert!(!said(&output).contains("went on"), "{shell:?} {signal}");
            assert!(!job.directory().exists(), "{shell:?} {signal} left the job directory");
        }
    }
}

#[test]
fn after_script_removes_what_a_killed_job_left() {
    for shell in shells() {
        let job = Job::new();
        let output = job.run(shell, &(scripts().hidden_job + "trap - EXIT"), &[]);
        assert!(
            output.status.success() && job.directory().exists(),
            "{shell:?}: {}",
            said(&output)
        );

        let output = job.run(shell, &scripts().after_script, &[]);
        assert!(output.status.success(), "{shell:?}: {}", said(&output));
        assert!(!job.directory().exists(), "{shell:?} left the job directory");
        // Nothing to do is no error, nor is a job without an ID.
        for id in ["4711", "", "../4711"] {
            let output = job.run(shell, &scripts().after_script, &[("CI_JOB_ID", id)]);
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{shell:?} {id}: {}",
                said(&output)
            );
        }
    }
}

#[test]
fn a_job_directory_that_is_not_this_jobs_own_is_refused() {
    for shell in shells() {
        for kind in ["wider", "a link", "a file"] {
            let job = Job::new();
            let elsewhere = job.folder.path().join("elsewhere");
            fs::create_dir(&elsewhere).unwrap();
            fs::create_dir(job.folder.path().join("project.tmp")).unwrap();
            match kind {
                "wider" => {
                    fs::create_dir(job.directory()).unwrap();
                    fs::set_permissions(job.directory(), fs::Permissions::from_mode(0o755)).unwrap();
                }
                "a link" => symlink(&elsewhere, job.directory()).unwrap(),
                _ => fs::write(job.directory(), "").unwrap(),
            }
            let output = job.run(shell, &scripts().hidden_job, &[]);
            assert_eq!(output.status.code(), Some(30), "{shell:?} {kind}: {}", said(&output));
            assert!(!said(&output).contains("stand-in"), "{shell:?} {kind}: setup ran");
            assert!(elsewhere.exists(), "{shell:?} {kind}: what the link led to is gone");
            let refused = fs::symlink_metadata(job.directory());
            assert!(refused.is_ok(), "{shell:?} {kind}: what was refused is gone");
        }
    }
}

#[test]
fn a_traced_job_and_one_without_an_id_are_refused() {
    for shell in shells() {
        for variables in [
            [("CI_DEBUG_TRACE", "true"), ("CI_JOB_ID", "4711")],
            [("CI_DEBUG_TRACE", "yes"), ("CI_JOB_ID", "4711")],
            [("CI_DEBUG_TRACE", "false"), ("CI_JOB_ID", "")],
            [("CI_DEBUG_TRACE", ""), ("CI_JOB_ID", "../4711")],
        ] {
            let job = Job::new();
            let output = job.run(shell, &scripts().hidden_job, &variables);
            assert_eq!(
                output.status.code(),
                Some(2),
                "{shell:?} {variables:?}: {}",
                said(&output)
            );
            assert!(
                !said(&output).contains("stand-in"),
                "{shell:?} {variables:?}: setup ran"
            );
        }
    }
}
