//! What can be said against a rotation before anything is made.

use super::Rotation;
use crate::{
    commands::key::users::{DefaultUse, Users},
    connect::{Roster, TeamKeys, WebError},
    error::Error,
    handoff::Progress,
    source::{Flags, Sources, fields},
    text::quoted,
};

impl Rotation<'_> {
    /// Refuses what could not be finished. `before` is what an earlier run has done.
    pub(super) fn judge(&self, roster: &Roster, before: Option<&Progress>) -> Result<(), Error> {
        let made = before.and_then(|before| before.key_id.as_deref());
        self.refuse_old_key(roster, made.is_some())?;
        if before.is_none_or(|before| before.output_dir.is_none()) {
            self.refuse_taken_name(roster)?;
        }
        if let Some(profile) = &self.profile {
            let may_hold: Vec<&str> = [self.old.as_str()].into_iter().chain(made).collect();
            profile.refuse_if_it_cannot_be_stored(&may_hold)?;
        }
        if self.args.revoke_old {
            let users = self.users()?;
            let replaced = self.profile.as_ref().map(super::Profile::name);
            self.refuse_default(&users, replaced)?;
            self.warn_of_users(&users, replaced)?;
        }
        Ok(())
    }

    /// What a simulator accepts proves nothing to Apple.
    pub(super) fn refuse_other_api(&self, keys: &TeamKeys) -> Result<(), Error> {
        let web = keys.root();
        let is_one_place = web.is_loopback() == self.api.is_loopback();
        if is_one_place && (self.api.is_apple() || !web.is_apple() || !self.args.revoke_old) {
            return Ok(());
        }
        Err(Error::Usage {
            what: format!(
                "the new key would be made at {} and proved at {}",
                web.host(),
                self.api.host()
            ),
            advice: format!(
                "Nothing was made. The web root is from {}, the API root from {}: give both, or none.",
                web.origin(),
                self.api.origin()
            ),
        })
    }

    /// Refuses to revoke what the default profile uses. The profile that is about to get the new key, `replaced`, is no
    /// user of the old one.
    pub(super) fn refuse_default(&self, users: &Users, replaced: Option<&str>) -> Result<(), Error> {
        let old = &self.old;
        match users.default(old.as_str()) {
            _ if self.args.force => Ok(()),
            DefaultUse::Yes(name) if Some(name.as_str()) != replaced => Err(Error::Usage {
                what: format!("{name}, the default profile, uses the key {old}"),
                advice: format!(
                    "It would stop working. Give it the new key with --profile {}, or add --force if that is meant.",
                    quoted(&name)
                ),
            }),
            DefaultUse::Unknown(why) => Err(Error::Usage {
                what: format!("whether the default profile uses the key {old} can't be told: {why}"),
                advice: "Mend that first, or add --force.".to_owned(),
            }),
            DefaultUse::Yes(_) | DefaultUse::No => Ok(()),
        }
    }

    fn warn_of_users(&self, users: &Users, replaced: Option<&str>) -> Result<(), Error> {
        let old = &self.old;
        for name in users.names(old.as_str()) {
            if Some(name.as_str()) != replaced {
                self.console.warn(&format!(
                    "the profile {name} uses {old}, and stops working once that is revoked"
                ));
            }
        }
        let flags = Flags::default();
        let given = Sources::new(&flags, false, self.environment)?.text(&fields::KEY_ID);
        if let Some((origin, _)) = given.filter(|(_, id)| id == old.as_str()) {
            self.console
                .warn(&format!("{origin} names {old}: who uses it here needs the new key"));
        }
        Ok(())
    }

    /// The key that is to be replaced must work as long as no other has been made.
    fn refuse_old_key(&self, roster: &Roster, has_begun: bool) -> Result<(), Error> {
        match roster.find(self.old.as_str()) {
            None => Err(Error::Connect(WebError::NoSuchKey.into())),
            Some(key) if !key.is_active && !has_begun => Err(Error::Usage {
                what: format!("the key {} was revoked already", self.old),
                advice: "Nothing was made. asc-auth key create makes a key that replaces none.".to_owned(),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Most likely the rotation was done before.
    fn refuse_taken_name(&self, roster: &Roster) -> Result<(), Error> {
        let Some(key) = roster.active().find(|key| self.new.name.is_of(key)) else {
            return Ok(());
        };
        let (id, old) = (&key.id, &self.old);
        Err(Error::Usage {
            what: format!("an active key, {id}, has the name {} already", self.new.name),
            advice: format!(
                "Nothing was made. If it is the one that a rotation before has put in the place of {old}, all that is left \
                 is asc-auth key revoke {old} --confirm. Else choose another name."
            ),
        })
    }
}
