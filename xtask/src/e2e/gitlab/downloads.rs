//! The cases in which the component downloads the release, from a host of the case's own.

use super::{
    super::{
        apple::require,
        release_host::{Fault, ReleaseHost},
    },
    runner::Pipeline,
    stage::{Stage, refused},
};
use crate::Outcome;

pub(super) fn download(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.host()?;
    let pipeline = stage.downloading("own-before-script", &host.url()).of(&team);
    let job = stage.run("download", &pipeline)?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    // The visible job and the job that needs a token each fetched their own.
    asked(&host, &[&stage.release.path(), &stage.release.path()])?;
    stage.left_nothing(&job, &[&team])
}

pub(super) fn from_a_busy_mirror(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.mirror("/tools/asc-auth/")?;
    host.fail_next([Fault::Status(503), Fault::BreaksOff]);
    let pipeline = stage.downloading("validates", &host.url()).of(&team);
    let job = stage.run("download-from-a-busy-mirror", &pipeline)?;
    require(job.succeeded, "the pipeline failed")?;
    job.result("reached")?;
    let path = format!("/tools/asc-auth{}", stage.release.path());
    asked(&host, &[&path, &path, &path])?;
    stage.left_nothing(&job, &[&team])
}

pub(super) fn of_something_else(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (fault, says) in [(Fault::Tampered, "it is not run"), (Fault::WebPage, "gave a web page")] {
        let host = stage.release.host()?;
        host.fail_always(fault);
        let pipeline = stage.downloading("validates", &host.url()).of(&team);
        let job = stage.run("download-of-something-else", &pipeline)?;
        refused(&job, "asc-auth", 2, says)?;
        asked(&host, &[&stage.release.path()])?;
        require(stage.apple.requests().is_empty(), "Apple was asked")?;
        stage.left_nothing(&job, &[&team])?;
    }
    Ok(())
}

pub(super) fn from_nowhere(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.host()?;
    let base = format!("{}/elsewhere", host.url());
    let job = stage.run(
        "download-from-nowhere",
        &stage.downloading("validates", &base).of(&team),
    )?;
    refused(&job, "asc-auth", 20, "could not be downloaded")?;
    require(stage.apple.requests().is_empty(), "Apple was asked")?;
    stage.left_nothing(&job, &[&team])
}

pub(super) fn no_release(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (version, says) in [("", "input version is empty"), ("1.2.3", "is empty")] {
        let mut pipeline = stage
            .pipeline("validates")
            .of(&team)
            .input("binary-path", "")
            .input("version", version);
        for input in [
            "sha256-linux-x86_64",
            "sha256-linux-aarch64",
            "sha256-macos-x86_64",
            "sha256-macos-aarch64",
        ] {
            pipeline = pipeline.input(input, "");
        }
        let job = stage.run("no-release", &pipeline)?;
        refused(&job, "asc-auth", 2, says)?;
        stage.left_nothing(&job, &[&team])?;
    }
    Ok(())
}

impl Stage<'_> {
    /// A pipeline in which the component has to download the release that is written in it.
    fn downloading(&self, pipeline: &str, base: &str) -> Pipeline {
        self.pipeline(pipeline)
            .input("binary-path", "")
            .input("download-base-url", base)
    }
}

fn asked(host: &ReleaseHost, expected: &[&str]) -> Outcome {
    let asked = host.asked();
    require(
        asked == expected,
        &format!("{asked:?} was asked for instead of {expected:?}"),
    )
}
