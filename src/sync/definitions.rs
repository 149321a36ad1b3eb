//! Property columns of a stream.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::OnceCell;

use crate::error::Error;
use crate::hubspot::{self, Api, Definition};
use crate::schema::{PropertyColumn, property_columns};
use crate::streams::{Schema, StreamSpec};

type SharedDefinitions = Rc<OnceCell<Vec<Definition>>>;

/// Cache of property definitions by object type. The first stream that needs a list requests it,
/// and the others wait for the response. An error is returned only to the stream that sent the
/// request.
#[derive(Debug, Default)]
pub struct Definitions {
    by_object: RefCell<HashMap<String, SharedDefinitions>>,
    are_without_texts: Cell<bool>,
}

impl Definitions {
    /// Makes all definitions come without labels and descriptions, which take memory and are only in
    /// the output of `discover`.
    pub(super) fn omit_texts(&self) {
        self.are_without_texts.set(true);
    }

    /// Returns the property columns of a stream, or `None` for a stream without properties.
    pub(super) async fn columns(
        &self,
        api: Api<'_>,
        spec: &StreamSpec<'_>,
        text_only: bool,
    ) -> Result<Option<Vec<PropertyColumn>>, Error> {
        self.look(api, spec, |found| property_columns(found, spec.strategy.legacy(), text_only))
            .await
    }

    /// Calls `look` with the property definitions of a stream's object type. Returns `None` for a
    /// stream without properties.
    pub(super) async fn look<T>(
        &self,
        api: Api<'_>,
        spec: &StreamSpec<'_>,
        look: impl FnOnce(&[Definition]) -> T,
    ) -> Result<Option<T>, Error> {
        let shared;
        let definitions = match spec.schema {
            Schema::Static(_) => return Ok(None),
            Schema::Known { properties, .. } => properties,
            Schema::Properties { object, .. } => {
                shared = self.of(object);
                shared.get_or_try_init(|| self.request(api, object)).await?
            }
        };
        Ok(Some(look(definitions)))
    }

    async fn request(&self, api: Api<'_>, object: &str) -> Result<Vec<Definition>, Error> {
        let mut definitions = hubspot::definitions(api, object).await?;
        if self.are_without_texts.get() {
            for definition in &mut definitions {
                (definition.label, definition.description) = (String::new(), String::new());
            }
        }
        Ok(definitions)
    }

    fn of(&self, object: &str) -> SharedDefinitions {
        let mut by_object = self.by_object.borrow_mut();
        Rc::clone(by_object.entry(object.to_owned()).or_default())
    }
}
