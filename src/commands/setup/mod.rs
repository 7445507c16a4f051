//! `asc-auth setup`: check the key, prove it, and hand a token and a private key file to the steps that follow.

mod hand_over;
mod words;

use self::{hand_over::hand_over, words::report_lines};
use super::{
    options,
    session::{Order, Session},
};
use crate::{
    cli::{self, SetupArgs},
    clock::Clock,
    convention::Convention,
    error::Error,
    handoff::{Channel, Ci, Signals},
    policies::Policies,
    report::Console,
    source::{Environment, Sources, fields},
};

/// The CI step: resolve → mask → prove → mint → write the key file → hand over → report.
pub(super) fn run(args: &SetupArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let ci = Ci::choose(args.ci.map(cli::Ci::to_handoff), environment)?;
    let channel = Channel::open(ci, environment)?;
    let flags = args.flags();
    let sources = Sources::new(&flags, args.action_inputs, environment)?;
    let (root, audience) = options::api_root(&sources, args.credential.in_house, None)?;
    let request = options::token_request(&sources, audience, None)?;
    let wishes = Wishes::read(&sources)?;
    let budget = args.policy.budget()?;

    let resolved = options::resolve(&sources, None, console)?;
    resolved.check_key()?;
    if let Some(warning) = request.warning() {
        console.warn(&warning);
    }

    // Before the first request: whatever outlives a cancel from here on has its directory taken away.
    let signals = channel
        .has_no_record()
        .then(Signals::hold)
        .transpose()
        .map_err(Error::Output)?;
    let directory = channel.create_private_dir(environment)?;
    if let Some(signals) = signals {
        signals.end_with(directory.remover());
    }
    let proof = if wishes.validate {
        let request = request.for_proof();
        Some(options::prove(
            root,
            budget,
            &resolved,
            &wishes.policies,
            &request,
            console,
        )?)
    } else {
        None
    };
    let order = Order {
        resolved: &resolved,
        request: &request,
        export: &wishes.export,
        proof: proof.as_ref(),
        clock: Clock::default(),
    };
    let session = Session::make(order, directory, environment, console)?;

    let lines = report_lines(&session, &channel);
    hand_over(&channel, session, console)?;
    if !console.is_json() {
        console.report("App Store Connect: ready", &lines);
    }
    Ok(())
}

/// What only `setup` is asked for.
struct Wishes {
    validate: bool,
    policies: Policies,
    export: Vec<Convention>,
}

impl Wishes {
    fn read(sources: &Sources<'_>) -> Result<Self, Error> {
        let wishes = Self {
            validate: sources.boolean(&fields::VALIDATE)?.unwrap_or(true),
            policies: options::policies(sources)?,
            export: options::export(sources)?,
        };
        options::refuse_idle_policies(wishes.validate, &wishes.policies)?;
        Ok(wishes)
    }
}
