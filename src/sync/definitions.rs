//! The property columns of a stream.

use crate::error::Error;
use crate::hubspot::{self, Api};
use crate::schema::{PropertyColumn, property_columns};
use crate::streams::{Schema, StreamSpec};

/// The columns that the portal's properties give a stream; `None` for a stream without any.
pub(super) async fn properties_of(
    api: Api<'_>,
    row: &StreamSpec<'_>,
    text_only: bool,
) -> Result<Option<Vec<PropertyColumn>>, Error> {
    let definitions;
    let definitions = match row.schema {
        Schema::Static(_) => return Ok(None),
        Schema::Known { properties, .. } => properties,
        Schema::Properties { object, .. } => {
            definitions = hubspot::definitions(api, object).await?;
            &definitions
        }
    };
    Ok(Some(property_columns(definitions, row.legacy, text_only)))
}
