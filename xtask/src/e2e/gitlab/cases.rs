//! The cases: a pipeline each, and what must have come of it.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use simulator::{App, Simulator};

use super::{
    super::apple::{Team, no_secret_in, no_secret_left, nothing_runs, require},
    download::Download,
    runner::{Ended, GitLab, Pipeline, Temporary},
};
use crate::{Outcome, lint::checkout_files, process::output_of};

/// A case; its log has its name.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Stage) -> Outcome,
}

const fn case(name: &'static str, run: fn(&Stage) -> Outcome) -> Case {
    Case { name, run }
}

pub(crate) const CASES: &[Case] = &[
    case("validates", validates),
    case("wrong-key-stops-early", wrong_key_stops_early),
    case("token-per-stage", token_per_stage),
    case("key-as-base64", key_as_base64),
    case("key-as-file", key_as_file),
    case("key-in-another-variable", key_in_another_variable),
    case("own-before-script", own_before_script),
    case("wrong-key-stops-the-job", wrong_key_stops_the_job),
    case("failing-jobs", failing_jobs),
    case("own-after-script", own_after_script),
    case("policy", policy),
    case("debug-trace", debug_trace),
    case("inputs-out-of-range", inputs_out_of_range),
    case("inputs-the-binary-refuses", inputs_the_binary_refuses),
    case("download", download),
    case("download-with-another-digest", download_with_another_digest),
    case("no-release", no_release),
    case("redacted-output", redacted_output),
    case("component-project", component_project),
];

fn validates(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.run("validates", &stage.pipeline("validates").of(&team))?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    require(
        stage.apple.requests().len() == 1,
        "the key was not proved with one request",
    )?;
    stage.left_nothing(&job, &[&team])
}

fn wrong_key_stops_early(stage: &Stage) -> Outcome {
    let team = stage.team().with_another_key();
    let job = stage.run("wrong-key-stops-early", &stage.pipeline("validates").of(&team))?;
    refused(&job, "asc-auth", 12, "Apple refused this credential")?;
    stage.left_nothing(&job, &[&team])
}

fn token_per_stage(stage: &Stage) -> Outcome {
    let team = stage.team();
    stage.apple.set_apps([App {
        id: "6448311069".to_owned(),
        bundle_id: "com.example.app".to_owned(),
        name: "Example".to_owned(),
    }]);
    let job = stage.run("token-per-stage", &stage.pipeline("stages").of(&team))?;
    require(job.succeeded, "the pipeline failed")?;

    let mut tokens = Vec::new();
    for limit in ["limit=2", "limit=3", "limit=4"] {
        let token = stage.accepted(limit, &team)?;
        require(!tokens.contains(&token), "two stages had the same token")?;
        tokens.push(token);
    }
    stage.left_nothing(&job, &[&team])
}

fn key_as_base64(stage: &Stage) -> Outcome {
    let team = stage.team();
    let pipeline = stage
        .pipeline("token")
        .variable("ASC_KEY_ID", &team.key_id)
        .variable("ASC_ISSUER_ID", &team.issuer_id)
        .variable("ASC_PRIVATE_KEY_B64", &BASE64_STANDARD.encode(team.key.pem()));
    let job = stage.run("key-as-base64", &pipeline)?;
    stage.handed_over(&job, &team)
}

fn key_as_file(stage: &Stage) -> Outcome {
    let team = stage.team();
    let pipeline = stage
        .pipeline("token")
        .temporary(Temporary::Tmpdir)
        .variable("ASC_KEY_ID", &team.key_id)
        .variable("ASC_ISSUER_ID", &team.issuer_id)
        .file_variable("ASC_PRIVATE_KEY_PATH", &team.key.pem());
    let job = stage.run("key-as-file", &pipeline)?;
    stage.handed_over(&job, &team)
}

fn key_in_another_variable(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (form, pipeline) in [
        (
            "file",
            stage.pipeline("token").file_variable("RELEASE_KEY", &team.key.pem()),
        ),
        ("text", stage.pipeline("token").variable("RELEASE_KEY", &team.key.pem())),
        (
            "base64",
            stage
                .pipeline("token")
                .variable("RELEASE_KEY", &BASE64_STANDARD.encode(team.key.pem())),
        ),
    ] {
        let pipeline = pipeline
            .variable("ASC_KEY_ID", &team.key_id)
            .variable("ASC_ISSUER_ID", &team.issuer_id)
            .input("private-key-variable", "RELEASE_KEY");
        let job = stage.run("key-in-another-variable", &pipeline)?;
        stage
            .handed_over(&job, &team)
            .map_err(|error| format!("as {form}: {error}"))?;
    }
    Ok(())
}

