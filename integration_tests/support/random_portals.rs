//! Random portals, changes and faults; the same seed gives the same values.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::portal::{
    EmailEvents, ListRecords, Submissions, SubscriptionChanges, Values,
};
use hubspot_simulator::settings::{
    ArchivedAssociations, BatchOrder, IdForm, ListCursor, MissingAssociations, SubmissionCursor,
};
use hubspot_simulator::{
    AccountSpec, Change, Config, CustomSpec, Fault, Kind, MarketingSpec, Policy, Portal,
    PortalSpec, Records, Settings, Which,
};
use serde_json::{Value, json};

use super::rng::Rng;
use super::{Catalog, Mode, calm};

/// Streams of every read mode, and the object type that each requires, if any.
const STREAMS: &[(&str, &str)] = &[
    ("boats", "p4455_boats"),
    ("companies", "companies"),
    ("companies_property_history", "companies"),
    ("contacts", "contacts"),
    ("contacts_property_history", "contacts"),
    ("deals", "deals"),
    ("deals_archived", "deals"),
    ("deals_property_history", "deals"),
    ("email_events", ""),
    ("engagements", "calls"),
    ("engagements_calls", "calls"),
    ("engagements_notes", "notes"),
    ("form_submissions", ""),
    ("list_memberships", "contacts"),
    ("subscription_changes", ""),
    ("tickets", "tickets"),
];

/// The object types that are changed.
const OBJECTS: [&str; 7] =
    ["calls", "companies", "contacts", "deals", "notes", "p4455_boats", "tickets"];

