//! Arbitrary input causes no panic, no hang, and no unbounded memory use. Runs the targets of
//! `fuzz/` for seconds.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use source_hubspot::fuzzing::FUZZ_TARGETS;

/// Returns typical inputs of a fuzz target, as a basis for mutations.
fn seeds(door: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(door);
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
        for (door, open) in FUZZ_TARGETS {
            let seeds = seeds(door);
            open(&edited(seeds[seed.index(seeds.len())].clone(), &edits));
        }
    }
}

#[test]
fn what_is_right_comes_in() {
    for (door, open) in FUZZ_TARGETS {
        let seeds = seeds(door);
        assert!(!seeds.is_empty(), "{door}");
        for seed in &seeds {
            open(seed);
        }
    }
}

#[test]
fn depth_and_length_end_soon() {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let long = |piece: &str| format!("[{}]", vec![piece; 200_000].join(","));
    let results = |inside: &str| format!(r#"{{"results":[{{"id":"7","properties":{inside}}}]}}"#);
    for text in [
        deep("[", "]"),
        deep("{\"results\":", "}"),
        deep("[", ""),
        results(&deep("[", "]")),
        long("{}"),
        results(&long("0")),
        results(&format!("\"{}\"", "\\u0000".repeat(200_000))),
        "9".repeat(1_000_000),
        "\"".repeat(1_000_000),
    ] {
        for (door, open) in FUZZ_TARGETS {
            let started = Instant::now();
            open(text.as_bytes());
            let took = started.elapsed();
            let beginning: String = text.chars().take(30).collect();
            assert!(took < Duration::from_secs(20), "{door} took {took:?} for {beginning}");
        }
    }
}

#[test]
fn every_door_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut targets: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().replace(".rs", ""))
        .collect();
    let mut doors: Vec<_> = FUZZ_TARGETS.iter().map(|(door, _)| (*door).to_owned()).collect();
    targets.sort();
    doors.sort();
    assert_eq!(targets, doors);
}
