//! What a test sets on the web side, and asks of it.

use std::time::{Duration, SystemTime};

use super::ask::WebStep;
use super::documents::ProviderShape;
use super::session::{WebRole, WebSession};
use super::team_keys::{MOST_ACTIVE, TeamKey};
use crate::faults::Fault;
use crate::simulator::Simulator;

impl Simulator {
    /// Most team keys that can be active, whoever made them; the web side makes no more.
    pub const WEB_KEY_LIMIT: usize = MOST_ACTIVE;

    /// The issuer ID of the keys that are made through the web side; a random one. A registered key has the one it was
    /// registered with, which may be this.
    pub fn issuer_id(&self) -> String {
        self.shared.web.issuer_id.clone()
    }

    /// Signs a person in, with what that person may do in the team.
    pub fn sign_in(&self, may: WebRole) -> WebSession {
        let session = WebSession::new(may, &self.shared.url);
        self.shared.web.with(|settings| settings.sessions.push(session.clone()));
        session
    }

    /// How soon after a session's last request its next one may arrive, 350 ms unless set; sooner is 429. None switches
    /// this off.
    pub fn set_web_spacing(&self, spacing: Option<Duration>) {
        self.shared.web.with(|settings| settings.spacing = spacing);
    }

    /// How the web side tells whose keys they are.
    pub fn set_web_provider(&self, shape: ProviderShape) {
        self.shared.web.with(|settings| settings.provider = shape);
    }

    /// Keys made through the web side from now on get a 401 for so many API requests each, before they are known.
    pub fn know_new_keys_after(&self, requests: u32) {
        self.shared.web.with(|settings| settings.unknown_for = requests);
    }

    /// Queues a fault for the next request of this step; before those that are queued for any request.
    pub fn fail_web(&self, step: WebStep, fault: Fault) {
        self.shared.faults.queue_for(step, fault);
    }

    /// Calls `hook` when a request to the web side has arrived, on the server's thread, before it is judged and has any
    /// effect. Replaces an earlier hook, and may not set another. With [`Fault::ResetBeforeAction`] the request has no effect at
    /// all.
    pub fn before_web(&self, hook: impl FnMut(WebStep) + Send + 'static) {
        self.shared.web.set_hook(Box::new(hook));
    }

    /// What was asked of the web side, oldest first: all but what was reset before it had an effect.
    pub fn web_requests(&self) -> Vec<WebStep> {
        self.requests().iter().filter_map(|seen| seen.web_step).collect()
    }

    /// All team keys, made or registered: the active ones first, then those that were revoked last.
    pub fn team_keys(&self) -> Vec<TeamKey> {
        self.shared.keys.team_keys()
    }

    /// Sets when the key, which must be known, was last used.
    pub fn set_last_used(&self, key_id: &str, at: Option<SystemTime>) {
        assert!(self.shared.keys.set_last_used(key_id, at), "no key {key_id} to set");
    }
}
