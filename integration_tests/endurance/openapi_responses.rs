//! Reads from a server based on HubSpot's documents alone, with every kind of body and many seeds.

use crate::support::openapi_comparison::{harms_of_null, reads_without_loss};
use crate::support::random_json::{Variant, optional_field_count};

#[test]
fn bodies_by_chance_are_read_without_loss() {
    for seed in 100..104 {
        for variant in Variant::ALL {
            reads_without_loss(variant, seed, false);
            reads_without_loss(variant, seed, true);
        }
    }
}

#[test]
fn a_null_in_any_optional_field_harms_nothing() {
    let harms: Vec<String> = (0..optional_field_count()).flat_map(harms_of_null).collect();
    assert!(harms.is_empty(), "{}", harms.join("\n"));
}
