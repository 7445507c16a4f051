//! A team's keys: making one, handing out its private half, listing them, revoking one.
//!
//! The private half can be had once, ever. What might have taken effect is told apart from what certainly has not, so
//! that nobody makes a second key, or leaves one behind, on a guess.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    KeyName, Loss, Roster, Session, WebError,
    documents::{Document, Resource},
    visit::{Call, Visit},
};
use crate::{
    connect::{ConnectError, Root, Thread, http::Answer},
    credential::{IssuerId, KeyId, PrivateKey},
    diagnosis::AppleError,
    roles::Role,
};

const KEYS: &str = "iris/v1/apiKeys";

/// The keys of the team that a session is signed in to.
#[derive(Debug)]
pub struct TeamKeys {
    thread: Thread,
    visit: Visit,
}

/// What came of asking for a key to be made.
#[derive(Debug)]
pub enum Made {
    Key(NewKey),
    /// Whether there is a key now is not known, and neither is its ID. The list tells.
    Unknown(ConnectError),
}

#[derive(Clone, Debug)]
pub struct NewKey {
    pub id: KeyId,
    /// `None` if it was not said.
    pub can_download: Option<bool>,
}

impl TeamKeys {
    /// `allowance` is for all requests, retries and pauses until [`TeamKeys::renew_budget`].
    pub fn new(root: Root, session: Session, allowance: Duration) -> Result<Self, ConnectError> {
        Ok(Self {
            thread: Thread::new()?,
            visit: Visit::new(root, session, allowance)?,
        })
    }

    /// Gives what comes next as much time as all had at its beginning.
    pub fn renew_budget(&mut self) {
        self.visit.renew_budget();
    }

    pub fn root(&self) -> &Root {
        self.visit.root()
    }

    /// Every key, revoked ones too.
    pub fn list(&mut self) -> Result<Roster, ConnectError> {
        let path = format!("{KEYS}?include=createdBy,revokedBy,provider&sort=-isActive,-revokingDate&limit=2000");
        let answer = self.get(&path, "list the team's keys")?;
        let conceal = |text: &str| self.visit.session().conceal_in(text);
        Roster::parse(&answer.body, &conceal).ok_or_else(|| self.unintelligible("list the team's keys", &answer))
    }

    /// Asks for a key. `Err` means that none was made.
    pub fn create(&mut self, name: &KeyName, roles: &[&Role]) -> Result<Made, ConnectError> {
        const DOING: &str = "make a key";
        let codes: Vec<&str> = roles.iter().map(|role| role.code).collect();
        let body = json!({"data": {"type": "apiKeys", "attributes": {
            "nickname": name.as_str(),
            "roles": codes,
            "allAppsVisible": true,
            "keyType": "PUBLIC_API",
        }}});
        let call = Call {
            method: &Method::POST,
            path: KEYS,
            body: Some(&body),
            is_repeatable: false,
        };
        let answer = match self.thread.run(self.visit.ask(call)) {
            Ok(answer) => answer,
            Err(silence) if silence.may_have_worked => return Ok(Made::Unknown(silence.error)),
            Err(silence) => return Err(silence.error),
        };
        if answer.status.is_redirection() {
            return Ok(Made::Unknown(self.refusal(DOING, &answer)));
        }
        if !answer.status.is_success() {
            return Err(self.refusal(DOING, &answer));
        }
        let made = Document::<Resource>::parse(&answer.body);
        let key = made.and_then(|made| {
            Some(NewKey {
                id: made.key_id()?,
                can_download: made.data.attributes.can_download,
            })
        });
        Ok(key.map_or_else(|| Made::Unknown(self.unintelligible(DOING, &answer)), Made::Key))
    }

    /// The private half, which is handed out once, ever. [`WebError::Gone`] means that it never will be again.
    pub fn download(&mut self, id: &KeyId) -> Result<PrivateKey, ConnectError> {
        const DOING: &str = "download the private key";
        let answer = self.get(&format!("{KEYS}/{id}?fields[apiKeys]=privateKey"), DOING)?;
        let document = Document::<Resource>::parse(&answer.body).ok_or_else(|| self.unintelligible(DOING, &answer))?;
        let to_us = self.visit.has_failed();
        let gone = |loss| WebError::Gone { loss, to_us };
        let Some(text) = document.data.attributes.private_key else {
            return Err(gone(Loss::NotInAnswer).into());
        };
        let key = PrivateKey::decode(text.as_bytes()).map_err(|defect| gone(Loss::Unreadable(defect)))?;
        key.check().map_err(|defect| gone(Loss::Unreadable(defect)))?;
        Ok(key)
    }

