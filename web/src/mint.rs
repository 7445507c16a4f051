//! A token made in the browser, to try with curl.

use asc_auth::{
    explanation::Fact,
    token::{self, Audience, Lifetime, Scope, TokenError, TokenRequest},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    check::check,
    given::Given,
    verdict::{Tone, Verdict, fact},
};

/// The token that is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// `15m`; empty for the default.
    lifetime: String,
    /// One a line.
    scope: String,
    in_house: bool,
}

#[derive(Serialize)]
pub(crate) struct Minted {
    problem: Option<Verdict>,
    token: Option<Zeroizing<String>>,
    lines: Vec<Fact>,
    /// What a shell tries it with. It does not hold the token, which would stand in the list of processes.
    r#try: Option<String>,
}

pub(crate) fn mint(given: Given, wanted: &Wanted, now: i64) -> Minted {
    let request = match wanted.request() {
        Ok(request) => request,
        Err(error) => return Minted::refused(Verdict::of(Tone::Wrong, error.explain())),
    };
    if let Some(problem) = check(&given).problem() {
        return Minted::refused(problem);
    }
    let Some(credential) = given.into_credential() else {
        return Minted::refused(
            Verdict::new(
                Tone::Waiting,
                "a token needs a key ID, an issuer ID and a private key that can be right",
            )
            .advice("Fill in the fields under Check. An individual key needs no issuer ID."),
        );
    };
    let token = token::mint(&credential, &credential.kind, &request, now);
    let key = format!("{} ({} key)", credential.key_id, credential.kind.name());
    let until = format!(
        "{} ({}), by this browser's clock",
        token.expires(),
        request.lifetime().describe()
    );
    let mut lines = vec![fact("key", key), fact("until", until)];
    lines.extend(request.scopes().iter().map(|scope| fact("scope", scope.as_str())));
    lines.extend(request.warning().map(|warning| fact("warning", warning)));
    Minted {
        problem: None,
        token: Some(Zeroizing::new(token.secret().to_owned())),
        lines,
        r#try: Some(try_it(&request)),
    }
}

impl Minted {
    fn refused(problem: Verdict) -> Self {
        Self {
            problem: Some(problem),
            token: None,
            lines: Vec::new(),
            r#try: None,
        }
    }
}

impl Wanted {
    fn request(&self) -> Result<TokenRequest, TokenError> {
        let lifetime = match self.lifetime.trim() {
            "" => Lifetime::DEFAULT,
            text => Lifetime::parse(text)?,
        };
        let audience = if self.in_house {
            Audience::Enterprise
        } else {
            Audience::AppStoreConnect
        };
        TokenRequest::new(lifetime, Scope::parse_lines(&self.scope)?, audience)
    }
}

/// `read` and `printf` are the shell's own, so that the token stands in no argument and in no history. One compound command:
/// what is pasted after it goes to `read`, and is not taken for a command.
fn try_it(request: &TokenRequest) -> String {
    let host = match request.audience() {
        Audience::AppStoreConnect => "api.appstoreconnect.apple.com",
        Audience::Enterprise => "api.enterprise.developer.apple.com",
    };
    let target = request
        .scopes()
        .first()
        .and_then(|scope| scope.as_str().strip_prefix("GET "))
        .unwrap_or("/v1/apps?limit=1");
    let url = format!("https://{host}{target}").replace('\'', "%27");
    format!(
        "{{\n  \
         stty -echo 2>/dev/null; IFS= read -r ASC_TOKEN; stty echo 2>/dev/null\n  \
         printf 'Authorization: Bearer %s\\n' \"$ASC_TOKEN\" |\n    \
         curl --globoff --include --header @- '{url}'\n\
         }}\n"
    )
}
