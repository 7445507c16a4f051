//! What a request asks of the web side, told from its method, its path and its query.

use std::collections::BTreeSet;

use axum::response::Response;
use form_urlencoded::parse;

use crate::answers;

const COLLECTION: &str = "/iris/v1/apiKeys";

/// The kinds of request to the web side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebStep {
    /// `GET …/apiKeys`.
    List,
    /// `POST …/apiKeys`.
    Create,
    /// `GET …/apiKeys/{id}` with `privateKey` among the fields.
    Download,
    /// `GET …/apiKeys/{id}` that includes the provider, whose ID is the issuer ID.
    Issuer,
    /// `PATCH …/apiKeys/{id}`.
    Revoke,
    /// Any other `GET …/apiKeys/{id}`.
    View,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) step: WebStep,
    /// The key it is about; empty for the collection.
    pub(crate) key_id: String,
    pub(crate) query: Query,
}

impl Ask {
    /// Reads a request, or gives what to answer to one that asks for nothing there is.
    pub(crate) fn read(method: &str, path: &str, query: Option<&str>) -> Result<Self, fn() -> Response> {
        let key_id = key_id(path).ok_or(answers::not_found as fn() -> Response)?;
        let query = Query::read(query.unwrap_or_default());
        let step = match (method, key_id.is_empty()) {
            ("GET", true) => WebStep::List,
            ("POST", true) => WebStep::Create,
            ("GET", false) if query.wants_field("privateKey") => WebStep::Download,
            ("GET", false) if query.includes("provider") => WebStep::Issuer,
            ("GET", false) => WebStep::View,
            ("PATCH", false) => WebStep::Revoke,
            _ => return Err(answers::method_not_allowed),
        };
        Ok(Self {
            step,
            key_id: key_id.to_owned(),
            query,
        })
    }
}

/// The key ID in a path, empty for the collection; None for another place.
fn key_id(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(COLLECTION)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/'))
}

/// Which parts of a document are wanted.
#[derive(Debug, Default)]
pub(crate) struct Query {
    include: BTreeSet<String>,
    /// None asks for all attributes.
    fields: Option<BTreeSet<String>>,
}

impl Query {
    fn read(text: &str) -> Self {
        let list = |value: &str| value.split(',').map(str::to_owned).collect();
        let mut query = Self::default();
        for (name, value) in parse(text.as_bytes()) {
            match name.as_ref() {
                "include" => query.include = list(&value),
                "fields[apiKeys]" => query.fields = Some(list(&value)),
                // The list has one order and one page.
                _ => {}
            }
        }
        query
    }

    pub(crate) fn includes(&self, name: &str) -> bool {
        self.include.contains(name)
    }

    /// Whether anything is to be included.
    pub(crate) fn includes_any(&self) -> bool {
        !self.include.is_empty()
    }

    /// Whether the attribute is to be in the answer.
    pub(crate) fn admits(&self, attribute: &str) -> bool {
        self.fields.is_none() || self.wants_field(attribute)
    }

    fn wants_field(&self, attribute: &str) -> bool {
        self.fields.as_ref().is_some_and(|fields| fields.contains(attribute))
    }
}
