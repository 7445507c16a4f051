//! The proof of a key that was just made: Apple may take a while to know it everywhere.

use reqwest::StatusCode;

use super::{
    Client, ConnectError, Mint,
    http::Answer,
    validate::{PROBE, accept, refused},
};
use crate::{clock::Clock, source::Resolved};

/// How Apple answered to a key that it knows.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// The clock to mint further tokens by.
    pub clock: Clock,
    /// Whether its role may list apps. If not, Apple knows the key all the same.
    pub sees_apps: bool,
}

/// Asks with `GET /v1/apps?limit=1` until Apple knows the key, or the client's budget ends. A key that Apple knows and
/// forbids this is known: not every role lists apps. A 403 that Apple did not write, a proxy's page, proves nothing.
pub async fn until_accepted(
    client: &mut Client,
    resolved: &Resolved,
    mint: &mut Mint<'_>,
) -> Result<Accepted, ConnectError> {
    let kind = &resolved.credential.kind;
    let mut clock = Clock::default();
    loop {
        let token = mint(kind, clock)?;
        let answer = client.get(PROBE, &token).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => {
                if let Some(skew) = answer.skew.filter(|skew| skew.needs_correction()) {
                    clock = Clock::corrected_by(skew);
                }
                if !client.pause().await {
                    return Err(refused(client, resolved, &answer, clock, mint).await);
                }
            }
            StatusCode::FORBIDDEN if is_apples_own(&answer) => {
                return Ok(Accepted {
                    clock,
                    sees_apps: false,
                });
            }
            _ => {
                accept(client, resolved, &answer)?;
                return Ok(Accepted { clock, sees_apps: true });
            }
        }
    }
}

/// Whether a 403 is in Apple's own words.
fn is_apples_own(answer: &Answer) -> bool {
    let error = answer.error.as_ref();
    error.is_some_and(|error| error.is("FORBIDDEN") || error.is("FORBIDDEN_ERROR"))
}
