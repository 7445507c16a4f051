//! The GitLab component's template, taken apart for the checks that a runner does not make: its two
//! YAML documents, and the shell scripts in it as GitLab hands them to a shell.
//!
//! Read as text, because its form is ours: a script is a block scalar in a list, and an anchor stands for
//! the block that it names.

/// The template, with what a release's users would get if they gave no inputs but these.
#[derive(Debug)]
pub(crate) struct Template {
    header: String,
    body: String,
}

impl Template {
    /// The template's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (header, body) = text
            .split_once("\n---\n")
            .ok_or("the template has no line --- after its header")?;
        Ok(Self {
            header: format!("{header}\n"),
            body: body.to_owned(),
        })
    }

    /// The `spec:` document.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// The jobs, each input in place. One that is not given has its default.
    pub(crate) fn body(&self, inputs: &[(&str, &str)]) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = self.body.as_str();
        while let Some((before, after)) = rest.split_once("$[[ inputs.") {
            let (name, after) = after
                .split_once(" ]]")
                .ok_or("the template has an input without its end")?;
            let given = inputs.iter().find(|(input, _)| *input == name);
            filled += before;
            match given {
                Some((_, value)) => filled += value,
                None => filled += &self.default_of(name)?,
            }
            rest = after;
        }
        Ok(filled + rest)
    }

    /// The script of each job as its shell gets it, before_script first, by job; then after_script.
    pub(crate) fn scripts(&self, inputs: &[(&str, &str)]) -> Result<Scripts, String> {
        let body = self.body(inputs)?;
        let blocks = blocks(&body);
        let [prepare, setup, clean, validate] = blocks.as_slice() else {
            return Err(format!("the template has {} scripts instead of four", blocks.len()));
        };
        Ok(Scripts {
            hidden_job: format!("{prepare}{setup}"),
            visible_job: format!("{prepare}{validate}"),
            after_script: clean.clone(),
        })
    }

    /// The keys at the top of the jobs' document.
    #[cfg(test)]
    fn top_level_keys(&self) -> Vec<&str> {
        let lines = self.body.lines().filter(|line| !line.starts_with([' ', '#']));
        lines.filter_map(|line| Some(line.rsplit_once(':')?.0)).collect()
    }

    /// As YAML's flow form, in which a list fits on the line of its key.
    fn default_of(&self, input: &str) -> Result<String, String> {
        if input == "rules" {
            return Ok("[{ when: on_success }]".to_owned());
        }
        let heading = format!("    {input}:");
        let mut lines = self.header.lines().skip_while(|line| *line != heading).skip(1);
        let default = lines
            .by_ref()
            .take_while(|line| line.starts_with("      "))
            .find_map(|line| line.trim_start().strip_prefix("default:"));
        let default = default.ok_or_else(|| format!("input {input} has no default"))?;
        Ok(default.trim().trim_matches('"').to_owned())
    }
}

/// What a shell runs.
#[derive(Debug)]
pub(crate) struct Scripts {
    /// The hidden job's before_script.
    pub(crate) hidden_job: String,
    /// The visible job's before_script and script.
    pub(crate) visible_job: String,
    pub(crate) after_script: String,
}

