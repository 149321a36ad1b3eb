//! The simulated portal: size, quotas, and changes between the two reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubspot_simulator::{
    Access, Bucket, Change, Config, CustomSpec, Portal, PortalSpec, Records, Simulator,
};

use crate::Result;

/// Text that the demo writes into every record it modifies or creates.
pub(crate) const MARK: &str = "Changed by the demo";

/// Requests per ten seconds that the portal of [`DemoPortal::start`] allows.
pub(crate) const ALLOWED: usize = 250;

const LATENCY: Duration = Duration::from_millis(20);

/// A stream of the demo and its data in the portal.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    /// Number of live records before the first read.
    pub(crate) records: u64,
    /// `true` if it is a CRM object type, which can be searched by modified date.
    pub(crate) is_crm: bool,
    /// Associated object types whose ids are in every record, each in a column of its name.
    pub(crate) associations: &'static [&'static str],
    /// The text property that changes are written to.
    property: &'static str,
}

/// All streams; CRM objects by size, then lists.
pub(crate) const STREAMS: [Stream; 8] = [
    crm("contacts", 30_000, &["companies", "contacts"], "jobtitle"),
    crm("companies", 8_000, &["contacts"], "name"),
    crm("deals", 8_000, &["companies", "contacts", "line_items"], "dealname"),
    crm("tickets", 3_000, &["companies", "contacts", "deals"], "subject"),
    crm("boats", 600, &[], "display_name"),
    crm("harbours", 400, &[], "display_name"),
    list("owners", 60),
    list("account_details", 1),
];

const fn crm(
    name: &'static str,
    records: u64,
    associations: &'static [&'static str],
    property: &'static str,
) -> Stream {
    Stream { name, records, is_crm: true, associations, property }
}

const fn list(name: &'static str, records: u64) -> Stream {
    Stream { name, records, is_crm: false, associations: &[], property: "" }
}

/// Number of requests since the last reset.
pub(crate) struct Requests {
    /// In the order of [`STREAMS`].
    pub(crate) by_stream: [u64; STREAMS.len()],
    /// Requests that do not belong to a single stream.
    pub(crate) shared: u64,
    pub(crate) total: u64,
    /// Requests that count towards the general quota: all except searches and batch reads of
    /// associations.
    pub(crate) general: u64,
    /// Responses with status 429.
    pub(crate) refused: u64,
    pub(crate) writes: u64,
    /// The largest number of requests of the general quota in any ten seconds.
    pub(crate) peak: usize,
}

/// Changes to one stream's records between the two reads.
#[derive(Default)]
pub(crate) struct StreamChanges {
    pub(crate) modified: BTreeSet<u64>,
    pub(crate) created: BTreeSet<u64>,
    pub(crate) archived: BTreeSet<u64>,
    /// Modified in the minutes before the first read, and not since.
    pub(crate) overlap: BTreeSet<u64>,
}

impl StreamChanges {
    /// Returns the records that the second read must return.
    pub(crate) fn expected(&self) -> BTreeSet<u64> {
        let sets = [&self.modified, &self.created, &self.overlap];
        sets.into_iter().flatten().copied().collect()
    }
}

/// Changes between the two reads, in the order of [`STREAMS`].
pub(crate) struct Changed {
    pub(crate) streams: [StreamChanges; STREAMS.len()],
    pub(crate) moved_deals: usize,
}

impl Changed {
    /// Returns the number of records modified, created and archived.
    pub(crate) fn totals(&self) -> [u64; 3] {
        let sum = |set: fn(&StreamChanges) -> &BTreeSet<u64>| {
            self.streams.iter().map(|stream| set(stream).len() as u64).sum()
        };
        [
            sum(|stream| &stream.modified),
            sum(|stream| &stream.created),
            sum(|stream| &stream.archived),
        ]
    }

    /// Returns the number of records that the second read must return for each stream.
    pub(crate) fn expected_counts(&self) -> [u64; STREAMS.len()] {
        let mut counts = self.streams.each_ref().map(|stream| stream.expected().len() as u64);
        for (count, stream) in counts.iter_mut().zip(&STREAMS) {
            // One record without a modified date, which is read in full every time.
            if stream.name == "account_details" {
                *count = stream.records;
            }
        }
        counts
    }
}

/// The HubSpot stand-in with the demo's records.
pub(crate) struct DemoPortal {
    simulator: Simulator,
}

impl DemoPortal {
    pub(crate) fn start() -> Result<Self> {
        let size = |name: &str| {
            STREAMS.iter().find(|stream| stream.name == name).map_or(0, |stream| stream.records)
        };
        let custom = |name: &str| CustomSpec { name: name.to_owned(), records: size(name) };
        let portal = PortalSpec {
            contacts: size("contacts"),
            companies: size("companies"),
            deals: size("deals"),
            tickets: size("tickets"),
            owners: u32::try_from(size("owners"))?,
            custom_objects: vec![custom("boats"), custom("harbours")],
            ..PortalSpec::default()
        };
        // The default tier is the professional one.
        let access = Access { increase_packs: 1, ..Access::default() };
        let simulator =
            Simulator::start(Config { portal, access, latency: LATENCY, ..Config::default() })?;
        Ok(Self { simulator })
    }

    pub(crate) fn url(&self) -> String {
        self.simulator.url()
    }

    /// Returns the conditions of the measurement: properties, quotas and latency.
    pub(crate) fn terms(&self) -> String {
        let properties = self.simulator.portal(|portal| portal.spec().properties);
        format!(
            "{properties} properties a record; {ALLOWED} requests in 10 s, 5 searches a second, \
             {} ms an answer",
            LATENCY.as_millis()
        )
    }

