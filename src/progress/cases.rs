//! Tests of rendered progress views and tables at several screen sizes.

use std::time::Duration;

use super::text::{Fraction, Line};
use super::view::{EndState, Ended, Outage, ProgressView, QuotaUsage, Sample, Size};

const SECOND: Duration = Duration::from_secs(1);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Returns a sample of an active stream, with the completed part and its total.
fn active(records: u64, completion: Option<(u64, u64)>) -> Sample {
    let completion = completion.map(|(part, whole)| Fraction { part, whole });
    Sample { records, requests: records / 100 + 1, completion, ..Sample::default() }
}

fn ended(records: u64, state: EndState, elapsed: u64) -> Sample {
    let ended = Some(Ended { state, elapsed: seconds(elapsed) });
    Sample { records, requests: records / 100 + 1, ended, ..Sample::default() }
}

const QUOTA: QuotaUsage = QuotaUsage {
    general: Fraction { part: 182, whole: 190 },
    searches_per_second: 5,
    searches_sent: 0,
    day: Some(Fraction { part: 61_000, whole: 500_000 }),
};

/// Returns the text of each line, with its status sign.
fn shown(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| format!("{} {}", line.style.sign(), line.text())).collect()
}

/// Returns the progress of six streams in different states after `count` seconds.
fn view_after(count: u64) -> ProgressView {
    let names = ["companies", "contacts", "deals", "email_events", "forms", "quotes"];
    let mut view = ProgressView::new(names.map(str::to_owned));
    for second in 0..=count {
        let samples = vec![
            if second < 6 {
                active(second * 2_000, Some((second * 2_000, 12_000)))
            } else {
                ended(12_000, EndState::Complete, 6)
            },
            active(second * 2_140, Some((second * 2_140, 1_000_000))),
            active(second * 870, None),
            Sample { requests: 1, waits_for: Some("HubSpot's search quota"), ..Sample::default() },
            Sample::default(),
            ended(0, EndState::Skipped("needs the scope crm.objects.quotes.read".into()), 1),
        ];
        let quota = QuotaUsage { searches_sent: second * 48 / 10, ..QUOTA };
        view.update(seconds(second), samples, quota);
    }
    view
}

#[test]
fn a_screen_of_80_columns_shows_all_columns() {
    for width in [80, 120] {
        let lines = view_after(20).render(Size { width, height: 24 });
        assert_eq!(
            shown(&lines),
            [
                "✓ companies        12,000  in 6.0 s",
                "› contacts         42,800   2,140/s   4 %  8 min left",
                "› deals            17,400     870/s",
                "› email_events          0  waiting for HubSpot's search quota",
                "· forms",
                "– quotes                0  skipped: needs the scope crm.objects.quotes.read",
                "  2 of 6 ended     72,200   3,010/s        20 s",
                "  HubSpot's quota: 95 % of requests · 4.8 of 5 searches/s · 12 % of the day",
            ],
            "in {width} columns"
        );
    }
}

#[test]
fn a_narrow_screen_omits_columns_and_truncates_notes() {
    let lines = view_after(20).render(Size { width: 40, height: 24 });
    assert_eq!(
        shown(&lines),
        [
            "✓ companies        12,000  in 6.0 s",
            "› contacts         42,800   2,140/s",
            "› deals            17,400     870/s",
            "› email_events          0  waiting for…",
            "· forms",
            "– quotes                0  skipped: ne…",
            "  2 of 6 ended     72,200   3,010/s",
            "  quota 95 % · search 4.8/s · day 12 %",
        ]
    );
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let view = view_after(20);
    for width in [0, 1, 2, 3, 20, 40, 60, 80, 200] {
        for line in view.render(Size { width, height: 24 }) {
            assert!(line.width() <= width.max(2), "{width}: {line:?}");
        }
        // The sentences below the table are not cut.
        for line in view.render_table(width).iter().filter(|line| !line.text().contains(": ")) {
            assert!(line.width() <= width.max(3), "{width}: {line:?}");
        }
    }
}

#[test]
fn active_streams_come_first_if_not_all_fit() {
    let mut view = ProgressView::new((0..100).map(|number| format!("stream_{number:02}")));
    // One stream in ten is still active; half have ended, those with higher numbers later.
    let sample = |number: u64| match number {
        90.. => Sample::default(),
        number if number % 10 == 7 => active(1_000 * number, None),
        number if number < 60 => ended(number, EndState::Complete, number),
        _ => Sample::default(),
    };
    for second in [0, 1] {
        view.update(seconds(60 + second), (0..100).map(sample).collect(), QUOTA);
    }
    let lines = shown(&view.render(Size { width: 80, height: 15 }));
    let names: Vec<_> = lines.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(
        names,
        [
            "stream_07",
            "stream_17",
            "stream_27",
            "stream_37",
            "stream_47",
            "stream_57",
            "stream_58",
            "stream_59",
            "stream_67",
            "stream_77",
            "stream_87",
            "and",
            "of",
            "quota:",
        ]
    );
    assert_eq!(lines[11], "  … and 89 more: 37 waiting, 52 ended");
    let most = |height| view.render(Size { width: 80, height }).len();
    assert_eq!([most(24), most(15), most(4), most(1)], [23, 14, 3, 3]);
    assert_eq!(most(200), 102, "all of them where there is room");
}

