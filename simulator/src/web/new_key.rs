//! The bodies that the web side takes: a key to make, and a key to revoke.

use axum::response::Response;
use serde_json::Value;

use super::answers;
use crate::keys::Role;

/// A key as its form was filled in.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) nickname: String,
    pub(crate) roles: Vec<Role>,
}

impl NewKey {
    /// Reads the body of a request to make a key.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Box<Response>> {
        const NICKNAME: &str = "/data/attributes/nickname";
        const ROLES: &str = "/data/attributes/roles";
        const ALL_APPS: &str = "/data/attributes/allAppsVisible";
        const TYPE: &str = "/data/attributes/keyType";
        let document = document(body)?;
        let nickname = document.pointer(NICKNAME).and_then(Value::as_str);
        let Some(nickname) = nickname.filter(|name| !name.trim().is_empty()) else {
            return refuse(NICKNAME);
        };
        let Some(roles) = document.pointer(ROLES).and_then(roles) else {
            return refuse(ROLES);
        };
        demand(document.pointer(ALL_APPS) == Some(&true.into()), ALL_APPS)?;
        demand(document.pointer(TYPE) == Some(&"PUBLIC_API".into()), TYPE)?;
        Ok(Self {
            nickname: nickname.to_owned(),
            roles,
        })
    }
}

/// Checks the body of a request to revoke the key of this ID.
pub(crate) fn check_revocation(body: &[u8], key_id: &str) -> Result<(), Box<Response>> {
    let document = document(body)?;
    let demand_that = |pointer: &str, value: Value| demand(document.pointer(pointer) == Some(&value), pointer);
    demand_that("/data/id", key_id.into())?;
    demand_that("/data/attributes/isActive", false.into())
}

fn document(body: &[u8]) -> Result<Value, Box<Response>> {
    let document: Value = serde_json::from_slice(body).map_err(|_| Box::new(answers::unreadable()))?;
    demand(document.pointer("/data/type") == Some(&"apiKeys".into()), "/data/type")?;
    Ok(document)
}

/// At least one role, and none that there isn't.
fn roles(names: &Value) -> Option<Vec<Role>> {
    let read = |name: &Value| name.as_str().and_then(Role::read);
    let roles: Vec<Role> = names.as_array()?.iter().map(read).collect::<Option<_>>()?;
    (!roles.is_empty()).then_some(roles)
}

fn demand(holds: bool, pointer: &str) -> Result<(), Box<Response>> {
    if holds { Ok(()) } else { refuse(pointer) }
}

fn refuse<T>(pointer: &str) -> Result<T, Box<Response>> {
    Err(Box::new(answers::bad_part(pointer)))
}