    /// The team's issuer ID, the same for each of its keys.
    pub fn issuer(&mut self, id: &KeyId) -> Result<IssuerId, ConnectError> {
        const DOING: &str = "ask for the issuer ID";
        let answer = self.get(&format!("{KEYS}/{id}?include=provider"), DOING)?;
        let document = Document::<Resource>::parse(&answer.body);
        let issuer = document.and_then(|document| document.issuer());
        issuer.ok_or_else(|| self.unintelligible(DOING, &answer))
    }

    /// Revokes a key for good. Once it is revoked, doing it again changes nothing.
    pub fn revoke(&mut self, id: &KeyId) -> Result<(), ConnectError> {
        const DOING: &str = "revoke the key";
        let body = json!({"data": {"type": "apiKeys", "id": id.as_str(), "attributes": {"isActive": false}}});
        let answer = self.ask(&Method::PATCH, &format!("{KEYS}/{id}"), Some(&body))?;
        match answer.status {
            status if status.is_success() => {
                let document = Document::<Resource>::parse(&answer.body);
                match document.and_then(|document| document.data.attributes.is_active) {
                    Some(false) => Ok(()),
                    Some(true) | None => self.confirm_revoked(id, self.unintelligible(DOING, &answer)),
                }
            }
            // It may have been revoked by a request whose answer was lost.
            StatusCode::CONFLICT => self.confirm_revoked(id, self.refusal(DOING, &answer)),
            _ => Err(self.refusal(DOING, &answer)),
        }
    }

    /// `Ok` if the list has the key as revoked, else the error that made one look.
    fn confirm_revoked(&mut self, id: &KeyId, doubt: ConnectError) -> Result<(), ConnectError> {
        match self.list()?.find(id.as_str()) {
            Some(key) if !key.is_active => Ok(()),
            _ => Err(doubt),
        }
    }

    fn get(&mut self, path: &str, doing: &'static str) -> Result<Answer, ConnectError> {
        let answer = self.ask(&Method::GET, path, None)?;
        if answer.status == StatusCode::OK {
            return Ok(answer);
        }
        Err(self.refusal(doing, &answer))
    }

    fn ask(&mut self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, ConnectError> {
        let call = Call {
            method,
            path,
            body,
            is_repeatable: true,
        };
        self.thread.run(self.visit.ask(call)).map_err(|silence| silence.error)
    }

    /// What an answer means that is none of the expected ones.
    fn refusal(&self, doing: &'static str, answer: &Answer) -> ConnectError {
        let quote = answer.error.as_ref().map(AppleError::quote);
        let request_id = answer.request_id.clone();
        match answer.status {
            status if status == StatusCode::UNAUTHORIZED || status.is_redirection() => self.signed_out(status),
            StatusCode::FORBIDDEN => WebError::NotAllowed {
                doing,
                quote,
                request_id,
            },
            StatusCode::NOT_FOUND => WebError::NoSuchKey,
            StatusCode::CONFLICT => WebError::Conflict {
                doing,
                quote,
                request_id,
            },
            status => WebError::Unexpected {
                doing,
                status: status.as_u16(),
                quote,
                request_id,
            },
        }
        .into()
    }

    /// What an answer means that has the right status and the wrong form. A page in place of data asks for a sign-in.
    fn unintelligible(&self, doing: &'static str, answer: &Answer) -> ConnectError {
        if answer.body.trim_ascii_start().starts_with(b"<") {
            return self.signed_out(answer.status).into();
        }
        WebError::Unexpected {
            doing,
            status: answer.status.as_u16(),
            quote: None,
            request_id: answer.request_id.clone(),
        }
        .into()
    }

    fn signed_out(&self, status: StatusCode) -> WebError {
        let session = self.visit.session();
        WebError::SignedOut {
            path: session.path().to_owned(),
            origin: session.origin().clone(),
            status: status.as_u16(),
        }
    }
}