fn own_before_script(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.run("own-before-script", &stage.pipeline("own-before-script").of(&team))?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    require(
        job.result("order")? == "mine, then a token\n",
        "the before_script did not run in its order",
    )?;
    stage.left_nothing(&job, &[&team])
}

fn wrong_key_stops_the_job(stage: &Stage) -> Outcome {
    let team = stage.team().with_another_key();
    // Where nothing validated before: the job that needs the token says it.
    let pipeline = stage
        .pipeline("own-before-script")
        .of(&team)
        .variable("CI_COMMIT_REF_PROTECTED", "false");
    let job = stage.run("wrong-key-stops-the-job", &pipeline)?;
    refused(&job, "release", 12, "Apple refused this credential")?;
    stage.left_nothing(&job, &[&team])
}

fn failing_jobs(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.run("failing-jobs", &stage.pipeline("failing-jobs").of(&team))?;
    job.failed_with("fails", 7)?;
    job.failed_with("fails-without-the-trap", 8)?;
    job.result("fails-reached")?;
    job.result("directory")?;
    stage.left_nothing(&job, &[&team])
}

fn own_after_script(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.run("own-after-script", &stage.pipeline("no-after-script").of(&team))?;
    job.failed_with("release", 9)?;
    job.result("gone")?;
    stage.left_nothing(&job, &[&team])
}

fn policy(stage: &Stage) -> Outcome {
    let team = stage.team();
    let pipeline = stage
        .pipeline("validates")
        .of(&team)
        .input("expect-app", "com.example.another");
    let job = stage.run("policy", &pipeline)?;
    refused(&job, "asc-auth", 14, "com.example.another")?;
    stage.left_nothing(&job, &[&team])
}

fn debug_trace(stage: &Stage) -> Outcome {
    let team = stage.team();
    // The second is the job that needs a token, where the visible one is not in the pipeline.
    for (pipeline, job, protected) in [
        ("validates", "asc-auth", "true"),
        ("own-before-script", "release", "false"),
    ] {
        let pipeline = stage
            .pipeline(pipeline)
            .of(&team)
            .variable("CI_COMMIT_REF_PROTECTED", protected)
            .variable("CI_DEBUG_TRACE", "true");
        let ended = stage.run("debug-trace", &pipeline)?;
        refused(&ended, job, 2, "CI_DEBUG_TRACE")?;
        stage.left_nothing(&ended, &[&team])?;
    }
    require(stage.apple.requests().is_empty(), "Apple was asked")
}

/// What the header refuses, so that no job starts.
fn inputs_out_of_range(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (input, value) in [
        ("job-name", "a b"),
        ("stage", "$(id)"),
        ("private-key-variable", "MY-KEY"),
        ("private-key-variable", "-----BEGIN PRIVATE KEY-----"),
        ("strict-auth", "perhaps"),
        ("validate", "'yes'"),
        ("lifetime", "a while"),
        ("lifetime", "15m'; id #"),
        ("export", "fastlane;id"),
        ("export", "fastlane\nid"),
        ("expect-app", "com.example.app'"),
        ("forbid-admin", "maybe"),
        ("binary-path", "tools/asc-auth' || id '"),
        ("binary-path", "-rf"),
        ("binary-path", "tools/asc-auth\nid"),
        ("download-url", "http://example.com/releases"),
        ("download-url", "https://somebody@example.com/releases"),
        ("download-url", "file:///tmp"),
        ("version", "latest"),
        ("sha256-linux-x86_64", "abc"),
        ("sha256-linux-aarch64", "'"),
        ("sha256-macos-x86_64", "abc"),
        ("sha256-macos-aarch64", "abc"),
        ("rules", "always"),
    ] {
        let pipeline = stage.pipeline("validates").of(&team).input(input, value);
        let job = stage.run("inputs-out-of-range", &pipeline)?;
        let says = [
            format!("`{input}` input:"),
            "This GitLab CI configuration is invalid".to_owned(),
        ];
        let refused = !job.succeeded && says.iter().all(|text| job.log.contains(text.as_str()));
        require(refused, &format!("{input} took {value:?}"))?;
        require(job.results.is_empty(), "a job ran")?;
        stage.left_nothing(&job, &[&team])?;
    }
    Ok(())
}

