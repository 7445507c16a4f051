//! What is asked for on the command line, judged before anything is made.

use std::path::PathBuf;

use crate::{
    cli::NewKeyArgs,
    commands::options,
    connect::KeyName,
    error::Error,
    handoff::{HandoffError, KeyFolder},
    report::Console,
    roles::{ROLES, Role},
    source::{Environment, profiles::Profiles},
};

/// Where keys are saved, below the home directory.
const FOLDER: &str = ".blitz";

/// A name, roles and a place, each of which can be used.
pub(super) struct NewKey {
    pub(super) name: KeyName,
    pub(super) roles: Vec<&'static Role>,
    pub(super) directory: PathBuf,
}

impl NewKey {
    /// Nothing is made or asked yet.
    pub(super) fn of(args: &NewKeyArgs, environment: &Environment, console: Console) -> Result<Self, Error> {
        let name = KeyName::parse(&args.name).map_err(|why| Error::Usage {
            what: format!("the key's name can't be used: {why}"),
            advice: "Give a name that says what the key is for, such as --name 'CI pipeline'.".to_owned(),
        })?;
        let mut roles: Vec<&Role> = Vec::new();
        for text in &args.role {
            let role = role(text)?;
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        if let Some(admin) = roles.iter().find(|role| !role.for_automation) {
            if !args.confirm_admin {
                return Err(unconfirmed(admin));
            }
            console.warn(&format!(
                "this will be an {} key: whoever has it has the whole team",
                admin.name
            ));
        }
        Ok(Self {
            name,
            roles,
            directory: directory(args, environment)?,
        })
    }

    /// Where its private half goes.
    pub(super) fn folder(&self) -> Result<KeyFolder, Error> {
        Ok(KeyFolder::of(&self.directory)?)
    }

    /// The roles, as people read them.
    pub(super) fn role_names(&self) -> String {
        self.roles.iter().map(|role| role.name).collect::<Vec<_>>().join(", ")
    }
}

/// The profiles of this environment, as the flags have them.
pub(super) fn profiles(args: &NewKeyArgs, environment: &Environment) -> Result<Profiles, Error> {
    options::profiles(&args.profile_settings(), environment)
}

/// A role by its name or its code, in any case: `app-manager`, `App Manager`, `APP_MANAGER`.
fn role(text: &str) -> Result<&'static Role, Error> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '_'], "-");
    let found = ROLES.iter().find(|role| plain(role.code) == plain(text));
    found.ok_or_else(|| {
        let names: Vec<String> = ROLES.iter().map(|role| plain(role.code)).collect();
        Error::Usage {
            what: "there is no such role".to_owned(),
            advice: format!(
                "Roles are, the least privilege first: {}. asc-auth roles says what each can do.",
                names.join(", ")
            ),
        }
    })
}

fn unconfirmed(role: &Role) -> Error {
    Error::Usage {
        what: format!("an {} key was asked for, without --confirm-admin", role.name),
        advice:
            "Nothing was made. Whoever has an Admin key has the whole team, so no automation should have one: asc-auth \
                 roles shows which smaller role is enough. Add --confirm-admin if it must be."
                .to_owned(),
    }
}

fn directory(args: &NewKeyArgs, environment: &Environment) -> Result<PathBuf, Error> {
    match args.output_dir.as_deref() {
        Some(text) if text.trim().is_empty() => Err(Error::Usage {
            what: "--output-dir is empty".to_owned(),
            advice: "Nothing was made. Name a directory, or leave it out.".to_owned(),
        }),
        Some(text) => {
            options::refuse_key_as_path("--output-dir", text.as_bytes())?;
            Ok(PathBuf::from(text))
        }
        None => {
            let home = environment.home().ok_or(HandoffError::NoHome)?;
            Ok(home.join(FOLDER))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::role;

    #[test]
    fn a_role_may_be_spelt_in_any_way_and_is_never_guessed() {
        for text in ["app-manager", "APP_MANAGER", "App Manager", " app_Manager "] {
            assert_eq!(role(text).expect("a role").code, "APP_MANAGER", "{text}");
        }
        for text in ["", "app", "appmanager", "app-managers", "manager", "ADMIN,DEVELOPER"] {
            assert_eq!(role(text).expect_err("no role").exit_code(), 2, "{text}");
        }
    }
}
