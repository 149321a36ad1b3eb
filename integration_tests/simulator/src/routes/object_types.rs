//! Object types named in the path of a request.

use crate::message::Answer;
use crate::portal::{Portal, Store};
use crate::refusal;
use crate::route::{Params, Scopes, param};
use crate::settings::DisabledObject;

/// Returns the object type named in a segment of the path.
pub(crate) fn store_of<'a>(
    portal: &'a Portal,
    params: &Params,
    place: usize,
) -> Result<&'a Store, Answer> {
    named_store(portal, param(params, place))
}

/// Returns the object type with a name, or an error if it is unknown or disabled in the account.
pub(crate) fn named_store<'a>(portal: &'a Portal, name: &str) -> Result<&'a Store, Answer> {
    let store = portal.store(name).ok_or_else(|| refusal::unknown_type(name))?;
    if !portal.is_disabled(name) {
        return Ok(store);
    }
    Err(match portal.settings.disabled_object {
        DisabledObject::Forbidden => refusal::disabled_type(&store.object.plural),
        DisabledObject::Unknown => refusal::unknown_type(name),
    })
}

/// Returns the scopes for reading records of the first type in the path.
pub(crate) fn object_scopes(portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
    store_of(portal, params, 0).map(|store| store.object.scopes.clone())
}
