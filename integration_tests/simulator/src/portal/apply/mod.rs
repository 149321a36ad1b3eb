//! Application of a [`Change`] to the portal: records here, other data in the child modules.

mod account;
mod marketing;

use crate::portal::Portal;
use crate::portal::change::{Change, Records};
use crate::portal::definition::{Definition, Kind, Origin, Role};
use crate::portal::hash::{mix, mix2};
use crate::portal::overlay::{Edit, Status};
use crate::portal::store::{Handle, Store};
use crate::portal::values::Values;

impl Portal {
    /// Applies a change at an instant. On error nothing has changed, except that a change of
    /// several records stops at the one that failed.
    pub fn apply(&mut self, change: &Change, now_ms: i64) -> Result<(), String> {
        match change {
            Change::Create { object, count, id, properties } => {
                let store = self.store_mut(object)?;
                let edits = edits(store, properties, now_ms)?;
                if let Some(id) = id {
                    if store.handle(*id).is_some() {
                        return Err(format!("the id {id} of {object} is already in use"));
                    }
                    store.put(*id, Status::Live, Some(now_ms), &edits, now_ms);
                    return Ok(());
                }
                for _ in 0..*count {
                    store.put(store.free_id(), Status::Live, Some(now_ms), &edits, now_ms);
                }
                Ok(())
            }
            Change::Modify { object, records, properties } => {
                let store = self.store_mut(object)?;
                let edits = edits(store, properties, now_ms)?;
                for id in chosen(store, records, Want::Live)? {
                    let own = if properties.is_empty() { touch(store, id, now_ms) } else { None };
                    let edits = own.as_ref().map_or(edits.as_slice(), std::slice::from_ref);
                    store.put(id, Status::Live, Some(now_ms), edits, now_ms);
                }
                Ok(())
            }
            Change::Archive { object, records } => {
                self.put_all(object, records, Want::Live, Status::Archived(now_ms), now_ms)
            }
            Change::Restore { object, records } => {
                self.put_all(object, records, Want::Archived, Status::Live, now_ms)
            }
            Change::Purge { object, records } => {
                self.put_all(object, records, Want::Either, Status::Purged, now_ms)
            }
            Change::Merge { object, winner, loser } => self.merge(object, *winner, *loser, now_ms),
            Change::Associate { from_object, from_id, to_object, to_id, label } => {
                let side = self.side(from_object, *from_id, to_object, *to_id)?;
                self.graph.add(side, *to_id, label.as_deref());
                Ok(())
            }
            Change::Dissociate { from_object, from_id, to_object, to_id } => {
                let side = self.side(from_object, *from_id, to_object, *to_id)?;
                self.graph.remove(side, *to_id);
                Ok(())
            }
            Change::BulkTouch { object, from_id, to_id, at_ms } => {
                let store = self.store_mut(object)?;
                let ids = from_id.unwrap_or(0)..to_id.map_or(u64::MAX, |to| to.saturating_add(1));
                store.stamp(ids, at_ms.unwrap_or(now_ms), now_ms);
                Ok(())
            }
            Change::CreateProperty { object, name, property_type } => {
                self.store_mut(object)?.define(name, property_type, now_ms)
            }
            Change::ArchiveProperty { object, name } => {
                let store = self.store_mut(object)?;
                let place = store.definition(name).map(|(place, _)| place);
                let found = place.and_then(|place| store.definitions.get_mut(place));
                let found = found.ok_or_else(|| format!("{object} has no property {name}"))?;
                found.archived = true;
                Ok(())
            }
            Change::Occur(change) => self.occur(change, now_ms),
            Change::CreateFlow(flow) => {
                self.create_flow(*flow, now_ms);
                Ok(())
            }
            Change::EditFlow(flow) => self.edit_flow(flow.id, now_ms),
            Change::DeleteFlow(flow) => self.delete_flow(flow.id, now_ms),
            Change::CreateList(list) => self.create_list(list, now_ms),
            Change::EditList(list) => self.edit_list(list.id, now_ms),
            Change::DeleteList(list) => self.delete_list(list.id, now_ms),
            Change::AddListMembers(change) => self.add_members(change, now_ms),
            Change::RemoveListMembers(change) => self.remove_members(change, now_ms),
            Change::CreateForm => {
                self.create_form(now_ms);
                Ok(())
            }
            Change::EditForm(form) => self.edit_form(&form.id, now_ms),
            Change::ArchiveForm(form) => self.archive_form(&form.id, now_ms),
            Change::SubmitForm(change) => self.submit(change, now_ms),
            Change::CreateMarketingEmail => {
                self.create_email(now_ms);
                Ok(())
            }
            Change::EditMarketingEmail(email) => self.edit_email(email.id, now_ms),
            Change::ArchiveMarketingEmail(email) => self.archive_email(email.id, now_ms),
            Change::EditMarketingCampaign(campaign) => self.edit_campaign(&campaign.id, now_ms),
            Change::EmailEvents(change) => self.email_events(change, now_ms),
            Change::ChangeSubscriptions(change) => {
                self.subscription_changes(change, now_ms);
                Ok(())
            }
        }
    }

    fn store_mut(&mut self, object: &str) -> Result<&mut Store, String> {
        let place = self.place(object);
        place
            .and_then(|place| self.stores.get_mut(place))
            .ok_or_else(|| format!("there is no object type {object}"))
    }

