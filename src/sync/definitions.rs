//! The property columns of a stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::Error;
use crate::hubspot::{self, Api, Definition};
use crate::schema::{PropertyColumn, property_columns};
use crate::streams::{Schema, StreamSpec};

type Shared = Arc<OnceCell<Vec<Definition>>>;

/// The property lists of one run, by object type: each is asked for once, by the first stream
/// that needs it. Others wait for that answer; an error is only the asker's.
#[derive(Debug, Default)]
pub struct Definitions {
    by_object: Mutex<HashMap<String, Shared>>,
}

impl Definitions {
    /// The columns that the portal's properties give a stream; `None` for a stream without any.
    pub(super) async fn columns(
        &self,
        api: Api<'_>,
        row: &StreamSpec<'_>,
        text_only: bool,
    ) -> Result<Option<Vec<PropertyColumn>>, Error> {
        self.look(api, row, |found| property_columns(found, row.legacy, text_only)).await
    }

    /// What `look` sees in the properties of a stream's object type; `None` for a stream without any.
    pub(super) async fn look<T>(
        &self,
        api: Api<'_>,
        row: &StreamSpec<'_>,
        look: impl FnOnce(&[Definition]) -> T,
    ) -> Result<Option<T>, Error> {
        let shared;
        let definitions = match row.schema {
            Schema::Static(_) => return Ok(None),
            Schema::Known { properties, .. } => properties,
            Schema::Properties { object, .. } => {
                shared = self.of(object);
                shared.get_or_try_init(|| hubspot::definitions(api, object)).await?
            }
        };
        Ok(Some(look(definitions)))
    }

    fn of(&self, object: &str) -> Shared {
        let mut by_object = self.by_object.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_object.entry(object.to_owned()).or_default())
    }
}
