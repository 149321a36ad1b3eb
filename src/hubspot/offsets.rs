//! Pagination by offset, over lists that change while they are read.
//!
//! Deleting an entry between two pages moves all later entries one place forward, so the next page
//! would start one entry too late. Pages therefore overlap by one entry:
//!
//! ```text
//! page 1   a b c d            page 2 starts with the last entry of page 1: nothing has moved
//! page 2         d e f g      page 3 starts with another entry: entries have moved, so the offset
//! page 3               h i    is reduced until a page starts with a known entry
//! ```
//!
//! Entries are identified by their id, and duplicates are dropped. A list whose entries have no ids
//! is read by its own page tokens, since equal entries may be distinct.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::page::PageToken;

/// Maximum number of times the offset is reduced, and of consecutive pages without a new entry.
const MOST_FRUITLESS: u32 = 100;

/// State of reading a list whose page tokens are offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OffsetPaging {
    spelling: Spelling,
    /// Offset of the page to request.
    at: u64,
    /// The entry that this page has to start with.
    expected: Option<u64>,
    seen: HashSet<u64>,
    steps_back: u32,
    /// Consecutive pages without a new entry.
    fruitless: u32,
}

/// Encoding of the offset in a page token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Decimal,
    /// Decimal digits in base64.
    Base64 {
        padded: bool,
    },
}

/// Action to take with a page, and the next page token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageStep {
    /// Emit the entries marked `true`, then continue with this token, if any.
    Take { new: Vec<bool>, next: Option<PageToken> },
    /// Entries have moved: discard the page and continue with this token.
    Back(PageToken),
    /// Entries move faster than they can be read, or the list never ends.
    Restless,
}

impl OffsetPaging {
    /// Recognizes offset pagination by the first page and its token. Returns `None` if the token is
    /// not the number of entries on the page, or the entries do not all have distinct ids.
    pub(super) fn of(first: &[Option<u64>], token: &PageToken) -> Option<(Self, PageToken)> {
        let (spelling, offset) = Spelling::read(token)?;
        let seen: HashSet<u64> = first.iter().copied().collect::<Option<_>>()?;
        if first.is_empty() || seen.len() != first.len() || offset != count(first) {
            return None;
        }
        let mut paging =
            Self { spelling, at: 0, expected: None, seen, steps_back: 0, fruitless: 0 };
        let next = paging.follow(first, token);
        Some((paging, next))
    }

    /// Decides how to proceed after a page, by the identities of its entries.
    pub(super) fn see(&mut self, entries: &[Option<u64>], token: Option<&PageToken>) -> PageStep {
        let begins_as_expected = match (self.expected, entries.first()) {
            (None, _) => true,
            (Some(expected), Some(first)) => Some(expected) == *first,
            (Some(_), None) => false,
        };
        let first = entries.first().copied().flatten();
        let begins_with_known = first.is_some_and(|first| self.seen.contains(&first));
        if !begins_as_expected && !begins_with_known && self.at > 0 {
            if self.steps_back >= MOST_FRUITLESS {
                return PageStep::Restless;
            }
            self.steps_back += 1;
            self.at = self.at.saturating_sub(count(entries).max(1) * u64::from(self.steps_back));
            return PageStep::Back(self.spelling.write(self.at));
        }
        let mut is_new = |entry: &Option<u64>| entry.is_none_or(|entry| self.seen.insert(entry));
        let new: Vec<_> = entries.iter().map(&mut is_new).collect();
        self.fruitless = if new.contains(&true) { 0 } else { self.fruitless + 1 };
        if self.fruitless >= MOST_FRUITLESS {
            return PageStep::Restless;
        }
        PageStep::Take { new, next: token.map(|token| self.follow(entries, token)) }
    }

    /// Returns the token of the page after these entries, with an overlap of one entry.
    fn follow(&mut self, entries: &[Option<u64>], token: &PageToken) -> PageToken {
        let end = self.at + count(entries);
        // With pages of one entry, an overlap would make no progress. If the service counts
        // differently, the overlap is unknown.
        let is_counted = Spelling::read(token).is_some_and(|(_, offset)| offset == end);
        if !is_counted || entries.len() < 2 {
            self.at = end;
            self.expected = None;
            return token.clone();
        }
        self.at = end - 1;
        self.expected = entries.last().copied().flatten();
        self.spelling.write(self.at)
    }
}

impl Spelling {
    fn read(token: &PageToken) -> Option<(Self, u64)> {
        let text = token.as_str();
        if let Ok(number) = text.parse() {
            return Some((Self::Decimal, number));
        }
        let padded = text.ends_with('=') || text.len().is_multiple_of(4);
        let decoded = if padded { STANDARD.decode(text) } else { STANDARD_NO_PAD.decode(text) };
        let number = str::from_utf8(&decoded.ok()?).ok()?.parse().ok()?;
        Some((Self::Base64 { padded }, number))
    }

    fn write(self, offset: u64) -> PageToken {
        let digits = offset.to_string();
        PageToken::new(match self {
            Self::Decimal => digits,
            Self::Base64 { padded: true } => STANDARD.encode(digits),
            Self::Base64 { padded: false } => STANDARD_NO_PAD.encode(digits),
        })
    }
}

fn count(entries: &[Option<u64>]) -> u64 {
    u64::try_from(entries.len()).unwrap_or(u64::MAX)
}

