//! Seeded random changes to a portal at a constant rate.

use crate::portal::{Change, Portal, Records, Store, Values, mix2};

/// Rate of random changes to a portal.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    pub seed: u64,
    /// Changes per simulated minute.
    pub per_minute: u32,
}

/// Maximum number of attempts to draw a live record.
const DRAWS: u64 = 20;

/// Returns the change with this number: mostly modifications, occasionally one of the others.
pub(crate) fn draw(portal: &Portal, seed: u64, number: u64) -> Option<Change> {
    let random = |salt: u64| mix2(seed ^ salt, number);
    let stores: Vec<&Store> = portal.stores().iter().filter(|store| store.live() > 0).collect();
    let store = pick(&stores, random(1))?;
    let object = store.object.full_name.clone();
    let id = live_id(store, random(2))?;
    Some(match random(3) % 100 {
        0..70 => Change::Modify { object, records: Records::Id(id), properties: Values::new() },
        70..82 => Change::Create { object, count: 1, id: None, properties: Values::new() },
        82..88 => Change::Archive { object, records: Records::Id(id) },
        88..90 => {
            let archived = portal.archived_ids(&object).next()?;
            Change::Restore { object, records: Records::Id(archived) }
        }
        90..92 => {
            let loser = live_id(store, random(4)).filter(|loser| *loser != id)?;
            Change::Merge { object, winner: id, loser }
        }
        92..93 => Change::Purge { object, records: Records::Id(id) },
        93.. => {
            let other = pick(&stores, random(5))?;
            let to_id = live_id(other, random(6))?;
            Change::Associate {
                from_object: object,
                from_id: id,
                to_object: other.object.full_name.clone(),
                to_id,
                label: None,
            }
        }
    })
}

fn pick<'a>(stores: &[&'a Store], random: u64) -> Option<&'a Store> {
    let place = random.checked_rem(u64::try_from(stores.len()).ok()?)?;
    stores.get(usize::try_from(place).ok()?).copied()
}

/// Returns a random initial record that is still live.
fn live_id(store: &Store, random: u64) -> Option<u64> {
    (0..DRAWS)
        .filter_map(|attempt| mix2(random, attempt).checked_rem(store.base.len))
        .map(|index| store.base.id(index))
        .find(|id| store.is_live(*id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::PortalSpec;
    use crate::settings::Settings;

    const START_MS: i64 = 1_790_000_000_000;

    #[test]
    fn scripts_repeat_with_their_seed_and_hold_every_kind_of_change() {
        let changes = |seed| {
            let mut portal = Portal::new(PortalSpec::default(), Settings::default(), START_MS);
            let mut fitting = Vec::new();
            for number in 0..2_000_u32 {
                let now_ms = START_MS + i64::from(number);
                let change = draw(&portal, seed, u64::from(number));
                fitting.extend(change.filter(|change| portal.apply(change, now_ms).is_ok()));
            }
            fitting
        };
        let found = changes(1);
        assert!(found.len() > 1_800, "only {} changes fit", found.len());
        let kinds: std::collections::BTreeSet<String> = found
            .iter()
            .map(|change| serde_json::to_value(change).unwrap()["kind"].to_string())
            .collect();
        assert_eq!(kinds.len(), 7, "{kinds:?}");
        assert_eq!(found, changes(1));
        assert_ne!(found, changes(2));
    }
}