/// The block scalars in lists, in order, without their indentation.
fn blocks(body: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    // How far the text of the block at hand is indented.
    let mut inside: Option<usize> = None;
    for line in body.lines() {
        let indentation = line.len() - line.trim_start().len();
        if inside.is_some_and(|columns| indentation >= columns || line.is_empty()) {
            if let (Some(columns), Some(block)) = (inside, blocks.last_mut()) {
                *block += line.get(columns..).unwrap_or_default();
                block.push('\n');
            }
            continue;
        }
        inside = None;
        if line.trim_start().starts_with("- ") && line.ends_with('|') {
            inside = Some(indentation + 2);
            blocks.push(String::new());
        }
    }
    for block in &mut blocks {
        block.truncate(block.trim_end().len());
        block.push('\n');
    }
    blocks
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
        path::{Path, PathBuf},
        process::{Command, Output},
    };

    use tempfile::TempDir;

    use super::*;
    use crate::e2e::gitlab::download::Download;

    const TEMPLATE: &str = include_str!("../../gitlab-ci-component/templates/asc-auth.yml");

    /// The shells that jobs run in, and the Debian package that has each. A name that the shell goes by
    /// when it is not installed is an error, not a shell less.
    const SHELLS: &[(&[&str], &str)] = &[
        (&["sh"], "dash"),
        (&["dash"], "dash"),
        (&["bash"], "bash"),
        (&["bash", "--posix"], "bash"),
        (&["busybox", "sh"], "busybox"),
    ];

    /// Not required, but tried where they are.
    const MORE_SHELLS: &[&[&str]] = &[&["ksh"], &["mksh"], &["zsh", "--emulate", "sh"]];

    /// What GitLab Runner puts around a job's lines: now, and before that.
    const WRAPPERS: [(&str, &str); 2] = [("(trap 'exit 1' TERM; eval '", "') </dev/null"), (": | eval '", "'")];

    fn shells() -> Vec<&'static [&'static str]> {
        let mut shells = Vec::new();
        for (shell, package) in SHELLS {
            assert!(
                runs(shell),
                "{} is not installed; on Debian: apt-get install {package}",
                shell[0]
            );
            shells.push(*shell);
        }
        shells.extend(MORE_SHELLS.iter().copied().filter(|shell| runs(shell)));
        shells
    }

    fn runs(shell: &[&str]) -> bool {
        let output = Command::new(shell[0]).args(&shell[1..]).args(["-c", ":"]).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn template() -> Template {
        Template::parse(TEMPLATE).unwrap()
    }

    /// A job: GitLab's variables, a project folder, and a runner's way to run a script.
    struct Job {
        folder: TempDir,
    }

    impl Job {
        fn new() -> Self {
            let folder = TempDir::with_prefix("asc-auth-component-").unwrap();
            fs::create_dir(folder.path().join("project")).unwrap();
            Self { folder }
        }

        fn directory(&self) -> PathBuf {
            self.folder.path().join("project.tmp/asc-auth-job-4711")
        }

        fn command(&self, shell: &[&str]) -> Command {
            // Whoever runs this in the background has SIGINT ignored, and no shell can change that for itself.
            let mut command = Command::new("/usr/bin/env");
            if cfg!(target_os = "linux") {
                command.arg("--default-signal=INT");
            }
            command
                .args(shell)
                .current_dir(self.folder.path().join("project"))
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("CI_JOB_ID", "4711")
                .env("RUNNER_TEMP_PROJECT_DIR", self.folder.path().join("project.tmp"));
            command
        }

        /// As GitLab Runner does it: errexit on, and the lines in a subshell of the shell that reads them.
        fn run(&self, shell: &[&str], lines: &str, variables: &[(&str, &str)]) -> Output {
            self.run_as(WRAPPERS[0], shell, lines, variables)
        }

        fn run_as(
            &self,
            (before, after): (&str, &str),
            shell: &[&str],
            lines: &str,
            variables: &[(&str, &str)],
        ) -> Output {
            let lines = lines.replace('\'', r"'\''");
            let options = r#"case "$(set -o)" in *pipefail*) set -o pipefail ;; esac; set -o errexit"#;
            let script = self.folder.path().join("script");
            fs::write(&script, format!("{options}\n{before}{lines}{after}\nexit 0\n")).unwrap();
            let mut command = self.command(shell);
            command.arg(&script).envs(variables.iter().copied());
            command.output().unwrap()
        }
    }

    fn stand_in() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gitlab-ci-component/tests/asc-auth");
        path.canonicalize().unwrap().to_string_lossy().into_owned()
    }

    fn scripts() -> Scripts {
        template()
            .scripts(&[("binary-path", &stand_in()), ("export", "asc,fastlane")])
            .unwrap()
    }

    fn said(output: &Output) -> String {
        String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
    }

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

    /// An image such as alpine: busybox for everything, and no curl.
    #[test]
    fn busybox_alone_can_download_and_check_the_binary() {
        let path = "/v1.2.3/asc-auth-x86_64-unknown-linux-musl";
        let server = Download::of(path, Path::new(&stand_in())).unwrap();
        let digest = Command::new("busybox")
            .args(["sha256sum", &stand_in()])
            .output()
            .unwrap();
        let digest = said(&digest).split(' ').next().unwrap().to_owned();
        for (digest, expected) in [(digest, 0), ("0".repeat(64), 2)] {
            let job = Job::new();
            let bin = job.folder.path().join("bin");
            fs::create_dir(&bin).unwrap();
            let busybox = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
            let busybox = said(&busybox).trim_end().to_owned();
            for applet in ["sh", "rm", "mkdir", "find", "id", "wget", "sha256sum", "chmod", "mv"] {
                symlink(&busybox, bin.join(applet)).unwrap();
            }
            // Whatever this machine is, the stand-in runs on it.
            fs::write(
                bin.join("uname"),
                "#!/bin/sh\n[ \"$1\" = -s ] && echo Linux || echo x86_64\n",
            )
            .unwrap();
            fs::set_permissions(bin.join("uname"), fs::Permissions::from_mode(0o755)).unwrap();
            let scripts = template().scripts(&[
                ("version", "1.2.3"),
                ("download-url", &server.url()),
                ("sha256-linux-x86_64", &digest),
            ]);

            let lines = scripts.unwrap().hidden_job + "echo went on";
            let output = job.run(&["sh"], &lines, &[("PATH", &bin.to_string_lossy())]);
            assert_eq!(output.status.code(), Some(expected), "{}", said(&output));
            assert_eq!(said(&output).contains("went on"), expected == 0, "{}", said(&output));
            assert_eq!(
                said(&output).contains("stand-in: setup"),
                expected == 0,
                "{}",
                said(&output)
            );
            assert!(!job.directory().exists(), "the job directory is left");
        }
        assert_eq!(server.asked(), [path, path]);
    }
}