#[test]
fn the_time_left_follows_from_the_recent_rate() {
    for (case, done, expected) in [
        ("too early for a rate", vec![Some((0, 1_000))], "0 %"),
        ("steady", vec![Some((0, 1_000)), Some((100, 1_000))], "10 %  10 s left"),
        ("no growth", vec![Some((100, 1_000)), Some((100, 1_000))], "10 %"),
        ("unknown total", vec![None, None], ""),
        ("more than the total", vec![Some((0, 10)), Some((20, 10))], "99 %"),
    ] {
        let mut view = ProgressView::new(["deals".to_owned()]);
        for (second, done) in (0..).zip(done) {
            view.update(seconds(second), vec![active(0, done)], QUOTA);
        }
        let lines = shown(&view.render(Size { width: 80, height: 24 }));
        let rest = lines[0].split_once(" 0 ").map_or("", |(_, rest)| rest.trim());
        assert_eq!(rest, expected, "{case}");
    }
}

#[test]
fn a_wait_is_shown_after_a_second() {
    let mut view = ProgressView::new(["deals".to_owned()]);
    let (search, general) = (Some("HubSpot's search quota"), Some("HubSpot's quota"));
    let sample = |records, waits_for| Sample { waits_for, ..active(records, None) };
    for (case, at_ms, waits_for, expected) in [
        ("it begins", 0, search, false),
        ("shorter than a second", 900, search, false),
        ("a second", 1_000, search, true),
        ("another one begins", 1_200, general, false),
        ("it is over", 2_000, None, false),
        ("it begins again", 2_200, search, false),
    ] {
        view.update(Duration::from_millis(at_ms), vec![sample(1, waits_for)], QUOTA);
        let line = &shown(&view.render(Size { width: 80, height: 24 }))[0];
        assert_eq!(line.ends_with("  1  waiting for HubSpot's search quota"), expected, "{case}");
    }
    for second in 3..6 {
        view.update(seconds(second), vec![sample(100 * second, search)], QUOTA);
    }
    let line = &shown(&view.render(Size { width: 100, height: 24 }))[0];
    let expected = "› deals               500     100/s        waiting for HubSpot's search quota";
    assert_eq!(line, expected, "the rate of the last seconds is still shown");
}

#[test]
fn the_failure_that_a_stream_waits_for_replaces_the_quota() {
    let mut view = ProgressView::new(["deals".to_owned(), "owners".to_owned()]);
    let outage = |attempt, seconds| Outage {
        cause: "cannot reach 127.0.0.1:9: connection refused".into(),
        attempt,
        gives_up_in: Duration::from_secs(seconds),
    };
    let sample = |outage| Sample { waits_for: Some("HubSpot"), outage, ..active(0, None) };
    let mut last = Vec::new();
    for (ms, attempt, left) in [(0, 2, 300), (900, 3, 299), (1_000, 8, 170), (9_000, 9, 60)] {
        let samples = vec![sample(Some(outage(attempt, left))), sample(Some(outage(2, left)))];
        view.update(Duration::from_millis(ms), samples, QUOTA);
        let lines = shown(&view.render(Size { width: 80, height: 24 }));
        last.extend(lines.last().cloned());
    }
    assert!(last[..2].iter().all(|line| line.starts_with("  HubSpot's quota")), "{last:?}");
    assert_eq!(
        last[2..],
        [
            "! cannot reach 127.0.0.1:9: connection refused; attempt 8, gives up in 3 min",
            "! cannot reach 127.0.0.1:9: connection refused; attempt 9, gives up in 60 s",
        ]
    );
    view.update(seconds(10), vec![active(0, None), active(0, None)], QUOTA);
    let line = shown(&view.render(Size { width: 80, height: 24 })).pop();
    assert!(line.is_some_and(|line| line.starts_with("  HubSpot's quota")), "it is over");
}

#[test]
fn the_table_shows_the_result_of_every_stream() {
    let names = ["companies", "contacts", "deals", "quotes"];
    let mut view = ProgressView::new(names.map(str::to_owned));
    let why = "HubSpot did not answer `contacts` (GET /crm/objects/2026-09/contacts) in 9 attempts";
    let samples = vec![
        ended(12_000, EndState::Complete, 6),
        ended(1_412_300, EndState::Incomplete(why.into()), 310),
        active(17, None),
        ended(0, EndState::Skipped("needs the scope crm.objects.quotes.read".into()), 1),
    ];
    view.update(seconds(330) + SECOND / 4, samples, QUOTA);
    let rule = format!("  {}", "─".repeat(67));
    assert_eq!(
        shown(&view.render_table(100)),
        [
            "  stream       records  requests  seconds  records/s  ended",
            &rule,
            "✓ companies     12,000       121      6.0      2,000  complete",
            "✗ contacts   1,412,300    14,124    310.0      4,556  incomplete",
            "✗ deals             17         1    330.2        0.1  interrupted",
            "– quotes             0         1      1.0             skipped",
            &rule,
            "  4 streams  1,424,317    14,247    330.2      4,313  1 of 4 complete",
            "✗ contacts: HubSpot did not answer `contacts` (GET /crm/objects/2026-09/contacts) in 9 \
             attempts",
            "– quotes: needs the scope crm.objects.quotes.read",
        ]
    );
    let heads = [100, 70, 69, 58, 48].map(|width| shown(&view.render_table(width)).swap_remove(0));
    assert_eq!(
        heads,
        [
            "  stream       records  requests  seconds  records/s  ended",
            "  stream       records  requests  seconds  records/s  ended",
            "  stream       records  requests  seconds  ended",
            "  stream       records  seconds  ended",
            "  stream       records  ended",
        ]
    );
    assert_eq!(
        shown(&view.render_table(40))[..4],
        [
            "  stream       records  ended",
            "  ─────────────────────────────────────",
            "✓ companies     12,000  complete",
            "✗ contacts   1,412,300  incomplete",
        ]
    );
}
