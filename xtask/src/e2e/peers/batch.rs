//! What the peers judge: tokens by random keys and by those at the edges, with every claim that asc-auth writes, and
//! spoilt ones. Most are minted in this process; some by the binary.

use std::{path::Path, process::Command};

use asc_auth::{
    credential::{Credential, IssuerId, KeyId, KeyKind, PrivateKey},
    token::{Audience, Lifetime, Scope, TokenRequest, mint},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::{
    TestKey, is_signed_by, random_issuer_id, random_key_id,
    vectors::{edge_keys, vectors},
};

use super::{
    Failure,
    spoil::{signature, spoil},
};
use crate::{Outcome, process::output_of};

const TOKENS: usize = 10_000;
const RANDOM_KEYS: usize = 500;
/// By the binary, which takes longer to start than to sign.
const BY_BINARY: usize = 50;

/// An SPKI of a P-256 key, up to the point. (RFC 5480)
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key, in the form that asc-auth is given it, and what others verify with.
pub(super) struct Signer {
    credential: Credential,
    pkcs8: Vec<u8>,
    /// An uncompressed point.
    public_key: Vec<u8>,
}

impl Signer {
    /// Every third key is an individual's.
    fn new(number: usize, pkcs8: Vec<u8>, public_key: &[u8]) -> Result<Self, Failure> {
        let private_key = PrivateKey::decode(&pkcs8)?;
        let kind = if number.is_multiple_of(3) {
            KeyKind::Individual
        } else {
            KeyKind::Team(IssuerId::parse(&random_issuer_id()).map_err(|_| "an issuer ID is refused")?)
        };
        Ok(Self {
            credential: Credential {
                key_id: KeyId::parse(&random_key_id()).map_err(|_| "a key ID is refused")?,
                kind,
                private_key,
            },
            pkcs8,
            public_key: public_key.to_vec(),
        })
    }

    fn spki(&self) -> String {
        STANDARD.encode([&SPKI_HEAD[..], &self.public_key].concat())
    }

    /// The token that the binary prints.
    fn token_of(&self, binary: &Path) -> Result<String, Failure> {
        let mut command = Command::new(binary);
        command
            .arg("token")
            .env_clear()
            .env("ASC_KEY_ID", self.credential.key_id.as_str())
            .env("ASC_KEY_TYPE", self.credential.kind.name())
            .env("ASC_PRIVATE_KEY", STANDARD.encode(&self.pkcs8));
        if let Some(issuer) = self.credential.kind.issuer_id() {
            command.env("ASC_ISSUER_ID", issuer.as_str());
        }
        Ok(output_of(&mut command)?.trim_end().to_owned())
    }
}

/// A token, and the number of its signer.
pub(super) struct Signed(usize, String);

pub(super) struct Batch {
    pub(super) signers: Vec<Signer>,
    pub(super) tokens: Vec<Signed>,
    pub(super) spoilt: Vec<Signed>,
}

impl Batch {
    pub(super) fn mint(binary: &Path) -> Result<Self, Failure> {
        let mut signers = Vec::new();
        for edge in edge_keys() {
            signers.push(Signer::new(signers.len(), edge.pkcs8_der(), &edge.public_key)?);
        }
        for _ in 0..RANDOM_KEYS {
            let key = TestKey::generate();
            signers.push(Signer::new(signers.len(), key.apple_der(), key.public_key())?);
        }
        let now = Timestamp::now().as_second();
        let mut tokens = Vec::with_capacity(TOKENS);
        for number in 0..TOKENS {
            let by = number % signers.len();
            let signer = &signers[by];
            let token = if number < BY_BINARY {
                signer.token_of(binary)?
            } else {
                let token = mint(&signer.credential, &signer.credential.kind, &request(number)?, now);
                token.secret().to_owned()
            };
            tokens.push(Signed(by, token));
        }
        let spoilt = tokens.iter().enumerate();
        let spoilt = spoilt.map(|(number, Signed(by, token))| Ok(Signed(*by, spoil(token, number)?)));
        let spoilt = spoilt.collect::<Result<_, Failure>>()?;
        Ok(Self {
            signers,
            tokens,
            spoilt,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let signed =
            |all: &[Signed]| -> Vec<Value> { all.iter().map(|Signed(by, token)| json!([by, token])).collect() };
        let keys = vectors(&TestKey::generate());
        let keys = keys.iter().map(|vector| {
            json!({"row": vector.row, "der": STANDARD.encode(&vector.der), "accepted": vector.openssl, "why": vector.why})
        });
        json!({
            "public_keys": self.signers.iter().map(Signer::spki).collect::<Vec<_>>(),
            "tokens": signed(&self.tokens),
            "spoilt": signed(&self.spoilt),
            "keys": keys.collect::<Vec<_>>(),
        })
    }

    pub(super) fn verify_with_ring(&self) -> Outcome {
        let is_good = |Signed(by, token): &Signed| is_signed_by(token, &self.signers[*by].public_key);
        if let Some(Signed(_, token)) = self.tokens.iter().find(|signed| !is_good(signed)) {
            return Err(format!("refused: {token}").into());
        }
        if let Some(Signed(_, token)) = self.spoilt.iter().find(|signed| is_good(signed)) {
            return Err(format!("accepted: {token}").into());
        }
        println!("ring: {} accepted, {} refused", self.tokens.len(), self.spoilt.len());
        Ok(())
    }

    /// How many signatures have what an encoder of numbers gets wrong. Among so many there are some of each.
    pub(super) fn rare_signatures(&self) -> Result<String, Failure> {
        let (mut short, mut high) = (0, 0);
        for Signed(_, token) in &self.tokens {
            let signature = signature(token)?;
            short += usize::from(signature[0] == 0 || signature[32] == 0);
            high += usize::from(signature[32] >= 0x80);
        }
        let told = format!("r or s begins with a zero byte in {short}, s is in the upper half in {high}");
        if short == 0 || high == 0 {
            return Err(told.into());
        }
        Ok(told)
    }
}

/// All that a token can ask for, in turn. None expires before the peers are done.
fn request(number: usize) -> Result<TokenRequest, Failure> {
    let scopes = [
        "GET /v1/apps",
        "GET /v1/ciProducts?limit=5",
        "GET /v1/apps?filter[platform]=IOS",
    ];
    let scopes = scopes.into_iter().take(number % 4).map(Scope::parse);
    let scopes = scopes.collect::<Result<Vec<_>, _>>()?;
    let seconds = 600 + u64::try_from(number)? % 601;
    let seconds = if scopes.is_empty() { seconds } else { seconds * 1000 };
    let audience = match number % 5 {
        0 => Audience::Enterprise,
        _ => Audience::AppStoreConnect,
    };
    Ok(TokenRequest::new(Lifetime::from_secs(seconds)?, scopes, audience)?)
}
