//! Arbitrary input causes no panic, no hang, and no unbounded memory use. Runs the targets of
//! `fuzz/` for seconds.

use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use rustix::time::{ClockId, clock_gettime};
use source_hubspot::fuzzing::FUZZ_TARGETS;

/// Returns typical inputs of a fuzz target, as a basis for mutations.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| fs::read(file.expect("a file").path()).expect("bytes")).collect()
}

/// One mutation: `length` bytes at a position are replaced by `by`.
#[derive(Debug, Clone)]
struct Edit {
    at: Index,
    length: usize,
    by: Vec<u8>,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let pieces = ["null", "{}", "[]", "\"\"", "-1", "1e999", "\\ud800", "\u{2028}", "{", "\""];
    let piece = prop_oneof![
        proptest::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
        (any::<u64>()).prop_map(|number| number.to_string().into_bytes()),
    ];
    let edit = (any::<Index>(), 0_usize..12, piece);
    prop::collection::vec(edit.prop_map(|(at, length, by)| Edit { at, length, by }), 1..5)
}

fn edited(mut text: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for Edit { at, length, by } in edits {
        let at = at.index(text.len() + 1);
        let end = (at + length).min(text.len());
        text.splice(at..end, by.iter().copied());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_come_in(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, open) in FUZZ_TARGETS {
            open(&bytes);
        }
    }

    #[test]
    fn what_is_nearly_right_comes_in(seed in any::<Index>(), edits in edits()) {
        for (target, open) in FUZZ_TARGETS {
            let seeds = seeds(target);
            open(&edited(seeds[seed.index(seeds.len())].clone(), &edits));
        }
    }
}

#[test]
fn what_is_right_comes_in() {
    for (target, open) in FUZZ_TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        for seed in &seeds {
            open(seed);
        }
    }
}

#[test]
fn the_time_grows_with_depth_and_length_and_no_faster() {
    // Eight times the input takes eight times the time. Quadratic functions take 64 times as long.
    const FACTOR: u32 = 8;
    let large = 200_000;
    let small = large / 8;
    for (short, long) in extremes(small).into_iter().zip(extremes(large)) {
        let beginning: String = long.chars().take(30).collect();
        for (target, open) in FUZZ_TARGETS {
            let least = cpu_time(|| open(short.as_bytes()));
            let took = cpu_time(|| open(long.as_bytes()));
            let most = 4 * FACTOR * least + PRECISION;
            assert!(took < most, "{target} took {took:?}, {least:?} before, for {beginning}");
        }
    }
}

/// Differences in time below this are not significant.
const PRECISION: Duration = Duration::from_millis(100);

/// Returns the time that the processor spends on a function in this thread. Unlike elapsed time, it
/// does not depend on other processes.
fn cpu_time(run: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a time");
    let started = now();
    run();
    now().saturating_sub(started)
}

/// Returns texts with extreme nesting or length, proportional to `size`.
fn extremes(size: usize) -> [String; 9] {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(size), close.repeat(size));
    let long = |piece: &str| format!("[{}]", vec![piece; size].join(","));
    let results = |inside: &str| format!(r#"{{"results":[{{"id":"7","properties":{inside}}}]}}"#);
    [
        deep("[", "]"),
        deep("{\"results\":", "}"),
        deep("[", ""),
        results(&deep("[", "]")),
        long("{}"),
        results(&long("0")),
        results(&format!("\"{}\"", "\\u0000".repeat(size))),
        "9".repeat(5 * size),
        "\"".repeat(5 * size),
    ]
}

#[test]
fn every_entry_point_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().replace(".rs", ""))
        .collect();
    let mut names: Vec<_> = FUZZ_TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    files.sort();
    names.sort();
    assert_eq!(files, names);
}
