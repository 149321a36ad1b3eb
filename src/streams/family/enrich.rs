//! The associated ids of the records of one page.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use crate::error::Error;
use crate::hubspot::{Api, Associations, RecordId, inline_associations, read_associations};
use crate::record::Record;

/// Associated ids, for each object type that is a column: `None` for the others.
#[derive(Debug)]
pub(super) struct Enriched {
    by_type: Vec<Option<Associations>>,
}

impl Enriched {
    /// Reads the associations of all `ids` anew, as a search needs it: its hits carry none.
    pub(super) async fn by_batch(
        api: Api<'_>,
        object: &str,
        types: &[Option<&str>],
        ids: &[RecordId],
    ) -> Result<Self, Error> {
        let reads = types.iter().map(|to| async move {
            match to {
                Some(to) => read_associations(api, object, to, ids).await.map(Some),
                None => Ok(None),
            }
        });
        Ok(Self { by_type: try_join_all(reads).await? })
    }

    /// Takes the associations that stand in listed records; where HubSpot cut a list short, that
    /// record's ids are read anew.
    pub(super) async fn inline(
        api: Api<'_>,
        object: &str,
        types: &[Option<&str>],
        records: &[(Option<RecordId>, Record<'_>)],
    ) -> Result<Self, Error> {
        let mut by_type: Vec<_> = types.iter().map(|to| to.map(|_| Associations::new())).collect();
        let mut cut: HashMap<usize, Vec<RecordId>> = HashMap::new();
        for (id, record) in records {
            let (Some(id), Some(raw)) = (id, record.raw("associations")) else { continue };
            let mut found =
                inline_associations(raw).map_err(|error| super::unreadable(object, error))?;
            for (place, to) in types.iter().enumerate() {
                let Some(inline) = to.and_then(|to| found.remove(to)) else { continue };
                if inline.is_cut {
                    cut.entry(place).or_default().push(*id);
                } else if let Some(Some(associations)) = by_type.get_mut(place) {
                    associations.insert(*id, inline.ids);
                }
            }
        }
        for (place, ids) in cut {
            if let (Some(Some(to)), Some(Some(associations))) =
                (types.get(place), by_type.get_mut(place))
            {
                associations.extend(read_associations(api, object, to, &ids).await?);
            }
        }
        Ok(Self { by_type })
    }

    /// The ids of one record, by object type.
    pub(super) fn of(&self, id: Option<RecordId>) -> Vec<&[RecordId]> {
        self.by_type
            .iter()
            .map(|associations| {
                let ids = id.and_then(|id| associations.as_ref()?.get(&id));
                ids.map(Vec::as_slice).unwrap_or_default()
            })
            .collect()
    }
}