/// Draws two to four streams.
pub(crate) fn streams(rng: &mut Rng) -> Vec<&'static str> {
    let mut names = Vec::new();
    for _ in 0..rng.between(2, 5) {
        names.push(rng.pick(STREAMS).0);
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Draws a catalog with all columns, or with only the `id` column where possible.
pub(crate) fn catalog(rng: &mut Rng, streams: &[&str]) -> Catalog {
    let mut catalog = Catalog::of(streams, Mode::Incremental);
    // Submissions have no key column.
    let has_key = |configured: &&mut Value| configured["stream"]["name"] != "form_submissions";
    if !rng.once_in(6) {
        for configured in catalog.streams().iter_mut().filter(has_key) {
            configured["stream"]["json_schema"] =
                json!({ "properties": { "id": { "type": "string" } } });
        }
    }
    catalog
}

/// Draws a simulator for these streams, with random settings for undocumented behavior.
pub(crate) fn config(rng: &mut Rng, streams: &[&str]) -> Config {
    let seed = rng.next();
    let mut count = |object: &str| {
        let of = |name: &&str| STREAMS.iter().any(|row| row.0 == *name && row.1 == object);
        let is_history = streams.iter().any(|name| name.ends_with("_history") && of(name));
        match (streams.iter().any(of), rng.between(0, 60)) {
            (false, _) => rng.between(0, 8),
            (true, _) if is_history => rng.between(0, 10),
            (true, 0..50) => rng.between(0, 50),
            (true, 50..57) => rng.between(100, 330),
            (true, _) => rng.between(700, 1_100),
        }
    };
    let others = ["calls", "notes"].map(|name| (name.to_owned(), count(name)));
    let portal = PortalSpec {
        seed,
        contacts: count("contacts"),
        companies: count("companies"),
        deals: count("deals"),
        tickets: count("tickets"),
        owners: 2,
        custom_objects: vec![CustomSpec {
            name: "boats".to_owned(),
            records: count("p4455_boats"),
        }],
        others: BTreeMap::from(others),
        properties: 0,
        archived_share: if rng.once_in(2) { 0.2 } else { 0.0 },
        account: AccountSpec { events: 0, ..AccountSpec::default() },
        marketing: MarketingSpec {
            lists: rng.between(0, 6),
            largest_list: rng.between(1, 12),
            forms: rng.between(0, 9),
            form_submissions: rng.between(0, 9),
            busiest_form: rng.between(1, 80),
            email_events: rng.between(0, 60),
            subscription_changes: rng.between(0, 60),
            ..MarketingSpec::default()
        },
        ..PortalSpec::default()
    };
    let config = calm(portal.clone());
    let settings = settings(rng, config.settings);
    Config { settings, ..calm(portal) }
}

fn settings(rng: &mut Rng, settings: Settings) -> Settings {
    Settings {
        quota: true,
        index_lag_ms: (0, *rng.pick(&[0, 20_000, 240_000, 600_000, 3_000_000])),
        short_page_every: *rng.pick(&[0, 0, 0, 2, 3]),
        page_cap: *rng.pick(&[None, None, None, Some(20)]),
        list_cursor: *rng.pick(&[ListCursor::NextId, ListCursor::NextId, ListCursor::Opaque]),
        inline_associations_page: *rng.pick(&[1, 3, 100]),
        associations_page: *rng.pick(&[2, 500]),
        archived_associations: *rng.pick(&[ArchivedAssociations::Gone, ArchivedAssociations::Kept]),
        missing_associations: *rng
            .pick(&[MissingAssociations::LeaveOut, MissingAssociations::MultiStatus]),
        to_object_id: *rng.pick(&[IdForm::Number, IdForm::Text]),
        batch_order: *rng.pick(&[BatchOrder::AsAsked, BatchOrder::Shuffled]),
        submission_cursor: *rng.pick(&[SubmissionCursor::Key, SubmissionCursor::Offset]),
        retry_after_s: *rng.pick(&[None, Some(1)]),
        ..settings
    }
}

/// Draws the time between two syncs.
pub(crate) fn pause(rng: &mut Rng) -> Duration {
    Duration::from_secs(*rng.pick(&[11, 60, 240, 900, 3_700, 11_000]))
}

/// Draws `count` changes, each to be applied right before a request with a number up to `spread`.
pub(crate) fn changes(
    rng: &mut Rng,
    portal: &Portal,
    count: u64,
    spread: u64,
) -> Vec<(u64, Change)> {
    let draw = |_| Some((rng.between(1, spread + 1), change(rng, portal)?));
    (0..count).filter_map(draw).collect()
}

fn change(rng: &mut Rng, portal: &Portal) -> Option<Change> {
    let object = (*rng.pick(&OBJECTS)).to_owned();
    let ids: Vec<u64> = portal.ids(&object).collect();
    let contacts: Vec<u64> = portal.ids("contacts").collect();
    let lists = portal.list_ids();
    let forms = portal.form_ids(false);
    Some(match rng.between(0, 22) {
        0..6 if !ids.is_empty() => {
            let records = Records::Id(*rng.pick(&ids));
            Change::Modify { object, records, properties: Values::new() }
        }
        6..8 => {
            let records = Records::Sample { share: 0.3, seed: rng.next() };
            Change::Modify { object, records, properties: Values::new() }
        }
        8..10 => {
            Change::Create { object, count: rng.between(1, 5), id: None, properties: Values::new() }
        }
        10 | 11 if !ids.is_empty() => {
            Change::Archive { object, records: Records::Id(*rng.pick(&ids)) }
        }
        12 if !ids.is_empty() => Change::Purge { object, records: Records::Id(*rng.pick(&ids)) },
        13 if ids.len() > 1 => {
            let (winner, loser) = (*rng.pick(&ids), *rng.pick(&ids));
            (winner != loser).then_some(Change::Merge { object, winner, loser })?
        }
        14 if !ids.is_empty() => {
            let (one, other) = (*rng.pick(&ids), *rng.pick(&ids));
            let (from_id, to_id) = (Some(one.min(other)), Some(one.max(other)));
            Change::BulkTouch { object, from_id, to_id, at_ms: None }
        }
        15 if !contacts.is_empty() && !ids.is_empty() => Change::Associate {
            from_object: "contacts".to_owned(),
            from_id: *rng.pick(&contacts),
            to_object: object,
            to_id: *rng.pick(&ids),
            label: None,
        },
        16 if !forms.is_empty() => Change::SubmitForm(Submissions {
            form: rng.pick(&forms).0.clone(),
            count: rng.between(1, 4),
            at_ms: None,
            values: Values::new(),
        }),
        17 | 18 => {
            let contacts_only = lists.iter().filter(|(_, object)| object == "0-1");
            let lists: Vec<u64> = contacts_only.map(|(id, _)| *id).collect();
            if lists.is_empty() || contacts.is_empty() {
                return None;
            }
            let change =
                ListRecords { list: *rng.pick(&lists), records: vec![*rng.pick(&contacts)] };
            if rng.once_in(2) {
                Change::AddListMembers(change)
            } else {
                Change::RemoveListMembers(change)
            }
        }
        19 | 20 => Change::EmailEvents(EmailEvents {
            count: rng.between(1, 4),
            at_ms: None,
            delay_ms: Some(*rng.pick(&[0, 60_000, 3_000_000])),
            event_type: None,
            recipient: None,
            campaign: None,
        }),
        21 => Change::ChangeSubscriptions(SubscriptionChanges {
            count: rng.between(1, 4),
            at_ms: None,
            recipient: None,
            change: None,
        }),
        _ => return None,
    })
}

/// Draws up to three temporary faults.
pub(crate) fn faults(rng: &mut Rng) -> Vec<Fault> {
    let mut faults: Vec<_> = (0..rng.between(0, 4)).map(|_| fault(rng)).collect();
    // A second one for the same request would mean that the token is invalid.
    let mut is_first = true;
    faults.retain(|fault| fault.kind != Kind::ExpiredToken || std::mem::take(&mut is_first));
    faults
}

fn fault(rng: &mut Rng) -> Fault {
    let kind = match rng.between(0, 15) {
        // Several rate-limited requests in a row.
        0 | 1 => {
            let policy = *rng.pick(&[Policy::TenSecondlyRolling, Policy::Secondly]);
            let on = Which::nth(rng.between(1, 12));
            let kind = Kind::RateLimited { policy, retry_after_s: Some(rng.between(0, 2)) };
            return Fault::new(on, kind).times(rng.between(1, 7));
        }
        2 | 3 => {
            let code = *rng.pick(&[423, 477, 500, 502, 503, 504, 521]);
            Kind::Status { code, retry_after_s: Some(0) }
        }
        4 => Kind::Reset,
        5 => Kind::ResetAfter { bytes: usize::try_from(rng.between(0, 600)).expect("small") },
        6 => Kind::Truncated { bytes: None },
        7 => Kind::Garbage,
        8 => return Fault::new(Which::all(), Kind::Pretty),
        9 => Kind::Late { ms: rng.between(1, 60) },
        10 => return Fault::new(Which::nth(rng.between(1, 12)), Kind::ExpiredToken),
        11 => Kind::ShortPage,
        12 => return Fault::new(Which::endpoint("objects.search"), Kind::EmptyPage).times(2),
        13 => return Fault::new(Which::nth(rng.between(1, 9)), Kind::OpaqueCursor).times(2),
        _ => {
            let kind = Kind::RateLimited { policy: Policy::Daily, retry_after_s: None };
            return Fault::new(Which::nth(rng.between(3, 30)), kind).times(1);
        }
    };
    Fault::new(Which::share(0.2, rng.next()), kind).times(2)
}
