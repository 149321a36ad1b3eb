//! Changes to a portal, which may happen while it is read.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::portal::account_change::{NewFlow, Occurrences};
use crate::portal::marketing_change::{
    EmailEvents, Guided, ListRecords, NewList, Numbered, Submissions, SubscriptionChanges,
};
use crate::portal::values::Values;

/// Selects the records of a type that a change applies to. Missing records are skipped, except that
/// a change of a single id fails if that record does not fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    Id(u64),
    Ids(Vec<u64>),
    /// A seeded random share (0 to 1) of the live records.
    Sample {
        #[serde(deserialize_with = "share")]
        share: f64,
        seed: u64,
    },
    /// Live records with ids from `from` to `to`, both included.
    Range {
        from: u64,
        to: u64,
    },
    All,
}

/// Reads a share. The fields of a change are buffered until its kind is known, and a number with a
/// fraction keeps its digits in that buffer.
fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    number.as_f64().ok_or_else(|| D::Error::custom("a share is a number"))
}

/// One change. As JSON: `{"kind":"modify","object":"contacts","records":{"id":51}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Creates records with the next free ids, or one record with the given id.
    Create {
        object: String,
        #[serde(default = "one")]
        count: u64,
        #[serde(default)]
        id: Option<u64>,
        #[serde(default)]
        properties: Values,
    },
    /// Sets properties (one chosen by the simulator if none are given) and the modified date.
    Modify {
        object: String,
        records: Records,
        #[serde(default)]
        properties: Values,
    },
    /// Moves records to the recycle bin; the modified date stays.
    Archive {
        object: String,
        records: Records,
    },
    /// Restores records from the recycle bin; the modified date stays. Shares and ranges refer to
    /// the archived records.
    Restore {
        object: String,
        records: Records,
    },
    /// Permanently deletes records, archived ones included.
    Purge {
        object: String,
        records: Records,
    },
    /// Removes `loser`, redirects its id to `winner`, and modifies `winner`.
    Merge {
        object: String,
        winner: u64,
        loser: u64,
    },
    /// Links two records; modified dates do not change.
    Associate {
        from_object: String,
        from_id: u64,
        to_object: String,
        to_id: u64,
        #[serde(default)]
        label: Option<String>,
    },
    /// Removes every link between two records; modified dates do not change.
    Dissociate {
        from_object: String,
        from_id: u64,
        to_object: String,
        to_id: u64,
    },
    /// Sets one modified date on a whole id range (or the type) and changes nothing else.
    BulkTouch {
        object: String,
        #[serde(default)]
        from_id: Option<u64>,
        #[serde(default)]
        to_id: Option<u64>,
        /// The modified date; the instant of the change if left out.
        #[serde(default)]
        at_ms: Option<i64>,
    },
    /// Defines a property. Existing records have no value for it.
    CreateProperty {
        object: String,
        name: String,
        #[serde(default = "string_type")]
        property_type: String,
    },
    /// Archives a property definition; reads no longer know the name.
    ArchiveProperty {
        object: String,
        name: String,
    },
    /// Adds occurrences of an event to a record, now or in the past; the record's modified date
    /// stays.
    Occur(Occurrences),
    CreateFlow(NewFlow),
    /// Toggles a flow; a contact-based one changes in both automation APIs.
    EditFlow(Numbered),
    DeleteFlow(Numbered),
    CreateList(NewList),
    /// Edits the definition of a list; its members stay.
    EditList(Numbered),
    DeleteList(Numbered),
    /// Adds records to a list; the list's `updatedAt` stays.
    AddListMembers(ListRecords),
    /// Removes records from a list; the list's `updatedAt` stays.
    RemoveListMembers(ListRecords),
    CreateForm,
    EditForm(Guided),
    ArchiveForm(Guided),
    /// Submits a form; the form's `updatedAt` stays.
    SubmitForm(Submissions),
    CreateMarketingEmail,
    EditMarketingEmail(Numbered),
    ArchiveMarketingEmail(Numbered),
    EditMarketingCampaign(Guided),
    /// Adds e-mail events, which may lie in the past and may become visible with a delay.
    EmailEvents(EmailEvents),
    ChangeSubscriptions(SubscriptionChanges),
}

fn one() -> u64 {
    1
}

fn string_type() -> String {
    "string".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_from_json() {
        let text = r#"[{"kind":"create","object":"deals"},
            {"kind":"modify","object":"contacts","records":{"sample":{"share":0.5,"seed":3}}},
            {"kind":"archive","object":"contacts","records":{"ids":[1,2]}},
            {"kind":"purge","object":"contacts","records":"all"},
            {"kind":"bulk_touch","object":"companies","at_ms":5},
            {"kind":"occur","object":"contacts","id":51,"event_type":"e_visited_page"},
            {"kind":"create_flow"},{"kind":"edit_flow","id":1551004},
            {"kind":"edit_list","id":311},{"kind":"create_form"},
            {"kind":"add_list_members","list":311,"records":[51]},
            {"kind":"submit_form","form":"x","count":2},
            {"kind":"email_events","event_type":"OPEN","delay_ms":60000}]"#;
        let changes: Vec<Change> = serde_json::from_str(text).expect("changes parse");
        assert_eq!(
            changes.first(),
            Some(&Change::Create {
                object: "deals".to_owned(),
                count: 1,
                id: None,
                properties: Values::new()
            })
        );
        let again = serde_json::to_string(&changes).expect("changes print");
        assert_eq!(serde_json::from_str::<Vec<Change>>(&again).expect("round trip"), changes);
    }
}
