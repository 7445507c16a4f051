//! What every step finds in its environment, wherever it runs: the token, the key file, the private directory, and
//! what the exported conventions add.

use zeroize::Zeroizing;

use super::{Handed, HandoffError};
use crate::{convention::Convention, source::AUTH_DIR, token::Token};

/// A variable that is handed over.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub value: Zeroizing<String>,
    /// Whether a log must not show it.
    pub secret: bool,
}

impl Variable {
    pub fn plain(name: &'static str, value: String) -> Self {
        Self {
            name,
            value: Zeroizing::new(value),
            secret: false,
        }
    }
}

/// `ASC_AUTH_DIR`, and what the tools of `export` read.
pub fn exported(handed: &Handed<'_>, export: &[Convention]) -> Result<Vec<Variable>, HandoffError> {
    let mut variables = vec![Variable::plain(AUTH_DIR, handed.directory.display().to_string())];
    for convention in export {
        for (name, value) in convention.variables(handed)? {
            if variables.iter().all(|known| known.name != name) {
                variables.push(Variable::plain(name, value));
            }
        }
    }
    Ok(variables)
}

/// The token and what the `asc` convention names, and then what is exported besides.
pub fn session(handed: &Handed<'_>, token: &Token, export: &[Convention]) -> Result<Vec<Variable>, HandoffError> {
    let mut variables = vec![
        Variable {
            name: "ASC_TOKEN",
            value: Zeroizing::new(token.secret().to_owned()),
            secret: true,
        },
        Variable::plain("ASC_TOKEN_EXPIRES_AT", token.expires().to_string()),
    ];
    variables.extend(exported(handed, &[&[Convention::Asc], export].concat())?);
    Ok(variables)
}
