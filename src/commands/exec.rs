//! `asc-auth exec -- CMD`: run a command with the credential in its environment, and everything secret redacted from
//! its output.

use std::env;

use super::{
    options,
    session::{Order, Session},
};
use crate::{
    cli::ExecArgs,
    clock::Clock,
    error::Error,
    handoff::{self, For, Place, PrivateDir, Secrets, Signals, Task},
    report::Console,
    source::{AuthDir, Environment, Presence, Resolved, Sources, fields},
    token::Token,
};

/// Variables that hold a key, or that name a credential which has been resolved by now.
const NOT_PASSED_ON: [&str; 4] = [
    "ASC_PRIVATE_KEY",
    "ASC_PRIVATE_KEY_B64",
    "INPUT_PRIVATE-KEY",
    "ASC_PROFILE",
];

/// Resolve → prove → write the key file → run → remove. The code is the child's own.
pub(super) fn run(args: &ExecArgs, environment: &Environment, console: Console) -> Result<u8, Error> {
    handoff::refuse_debug_trace(environment)?;
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?.with_auth_dir();
    let auth_dir = AuthDir::named(&sources)?;
    let (root, audience) = options::api_root(&sources, args.credential.in_house, auth_dir.as_ref())?;
    let request = options::token_request(&sources, audience, auth_dir.as_ref())?;
    let policies = options::policies(&sources)?;
    options::refuse_idle_policies(!args.no_validate, &policies)?;
    let export = options::export(&sources)?;
    let budget = args.policy.budget()?;

    let resolved = options::resolve(&sources, auth_dir.as_ref(), console)?;
    if let Some(warning) = options::token_warning(&request) {
        console.warn(&warning);
    }
    let proof = if args.no_validate {
        None
    } else {
        resolved.check_key()?;
        let request = request.for_proof();
        Some(options::prove(root, budget, &resolved, &policies, &request, console)?)
    };

    // From here on a signal is the child's, and nothing that ends this process leaves the directory behind.
    let signals = Signals::hold().map_err(Error::Output)?;
    let directory = PrivateDir::create(&Place::of(environment), For::ThisProcess, |_| Ok(()))?;
    let clock = auth_dir.map_or(Clock::default(), |directory| directory.clock);
    let order = Order {
        resolved: &resolved,
        request: &request,
        export: &export,
        proof: proof.as_ref(),
        clock,
    };
    let session = Session::make(order, directory, environment, console)?;

    let task = task(args, &sources, &session)?;
    let Session { token, directory, .. } = session;
    let before = environment.get("ASC_TOKEN");
    let secrets = || secrets(&resolved, &token, &before);
    let secrets: Option<&(dyn Fn() -> Secrets + Sync)> = if args.no_redact { None } else { Some(&secrets) };
    Ok(handoff::run_child(&task, secrets, directory, &signals)?)
}

/// The command, in our environment without the key, and with what is handed over.
fn task(args: &ExecArgs, sources: &Sources<'_>, session: &Session<'_>) -> Result<Task, Error> {
    let variables = session.variables()?;
    let named = sources.text(&fields::KEY_VARIABLE).map(|(_, name)| name);
    let mut hidden: Vec<&str> = NOT_PASSED_ON.to_vec();
    hidden.extend(session.not_for_this_kind());
    hidden.extend(named.as_deref());
    hidden.extend(variables.iter().map(|variable| variable.name));
    let inherited = env::vars_os().filter(|(name, _)| hidden.iter().all(|hidden| name != hidden));
    let handed = variables
        .iter()
        .map(|variable| (variable.name.into(), variable.value.as_str().into()));
    Ok(Task {
        words: args.command.clone(),
        environment: inherited.chain(handed).collect(),
    })
}

/// What is secret from the start: the key, the token, and the one that a `setup` before has put into the environment.
fn secrets(resolved: &Resolved, token: &Token, before: &Presence) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.add_key(&resolved.credential.private_key);
    secrets.add_token(token.secret());
    // Something shorter is no token, and would hit innocent text.
    if let Some(before) = before.text().filter(|text| text.len() > 64) {
        secrets.add_token(before);
    }
    secrets
}
