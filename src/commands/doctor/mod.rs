//! `asc-auth doctor`: check everything that can be checked, offline; `--fix --confirm` repairs.
//!
//! Nothing is changed without `--confirm`, no request is made without `--network`, and no value of a variable and nothing
//! secret is ever told. What the resolver finds is told as it tells it; nothing here resolves a credential anew.

mod ci;
mod clock;
mod environment;
mod files;
mod finding;
mod keychain;
mod leftovers;
mod profiles;
mod repair;
mod repository;
mod stock;
mod team_keys;
mod web_session;
mod words;

use std::mem;

use self::{
    finding::{Check, Severity},
    repair::Outcome,
    stock::Stock,
    words::{Fix, Told},
};
use crate::{
    cli::DoctorArgs,
    error::Error,
    report::Console,
    source::{Environment, Origin, Sources, fields},
};

/// The exit code for what is broken.
const BROKEN: u8 = 10;

/// Looks at everything, repairs if that is confirmed and looks again, tells. Ends with 10 if something is broken then.
pub(super) fn run(args: &DoctorArgs, environment: &Environment, console: Console) -> Result<u8, Error> {
    refuse_idle_confirm(args)?;
    let flags = args.flags();
    let patient = Patient {
        environment,
        sources: Sources::new(&flags, false, environment)?.with_auth_dir(),
        console,
    };
    refuse_stdin(&patient.sources)?;
    let budget = args.timeout.budget()?;
    let mut checks = patient.examine();
    let mut repairs = Vec::new();
    if args.fix && args.confirm {
        repairs = patient.repair(&mut checks);
        checks = patient.examine();
    }
    if args.network {
        checks.push(clock::check(&patient, args.credential.in_house, budget));
    }
    let told = Told {
        checks: &checks,
        repairs: &repairs,
        fix: match (args.fix, args.confirm) {
            (false, _) => Fix::Nothing,
            (true, false) => Fix::Rehearsal,
            (true, true) => Fix::Done,
        },
        variables: environment::variables(environment),
    };
    told.tell(console)?;
    let is_broken = checks
        .iter()
        .flat_map(|check| &check.findings)
        .any(|finding| finding.severity == Severity::Problem);
    Ok(if is_broken { BROKEN } else { 0 })
}

fn refuse_idle_confirm(args: &DoctorArgs) -> Result<(), Error> {
    if args.fix || !args.confirm {
        return Ok(());
    }
    Err(Error::Usage {
        what: "--confirm was given without --fix".to_owned(),
        advice: "asc-auth doctor --fix shows what it would repair; with --confirm as well, it does.".to_owned(),
    })
}

/// It could be read once only, and doctor looks twice.
fn refuse_stdin(sources: &Sources<'_>) -> Result<(), Error> {
    match sources.text(&fields::KEY_PATH) {
        Some((Origin::Flag(_), path)) if path == "-" => Err(Error::Usage {
            what: "doctor reads no key from standard input".to_owned(),
            advice: "asc-auth validate does. For doctor, give the path of a file.".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whom it looks at.
struct Patient<'a> {
    environment: &'a Environment,
    sources: Sources<'a>,
    console: Console,
}

impl Patient<'_> {
    fn examine(&self) -> Vec<Check> {
        let stock = Stock::take(self);
        vec![
            repository::check(self, &stock),
            keychain::check(&stock, self.environment),
            profiles::check(&stock),
            files::check_configs(&stock, self.environment),
            files::check_keys(self, &stock),
            web_session::check(self),
            team_keys::check(self.environment),
            environment::check(self, &stock),
            leftovers::check(self.environment),
            ci::check(self.environment),
        ]
    }

    /// Carries out every repair there is, one after the other, and says what came of each.
    fn repair(&self, checks: &mut [Check]) -> Vec<Outcome> {
        let findings = checks.iter_mut().flat_map(|check| mem::take(&mut check.findings));
        let repairs = findings.filter_map(|finding| Some((finding.id, finding.repair?)));
        repairs.map(|(id, repair)| repair.carry_out(id, self)).collect()
    }
}
