//! The web side's refusals, in the form of Apple's error bodies. Their codes and words are Apple's where a tool has
//! quoted them, and likely ones elsewhere.

use axum::response::Response;

use crate::answers::{entity, error};

/// A token came, which belongs to the API.
pub(crate) fn bearer_token() -> Response {
    error(
        400,
        "PARAMETER_ERROR.ILLEGAL",
        "This parameter is not allowed",
        "The header 'Authorization' can not be used with this request",
    )
}

/// A header that a browser sends is missing, or is another site's.
pub(crate) fn not_from_here(header: &str) -> Response {
    error(
        403,
        "FORBIDDEN_ERROR",
        "This request is forbidden for security reasons",
        &format!("The header '{header}' is missing or has an unexpected value"),
    )
}

/// Who is signed in is no Account Holder or Admin.
pub(crate) fn role() -> Response {
    error(
        403,
        "FORBIDDEN_ERROR",
        "This request is forbidden for security reasons",
        "The role of the user does not allow this request",
    )
}

pub(crate) fn no_such_key(key_id: &str) -> Response {
    error(
        404,
        "NOT_FOUND",
        "The specified resource does not exist",
        &format!("There is no resource of type 'apiKeys' with id '{key_id}'"),
    )
}

/// A body that is no JSON.
pub(crate) fn unreadable() -> Response {
    error(
        400,
        "ENTITY_INVALID",
        "JSON processing failed",
        "The request body is not a JSON document",
    )
}

/// The part of the document at `pointer` is missing or can't be.
pub(crate) fn bad_part(pointer: &str) -> Response {
    entity(
        "ENTITY_ERROR.ATTRIBUTE.INVALID",
        "An attribute value is invalid.",
        &format!("The value at '{pointer}' is missing or is not valid for this request"),
        pointer,
    )
}

pub(crate) fn name_taken(nickname: &str) -> Response {
    entity(
        "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE",
        "The provided entity includes an attribute with a value that has already been used",
        &format!("An active key with the name '{nickname}' exists already"),
        "/data/attributes/nickname",
    )
}

pub(crate) fn too_many() -> Response {
    entity(
        "ENTITY_ERROR.LIMIT_EXCEEDED",
        "The number of active keys has reached its limit",
        "Revoke a key that is not used any more before you make another",
        "/data",
    )
}

pub(crate) fn revoked_already() -> Response {
    entity(
        "ENTITY_ERROR.ATTRIBUTE.INVALID",
        "An attribute value is invalid.",
        "The key was revoked before",
        "/data/attributes/isActive",
    )
}
