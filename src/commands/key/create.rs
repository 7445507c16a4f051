//! `asc-auth key create`: make a team key, and save its private half, which Apple gives out once.

use serde::Serialize;

use super::{
    making::{KeyMade, Making, Wanted},
    sign_in,
    stored::Profile,
    told,
    wanted::{self, NewKey},
};
use crate::{
    cli::KeyCreateArgs, commands::validate::line, error::Error, report::Console, source::Environment, text::quoted,
};

#[derive(Serialize)]
struct Created<'a> {
    key_id: &'a str,
    issuer_id: &'a str,
    name: &'a str,
    /// Apple's names.
    roles: Vec<&'static str>,
    /// The only copy of the private key.
    private_key_path: String,
    /// The profile that it is stored as.
    profile: Option<&'a str>,
    /// The command that stores it, or that uses the profile.
    next: String,
    warnings: &'a [String],
}

/// Judges what is wanted, makes the key, stores it if that was asked for, tells where all of it is.
pub(super) fn run(args: &KeyCreateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let new = NewKey::of(&args.new, environment, console)?;
    let profile = Profile::of(args.login.as_deref(), &args.new, environment)?;
    let mut keys = sign_in(&args.web, environment, console)?;
    let folder = new.folder()?;
    let wanted = Wanted {
        name: &new.name,
        roles: &new.roles,
        folder: &folder,
    };
    let mut making = Making::open(&mut keys, wanted, None, environment, console)?;
    if let Some(profile) = &profile {
        profile.refuse_taken_unless_by(making.progress.key_id.as_deref())?;
    }
    let made = make(&mut making, profile.as_ref(), console).inspect_err(|error| making.tell_what_is_there(error))?;
    let bypass = wanted::profiles(&args.new, environment)?.bypasses_keychain();
    tell(&new, &made, profile.as_ref(), bypass, console).inspect_err(|error| making.tell_what_is_there(error))?;
    making.finish()
}

fn make(making: &mut Making<'_>, profile: Option<&Profile>, console: Console) -> Result<KeyMade, Error> {
    let roster = making.keys().list()?;
    let made = making.make(&roster)?;
    if let Some(profile) = profile {
        profile.store(&made, console)?;
    }
    Ok(made)
}

fn tell(new: &NewKey, made: &KeyMade, profile: Option<&Profile>, bypass: bool, console: Console) -> Result<(), Error> {
    let path = made.path.display().to_string();
    let next = match profile {
        Some(profile) => profile.use_it(),
        None => format!(
            "asc-auth login --name NAME --key-id {} --issuer-id {} --private-key {}{}",
            made.id,
            made.issuer,
            quoted(&path),
            if bypass { " --bypass-keychain" } else { "" }
        ),
    };
    let warnings = told::warnings(made, profile);
    let warn = || warnings.iter().for_each(|warning| console.warn(warning));
    if console.is_json() {
        warn();
        return console.deliver_json(&Created {
            key_id: made.id.as_str(),
            issuer_id: made.issuer.as_str(),
            name: new.name.as_str(),
            roles: new.roles.iter().map(|role| role.code).collect(),
            private_key_path: path,
            profile: profile.map(Profile::name),
            next,
            warnings: &warnings,
        });
    }
    let mut lines = vec![
        line("key", &format!("{} (team key)", made.id)),
        line("issuer", made.issuer.as_str()),
        line("role", &new.role_names()),
        line("file", &path),
    ];
    lines.extend(profile.map(|profile| line("profile", &profile.described())));
    lines.push(line("next", &next));
    console.report(&format!("App Store Connect: made the key {}", new.name), &lines);
    warn();
    Ok(())
}