/// What has the right form, and is wrong nevertheless.
fn inputs_the_binary_refuses(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (input, value) in [("lifetime", "30m"), ("lifetime", "0s"), ("export", "fastlone")] {
        let pipeline = stage.pipeline("own-before-script").of(&team).input(input, value);
        let job = stage.run("inputs-the-binary-refuses", &pipeline)?;
        job.failed_with("release", 2)
            .map_err(|error| format!("{input} {value}: {error}"))?;
        require(!job.results.contains_key("reached"), "the job went on")?;
        stage.left_nothing(&job, &[&team])?;
    }
    Ok(())
}

fn download(stage: &Stage) -> Outcome {
    let team = stage.team();
    let server = stage.releases()?;
    let digest = sha256(stage.binary)?;
    let pipeline = stage.downloading("own-before-script", &server, &digest).of(&team);
    let job = stage.run("download", &pipeline)?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    // The visible job and the job that needs a token each fetched their own.
    require(
        server.asked() == [release_path(), release_path()],
        &format!("{:?} was asked for", server.asked()),
    )?;
    stage.left_nothing(&job, &[&team])
}

fn download_with_another_digest(stage: &Stage) -> Outcome {
    let team = stage.team();
    let server = stage.releases()?;
    let pipeline = stage.downloading("validates", &server, &"ab".repeat(32)).of(&team);
    let job = stage.run("download-with-another-digest", &pipeline)?;
    refused(&job, "asc-auth", 2, "it is not run")?;
    require(server.asked() == [release_path()], "nothing was downloaded")?;
    require(stage.apple.requests().is_empty(), "Apple was asked")?;
    stage.left_nothing(&job, &[&team])
}

fn no_release(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (version, says) in [("", "there is no release of asc-auth"), ("1.2.3", "is empty")] {
        let pipeline = stage
            .pipeline("validates")
            .of(&team)
            .input("binary-path", "")
            .input("version", version);
        let job = stage.run("no-release", &pipeline)?;
        refused(&job, "asc-auth", 2, says)?;
        stage.left_nothing(&job, &[&team])?;
    }
    Ok(())
}

fn redacted_output(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.run("redacted-output", &stage.pipeline("exec").of(&team))?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    require(job.log.contains("***"), "nothing was redacted")?;
    stage.accepted("limit=2", &team)?;
    stage.left_nothing(&job, &[&team])
}

/// The component project's own pipeline.
fn component_project(stage: &Stage) -> Outcome {
    let component = Path::new("gitlab-ci-component");
    let mut pipeline = GitLab::pipeline();
    for file in checkout_files(&stage.gitlab.root)? {
        if let Ok(name) = file.strip_prefix(component) {
            pipeline = pipeline.file(&name.to_string_lossy(), &stage.gitlab.root.join(&file));
        }
    }
    let job = stage.run("component-project", &pipeline)?;
    require(job.succeeded, "the pipeline failed")?;
    require(!job.log.contains("The job went on."), "a job outlived a refused key")?;
    stage.left_nothing(&job, &[])
}

