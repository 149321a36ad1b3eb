//! Available streams of an account, grouped by whether the token may read them.

use std::collections::BTreeMap;

use crate::hubspot::{GrantedScopes, open_something};
use crate::streams::{StreamSpec, scopes_of};

/// Maximum number of streams that `check` names for each missing scope.
const NAMED: usize = 3;

/// Streams of an account, grouped by whether the token may read them.
pub(super) struct AvailableStreams<'a> {
    pub(super) readable: Vec<StreamSpec<'a>>,
    /// Names of all other streams, by missing scopes.
    pub(super) shut: BTreeMap<Vec<&'a str>, Vec<&'a str>>,
    /// Columns of associated ids that are omitted from readable streams, as `stream.column`, by
    /// missing scopes.
    pub(super) columns: BTreeMap<Vec<&'a str>, Vec<String>>,
}

impl<'a> AvailableStreams<'a> {
    pub(super) fn of(rows: impl Iterator<Item = StreamSpec<'a>>, granted: &GrantedScopes) -> Self {
        let mut offer =
            Self { readable: Vec::new(), shut: BTreeMap::new(), columns: BTreeMap::new() };
        for spec in rows {
            let missing = granted.missing(spec.scopes.all, spec.scopes.or_any_of);
            if missing.is_empty() {
                for column in spec.strategy.associations() {
                    let missing = granted.missing(scopes_of(column), &[]);
                    if !missing.is_empty() {
                        let column = format!("{}.{column}", spec.name);
                        offer.columns.entry(missing).or_default().push(column);
                    }
                }
                offer.readable.push(spec);
            } else {
                offer.shut.entry(missing).or_default().push(spec.name);
            }
        }
        offer
    }

    /// Returns `true` if any stream is readable that is not readable with every token.
    pub(super) fn is_worth_reading(&self) -> bool {
        self.readable.iter().any(|spec| open_something(spec.scopes.all))
    }

    /// Returns the number of streams.
    pub(super) fn total(&self) -> usize {
        self.readable.len() + self.shut.values().map(Vec::len).sum::<usize>()
    }

    /// Describes the missing scopes, each with the streams that it would make available. A stream of
    /// archived records is not listed next to that of live records.
    pub(super) fn missing(&self) -> Vec<String> {
        let groups = self.shut.iter().map(|(scopes, streams)| {
            let live = |name: &str| {
                name.strip_suffix("_archived").is_none_or(|live| !streams.contains(&live))
            };
            let streams: Vec<_> = streams.iter().copied().filter(|name| live(name)).collect();
            let named = streams.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            let more = match streams.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} ({named}{more})", scopes.join(" with "))
        });
        groups.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::STREAMS;

    fn listed(scopes: &[&str]) -> GrantedScopes {
        GrantedScopes::Listed(scopes.iter().map(|&scope| scope.to_owned()).collect())
    }

    fn offer<'a>(names: &[&str], granted: &GrantedScopes) -> AvailableStreams<'a> {
        let rows = STREAMS.iter().filter(|spec| names.contains(&spec.name));
        AvailableStreams::of(rows.copied(), granted)
    }

    #[test]
    fn missing_scopes_come_with_what_they_would_open() {
        const NAMES: &[&str] = &[
            "account_details",
            "contacts",
            "engagements_emails",
            "flows",
            "forms",
            "owners",
            "properties",
            "tickets",
            "tickets_archived",
        ];
        for (case, granted, expected) in [
            (
                "contacts alone",
                listed(&["crm.objects.contacts.read"]),
                "automation (flows), crm.objects.owners.read (owners), forms (forms), \
                 sales-email-read (engagements_emails), tickets (tickets)",
            ),
            (
                "two at once",
                listed(&["forms", "tickets", "automation"]),
                "crm.objects.contacts.read (contacts), \
                 crm.objects.contacts.read with sales-email-read (engagements_emails)",
            ),
            ("nothing is known", GrantedScopes::unknown(), ""),
        ] {
            let offer = offer(NAMES, &granted);
            assert_eq!(offer.missing().join(", "), expected, "{case}");
            assert_eq!((offer.total(), offer.is_worth_reading()), (NAMES.len(), true), "{case}");
        }
    }

    #[test]
    fn many_streams_of_one_scope_are_counted() {
        let names: Vec<_> = STREAMS.iter().map(|spec| spec.name).collect();
        let words = offer(&names, &listed(&["crm.objects.contacts.read"])).missing().join(", ");
        let content = "content (campaigns, email_events, email_subscriptions and 2 more), ";
        assert!(words.contains(content), "{words}");
    }

    #[test]
    fn a_token_without_scopes_for_reading_is_not_worth_it() {
        let names: Vec<_> = STREAMS.iter().map(|spec| spec.name).collect();
        let offer = offer(&names, &listed(&["oauth"]));
        assert!(!offer.is_worth_reading());
        let open: Vec<_> = offer.readable.iter().map(|spec| spec.name).collect();
        assert_eq!(open, ["account_details", "association_labels", "properties"]);
    }
}
