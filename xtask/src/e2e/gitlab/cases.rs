//! The cases: a pipeline each, and what must have come of it.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use simulator::App;

use super::{
    super::apple::require,
    downloads,
    runner::{GitLab, Temporary},
    stage::{Stage, refused},
};
use crate::{Outcome, lint::checkout_files};

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
    case("download", downloads::download),
    case("download-from-a-busy-mirror", downloads::from_a_busy_mirror),
    case("download-of-something-else", downloads::of_something_else),
    case("download-from-nowhere", downloads::from_nowhere),
    case("no-release", downloads::no_release),
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
        ("download-base-url", "http://example.com/releases"),
        ("download-base-url", "https://somebody@example.com/releases"),
        ("download-base-url", "file:///tmp"),
        ("download-base-url", "https://example.com/'$(id)'"),
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