    fn put_all(
        &mut self,
        object: &str,
        records: &Records,
        want: Want,
        status: Status,
        now_ms: i64,
    ) -> Result<(), String> {
        let store = self.store_mut(object)?;
        for id in chosen(store, records, want)? {
            store.put(id, status, None, &[], now_ms);
        }
        Ok(())
    }

    /// Returns the key of a link between two live records.
    fn side(
        &self,
        from_object: &str,
        from_id: u64,
        to_object: &str,
        to_id: u64,
    ) -> Result<(usize, u64, usize), String> {
        let place = |object: &str, id: u64| {
            let place = self.place(object);
            place
                .filter(|place| self.stores.get(*place).is_some_and(|store| store.is_live(id)))
                .ok_or_else(|| format!("there is no live record {id} of {object}"))
        };
        Ok((place(from_object, from_id)?, from_id, place(to_object, to_id)?))
    }

    fn merge(&mut self, object: &str, winner: u64, loser: u64, now_ms: i64) -> Result<(), String> {
        let place = self.place(object).ok_or_else(|| format!("no object type {object}"))?;
        let store = self.store_mut(object)?;
        if winner == loser || !store.is_live(winner) || !store.is_live(loser) {
            return Err(format!("cannot merge {loser} into {winner}"));
        }
        let mut edits = Vec::new();
        for (name, entry) in [
            ("hs_merged_object_ids", loser.to_string()),
            ("hs_calculated_merged_vids", format!("{loser}:{now_ms}")),
        ] {
            let Some((property, definition)) = store.definition(name) else { continue };
            let mut values = [winner, loser]
                .into_iter()
                .filter_map(|id| store.get(id).and_then(|view| view.text(definition, property)));
            let mut value = values.next().map_or_else(String::new, |known| known + ";");
            for inherited in values {
                value = value + &inherited + ";";
            }
            value += &entry;
            edits.push(Edit { property, at_ms: now_ms, value: Some(value.into_boxed_str()) });
        }
        let mut inherited = Vec::new();
        for other in 0..self.stores.len() {
            for link in self.links(place, loser, other) {
                inherited.push((other, link));
            }
        }
        for (other, link) in inherited {
            if (other, link.to_id) != (place, winner) {
                let label = link.label.as_deref().or(link.primary.then_some("Primary"));
                self.graph.add((place, winner, other), link.to_id, label);
            }
        }
        let store = self.store_mut(object)?;
        store.put(loser, Status::Merged(winner), None, &[], now_ms);
        store.put(winner, Status::Live, Some(now_ms), &edits, now_ms);
        Ok(())
    }
}

impl Store {
    fn define(&mut self, name: &str, property_type: &str, now_ms: i64) -> Result<(), String> {
        if self.definition(name).is_some() {
            return Err(format!("{} has a property {name} already", self.object.plural));
        }
        let kind = Kind::of_type(property_type);
        let mut definition = Definition::new(self.seed, name, kind, Role::Plain);
        definition.origin = Origin::Late;
        definition.defined_ms = Some(now_ms);
        self.by_name.insert(name.to_owned(), self.definitions.len());
        self.definitions.push(definition);
        Ok(())
    }
}

/// The records that a change can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Live,
    Archived,
    Either,
}

fn chosen(store: &Store, records: &Records, want: Want) -> Result<Vec<u64>, String> {
    let fits = |id: &u64| {
        let status = store.handle(*id).map(|handle| store.status(handle));
        match status {
            Some(Status::Live) => want != Want::Archived,
            Some(Status::Archived(_)) => want != Want::Live,
            Some(Status::Merged(_) | Status::Purged) | None => false,
        }
    };
    let id_of = |handle| match handle {
        Handle::Base(index) => store.base.id(index),
        Handle::Touched(id) => id,
    };
    let all = |from| store.list(from, want == Want::Archived).map(id_of);
    Ok(match records {
        Records::Id(id) if fits(id) => vec![*id],
        Records::Id(id) => {
            return Err(format!("the change does not fit {} {id}", store.object.singular));
        }
        Records::Ids(ids) => ids.iter().copied().filter(fits).collect(),
        Records::Sample { share, seed } => all(0).filter(|id| draw(*seed, *id) < *share).collect(),
        Records::Range { from, to } => all(*from).take_while(|id| id <= to).collect(),
        Records::All => all(0).collect(),
    })
}

/// Returns a number in `[0, 1)`.
fn draw(seed: u64, id: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    let number = (mix2(seed, id) >> 11) as f64;
    number / 9_007_199_254_740_992.0
}

fn edits(store: &Store, values: &Values, at_ms: i64) -> Result<Vec<Edit>, String> {
    let edit = |(name, value): (&String, &Option<String>)| {
        let known = store.definition(name);
        let (property, _) =
            known.ok_or_else(|| format!("{} have no property {name}", store.object.plural))?;
        Ok(Edit { property, at_ms, value: value.as_deref().map(Box::from) })
    };
    values.iter().map(edit).collect()
}

/// Returns an edit that marks a record as modified when no values are given.
fn touch(store: &Store, id: u64, now_ms: i64) -> Option<Edit> {
    let count = store.definitions.len();
    let start = usize::try_from(mix(id ^ store.seed)).unwrap_or_default() % count.max(1);
    let mut places = (start..count).chain(0..start);
    let property =
        places.find(|place| store.definitions.get(*place).is_some_and(Definition::editable))?;
    let value = format!("changed at {now_ms}").into_boxed_str();
    Some(Edit { property, at_ms: now_ms, value: Some(value) })
}
