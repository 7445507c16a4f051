//! The proof that a credential works: one GET, and a second look at whatever Apple refuses.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use super::{Client, ConnectError, Policy, RateLimit, Root, http::Answer};
use crate::{
    clock::{Clock, Skew},
    credential::KeyKind,
    diagnosis::{AppleError, Bearer, Forbidden, Refused},
    policies::Policies,
    source::Resolved,
    token::Token,
};

pub(super) const PROBE: &str = "v1/apps?limit=1";
const ADMIN_PROBE: &str = "v1/users?limit=1";

/// Mints a token of a kind by a clock. It is the caller's, so that the caller can mask every token before it is used.
pub type Mint<'a> = dyn FnMut(&KeyKind, Clock) -> Result<Token, ConnectError> + 'a;

/// That the credential works, and what was learnt on the way.
#[derive(Debug)]
pub struct Proof {
    /// The token that Apple accepted.
    pub token: Token,
    token_clock: Clock,
    /// The clock to mint further tokens by.
    pub clock: Clock,
    /// Who accepted it.
    pub root: Root,
    /// What was held besides.
    pub policies: Policies,
    pub skew: Option<Skew>,
    pub rate_limit: Option<RateLimit>,
    /// How long the accepted request took.
    pub elapsed: Duration,
}

/// A token whose key Apple knows, and what Apple answered to it: anything but a 401.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) token: Token,
    clock: Clock,
    pub(super) answer: Answer,
}

/// Asks with `GET /v1/apps?limit=1` whether Apple knows the key.
///
/// A first 401 is tried once more, with the clock that Apple's `Date` suggests if ours is off: Apple refuses valid
/// tokens now and then. If a second one follows, one request as the other kind of key tells that mistake apart.
pub(super) async fn authenticate(
    client: &mut Client,
    resolved: &Resolved,
    mint: &mut Mint<'_>,
) -> Result<Known, ConnectError> {
    let kind = &resolved.credential.kind;
    let clock = Clock::default();
    let mut known = ask(client, kind, clock, mint(kind, clock)?, mint).await?;

    if known.answer.status == StatusCode::UNAUTHORIZED {
        if let Some(skew) = known.answer.skew.filter(|skew| skew.needs_correction()) {
            let clock = Clock::corrected_by(skew);
            known = ask(client, kind, clock, mint(kind, clock)?, mint).await?;
        } else if client.pause().await {
            known = ask(client, kind, known.clock, known.token, mint).await?;
        }
    }
    if known.answer.status == StatusCode::UNAUTHORIZED {
        return Err(refused(client, resolved, &known.answer, known.clock, mint).await);
    }
    Ok(known)
}

/// Asks with this token. Where a pause outlived it, its refusal says nothing of the key, and a new one is sent.
async fn ask(
    client: &mut Client,
    kind: &KeyKind,
    clock: Clock,
    mut token: Token,
    mint: &mut Mint<'_>,
) -> Result<Known, ConnectError> {
    loop {
        let answer = client.get(PROBE, &token).await?;
        let sent = clock.now().saturating_sub_unsigned(answer.elapsed.as_secs());
        let was_over = sent > token.expires().as_second();
        if answer.status != StatusCode::UNAUTHORIZED || !was_over {
            return Ok(Known { token, clock, answer });
        }
        token = mint(kind, clock)?;
    }
}

/// Proves the credential with `GET /v1/apps?limit=1`, and holds the policies.
pub async fn validate(
    client: &mut Client,
    resolved: &Resolved,
    policies: &Policies,
    mint: &mut Mint<'_>,
) -> Result<Proof, ConnectError> {
    let Known {
        token,
        mut clock,
        answer,
    } = authenticate(client, resolved, mint).await?;
    accept(client, resolved, &answer)?;

    check_policies(client, resolved, policies, &token).await?;
    let token_clock = clock;
    if let Some(skew) = answer.skew.filter(|skew| skew.needs_correction()) {
        clock = Clock::corrected_by(skew);
    }
    Ok(Proof {
        token,
        token_clock,
        clock,
        root: client.root().clone(),
        policies: policies.clone(),
        skew: answer.skew,
        rate_limit: answer.rate_limit,
        elapsed: answer.elapsed,
    })
}

impl Proof {
    /// Whether the accepted token was minted by the clock that further tokens are minted by.
    pub fn token_has_right_clock(&self) -> bool {
        self.token_clock == self.clock
    }
}