/// Returns the identity of an entry, a hash of its id, or `None` if it has no id.
pub(super) fn identity(entry: &str) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ids<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        list_id: Option<&'a RawValue>,
    }
    let ids: Ids<'_> = serde_json::from_str(entry).ok()?;
    let mut hasher = DefaultHasher::new();
    ids.id.or(ids.list_id)?.get().hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn known(entries: &[u64]) -> Vec<Option<u64>> {
        entries.iter().copied().map(Some).collect()
    }

    /// Reads a list of `entries` in pages of `limit`. Each page but the first is preceded by one
    /// change: the entry at that index is deleted, or, beyond the end, one is inserted at the
    /// front.
    fn read(mut entries: Vec<u64>, limit: usize, changes: &[usize], base64: bool) -> Vec<u64> {
        let spelling = if base64 { Spelling::Base64 { padded: true } } else { Spelling::Decimal };
        let page = |entries: &[u64], token: Option<&PageToken>| {
            let at =
                token.map_or(0, |token| usize::try_from(Spelling::read(token).unwrap().1).unwrap());
            let shown = entries.get(at..).unwrap_or_default();
            let shown = shown.get(..limit).unwrap_or(shown).to_vec();
            let end = at + shown.len();
            let next = (end < entries.len()).then(|| spelling.write(u64::try_from(end).unwrap()));
            (shown, next)
        };
        let (mut found, token) = page(&entries, None);
        let Some((mut paging, mut next)) = token
            .map(|token| OffsetPaging::of(&known(&found), &token).expect("a number of entries"))
        else {
            return found;
        };
        let mut changes = changes.iter();
        loop {
            match changes.next() {
                Some(&at) if at < entries.len() => drop(entries.remove(at)),
                Some(&at) => entries.insert(0, 1_000_000 + u64::try_from(at).unwrap()),
                None => {}
            }
            let (shown, token) = page(&entries, Some(&next));
            match paging.see(&known(&shown), token.as_ref()) {
                PageStep::Take { new, next: after } => {
                    found.extend(
                        shown.iter().zip(new).filter_map(|(entry, new)| new.then_some(entry)),
                    );
                    match after {
                        Some(after) => next = after,
                        None => return found,
                    }
                }
                PageStep::Back(again) => next = again,
                PageStep::Restless => panic!("{} entries", entries.len()),
            }
        }
    }

    #[test]
    fn a_list_that_rests_is_read_once() {
        for limit in 1..7 {
            assert_eq!(read((0..20).collect(), limit, &[], false), (0..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_entry_deleted_from_what_was_read_hides_no_other() {
        assert_eq!(read((0..10).collect(), 4, &[0], false), (0..10).collect::<Vec<_>>());
        assert_eq!(read((0..10).collect(), 4, &[3, 0, 0], true), (0..10).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn what_stays_in_the_list_is_read(
            length in 0..60_u64,
            limit in 2..9_usize,
            changes in vec(0..90_usize, 0..12),
            base64: bool,
        ) {
            let mut left: Vec<u64> = (0..length).collect();
            let found = read(left.clone(), limit, &changes, base64);
            let unique: HashSet<_> = found.iter().collect();
            prop_assert_eq!(unique.len(), found.len(), "no entry twice");
            for &change in &changes {
                if change < left.len() {
                    left.remove(change);
                } else {
                    left.insert(0, 1_000_000);
                }
            }
            for entry in left.iter().filter(|entry| **entry < 1_000_000) {
                prop_assert!(found.contains(entry), "{} of {:?}", entry, found);
            }
        }
    }

    #[test]
    fn a_list_that_never_brings_anything_new_ends() {
        let token = PageToken::new("3");
        let (mut paging, mut next) = OffsetPaging::of(&known(&[1, 2, 3]), &token).unwrap();
        for page in 0.. {
            assert!(page < 1_000, "it ends");
            match paging.see(&known(&[1, 2, 3]), Some(&next)) {
                PageStep::Take { next: Some(after), .. } | PageStep::Back(after) => next = after,
                PageStep::Take { next: None, .. } => panic!("there is always a link"),
                PageStep::Restless => return,
            }
        }
    }

    #[test]
    fn keys_are_no_offsets() {
        for (token, is_offset) in [
            ("3", true),
            ("Mw==", true),
            ("4", false),
            ("abc", false),
            ("", false),
            ("Ch0KBw", false),
            ("340282366920938463463374607431768211456", false),
        ] {
            let paging = OffsetPaging::of(&known(&[1, 2, 3]), &PageToken::new(token));
            assert_eq!(paging.is_some(), is_offset, "{token}");
        }
    }

    #[test]
    fn entries_without_an_id_of_their_own_are_read_by_the_tokens() {
        for entries in [vec![Some(1), None], vec![Some(1), Some(1)], vec![None, None]] {
            assert_eq!(OffsetPaging::of(&entries, &PageToken::new("2")), None, "{entries:?}");
        }
    }

    #[test]
    fn entries_are_known_by_their_id() {
        assert_eq!(identity(r#"{"id":5,"name":"a"}"#), identity(r#"{"name":"b","id":5}"#));
        assert_eq!(identity(r#"{"listId":"5","size":1}"#), identity(r#"{"listId":"5","size":2}"#));
        assert_ne!(identity(r#"{"id":5}"#), identity(r#"{"id":6}"#));
        assert_eq!(identity(r#"{"id":null,"x":1}"#), None);
        assert_eq!(identity("7"), None);
    }
}
