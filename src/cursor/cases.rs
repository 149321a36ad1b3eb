//! Example-based tests of the scan.

use std::time::Duration;

use super::{
    CountProbe, PageInfo, PageKey, PageRequest, PagingViolation, ParallelReaders, Parallelism,
    RangeKey, ReadMode, Scan, ScanTask, StreamState, TimeBounds,
};
use crate::page_guard::Endless;
use crate::record_id::RecordId;
use crate::time::Millis;

const SPREAD: Parallelism = Parallelism {
    list: ParallelReaders { most: 4, page: 1 },
    search: ParallelReaders { most: 3, page: 1 },
};

const BOUNDS: TimeBounds = TimeBounds {
    started: Millis::new(10_000_000),
    latest: Millis::new(10_000_000),
    unfinished: Duration::ZERO,
    start_date: None,
    lookback: Duration::ZERO,
    index_lag: Duration::ZERO,
    worst_lag: Duration::ZERO,
};

/// Returns the state of a finished read up to this number of milliseconds after the epoch.
fn read_until(millis: i64) -> StreamState {
    StreamState::read_until(Millis::new(millis))
}

fn id(id: u64) -> RecordId {
    RecordId::new(id)
}

fn probe(total: u64, in_window: u64, top: u64) -> CountProbe {
    CountProbe { total, in_window, top: id(top) }
}

