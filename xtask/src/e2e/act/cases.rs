//! The cases: a job each, and what must have come of it.

use std::{collections::BTreeMap, path::Path, time::Duration, time::Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use simulator::Fault;

use super::{
    super::apple::{no_secret_in, nothing_runs, require},
    by_hand::JobByHand,
    downloads,
    runner::JOB_LIMIT,
    stage::{Stage, observed, secrets_of, stopped_with},
};
use crate::{
    Outcome,
    process::{interrupt, wait, wait_until},
};

/// A case; its log has its name.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Stage) -> Outcome,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "success",
        run: success,
    },
    Case {
        name: "consumer",
        run: consumer,
    },
    Case {
        name: "wrong-key",
        run: wrong_key,
    },
    Case {
        name: "fork",
        run: fork,
    },
    Case {
        name: "later-step-fails",
        run: later_step_fails,
    },
    Case {
        name: "two-identities",
        run: two_identities,
    },
    Case {
        name: "cancelled-later",
        run: cancelled_later,
    },
    Case {
        name: "cancelled-setup",
        run: cancelled_setup,
    },
    Case {
        name: "interrupted-setup",
        run: interrupted_setup,
    },
    Case {
        name: "no-binary",
        run: no_binary,
    },
    Case {
        name: "download",
        run: downloads::download,
    },
    Case {
        name: "download-through-a-proxy",
        run: downloads::through_a_proxy,
    },
    Case {
        name: "download-of-something-else",
        run: downloads::of_something_else,
    },
    Case {
        name: "download-from-nowhere",
        run: downloads::from_nowhere,
    },
    Case {
        name: "poisoned-cache",
        run: downloads::poisoned_cache,
    },
];

fn success(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.start("success", &secrets_of(&team))?.finish()?;
    require(job.succeeded, "the job failed")?;

    let requests = stage.apple.requests();
    let [validation, handed_over, again] = requests.as_slice() else {
        return Err(format!("{} requests instead of three", requests.len()).into());
    };
    for (request, whose) in [
        (validation, "the action's"),
        (handed_over, "the output's"),
        (again, "the later step's"),
    ] {
        let verified = request
            .token
            .as_ref()
            .is_some_and(|token| token.signature_verified && token.key_id() == Some(&team.key_id));
        require(
            verified && request.status == Some(200),
            &format!("{whose} token was refused"),
        )?;
    }
    let token = handed_over.token.as_ref().ok_or("no token")?;
    require(
        again.token.as_ref().is_some_and(|again| again.raw == token.raw),
        "asc-auth token minted where it should have reused",
    )?;
    let exec = job.results.get("exec").ok_or("exec printed nothing")?;
    require(
        exec.contains("ASC_TOKEN=***") && exec.contains("PRIVATE KEY-----\n***\n-----END") && exec.ends_with("\n***\n"),
        "exec printed something else",
    )?;

    let outputs = job.results.get("outputs").ok_or("the outputs were not written")?;
    let output = |name: &str| {
        let line = outputs
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(str::to_owned).ok_or_else(|| format!("no output {name}"))
    };
    let expiry = jiff::Timestamp::from_second(token.expires_at().ok_or("the token has no exp")?)?;
    let key_dir = output("key-dir")?;
    for (name, expected) in [
        ("token-expires-at", expiry.to_string()),
        ("key-id", team.key_id.clone()),
        ("issuer-id", team.issuer_id.clone()),
        ("key-type", "team".to_owned()),
        ("key-path", format!("{key_dir}/AuthKey_{}.p8", team.key_id)),
    ] {
        let value = output(name)?;
        require(
            value == expected,
            &format!("the output {name} is {value:?} instead of {expected:?}"),
        )?;
    }
    require(
        output("api-key-json-path")?.starts_with(&key_dir),
        "fastlane's file is not in the private directory",
    )?;
    output("rate-limit-remaining")?.parse::<u64>()?;
    output("clock-skew")?.parse::<i64>()?;
    require(
        job.results.get("public-key") == Some(&team.public_key()),
        "the key file holds another key",
    )?;
    stage.left_nothing(&job, &[&team])
}

fn consumer(stage: &Stage) -> Outcome {
    let team = stage.team();
    let mut secrets = secrets_of(&team);
    secrets.insert("ASC_PRIVATE_KEY_B64".into(), BASE64_STANDARD.encode(team.key.pem()));
    let job = stage.start("consumer", &secrets)?.finish()?;
    require(job.succeeded, "the job failed")?;
    require(
        stage.apple.requests().len() == 2,
        "not one request to validate and one from the later step",
    )?;
    stage.left_nothing(&job, &[&team])
}

fn wrong_key(stage: &Stage) -> Outcome {
    let given = stage.team().with_another_key();
    let job = stage.start("wrong-key", &secrets_of(&given))?.finish()?;
    stopped_with(&job, 12, "Apple refused this credential")?;
    stage.left_nothing(&job, &[&given])
}

