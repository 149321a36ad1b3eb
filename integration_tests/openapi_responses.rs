//! Runs the binary against a server that returns random responses based on HubSpot's documents
//! alone.
//!
//! Whatever the documents allow must be read without loss: every served entry becomes a record, and
//! no value changes. `endurance/` tests more cases.

use crate::support::openapi_comparison::{harms_of_null, reads_without_loss};
use crate::support::random_json::{Variant, optional_field_count};

/// One in this many of the runs with null fields is tested here.
const NULLS_EVERY: usize = 18;

fn dated(variant: Variant, seed: u64) {
    reads_without_loss(variant, seed, false);
}

fn classic(variant: Variant, seed: u64) {
    reads_without_loss(variant, seed, true);
}

#[test]
fn full_bodies_are_read_without_loss() {
    dated(Variant::Full, 1);
    classic(Variant::Full, 1);
}

#[test]
fn bodies_with_required_fields_alone_are_read_without_loss() {
    dated(Variant::Minimal, 2);
    classic(Variant::Minimal, 2);
}

#[test]
fn nulls_and_fields_and_values_that_nobody_knows_are_read_without_loss() {
    dated(Variant::Nulls, 3);
    dated(Variant::Unknown, 3);
}

#[test]
fn dates_of_every_spelling_are_read_without_loss() {
    dated(Variant::Offsets, 4);
    dated(Variant::Fractions, 4);
}

#[test]
fn the_smallest_and_the_largest_numbers_are_read_without_loss() {
    dated(Variant::Edges, 5);
}

#[test]
fn empty_lists_and_other_forms_of_a_body_are_read_without_loss() {
    dated(Variant::Empty, 6);
    dated(Variant::Branches, 6);
}

#[test]
fn pages_of_one_entry_before_an_empty_one_are_read_without_loss() {
    dated(Variant::SinglePages, 7);
}

#[test]
fn a_null_in_any_optional_field_harms_nothing() {
    // Every run sets one field of each response to null; the endurance test covers all of them.
    let harms: Vec<String> =
        (0..optional_field_count()).step_by(NULLS_EVERY).flat_map(harms_of_null).collect();
    assert!(harms.is_empty(), "{}", harms.join("\n"));
}
