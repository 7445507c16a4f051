//! `asc-auth login`: store a credential as a profile.

mod given;
mod words;

use std::path::Path;

use zeroize::Zeroizing;

use self::{given::Given, words::Login};
use super::options;
use crate::{
    cli::LoginArgs,
    connect::Proof,
    credential::IssuerId,
    error::Error,
    git,
    policies::Policies,
    report::Console,
    source::{
        Environment, Resolved, Sources,
        profiles::{ConfigFile, ConfigPlace, Destination, Manner, Profile, ProfileName, Profiles},
    },
    terminal,
    token::{Lifetime, TokenRequest},
};

const TIMEOUT: &str = "60s";

/// The folder of the config file in the working directory, as `.gitignore` has it.
const LOCAL_FOLDER: &str = ".asc/";

/// Takes the credential from flags and terminal, checks it, has Apple prove it if that was asked for, stores it.
pub(super) fn run(args: &LoginArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    refuse_idle_flags(args)?;
    let settings = args.settings();
    let sources = Sources::new(&settings, false, environment)?;
    let profiles = options::profiles(&settings, environment)?;
    let into = destination(args, &profiles)?;
    let name = name(args)?;
    let manner = Manner {
        replace: args.force,
        default: args.default,
    };
    profiles.refuse_taken(name.as_str(), &into, manner)?;
    let given = Given::read(args, &into, environment, console)?;
    given.resolved.check_key()?;
    let profile = profile(&name, &into, &given)?;
    let proof = if args.proof.network {
        Some(prove(args, &sources, &given.resolved, console)?)
    } else {
        None
    };

    let mut kept = profiles.store(&profile, &into, manner)?;
    let mut warnings = given.warnings();
    warnings.append(&mut kept.warnings);
    let bypass = args
        .bypass()
        .filter(|_| profiles.is_in_bypassed_keychain(name.as_str()));
    warnings.extend(
        bypass.map(|flag| format!("the keychain has a profile {name} too, which is used wherever {flag} is not given")),
    );
    let unignored = unignored(&into).filter(|_| !may_ask(console));
    warnings.extend(unignored.map(|file| {
        format!("git does not ignore {LOCAL_FOLDER}, where {file} is: add the line {LOCAL_FOLDER} to .gitignore")
    }));
    for warning in &warnings {
        console.warn(warning);
    }
    let login = Login {
        profile: &profile,
        given: &given,
        proof: proof.as_ref(),
        kept: &kept,
        bypass,
        in_house: args.proof.in_house,
    };
    login.tell(&warnings, console)?;
    offer_to_ignore(&into, console)
}

/// A check that is never made must not look like one.
fn refuse_idle_flags(args: &LoginArgs) -> Result<(), Error> {
    match args.proof.idle() {
        None => Ok(()),
        Some(flag) => Err(Error::Usage {
            what: format!("{flag} goes with --network, which was not given"),
            advice: "Without --network no request is made. Add it, or leave the other out.".to_owned(),
        }),
    }
}

fn name(args: &LoginArgs) -> Result<ProfileName, Error> {
    match &args.name {
        Some(name) => options::profile_name(name),
        None if terminal::is_attended() => options::profile_name(&terminal::ask("Name of the profile: ")?),
        None => Err(Error::Usage {
            what: "no name was given".to_owned(),
            advice: "Name the profile, as in --name MyApp.".to_owned(),
        }),
    }
}

fn destination(args: &LoginArgs, profiles: &Profiles) -> Result<Destination, Error> {
    if args.local {
        let file = profiles.local_file().ok_or_else(options::no_local_file)?;
        return Ok(Destination::File(file.clone()));
    }
    Ok(profiles.own_place()?)
}

/// What is stored: the key itself in a keychain, which may be the only copy, else its absolute path.
fn profile(name: &ProfileName, into: &Destination, given: &Given) -> Result<Profile, Error> {
    let credential = &given.resolved.credential;
    let path = given.path();
    let pem = match into {
        Destination::Keychain => credential.private_key.to_pem(),
        Destination::File(_) if path.is_none() => return Err(given::no_path()),
        Destination::File(_) => Zeroizing::default(),
    };
    Ok(Profile {
        name: name.to_string(),
        stored_in: into.stored_in(),
        key_id: credential.key_id.to_string(),
        issuer_id: credential
            .kind
            .issuer_id()
            .map_or_else(String::new, |issuer: &IssuerId| issuer.to_string()),
        key_type: credential.kind.name().to_owned(),
        private_key_path: path.unwrap_or_default(),
        private_key_pem: pem,
    })
}

fn prove(args: &LoginArgs, sources: &Sources<'_>, resolved: &Resolved, console: Console) -> Result<Proof, Error> {
    let (root, audience) = options::api_root(sources, args.proof.in_house, None)?;
    let budget = options::budget(args.proof.timeout.as_deref().unwrap_or(TIMEOUT))?;
    let request = TokenRequest::new(Lifetime::BRIEF, Vec::new(), audience)?;
    options::prove(root, budget, resolved, &Policies::default(), &request, console)
}

/// The config file of the working directory, if git would commit it.
fn unignored(into: &Destination) -> Option<&ConfigFile> {
    match into {
        Destination::File(file) if file.place == ConfigPlace::Local => {
            (git::is_ignored(file.path()) == Some(false)).then_some(file)
        }
        _ => None,
    }
}

/// Whether a question does not come between a script and its answer.
fn may_ask(console: Console) -> bool {
    terminal::is_attended() && !console.is_json()
}

/// Asked last: whatever the answer, the profile is stored.
fn offer_to_ignore(into: &Destination, console: Console) -> Result<(), Error> {
    let Some(file) = unignored(into).filter(|_| may_ask(console)) else {
        return Ok(());
    };
    let question =
        format!("git would commit {LOCAL_FOLDER}, where {file} is. Add the line {LOCAL_FOLDER} to .gitignore?");
    if !terminal::confirms(&question)? {
        return Ok(());
    }
    match git::ignore(Path::new("."), LOCAL_FOLDER) {
        Ok(()) => console.note(&format!("{LOCAL_FOLDER} was added to .gitignore")),
        Err(error) => console.warn(&format!(
            ".gitignore could not be changed: {}",
            crate::text::io_reason(&error)
        )),
    }
    Ok(())
}
