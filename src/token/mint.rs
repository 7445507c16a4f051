//! Signing a token: jsonwebtoken builds it, p256 signs it.
//!
//! jsonwebtoken's own cryptography stays switched off, so that neither `rsa` nor a second ECDSA is linked.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    crypto::{CryptoProvider, JwtSigner, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Signer},
};
use zeroize::Zeroizing;

use super::{Audience, Lifetime, Scope, TokenError, claims::Claims};
use crate::credential::{Credential, KeyKind, PrivateKey};

/// What kind of token is wanted. Exists only if Apple's rules allow it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    lifetime: Lifetime,
    scopes: Vec<Scope>,
    audience: Audience,
}

impl TokenRequest {
    pub fn new(lifetime: Lifetime, scopes: Vec<Scope>, audience: Audience) -> Result<Self, TokenError> {
        if lifetime.needs_scope() && scopes.is_empty() {
            return Err(TokenError::LongWithoutScope);
        }
        Ok(Self {
            lifetime,
            scopes,
            audience,
        })
    }

    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    pub fn audience(&self) -> Audience {
        self.audience
    }

    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// What is odd about a token that Apple may accept all the same.
    pub fn warning(&self) -> Option<String> {
        let doubtful = self.scopes.iter().find(|scope| !scope.may_be_long_lived())?;
        self.lifetime.needs_scope().then(|| {
            format!(
                "Apple documents lifetimes above 20 minutes for Xcode Cloud and for power and performance metrics only; \
                 it may refuse this token for {}",
                doubtful.as_str()
            )
        })
    }

    /// The request for a token that proves the key: unscoped, and never longer-lived than needed.
    #[must_use]
    pub fn for_proof(&self) -> Self {
        Self {
            lifetime: if self.scopes.is_empty() {
                self.lifetime
            } else {
                Lifetime::BRIEF
            },
            scopes: Vec::new(),
            audience: self.audience,
        }
    }
}

/// A signed token. Wiped when dropped, and never printed by `Debug`.
#[derive(Clone)]
pub struct Token {
    text: Zeroizing<String>,
    expires_at: i64,
}

impl Token {
    /// A token that was minted before, by this process or by another.
    pub(super) fn new(text: String, expires_at: i64) -> Self {
        Self {
            text: Zeroizing::new(text),
            expires_at,
        }
    }

    /// A token that was not minted here, for tests of what is done with its text.
    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            text: Zeroizing::new(text.to_owned()),
            expires_at: 0,
        }
    }

    /// The token itself, for the `Authorization` header and the CI's own output channel only.
    pub fn secret(&self) -> &str {
        &self.text
    }

    /// The third part, without which the other two are no token.
    pub fn signature(&self) -> &str {
        self.text.rsplit('.').next().unwrap_or_default()
    }

    /// `text` without the token and without its two parts that matter: a server may send back what it got.
    pub fn conceal_in(&self, text: &str) -> String {
        let parts = self.text.split('.').skip(1);
        parts.fold(text.replace(self.secret(), "***"), |text, part| {
            text.replace(part, "***")
        })
    }

    /// When it expires (`exp`), to the second.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_second(self.expires_at).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token([redacted], expires at {})", self.expires_at)
    }
}

/// Mints a token that is valid from `now` (Unix seconds). `kind` is the credential's own, or the other
/// one to find out whether the key is of that kind.
pub fn mint(credential: &Credential, kind: &KeyKind, request: &TokenRequest, now: i64) -> Token {
    // A second installation is refused and changes nothing: this process has one provider.
    let _ = PROVIDER.install_default();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(credential.key_id.as_str().to_owned());
    let claims = Claims::new(kind, request.lifetime, &request.scopes, request.audience, now);
    let key = EncodingKey::from_ec_der(&credential.private_key.scalar());
    let text = jsonwebtoken::encode(&header, &claims, &key)
        .unwrap_or_else(|_| unreachable!("a P-256 scalar signs, and these claims are plain JSON"));
    Token::new(text, claims.exp)
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::ES256 => Ok(Box::new(Es256(Zeroizing::new(key.as_bytes().to_vec())))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    verifier_factory: |_, _| Err(Error::from(ErrorKind::InvalidAlgorithm)),
    key_utils: KeyUtils::new_unimplemented(),
};

/// ES256 over p256. The key is the 32-byte scalar.
struct Es256(Zeroizing<Vec<u8>>);

impl Signer<Vec<u8>> for Es256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        PrivateKey::sign(&self.0, message).ok_or_else(signature::Error::new)
    }
}

impl JwtSigner for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