    /// Returns the minimum duration of these requests under the general quota.
    pub(crate) fn least_time(requests: &Requests) -> String {
        let windows = requests.general.saturating_sub(1) / ALLOWED as u64;
        format!("(the quota alone makes {} requests take {} s)", requests.general, windows * 10)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Portal) -> T) -> T {
        self.simulator.portal(look)
    }

    /// Modifies a few contacts, then advances the clock by a minute, so that the index shows them.
    pub(crate) fn touch_before_the_first_read(&self) -> BTreeSet<u64> {
        let touched: BTreeSet<u64> =
            self.look(|portal| portal.ids("contacts").skip(7).step_by(1_200).collect());
        self.modify(&STREAMS[0], touched.iter().copied(), &[]);
        self.simulator.advance(Duration::from_mins(1));
        touched
    }

    /// Changes about one percent of the records of every object type: of ten, eight are modified,
    /// one is created, one is archived. Then advances the clock by ten minutes, so that the index
    /// shows the changes.
    pub(crate) fn change_one_percent(&self, touched: &BTreeSet<u64>) -> Changed {
        let mut streams: [StreamChanges; STREAMS.len()] = Default::default();
        for (stream, changes) in STREAMS.iter().zip(&mut streams) {
            if stream.is_crm {
                *changes = self.change(stream);
            }
            if stream.name == "contacts" {
                let changed =
                    |id: &u64| !changes.modified.contains(id) && !changes.archived.contains(id);
                changes.overlap = touched.iter().copied().filter(changed).collect();
            }
        }
        let deals = STREAMS.iter().position(|stream| stream.name == "deals").unwrap_or_default();
        let moved = streams.get(deals).map(|changes| self.move_deals(&changes.modified));
        self.simulator.advance(Duration::from_mins(10));
        self.forget_requests();
        Changed { streams, moved_deals: moved.unwrap_or_default() }
    }

    fn change(&self, stream: &Stream) -> StreamChanges {
        let object = stream.name.to_owned();
        let before: BTreeSet<u64> = self.look(|portal| portal.ids(stream.name).collect());
        let mut changes = StreamChanges::default();
        for (number, id) in before.iter().copied().skip(50).step_by(110).enumerate() {
            let set = if number % 9 == 4 { &mut changes.archived } else { &mut changes.modified };
            set.insert(id);
        }
        let mark = [(stream.property.to_owned(), Some(MARK.to_owned()))];
        self.modify(stream, changes.modified.iter().copied(), &mark);
        self.simulator.change(&Change::Archive {
            object: object.clone(),
            records: Records::Ids(changes.archived.iter().copied().collect()),
        });
        self.simulator.change(&Change::Create {
            object,
            count: stream.records / 1_000 + 1,
            id: None,
            properties: BTreeMap::from(mark),
        });
        let after: BTreeSet<u64> = self.look(|portal| portal.ids(stream.name).collect());
        changes.created = after.difference(&before).copied().collect();
        changes
    }

    fn modify(
        &self,
        stream: &Stream,
        ids: impl Iterator<Item = u64>,
        properties: &[(String, Option<String>)],
    ) {
        self.simulator.change(&Change::Modify {
            object: stream.name.to_owned(),
            records: Records::Ids(ids.collect()),
            properties: properties.iter().cloned().collect(),
        });
    }

    /// Links every third of these deals to another company than before. Returns the number of
    /// deals.
    fn move_deals(&self, deals: &BTreeSet<u64>) -> usize {
        let companies: Vec<u64> =
            self.look(|portal| portal.ids("companies").skip(11).step_by(97).collect());
        let mut moved = 0;
        for (deal, company) in deals.iter().copied().step_by(3).zip(companies) {
            let (from_object, to_object) = ("deals".to_owned(), "companies".to_owned());
            for former in self.look(|portal| portal.associations("deals", deal, "companies")) {
                self.simulator.change(&Change::Dissociate {
                    from_object: from_object.clone(),
                    from_id: deal,
                    to_object: to_object.clone(),
                    to_id: former,
                });
            }
            self.simulator.change(&Change::Associate {
                from_object,
                from_id: deal,
                to_object,
                to_id: company,
                label: None,
            });
            moved += 1;
        }
        moved
    }

    pub(crate) fn forget_requests(&self) {
        self.simulator.clear_journal();
    }

    /// Counts the requests since the last [`Self::forget_requests`].
    pub(crate) fn requests(&self) -> Requests {
        let summary = self.simulator.summary();
        let mut by_stream = [0; STREAMS.len()];
        let (mut shared, mut general) = (0, 0);
        for entry in self.simulator.journal() {
            general += u64::from(entry.bucket == Bucket::General);
            let place = self.look(|portal| stream_of(portal, &entry.path));
            match place.and_then(|place| by_stream.get_mut(place)) {
                Some(count) => *count += 1,
                None => shared += 1,
            }
        }
        Requests {
            by_stream,
            shared,
            total: summary.requests,
            general,
            refused: summary.rate_limited,
            writes: summary.writes,
            peak: summary.peaks.get(&Bucket::General).map_or(0, |peak| peak.per_ten_seconds),
        }
    }
}

/// Returns the stream that a request is for: the first object type in its path.
fn stream_of(portal: &Portal, path: &str) -> Option<usize> {
    let by_name = |name: &str| STREAMS.iter().position(|stream| stream.name == name);
    path.split('/').find_map(|segment| match segment {
        "" => None,
        "account-info" => by_name("account_details"),
        "owners" => by_name("owners"),
        name => by_name(&portal.store(name)?.object.plural),
    })
}
