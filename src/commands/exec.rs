//! `asc-auth exec -- CMD`: run a command with the credential in its environment, and everything secret redacted from
//! its output.

use super::{
    options,
    session::{self, Order, Session},
};
use crate::{
    cli::ExecArgs,
    clock::Clock,
    error::Error,
    handoff::{self, For, Place, PrivateDir, Program, Secrets, Signals, Task},
    report::Console,
    source::{AuthDir, Environment, Sources, fields},
};

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
    if let Some(warning) = request.warning() {
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
    let secrets = || session::secrets(&resolved, &token, environment);
    let secrets: Option<&(dyn Fn() -> Secrets + Sync)> = if args.no_redact { None } else { Some(&secrets) };
    let path = directory.path().to_owned();
    let ended = handoff::run_child(&task, secrets, directory, &signals);
    // What could not be removed then is tried once more, and told: the code is the child's.
    if let Err(error) = handoff::remove(&path) {
        console.warn(&error.to_string());
    }
    Ok(ended?)
}

/// The command, in our environment without the key, and with what is handed over.
fn task(args: &ExecArgs, sources: &Sources<'_>, session: &Session<'_>) -> Result<Task, Error> {
    let named = sources.text(&fields::KEY_VARIABLE).map(|(_, name)| name);
    Ok(Task {
        program: Program::Words(args.command.clone()),
        environment: session.environment(named.as_deref().as_slice())?,
        stdin: None,
        stdout_is_taken: false,
    })
}
