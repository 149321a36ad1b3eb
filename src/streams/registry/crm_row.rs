//! Streams of the records of a CRM object type, live and archived.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{
    CrmArchived, CrmColumns, CrmObject, FieldDefault, ObjectType, ReadStrategy,
};
use super::UPDATED_AT;
use crate::hubspot::CustomObject;
use crate::record::Kind;
use crate::schema::Legacy;

/// Columns of a record besides its properties and associated ids.
const RECORD: &str = include_str!("../../../schemas/shared/crm_record.json");
const ARCHIVED_RECORD: &str = include_str!("../../../schemas/shared/crm_archived_record.json");

const ARCHIVED_AT: Option<CursorField> = Some(CursorField::iso("archivedAt").replaceable());

/// Uses `createdAt` if HubSpot does not report when a record was archived.
const ARCHIVED_DEFAULTS: &[FieldDefault] =
    &[FieldDefault { field: "archivedAt", or: Some("createdAt"), cast: None }];

/// A CRM object type with its two streams.
pub(super) struct CrmRow {
    /// Name of the stream of live records.
    pub(super) name: &'static str,
    /// Name of the stream of archived records.
    pub(super) archived: &'static str,
    pub(super) object: ObjectType<'static>,
    /// Object types whose associated ids are columns.
    pub(super) associations: &'static [&'static str],
    /// Properties that are also shown under an older name.
    pub(super) legacy: &'static [Legacy],
    /// Cursor of the stream of live records.
    pub(super) cursor: Option<CursorField>,
    pub(super) scopes: Scopes<'static>,
    pub(super) docs: &'static str,
}

impl CrmRow {
    /// Returns the definitions of the streams of live and of archived records.
    pub(super) const fn specs(&self) -> [StreamSpec<'static>; 2] {
        let (object, associations, legacy) = (self.object, self.associations, self.legacy);
        let live = CrmColumns { associations, legacy, defaults: &[] };
        let archived = CrmColumns { associations, legacy, defaults: ARCHIVED_DEFAULTS };
        [
            StreamSpec {
                name: self.name,
                strategy: ReadStrategy::CrmObject(CrmObject { object, columns: live }),
                primary_key: &["id"],
                cursor: self.cursor,
                schema: Schema::Properties { fields: RECORD, object: object.name },
                scopes: self.scopes,
                docs: self.docs,
            },
            StreamSpec {
                name: self.archived,
                strategy: ReadStrategy::CrmArchived(CrmArchived {
                    object: object.name,
                    columns: archived,
                }),
                primary_key: &["id"],
                cursor: ARCHIVED_AT,
                schema: Schema::Properties { fields: ARCHIVED_RECORD, object: object.name },
                scopes: self.scopes,
                docs: self.docs,
            },
        ]
    }
}

/// Scopes required to read the records of a custom object.
pub(in crate::streams) const CUSTOM_OBJECT_SCOPES: Scopes<'static> =
    Scopes::all(&["crm.objects.custom.read"]);

const CUSTOM_OBJECT_GUIDE: &str =
    "https://developers.hubspot.com/docs/api-reference/crm-custom-objects-v3/guide";

/// Returns the definition of the stream of a custom object.
pub(in crate::streams) fn custom_object<'a>(
    name: &'a str,
    object: &'a CustomObject,
) -> StreamSpec<'a> {
    const DEFAULTS: &[FieldDefault] = &[
        FieldDefault { field: "createdAt", or: None, cast: Some(Kind::Datetime) },
        FieldDefault { field: "updatedAt", or: Some("createdAt"), cast: Some(Kind::Datetime) },
    ];
    StreamSpec {
        name,
        strategy: ReadStrategy::CrmObject(CrmObject {
            object: ObjectType::named(&object.fully_qualified_name),
            columns: CrmColumns { associations: &[], legacy: &[], defaults: DEFAULTS },
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Known { fields: RECORD, properties: &object.properties },
        scopes: CUSTOM_OBJECT_SCOPES,
        docs: CUSTOM_OBJECT_GUIDE,
    }
}

/// Returns the definition of the stream of the archived records of a custom object.
pub(in crate::streams) fn custom_object_archived<'a>(
    name: &'a str,
    object: &'a CustomObject,
) -> StreamSpec<'a> {
    StreamSpec {
        name,
        strategy: ReadStrategy::CrmArchived(CrmArchived {
            object: &object.fully_qualified_name,
            columns: CrmColumns { associations: &[], legacy: &[], defaults: ARCHIVED_DEFAULTS },
        }),
        primary_key: &["id"],
        cursor: ARCHIVED_AT,
        schema: Schema::Known { fields: ARCHIVED_RECORD, properties: &object.properties },
        scopes: CUSTOM_OBJECT_SCOPES,
        docs: CUSTOM_OBJECT_GUIDE,
    }
}