/// What a case plays on: the runner, the binary, and an Apple of its own.
pub(crate) struct Stage<'a> {
    gitlab: &'a GitLab,
    binary: &'a Path,
    apple: Simulator,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(gitlab: &'a GitLab, binary: &'a Path) -> Self {
        Self {
            gitlab,
            binary,
            apple: Simulator::start(),
        }
    }

    fn team(&self) -> Team {
        Team::known_to(&self.apple)
    }

    /// `xtask/e2e/pipelines/<name>.yml` in a project that brings the binary.
    fn pipeline(&self, name: &str) -> Pipeline {
        let e2e = self.gitlab.root.join("xtask/e2e");
        GitLab::pipeline()
            .file(
                ".gitlab-ci.yml",
                &e2e.join("pipelines").join(name).with_extension("yml"),
            )
            .file("tools/public-key.mjs", &e2e.join("public-key.mjs"))
            .file("tools/asc-auth", self.binary)
            .variable("ASC_API_URL", &self.apple.url())
    }

    /// The same, but the component downloads the binary.
    fn downloading(&self, name: &str, server: &Download, digest: &str) -> Pipeline {
        let digest_input = match std::env::consts::OS {
            "macos" => format!("sha256-macos-{}", std::env::consts::ARCH),
            _ => format!("sha256-linux-{}", std::env::consts::ARCH),
        };
        self.pipeline(name)
            .input("binary-path", "")
            .input("version", "1.2.3")
            .input("download-url", &format!("{}/releases", server.url()))
            .input(&digest_input, digest)
    }

    fn releases(&self) -> Result<Download, Box<dyn Error>> {
        Ok(Download::of(&release_path(), self.binary)?)
    }

    fn run(&self, case: &str, pipeline: &Pipeline) -> Result<Ended, Box<dyn Error>> {
        self.gitlab.run(case, pipeline)
    }

    /// The token of the one request with this query, which Apple accepted.
    fn accepted(&self, query: &str, team: &Team) -> Result<String, Box<dyn Error>> {
        let requests = self.apple.requests();
        let mut those = requests
            .iter()
            .filter(|request| request.query.as_deref() == Some(query));
        let (Some(request), None) = (those.next(), those.next()) else {
            return Err(format!("not one request with {query}").into());
        };
        let token = request.token.as_ref().ok_or("a request without a token")?;
        let verified = token.signature_verified && token.key_id() == Some(&team.key_id);
        require(verified && request.status == Some(200), "a job's token was refused")?;
        Ok(token.raw.clone())
    }

    /// What the pipeline `token` must have written down.
    fn handed_over(&self, job: &Ended, team: &Team) -> Outcome {
        require(job.succeeded, "the pipeline failed")?;
        let token = self.accepted_last("limit=2", team)?;
        require(
            job.result("public-key")? == team.public_key(),
            "the key file holds another key",
        )?;
        let expiry = jiff::Timestamp::from_second(token)?;
        let expected = format!("{}\n{}\nteam\n{expiry}\n", team.key_id, team.issuer_id);
        let handed_over = job.result("handed-over")?;
        require(
            handed_over == expected,
            &format!("{handed_over:?} was handed over instead of {expected:?}"),
        )?;
        let (directory, key) = job.result("paths")?.trim_end().split_once('\n').ok_or("no paths")?;
        require(
            key == format!("{directory}/AuthKey_{}.p8", team.key_id) && directory.contains("/asc-auth-job-"),
            &format!("the key is {key}, the directory {directory}"),
        )?;
        require(
            job.result("on-path")?.starts_with("asc-auth "),
            "asc-auth is not on PATH",
        )?;
        self.left_nothing(job, &[team])
    }

    /// When the token of the last request with this query expires; Apple accepted it.
    fn accepted_last(&self, query: &str, team: &Team) -> Result<i64, Box<dyn Error>> {
        let requests = self.apple.requests();
        let mut those = requests
            .iter()
            .filter(|request| request.query.as_deref() == Some(query));
        let request = those.next_back().ok_or("the job asked Apple nothing")?;
        let token = request.token.as_ref().ok_or("a request without a token")?;
        let verified = token.signature_verified && token.key_id() == Some(&team.key_id);
        require(verified && request.status == Some(200), "the job's token was refused")?;
        Ok(token.expires_at().ok_or("the token has no exp")?)
    }

    /// What holds after every pipeline: the job directories are gone, nothing of ours still runs, and no
    /// secret is in the log or in any file left on disk.
    fn left_nothing(&self, job: &Ended, teams: &[&Team]) -> Outcome {
        require(
            job.in_temporary.is_empty(),
            &format!("the jobs left {}", job.in_temporary.join(", ")),
        )?;
        nothing_runs(self.binary)?;
        no_secret_in("the log", &job.log, &self.apple, teams)?;
        no_secret_left(&job.left, &self.apple, teams)
    }
}

impl Pipeline {
    /// A team's credential, the key as text.
    fn of(self, team: &Team) -> Self {
        self.variable("ASC_KEY_ID", &team.key_id)
            .variable("ASC_ISSUER_ID", &team.issuer_id)
            .variable("ASC_PRIVATE_KEY", &team.key.pem())
    }
}

/// The job failed with this exit code and said this, and nothing came after it.
fn refused(ended: &Ended, job: &str, code: i32, message: &str) -> Outcome {
    ended.failed_with(job, code)?;
    require(ended.log.contains(message), &format!("the log does not say: {message}"))?;
    require(!ended.results.contains_key("reached"), "the pipeline went on")
}

/// Where the component looks for release 1.2.3 on a machine like this.
fn release_path() -> String {
    let target = match std::env::consts::OS {
        "macos" => "apple-darwin",
        _ => "unknown-linux-musl",
    };
    format!("/releases/v1.2.3/asc-auth-{}-{target}", std::env::consts::ARCH)
}

fn sha256(file: &Path) -> Result<String, Box<dyn Error>> {
    let answer = output_of(Command::new("sha256sum").arg(PathBuf::from(file)))?;
    Ok(answer.split(' ').next().unwrap_or_default().to_owned())
}