fn seen(ids: &[Option<u64>], token: Option<&str>) -> PageInfo {
    PageInfo {
        ids: ids.iter().map(|number| number.map(id)).collect(),
        token: token.map(str::to_owned),
        left: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what `ask` gives")]
fn search(above: u64, offset: Option<&str>) -> Option<ScanTask> {
    let offset = offset.map(str::to_owned);
    let request = PageRequest::Search { above: id(above), below: None, offset };
    Some(ScanTask::Page(RangeKey(0), request))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what `ask` gives")]
fn list(key: RangeKey, after: Option<&str>) -> Option<ScanTask> {
    Some(ScanTask::Page(key, PageRequest::List { after: after.map(str::to_owned) }))
}

#[test]
fn a_search_out_of_order_is_a_contradiction() {
    let saved = read_until(1_000);
    let mut scan = Scan::begin(&saved, &BOUNDS, false, None);
    let mode = ReadMode::Search;
    assert_eq!(scan.next_task(), search(0, None));
    assert!(scan.take(RangeKey(0), mode, &seen(&[Some(10), Some(9)], None)).is_err(), "text order");
    assert!(scan.take(RangeKey(0), mode, &seen(&[None], None)).is_err(), "no number");
    assert_eq!(scan.take(RangeKey(0), mode, &seen(&[Some(9), Some(10)], Some("200"))), Ok(Some(2)));
    assert_eq!(scan.next_task(), search(10, None));
    assert!(scan.take(RangeKey(0), mode, &seen(&[Some(10)], None)).is_err(), "the same hit again");
    assert_eq!(scan.take(RangeKey(0), mode, &seen(&[], Some("200"))), Ok(Some(0)), "an empty page");
    assert_eq!(scan.next_task(), search(10, Some("200")));
    let mut instead = scan.by_list();
    assert_eq!(instead.next_task(), list(RangeKey(1), None));
    let listed =
        instead.accept(RangeKey(1), ReadMode::List, &seen(&[Some(5)], Some("6"))).unwrap().unwrap();
    instead.enqueued(PageKey(0));
    assert_eq!(remaining(&instead), [(0, None)], "a page of the search is no page of the list");
    instead.enqueued(listed.page);
    assert_eq!(remaining(&instead), [(6, None)]);
}

#[test]
fn a_list_that_is_not_paged_by_id_makes_no_progress_to_save() {
    for (case, ids, token, claims) in [
        ("by id", vec![Some(1), Some(2)], "3", true),
        ("by id, with a gap", vec![Some(1), Some(2)], "9", true),
        ("opaque", vec![Some(1), Some(2)], "bW9yZQ", false),
        ("behind the page", vec![Some(1), Some(2)], "2", false),
        ("descending", vec![Some(2), Some(1)], "3", false),
        ("no numbers", vec![None], "3", false),
    ] {
        let mut scan = Scan::begin(&StreamState::Unread, &BOUNDS, false, None);
        assert_eq!(scan.next_task(), list(RangeKey(0), None), "{case}");
        scan.take(RangeKey(0), ReadMode::List, &seen(&ids, Some(token))).expect(case);
        assert_eq!(scan.next_task(), list(RangeKey(0), Some(token)), "{case}");
        assert_eq!(scan.progress(None).is_some(), claims, "{case}");
        let again = scan.take(RangeKey(0), ReadMode::List, &seen(&[], Some(token)));
        assert_eq!(again, Err(PagingViolation::Endless(Endless::SamePage)), "{case}");
    }
}

/// Returns the bounds of the window in milliseconds.
fn bounds_of(scan: &Scan) -> (i64, i64) {
    let window = scan.window();
    (window.from.get(), window.to.get())
}

fn remaining(scan: &Scan) -> Vec<(u64, Option<u64>)> {
    scan.progress(None)
        .map(|progress| progress.remaining)
        .unwrap_or_default()
        .iter()
        .map(|range| (range.from.get(), range.end.map(RecordId::get)))
        .collect()
}

/// Reads three list pages, then answers the count probe with `count_probe`.
fn counted(start_date: Option<i64>, count_probe: CountProbe) -> Scan {
    let bounds = TimeBounds { start_date: start_date.map(Millis::new), ..BOUNDS };
    let mut scan = Scan::begin(&StreamState::Unread, &bounds, false, None).parallelism(SPREAD);
    for page in 0..3 {
        let first = page * 3;
        assert!(matches!(scan.next_task(), Some(ScanTask::Page(RangeKey(0), _))));
        let ids = [Some(first + 1), Some(first + 2), Some(first + 3)];
        let token = (first + 4).to_string();
        scan.take(RangeKey(0), ReadMode::List, &seen(&ids, Some(&token))).unwrap();
    }
    assert_eq!(scan.next_task(), Some(ScanTask::CountProbe));
    scan.apply_count_probe(count_probe);
    scan
}

#[test]
fn a_long_list_is_shared_and_a_contradiction_goes_back_to_one_reader() {
    let mut scan = counted(None, probe(1_000, 1_000, 1_009));
    for (above, found) in [(9, Some(260)), (259, Some(510)), (509, None)] {
        let above = id(above);
        assert_eq!(scan.next_task(), Some(ScanTask::SplitPoint { above, after: 247 }));
        scan.apply_split_point(found.map(id));
    }
    let jobs: Vec<_> = std::iter::from_fn(|| scan.next_task()).collect();
    let expected = [(0, "10"), (1, "260"), (2, "510"), (3, "758")]
        .map(|(key, after)| list(RangeKey(key), Some(after)));
    assert_eq!(jobs.into_iter().map(Some).collect::<Vec<_>>(), expected, "the last is a half");
    let page = seen(&[Some(800), Some(700)], Some("801"));
    assert_eq!(scan.take(RangeKey(3), ReadMode::List, &page), Err(PagingViolation::Order));
    let mut scan = scan.in_sequence();
    assert_eq!(
        scan.next_task(),
        list(RangeKey(4), Some("10")),
        "from where the service's own tokens have led"
    );
    assert_eq!(
        scan.take(RangeKey(2), ReadMode::List, &seen(&[Some(260)], None)),
        Ok(None),
        "no longer wanted"
    );
    assert_eq!(scan.take(RangeKey(4), ReadMode::List, &seen(&[Some(5)], Some("x"))), Ok(Some(1)));
    assert_eq!((scan.next_task(), scan.progress(None)), (list(RangeKey(4), Some("x")), None));
}

#[test]
fn c34_marks_stay_within_what_a_search_can_page_through() {
    for total in [1_000, 100_000, 100_000_000] {
        let mut scan = counted(None, probe(total, total, 10 * total));
        let Some(ScanTask::SplitPoint { after, .. }) = scan.next_task() else { panic!("a mark") };
        assert!(after < 10_000, "{after} of {total}");
    }
}

#[test]
fn what_a_page_shows_of_the_next_range_is_read_again_in_sequence() {
    let mut scan = counted(None, probe(1_000, 1_000, 1_009));
    for found in [Some(12), None] {
        assert!(matches!(scan.next_task(), Some(ScanTask::SplitPoint { .. })));
        scan.apply_split_point(found.map(id));
    }
    let jobs: Vec<_> = std::iter::from_fn(|| scan.next_task()).collect();
    assert!(jobs.len() > 1 && Some(&jobs[0]) == list(RangeKey(0), Some("10")).as_ref(), "{jobs:?}");
    // The page extends past the split point; the records behind it belong to another range.
    let page = seen(&[Some(10), Some(12), Some(13)], Some("14"));
    assert_eq!(scan.take(RangeKey(0), ReadMode::List, &page), Ok(Some(1)));
    let odd = seen(&[Some(13), Some(12)], Some("14"));
    assert_eq!(scan.take(RangeKey(1), ReadMode::List, &odd), Err(PagingViolation::Order));
    let Some(ScanTask::Page(_, PageRequest::List { after })) = scan.in_sequence().next_task()
    else {
        panic!("list")
    };
    assert_eq!(after.as_deref(), Some("10"), "12 and 13 are not lost");
}

#[test]
fn a_list_without_order_stays_a_list() {
    let bounds = TimeBounds { start_date: Some(Millis::new(5)), ..BOUNDS };
    let mut scan = Scan::begin(&StreamState::Unread, &bounds, false, None).parallelism(SPREAD);
    for first in [1, 4, 7] {
        scan.next_task();
        let token = (first + 3).to_string();
        let page = seen(&[Some(first), Some(first + 1), Some(first + 2)], Some(&token));
        scan.take(RangeKey(0), ReadMode::List, &page).unwrap();
    }
    assert_eq!(scan.next_task(), Some(ScanTask::CountProbe));
    assert_eq!(scan.next_task(), list(RangeKey(0), Some("10")));
    // The order breaks while the count probe is pending: id 2 may still follow.
    scan.take(RangeKey(0), ReadMode::List, &seen(&[Some(900), Some(800)], Some("x"))).unwrap();
    scan.apply_count_probe(probe(1_000, 10, 1_009));
    assert_eq!((scan.mode(), scan.next_task()), (ReadMode::List, list(RangeKey(0), Some("x"))));
}

#[test]
fn the_cheaper_way_is_chosen_once_it_is_known() {
    for (case, start_date, in_window, mode) in [
        ("everything is wanted", None, 1_000, ReadMode::List),
        ("few fit a condition", None, 499, ReadMode::Search),
        ("few are new enough", Some(5), 499, ReadMode::Search),
        ("most are new enough", Some(5), 500, ReadMode::List),
    ] {
        let scan = counted(start_date, probe(1_000, in_window, 1_009));
        assert_eq!(scan.mode(), mode, "{case}");
    }
    let saved = read_until(5_000);
    for (case, in_window, mode) in [("few", 499, ReadMode::Search), ("most", 500, ReadMode::List)] {
        let mut scan = Scan::begin(&saved, &BOUNDS, false, None).parallelism(SPREAD);
        assert_eq!(scan.next_task(), search(0, None));
        let page = PageInfo { left: Some(in_window), ..seen(&[Some(3), Some(4)], Some("2")) };
        scan.take(RangeKey(0), ReadMode::Search, &page).unwrap();
        assert_eq!(scan.next_task(), Some(ScanTask::CountProbe), "{case}");
        scan.apply_count_probe(probe(1_000, in_window, 1_009));
        assert_eq!(scan.mode(), mode, "{case}");
        let expected = match mode {
            // The list restarts from the beginning: no list page has confirmed keyset pagination
            // yet.
            ReadMode::List => list(RangeKey(1), None),
            ReadMode::Search => search(4, None),
        };
        assert_eq!(scan.next_task(), expected, "{case}");
    }
}

/// Returns a search page that reports `left` remaining hits, itself included.
fn hits(ids: std::ops::Range<u64>, left: u64, is_last: bool) -> PageInfo {
    let token = (!is_last).then(|| "3".to_owned());
    PageInfo { ids: ids.map(|number| Some(id(number))).collect(), token, left: Some(left) }
}

fn search_scan() -> Scan {
    let saved = read_until(5_000);
    Scan::begin(&saved, &BOUNDS, false, None)
}

#[test]
fn a_page_of_a_search_is_covered_once_the_next_total_fits_it() {
    let mut scan = search_scan();
    for (page, left, claimed) in [(1..4, 9, 0), (4..7, 6, 4), (7..10, 3, 7)] {
        assert!(matches!(scan.next_task(), Some(ScanTask::Page(RangeKey(0), _))));
        scan.take(RangeKey(0), ReadMode::Search, &hits(page.clone(), left, false)).unwrap();
        assert_eq!(remaining(&scan), [(claimed, None)], "{page:?}");
    }
    scan.next_task();
    scan.take(RangeKey(0), ReadMode::Search, &hits(0..0, 0, true)).unwrap();
    assert!(scan.is_done());
}

#[test]
fn hits_that_vanish_are_counted_again() {
    for (case, counted, is_done) in [
        ("they have changed, or are gone", Some(3), true),
        ("HubSpot does not count", None, true),
        ("they were skipped", Some(4), false),
    ] {
        let mut scan = search_scan();
        scan.next_task();
        scan.take(RangeKey(0), ReadMode::Search, &hits(10..13, 9, false)).unwrap();
        scan.next_task();
        scan.take(RangeKey(0), ReadMode::Search, &hits(0..0, 0, true)).unwrap();
        assert!(!scan.is_done() && remaining(&scan) == [(0, None)], "{case}: nothing is claimed");
        assert_eq!(
            scan.next_task(),
            Some(ScanTask::Recount { range: RangeKey(0), from: id(0), to: id(13) }),
            "{case}"
        );
        assert_eq!(scan.next_task(), None, "{case}: once");
        scan.recounted(RangeKey(0), counted).unwrap();
        assert_eq!(scan.is_done(), is_done, "{case}");
        if is_done {
            continue;
        }
        assert_eq!(remaining(&scan), [(0, Some(13))], "{case}: that part is searched again");
        let Some(ScanTask::Page(key, request)) = scan.next_task() else { panic!("a page") };
        let (above, below) = (id(0), Some(id(13)));
        assert_eq!(request, PageRequest::Search { above, below, offset: None });
        scan.take(key, ReadMode::Search, &hits(9..12, 4, false)).unwrap();
        scan.next_task();
        scan.take(key, ReadMode::Search, &hits(0..0, 0, true)).unwrap();
        let (from, to) = (id(0), id(12));
        assert_eq!(scan.next_task(), Some(ScanTask::Recount { range: key, from, to }));
        assert_eq!(scan.recounted(key, Some(4)), Err(PagingViolation::Order), "the second time");
    }
}

#[test]
fn a_search_ends_when_nothing_is_left_of_its_total() {
    let mut scan = search_scan();
    scan.next_task();
    scan.take(RangeKey(0), ReadMode::Search, &hits(1..4, 5, true)).unwrap();
    assert!(!scan.is_done(), "two hits are missing");
    for _ in 0..2 {
        assert_eq!(scan.next_task(), search(3, None));
        scan.take(RangeKey(0), ReadMode::Search, &hits(0..0, 2, true)).unwrap();
    }
    scan.next_task();
    let answer = scan.take(RangeKey(0), ReadMode::Search, &hits(0..0, 2, true));
    assert_eq!(answer, Err(PagingViolation::Order), "it counts hits and does not give them");
}

#[test]
fn a_search_that_goes_on_by_list_proves_first_that_the_list_is_paged_by_id() {
    let saved = read_until(5_000);
    let count_probe = probe(1_000, 900, 1_009);
    for (case, token, is_shared) in [("by id", "4", true), ("by offset", "3", false)] {
        let mut scan = Scan::begin(&saved, &BOUNDS, false, None).parallelism(SPREAD);
        scan.next_task();
        scan.take(RangeKey(0), ReadMode::Search, &hits(500..503, 900, false)).unwrap();
        assert_eq!(scan.next_task(), Some(ScanTask::CountProbe), "{case}");
        scan.apply_count_probe(count_probe);
        assert_eq!(scan.next_task(), list(RangeKey(1), None), "{case}");
        assert_eq!(scan.next_task(), None, "{case}: by one reader");
        scan.take(RangeKey(1), ReadMode::List, &seen(&[Some(1), Some(2), Some(3)], Some(token)))
            .unwrap();
        let next = scan.next_task();
        assert_eq!(
            matches!(next, Some(ScanTask::SplitPoint { .. })),
            is_shared,
            "{case}: {next:?}"
        );
        assert_eq!(scan.progress(None).is_some(), is_shared, "{case}");
    }
}

#[test]
fn a_resumed_list_whose_ids_are_refused_begins_again() {
    let mut first = Scan::begin(&StreamState::Unread, &BOUNDS, false, None);
    first.next_task();
    first.take(RangeKey(0), ReadMode::List, &seen(&[Some(7)], Some("8"))).unwrap();
    let saved = StreamState::Scan(first.progress(None).unwrap());
    let mut scan = Scan::begin(&saved, &BOUNDS, false, None);
    assert_eq!(scan.next_task(), list(RangeKey(0), Some("8")));
    let mut scan = scan.in_sequence();
    assert_eq!((scan.next_task(), scan.progress(None)), (list(RangeKey(1), None), None));
}

#[test]
fn a_position_between_two_clocks_stays_while_all_is_read() {
    let bounds = TimeBounds { latest: Millis::new(20_000_000), ..BOUNDS };
    for (case, position, window, end) in [
        ("behind both", 9_000_000, (9_000_000, 20_000_000), 10_000_000),
        ("between", 15_000_000, (15_000_000, 20_000_000), 15_000_000),
    ] {
        let saved = read_until(position);
        let scan = Scan::begin(&saved, &bounds, false, None);
        assert_eq!((bounds_of(&scan), scan.end().get()), (window, end), "{case}");
        assert!(!scan.is_done(), "{case}");
        for other in [scan.by_list(), scan.by_search()] {
            assert_eq!((bounds_of(&other), other.end().get()), (window, end), "{case}");
        }
        let mut scan = scan;
        scan.next_task();
        let upper = scan.progress(None).map(|progress| progress.upper.get());
        assert_eq!(upper, Some(end), "{case}: what is claimed");
    }
    let saved = read_until(20_000_000);
    let scan = Scan::begin(&saved, &bounds, false, None);
    assert!(scan.is_done() && scan.end().get() == 20_000_000, "nothing to read yet");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn where_a_read_begins() {
    let bounds = TimeBounds {
        started: Millis::new(10_003_000),
        latest: Millis::new(10_003_000),
        unfinished: Duration::from_secs(3),
        start_date: Some(Millis::new(1_000_000)),
        lookback: Duration::ZERO,
        index_lag: Duration::from_mins(5),
        worst_lag: Duration::ZERO,
    };
    let at = read_until;
    let mut in_progress = Scan::begin(&StreamState::Unread, &bounds, true, Some(3));
    in_progress.next_task();
    in_progress.take(RangeKey(0), ReadMode::List, &seen(&[Some(7)], Some("8"))).unwrap();
    let half = || StreamState::Scan(in_progress.progress(Some(3)).unwrap());
    for (case, saved, full_refresh, generation, mode, window, request) in [
        (
            "nothing saved",
            StreamState::Unread,
            false,
            None,
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a position",
            at(9_000_000),
            false,
            None,
            ReadMode::Search,
            (8_700_000, 10_000_000),
            Some(None),
        ),
        (
            "a position before the start date",
            at(5),
            false,
            None,
            ReadMode::Search,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a full refresh",
            at(9_000_000),
            true,
            None,
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a position in the future",
            at(99_000_000),
            false,
            None,
            ReadMode::Search,
            (98_700_000, 99_000_000),
            None,
        ),
        (
            "half a scan",
            half(),
            false,
            None,
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(Some("8")),
        ),
        (
            "half a refresh of the same generation",
            half(),
            true,
            Some(3),
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(Some("8")),
        ),
        (
            "half a refresh of an older generation",
            half(),
            true,
            Some(4),
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "half a refresh of no generation",
            half(),
            true,
            None,
            ReadMode::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
    ] {
        let mut scan = Scan::begin(&saved, &bounds, full_refresh, generation);
        assert_eq!((scan.mode(), bounds_of(&scan)), (mode, window), "{case}");
        let expected = request.and_then(|after: Option<&str>| match mode {
            ReadMode::List => list(RangeKey(0), after),
            ReadMode::Search => search(0, None),
        });
        assert_eq!(scan.next_task(), expected, "{case}");
    }
}
