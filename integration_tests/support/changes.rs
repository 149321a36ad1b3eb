//! Constructors of [`Change`]s to the records of a portal.

use hubspot_simulator::portal::{EmailEvents, Submissions, Values};
use hubspot_simulator::{Change, Records};

/// Sets the modified date of records, and a property that the simulator chooses.
pub(crate) fn modify(object: &str, records: Records) -> Change {
    Change::Modify { object: object.to_owned(), records, properties: Values::new() }
}

/// Sets the modified date and one property of records.
pub(crate) fn set(object: &str, records: Records, property: &str, value: &str) -> Change {
    set_all(object, records, &[(property, value)])
}

/// Sets the modified date and some properties of records.
pub(crate) fn set_all(object: &str, records: Records, values: &[(&str, &str)]) -> Change {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
    Change::Modify { object: object.to_owned(), records, properties: values.collect() }
}

/// Creates records with the next free ids.
pub(crate) fn create(object: &str, count: u64) -> Change {
    Change::Create { object: object.to_owned(), count, id: None, properties: Values::new() }
}

/// Creates one record with a given id.
pub(crate) fn create_with_id(object: &str, id: u64) -> Change {
    Change::Create { object: object.to_owned(), count: 1, id: Some(id), properties: Values::new() }
}

pub(crate) fn archive(object: &str, records: Records) -> Change {
    Change::Archive { object: object.to_owned(), records }
}

pub(crate) fn restore(object: &str, records: Records) -> Change {
    Change::Restore { object: object.to_owned(), records }
}

pub(crate) fn merge(object: &str, winner: u64, loser: u64) -> Change {
    Change::Merge { object: object.to_owned(), winner, loser }
}

/// Sets one modified date, by default that of the change, on all records of a type.
pub(crate) fn touch_all(object: &str, at_ms: Option<i64>) -> Change {
    Change::BulkTouch { object: object.to_owned(), from_id: None, to_id: None, at_ms }
}

/// Sets the modified date of the change on the records of an id range, both ends included.
pub(crate) fn touch_range(object: &str, from_id: u64, to_id: u64) -> Change {
    let (from_id, to_id) = (Some(from_id), Some(to_id));
    Change::BulkTouch { object: object.to_owned(), from_id, to_id, at_ms: None }
}

pub(crate) fn create_property(object: &str, name: &str, property_type: &str) -> Change {
    let (object, name) = (object.to_owned(), name.to_owned());
    Change::CreateProperty { object, name, property_type: property_type.to_owned() }
}

pub(crate) fn archive_property(object: &str, name: &str) -> Change {
    Change::ArchiveProperty { object: object.to_owned(), name: name.to_owned() }
}

/// Submits a form `count` times.
pub(crate) fn submit_form(form: &str, count: u64) -> Change {
    let (form, values) = (form.to_owned(), Values::new());
    Change::SubmitForm(Submissions { form, count, at_ms: None, values })
}

/// Adds e-mail events that become visible after a delay, in milliseconds.
pub(crate) fn email_events(count: u64, delay_ms: i64) -> Change {
    Change::EmailEvents(EmailEvents {
        count,
        at_ms: None,
        delay_ms: Some(delay_ms),
        event_type: None,
        recipient: None,
        campaign: None,
    })
}