pub(super) async fn refused(
    client: &mut Client,
    resolved: &Resolved,
    answer: &Answer,
    clock: Clock,
    mint: &mut Mint<'_>,
) -> ConnectError {
    let works_as = match &resolved.other_kind {
        None => None,
        Some(kind) => match probe_as(client, kind, clock, mint).await {
            Ok(true) => Some(kind.name()),
            // The refusal is certain; what this extra request met does not change it.
            Ok(false) | Err(_) => None,
        },
    };
    ConnectError::Refused(Box::new(Refused {
        code: answer.error.as_ref().map(|error| error.code.clone()),
        facts: resolved.facts(),
        skew: answer.skew,
        works_as,
        bearer: match resolved.credential.kind {
            KeyKind::Team(_) => Bearer::Team,
            KeyKind::Individual => Bearer::Individual,
        },
        other_root: client.root().unless_apple(),
        request_id: answer.request_id.clone(),
    }))
}

async fn probe_as(
    client: &mut Client,
    kind: &KeyKind,
    clock: Clock,
    mint: &mut Mint<'_>,
) -> Result<bool, ConnectError> {
    let token = mint(kind, clock)?;
    let answer = client.get_once(PROBE, &token).await?;
    Ok(answer.status == StatusCode::OK || answer.status == StatusCode::FORBIDDEN)
}

/// `Ok` if the answer is a JSON document with status 200, else what the status means.
pub(super) fn accept(client: &Client, resolved: &Resolved, answer: &Answer) -> Result<(), ConnectError> {
    let quote = || answer.error.as_ref().map(AppleError::quote);
    match answer.status {
        StatusCode::OK if answer.body.trim_ascii_start().starts_with(b"{") => Ok(()),
        StatusCode::FORBIDDEN => Err(ConnectError::Forbidden {
            why: Forbidden::of(answer.error.as_ref()),
            quote: quote(),
            facts: resolved.facts(),
            request_id: answer.request_id.clone(),
        }),
        StatusCode::UNAUTHORIZED => Err(ConnectError::Unavailable {
            status: answer.status.as_u16(),
            quote: quote(),
            retry_after: None,
            rate_limit: answer.rate_limit,
            attempts: client.requests(),
            request_id: answer.request_id.clone(),
        }),
        status if status.is_redirection() => Err(ConnectError::Redirected {
            root: Box::new(client.root().clone()),
            to: answer.location.clone(),
        }),
        status if status == StatusCode::OK || status == StatusCode::NOT_FOUND => Err(ConnectError::NotApple {
            status: status.as_u16(),
            root: Box::new(client.root().clone()),
        }),
        status => Err(ConnectError::Unexpected {
            status: status.as_u16(),
            quote: quote(),
            request_id: answer.request_id.clone(),
        }),
    }
}

async fn check_policies(
    client: &mut Client,
    resolved: &Resolved,
    policies: &Policies,
    token: &Token,
) -> Result<(), ConnectError> {
    if let Some(bundle_id) = &policies.expect_app {
        let query: String = url::form_urlencoded::byte_serialize(bundle_id.as_bytes()).collect();
        let answer = client
            .get(
                // Should the filter match longer bundle IDs too, then this one is the first of them.
                &format!("v1/apps?filter[bundleId]={query}&fields[apps]=bundleId&sort=bundleId&limit=20"),
                token,
            )
            .await?;
        accept(client, resolved, &answer)?;
        if !lists_app(&answer.body, bundle_id) {
            return Err(ConnectError::Policy {
                policy: Policy::ExpectApp(bundle_id.clone()),
                facts: resolved.facts(),
            });
        }
    }
    if policies.forbid_admin {
        let answer = client.get(ADMIN_PROBE, token).await?;
        match answer.status {
            // This, and nothing else, is how a key that may not list users is answered.
            StatusCode::FORBIDDEN if Forbidden::of(answer.error.as_ref()) == Forbidden::Role => {}
            _ => {
                accept(client, resolved, &answer)?;
                return Err(ConnectError::Policy {
                    policy: Policy::ForbidAdmin,
                    facts: resolved.facts(),
                });
            }
        }
    }
    Ok(())
}

/// Whether the list holds exactly this bundle ID, whatever the filter matched.
fn lists_app(body: &[u8], bundle_id: &str) -> bool {
    #[derive(Deserialize)]
    struct Apps {
        data: Vec<App>,
    }
    #[derive(Deserialize)]
    struct App {
        attributes: Attributes,
    }
    #[derive(Deserialize)]
    struct Attributes {
        #[serde(rename = "bundleId")]
        bundle_id: String,
    }
    serde_json::from_slice::<Apps>(body)
        .is_ok_and(|apps| apps.data.iter().any(|app| app.attributes.bundle_id == bundle_id))
}
