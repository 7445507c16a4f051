//! What `setup` and `exec` make alike: the token, and a private directory with the key file, the token and a record of
//! both, from which `token` goes on.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    clock::Clock,
    connect::Proof,
    convention::Convention,
    credential::{KeyFileName, KeyKind},
    error::Error,
    handoff::{self, Handed, HandoffError, PrivateDir, Secrets, Variable, forms_of_token},
    report::Console,
    source::{AUTH_DIR, Environment, RECORD, Record, Resolved, fit_directory},
    token::{self, Audience, Cache, Purpose, Scope, Token, TokenRequest, mint},
};

/// Variables that hold a key, or that name a credential which has been resolved by now.
const NOT_PASSED_ON: [&str; 4] = [
    "ASC_PRIVATE_KEY",
    "ASC_PRIVATE_KEY_B64",
    "INPUT_PRIVATE-KEY",
    "ASC_PROFILE",
];

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) resolved: &'a Resolved,
    pub(super) request: &'a TokenRequest,
    pub(super) export: &'a [Convention],
    pub(super) proof: Option<&'a Proof>,
    /// What is known of the time without a proof.
    pub(super) clock: Clock,
}

/// A filled private directory. Dropping it removes the directory.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) order: Order<'a>,
    pub(super) directory: PrivateDir,
    pub(super) token: Token,
    pub(super) key_path: PathBuf,
    pub(super) fastlane_json: Option<PathBuf>,
}

impl<'a> Session<'a> {
    /// Mints the token and fills the directory.
    pub(super) fn make(
        order: Order<'a>,
        directory: PrivateDir,
        environment: &Environment,
        console: Console,
    ) -> Result<Self, Error> {
        let Order {
            resolved,
            request,
            export,
            proof,
            ..
        } = order;
        let clock = proof.map_or(order.clock, |proof| proof.clock);
        let token = token_to_hand_over(&order, clock, console)?;
        // This may run inside of an exec or after a setup: each redacts what it is told of, and so do we.
        if let Some(outer) = fit_directory(environment.path(AUTH_DIR)) {
            token::share(&outer, directory.path())
                .and_then(|()| token::tell(&outer, &token))
                .map_err(|error| HandoffError::write("the token", outer, &error))?;
        }
        let credential = &resolved.credential;
        let pem = credential.private_key.to_pem();
        let key_file = KeyFileName::of(&credential.key_id, credential.kind == KeyKind::Individual);
        let key_path = directory.write(&key_file, pem.as_bytes())?;
        let fastlane_json = if export.contains(&Convention::Fastlane) {
            let json = handoff::fastlane_json(
                &credential.key_id,
                &credential.kind,
                &pem,
                request.lifetime().as_secs(),
                request.audience() == Audience::Enterprise,
            );
            Some(directory.write(handoff::FASTLANE_JSON, &json)?)
        } else {
            None
        };
        let session = Self {
            order,
            directory,
            token,
            key_path,
            fastlane_json,
        };
        session.keep(&key_file, pem.as_bytes(), clock)?;
        Ok(session)
    }

    /// Everything that a step finds in its environment.
    pub(super) fn variables(&self) -> Result<Vec<Variable>, HandoffError> {
        handoff::session(&self.handed(), &self.token, self.order.export)
    }

    /// The environment of a child: ours without the key, which variables of the names `others` may hold as well, and with
    /// what is handed over.
    pub(super) fn environment(&self, others: &[&str]) -> Result<Vec<(OsString, OsString)>, HandoffError> {
        let variables = self.variables()?;
        let mut hidden: Vec<&str> = NOT_PASSED_ON.to_vec();
        hidden.extend(self.not_for_this_kind());
        hidden.extend(others);
        hidden.extend(variables.iter().map(|variable| variable.name));
        let inherited = env::vars_os().filter(|(name, _)| hidden.iter().all(|hidden| name != hidden));
        let handed = variables
            .iter()
            .map(|variable| (variable.name.into(), variable.value.as_str().into()));
        Ok(inherited.chain(handed).collect())
    }

    /// Every variable in which a tool may have been given a credential.
    pub(super) fn convention_variables(&self) -> Result<Vec<&'static str>, HandoffError> {
        handoff::every_variable(&self.handed())
    }

    /// What a step finds in its environment, for a shell to read.
    pub(super) fn write_env_file(&self, path_entry: Option<&Path>) -> Result<PathBuf, HandoffError> {
        handoff::write_env_file(
            &self.directory,
            &self.variables()?,
            &self.not_for_this_kind(),
            path_entry,
        )
    }

    /// Variables that would tell a tool something wrong about this kind of key.
    pub(super) fn not_for_this_kind(&self) -> Vec<&'static str> {
        match self.order.resolved.credential.kind {
            KeyKind::Team(_) => Vec::new(),
            KeyKind::Individual => vec!["ASC_ISSUER_ID"],
        }
    }

    /// The private directory's variable, and what the tools of `export` read.
    pub(super) fn exported(&self) -> Result<Vec<Variable>, HandoffError> {
        handoff::exported(&self.handed(), self.order.export)
    }

    fn handed(&self) -> Handed<'_> {
        let credential = &self.order.resolved.credential;
        Handed {
            key_id: &credential.key_id,
            kind: &credential.kind,
            key_path: &self.key_path,
            directory: self.directory.path(),
            fastlane_json: self.fastlane_json.as_deref(),
        }
    }

    /// Writes the record, and the token into the cache.
    fn keep(&self, key_file: &str, key: &[u8], clock: Clock) -> Result<(), Error> {
        let Order { resolved, request, .. } = self.order;
        let credential = &resolved.credential;
        let scopes: Vec<&str> = request.scopes().iter().map(Scope::as_str).collect();
        let record = Record {
            key_id: credential.key_id.to_string(),
            issuer_id: credential.kind.issuer_id().map(ToString::to_string),
            key_file: key_file.to_owned(),
            in_house: request.audience() == Audience::Enterprise,
            lifetime: request.lifetime().as_secs(),
            scopes: scopes.join("\n"),
            clock_correction: clock.correction(),
        };
        let json = serde_json::to_vec(&record).map_err(|error| Error::Output(error.into()))?;
        self.directory.write(RECORD, &json)?;
        let purpose = Purpose::of(key, &credential.key_id, &credential.kind, request);
        let directory = self.directory.path();
        Cache::new(directory, purpose)
            .store(&self.token, clock.now())
            .map_err(|error| HandoffError::write("the token", directory, &error))?;
        Ok(())
    }
}

/// What a child's output must not show: the key, the token, and the one that a `setup` before has put into the
/// environment.
pub(super) fn secrets(resolved: &Resolved, token: &Token, environment: &Environment) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.add_key(&resolved.credential.private_key);
    secrets.add_token(token.secret());
    // Something shorter is no token, and would hit innocent text.
    let before = environment.get("ASC_TOKEN");
    if let Some(before) = before.text().filter(|text| text.len() > 64) {
        secrets.add_token(before);
    }
    secrets
}

/// The token that Apple has just accepted, if it is the one that was asked for; else a new one by Apple's clock.
fn token_to_hand_over(order: &Order<'_>, clock: Clock, console: Console) -> Result<Token, Error> {
    if let Some(proof) = order.proof
        && order.request.scopes().is_empty()
        && proof.token_has_right_clock()
    {
        return Ok(proof.token.clone());
    }
    let credential = &order.resolved.credential;
    let token = mint(credential, &credential.kind, order.request, clock.now());
    console.mask(|| forms_of_token(&token)).map_err(Error::Output)?;
    Ok(token)
}
