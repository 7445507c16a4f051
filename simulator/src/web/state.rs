//! What the web side shares between its requests and the test that drives it.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::ask::WebStep;
use super::documents::ProviderShape;
use super::session::WebSession;
use crate::material::ids::random_issuer_id;

/// The pause that Apple wants between two requests of a session.
const SPACING: Duration = Duration::from_millis(350);

pub(crate) type Hook = Box<dyn FnMut(WebStep) + Send>;

/// What a test can set.
#[derive(Debug)]
pub(crate) struct WebSettings {
    /// None switches it off.
    pub(crate) spacing: Option<Duration>,
    pub(crate) provider: ProviderShape,
    /// A key that is made stays unknown to so many API requests.
    pub(crate) unknown_for: u32,
    pub(crate) sessions: Vec<WebSession>,
}

pub(crate) struct Web {
    /// The team's.
    pub(crate) issuer_id: String,
    settings: Mutex<WebSettings>,
    hook: Mutex<Option<Hook>>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            issuer_id: random_issuer_id(),
            settings: Mutex::new(WebSettings {
                spacing: Some(SPACING),
                provider: ProviderShape::default(),
                unknown_for: 0,
                sessions: Vec::new(),
            }),
            hook: Mutex::default(),
        }
    }
}

impl Web {
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut WebSettings) -> T) -> T {
        work(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session that at least one of these cookies belongs to.
    pub(crate) fn session_of(&self, cookies: &[(String, String)]) -> Option<WebSession> {
        self.with(|settings| {
            let mut sessions = settings.sessions.iter();
            sessions
                .find(|session| cookies.iter().any(|cookie| session.owns(cookie)))
                .cloned()
        })
    }

    pub(crate) fn set_hook(&self, hook: Hook) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    /// Tells the test what is about to happen.
    pub(crate) fn announce(&self, step: WebStep) {
        if let Some(hook) = self.hook.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            hook(step);
        }
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Web")
            .field("issuer_id", &self.issuer_id)
            .finish_non_exhaustive()
    }
}
