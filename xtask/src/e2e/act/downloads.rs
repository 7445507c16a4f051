//! The cases in which the action fetches the release that its checkout names, from a host of the case's own.

use std::error::Error;

use super::{
    super::{
        apple::{Team, nothing_runs, require},
        release_host::Fault,
    },
    runner::Ended,
    stage::{Stage, secrets_of, stopped_with},
};
use crate::Outcome;

/// Nothing listens there.
const NOBODY: &str = "http://localhost:65535";

pub(super) fn download(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.host()?;
    let job = stage.downloading("download", &team, &host.url(), "")?;
    stage.used_the_release(&job)?;
    let asked = host.asked();
    require(
        asked == [stage.release.path()],
        &format!("{asked:?} was asked for, and not the archive once"),
    )?;
    stage.left_nothing(&job, &[&team])
}

pub(super) fn through_a_proxy(stage: &Stage) -> Outcome {
    let team = stage.team();
    let proxy = stage.release.host()?;
    let job = stage.downloading("download-through-a-proxy", &team, NOBODY, &proxy.url())?;
    stage.used_the_release(&job)?;
    let asked = proxy.asked();
    require(
        asked == [format!("{NOBODY}{}", stage.release.path())],
        &format!("the proxy was asked for {asked:?}"),
    )?;
    stage.left_nothing(&job, &[&team])
}

pub(super) fn of_something_else(stage: &Stage) -> Outcome {
    let team = stage.team();
    for (fault, says) in [
        (Fault::Tampered, "was not run"),
        (Fault::WebPage, "web page"),
        (Fault::Endless, "has more than the"),
    ] {
        let host = stage.release.host()?;
        host.fail_always(fault);
        let job = stage.downloading("download-of-something-else", &team, &host.url(), "")?;
        stage.refused(&job, &team, says)?;
        let asked = host.asked();
        require(
            asked == [stage.release.path()],
            &format!("{asked:?} was asked for, and not the archive once"),
        )?;
    }
    Ok(())
}

pub(super) fn from_nowhere(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.host()?;
    let job = stage.downloading("download-from-nowhere", &team, &format!("{}/elsewhere", host.url()), "")?;
    stage.refused(&job, &team, "HTTP 404")?;
    let job = stage.downloading("download-from-nowhere", &team, NOBODY, "")?;
    stage.refused(&job, &team, "more attempts")
}

pub(super) fn poisoned_cache(stage: &Stage) -> Outcome {
    let team = stage.team();
    let host = stage.release.host()?;
    let place = stage.release.place_in_the_cache();
    let vars = [("BASE_URL", host.url()), ("PLACE", place.clone())];
    let job = stage
        .start_with("poisoned-cache", "poisoned-cache", &secrets_of(&team), vars)?
        .finish()?;
    stopped_with(&job, 1, "the tool cache was changed")?;
    require(!job.results.contains_key("poisoned"), "it was run")?;
    require(host.asked().is_empty(), "the host was asked")?;
    require(stage.apple.requests().is_empty(), "Apple was asked")?;
    // It is evidence: neither replaced nor removed.
    let is_there = job
        .left
        .iter()
        .any(|(path, content)| path.ends_with(format!("{place}/asc-auth")) && content.contains("poisoned"));
    require(is_there, "what was found in the cache is gone")?;
    stage.left_nothing(&job, &[&team])
}

impl Stage<'_> {
    /// The workflow `download` to its end, with its key.
    fn downloading(&self, case: &str, team: &Team, base: &str, proxy: &str) -> Result<Ended, Box<dyn Error>> {
        let vars = [("BASE_URL", base.to_owned()), ("PROXY", proxy.to_owned())];
        self.start_with(case, "download", &secrets_of(team), vars)?.finish()
    }

    /// Both steps had the release from the cache, and both tokens were accepted.
    fn used_the_release(&self, job: &Ended) -> Outcome {
        require(job.succeeded, "the job failed")?;
        let on_path = job.results.get("on-path").ok_or("asc-auth is not on PATH")?;
        let (cache, binary) = on_path.trim_end().split_once('\n').ok_or("no paths")?;
        let expected = format!("{cache}/{}/asc-auth", self.release.place_in_the_cache());
        require(
            binary == expected,
            &format!("asc-auth is {binary} instead of {expected}"),
        )?;
        nothing_runs(binary.as_ref())?;
        let beside = job.results.get("in-its-directory").map(String::as_str);
        require(
            beside == Some("asc-auth\n"),
            &format!("in its directory there is {beside:?}"),
        )?;
        let requests = self.apple.requests();
        let accepted = requests.iter().filter(|request| request.status == Some(200)).count();
        require(
            requests.len() == 4 && accepted == 4,
            &format!(
                "{accepted} of {} requests were accepted, instead of four",
                requests.len()
            ),
        )
    }

    /// The step failed with an annotation that says this, nothing was run, and nothing is in the cache.
    fn refused(&self, job: &Ended, team: &Team, says: &str) -> Outcome {
        stopped_with(job, 1, says)?;
        require(self.apple.requests().is_empty(), "Apple was asked")?;
        let in_cache = job.left.iter().find(|(path, _)| path.ends_with("asc-auth"));
        if let Some((path, _)) = in_cache {
            return Err(format!("{} was left", path.display()).into());
        }
        self.left_nothing(job, &[team])
    }
}