fn fork(stage: &Stage) -> Outcome {
    let job = stage.start("fork", &BTreeMap::new())?.finish()?;
    stopped_with(&job, 10, "private-key")?;
    require(
        stage.apple.requests().is_empty(),
        "Apple was asked without a credential",
    )?;
    stage.left_nothing(&job, &[])
}

fn later_step_fails(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.start("later-step-fails", &secrets_of(&team))?.finish()?;
    require(!job.succeeded, "the job succeeded")?;
    require(job.results.contains_key("reached"), "the build found no key file")?;
    stage.left_nothing(&job, &[&team])
}

fn two_identities(stage: &Stage) -> Outcome {
    let (first, second) = (stage.team(), stage.team());
    let mut secrets = BTreeMap::new();
    for (prefix, team) in [("FIRST", &first), ("SECOND", &second)] {
        for (name, value) in secrets_of(team) {
            secrets.insert(name.replacen("ASC", prefix, 1), value);
        }
    }
    let job = stage.start("two-identities", &secrets)?.finish()?;
    require(job.succeeded, "the job failed")?;
    for (name, team) in [("first", &first), ("second", &second)] {
        let public_key = job.results.get(&format!("{name}-public-key"));
        require(
            public_key == Some(&team.public_key()),
            &format!("the {name} key file holds another key"),
        )?;
    }

    // The second's post step has run, the first's has not.
    let first_key = job.results.get("first-key-path").ok_or("no path of the first key")?;
    let first_dir = Path::new(first_key).parent().ok_or("no directory of the first key")?;
    let between = observed(&job, "between")?;
    let directories = between.as_object().ok_or("an odd report")?;
    require(
        directories.len() == 1,
        &format!("not one directory was left between the post steps: {between}"),
    )?;
    let files = directories.get(&*first_dir.to_string_lossy()).and_then(Value::as_array);
    let key_file = json!(Path::new(first_key).file_name().map(|name| name.to_string_lossy()));
    require(
        files.is_some_and(|files| files.contains(&key_file)),
        "the second's post step removed the first's key",
    )?;
    stage.left_nothing(&job, &[&first, &second])
}

fn cancelled_later(stage: &Stage) -> Outcome {
    let team = stage.team();
    let mut job = stage.start("cancelled-later", &secrets_of(&team))?;
    job.wait_for_result("building")?;
    job.cancel()?;
    let job = job.finish()?;
    require(!job.succeeded, "the job succeeded")?;
    stage.left_nothing(&job, &[&team])
}

fn cancelled_setup(stage: &Stage) -> Outcome {
    let team = stage.team();
    stage.apple.fail_always(Fault::Latency(Duration::from_secs(60)));
    let mut job = stage.start("cancelled-setup", &secrets_of(&team))?;
    job.wait_until("a request to Apple", || !stage.apple.requests().is_empty())?;
    job.cancel()?;
    let job = job.finish()?;
    require(!job.succeeded, "the job succeeded")?;
    stage.left_nothing(&job, &[&team])
}

/// The same as GitHub's own runner does it.
fn interrupted_setup(stage: &Stage) -> Outcome {
    let team = stage.team();
    stage.apple.fail_always(Fault::Latency(Duration::from_secs(60)));
    let job = JobByHand::new(stage.act, "interrupted-setup")?;
    let mut main = job.main(&BTreeMap::from([
        ("binary-path", stage.binary.display().to_string()),
        ("api-url", stage.apple.url()),
        ("key-id", team.key_id.clone()),
        ("issuer-id", team.issuer_id.clone()),
        ("private-key", team.key.pem()),
    ]))?;
    let asked = || !stage.apple.requests().is_empty();
    let deadline = Instant::now() + JOB_LIMIT;
    wait_until(deadline, || asked() || main.try_wait().is_ok_and(|end| end.is_some()));
    if !asked() {
        wait(&mut main, Instant::now())?;
        return Err("the main step did not ask Apple".into());
    }
    interrupt(&main)?;
    let status = wait(&mut main, deadline)?.ok_or("the main step outlasted its interruption")?;
    require(
        status.code() == Some(130),
        &format!("the main step ended with {status}"),
    )?;

    let status = wait(&mut job.post()?, deadline)?.ok_or("the post step took too long")?;
    require(status.success(), &format!("the post step ended with {status}"))?;
    require(job.in_temp()?.is_empty(), "the post step left something")?;
    nothing_runs(stage.binary)?;
    for file in ["OUTPUT", "ENV", "STATE", "STEP_SUMMARY"] {
        no_secret_in(file, &job.step.read(file)?, &stage.apple, &[&team])?;
    }
    // A runner does not show the masks themselves.
    let log = job.log()?;
    let shown: Vec<&str> = log.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    no_secret_in("the log", &shown.join("\n"), &stage.apple, &[&team])
}

fn no_binary(stage: &Stage) -> Outcome {
    let team = stage.team();
    let job = stage.start("no-binary", &secrets_of(&team))?.finish()?;
    stopped_with(&job, 1, "action/release.json names no release yet")?;
    stage.left_nothing(&job, &[&team])
}
