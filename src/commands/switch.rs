//! `asc-auth switch`: make a stored profile the default one.

use serde::Serialize;

use super::{options, validate::line};
use crate::{
    cli::SwitchArgs,
    error::Error,
    report::Console,
    source::{Environment, profiles::told_name},
};

#[derive(Serialize)]
struct Switched<'a> {
    name: &'a str,
    /// `keychain`, or a config file.
    stored_in: String,
    /// The default profile until now.
    before: Option<String>,
    changed: bool,
    /// The config file that names it the default.
    config_file: String,
    /// Whether it is the default profile in this directory.
    is_default: bool,
    /// The default profile in this directory.
    default: Option<String>,
    warnings: &'a [String],
}

/// Writes the name of a profile into the config file that decides, and says if another one comes before it.
pub(super) fn run(args: &SwitchArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let profiles = options::profiles(&args.keychain.settings(), environment)?;
    let Some(name) = &args.name else {
        return Err(Error::Usage {
            what: "no profile was named".to_owned(),
            advice: "Name it, as in asc-auth switch --name MyApp.".to_owned(),
        });
    };
    let name = options::profile_name(name)?;
    let name = name.as_str();
    let switched = profiles.set_default(name)?;
    for warning in &switched.warnings {
        console.warn(warning);
    }
    let before = switched.before.as_deref();
    if console.is_json() {
        let default = switched.default.as_ref().map(|default| default.name.as_str());
        return console.json(&Switched {
            name,
            stored_in: switched.stored_in.to_string(),
            before: before.map(told_name),
            changed: before != Some(name),
            config_file: switched.file.to_string(),
            is_default: default == Some(name),
            default: default.map(told_name),
            warnings: &switched.warnings,
        });
    }
    let mut lines = vec![
        line("stored in", &switched.stored_in.to_string()),
        line("said by", &format!("default_key_name in {}", switched.file)),
    ];
    lines.extend(
        before
            .filter(|before| *before != name)
            .map(|before| line("before", &told_name(before))),
    );
    console.report(&format!("App Store Connect: {name} is the default profile"), &lines);
    Ok(())
}
