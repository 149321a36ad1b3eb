//! Rows found at run time: the portal's custom objects.

use super::registry::{CUSTOM_OBJECT, STREAMS};
use super::spec::{Family, Schema, StreamSpec};
use crate::hubspot::CustomObject;

/// A custom object with the name of its stream.
#[derive(Debug, Clone)]
pub struct CustomStream {
    name: String,
    object: CustomObject,
}

impl CustomStream {
    /// Names the stream: as the object, with `custom_` before it if a built-in stream is called
    /// so.
    pub fn new(object: CustomObject) -> Self {
        let is_taken = STREAMS.iter().any(|row| row.name == object.name);
        let name = if is_taken { format!("custom_{}", object.name) } else { object.name.clone() };
        Self { name, object }
    }

    /// The stream's row.
    pub fn row(&self) -> StreamSpec<'_> {
        let Schema::Known { fields, .. } = CUSTOM_OBJECT.schema else { return CUSTOM_OBJECT };
        let Family::CrmObject { modified, .. } = CUSTOM_OBJECT.family else { return CUSTOM_OBJECT };
        StreamSpec {
            name: &self.name,
            family: Family::CrmObject { object: &self.object.fully_qualified_name, modified },
            schema: Schema::Known { fields, properties: &self.object.properties },
            ..CUSTOM_OBJECT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_prefix() {
        for (name, expected) in [("boats", "boats"), ("deals", "custom_deals")] {
            let object = CustomObject {
                name: name.into(),
                fully_qualified_name: format!("p4_{name}"),
                properties: Vec::new(),
            };
            let stream = CustomStream::new(object);
            assert_eq!(stream.row().name, expected);
            assert!(
                matches!(stream.row().family, Family::CrmObject { object, .. } if object.ends_with(name))
            );
        }
    }
}
