//! Which records a record is associated with, complete.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::limits::ASSOCIATIONS_READ;
use super::page::{Link, Paging};
use crate::error::Error;
use crate::http::{Bucket, Undecodable};

/// Associated ids of one type, by record. A record without any is not in it.
pub type Associations = HashMap<RecordId, Vec<RecordId>>;

/// Reads the associations of `ids` with one object type, every page of every record.
///
/// Ids come in HubSpot's order, each once: a pair with several labels is listed several times.
pub async fn read_associations(
    api: Api<'_>,
    from: &str,
    to: &str,
    ids: &[RecordId],
) -> Result<Associations, Error> {
    let tail = format!("/{from}/{to}/batch/read");
    let mut found = Associations::new();
    for block in ids.chunks(ASSOCIATIONS_READ) {
        let mut inputs: Vec<_> = block.iter().map(|&id| Input::new(id, None)).collect();
        while !inputs.is_empty() {
            let body = Inputs { inputs: std::mem::take(&mut inputs) };
            let answer = api
                .post(Endpoint::Associations, &tail, &body, Bucket::Associations, decode)
                .await?;
            for Listed { from, to, next } in answer {
                found.entry(from).or_default().extend(to);
                inputs.extend(next.map(|link| Input::new(from, Some(link))));
            }
        }
    }
    found.values_mut().for_each(keep_first_of_each);
    Ok(found)
}

/// Associated ids of one type as they stand in a record of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inline {
    pub ids: Vec<RecordId>,
    /// HubSpot lists only the first of many here: are there more?
    pub is_cut: bool,
}

/// Reads a record's `associations`, by object type.
pub fn inline_associations(raw: &str) -> serde_json::Result<HashMap<String, Inline>> {
    let types: HashMap<String, RawInline> = serde_json::from_str(raw)?;
    Ok(types
        .into_iter()
        .map(|(object, RawInline { results, paging })| {
            let mut ids: Vec<_> = results.iter().filter_map(|to| to.id.parse().ok()).collect();
            keep_first_of_each(&mut ids);
            // HubSpot: the key of `line_items` is spelled with a blank.
            (object.replace(' ', "_"), Inline { ids, is_cut: paging.is_some() })
        })
        .collect())
}

#[derive(Deserialize)]
struct RawInline {
    #[serde(default)]
    results: Vec<InlineTo>,
    #[serde(default)]
    paging: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct InlineTo {
    id: String,
}

/// Removes repeated ids, keeping the order.
fn keep_first_of_each(ids: &mut Vec<RecordId>) {
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    ids.retain(|id| seen.insert(*id));
}

#[derive(Serialize)]
struct Inputs {
    inputs: Vec<Input>,
}

#[derive(Serialize)]
struct Input {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Input {
    fn new(id: RecordId, link: Option<Link>) -> Self {
        Self { id: id.to_string(), after: link.map(Link::into_string) }
    }
}

/// One input's page.
struct Listed {
    from: RecordId,
    to: Vec<RecordId>,
    next: Option<Link>,
}

#[derive(Deserialize)]
struct Answer<'body> {
    #[serde(borrow)]
    results: Vec<Associated<'body>>,
    #[serde(default)]
    errors: Vec<Partial>,
}

#[derive(Deserialize)]
struct Associated<'body> {
    from: From,
    #[serde(default)]
    to: Vec<To>,
    #[serde(borrow, default)]
    paging: Option<Paging<'body>>,
}

#[derive(Deserialize)]
struct From {
    id: Id,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    to_object_id: Id,
}

/// HubSpot: a number in most live answers, text in the newer specification.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(RecordId),
    Text(String),
}

impl Id {
    fn value(&self) -> Result<RecordId, Undecodable> {
        match self {
            Self::Number(id) => Ok(*id),
            Self::Text(text) => text
                .parse()
                .map_err(|_| Undecodable::Unexpected(format!("`{text}` is no record id").into())),
        }
    }
}

#[derive(Deserialize)]
struct Partial {
    #[serde(default)]
    category: Option<String>,
}

fn decode(body: &Bytes) -> Result<Vec<Listed>, Undecodable> {
    let answer: Answer<'_> = serde_json::from_slice(body)?;
    // HubSpot: a record without associations, or one that is gone, is reported as not found.
    if let Some(error) =
        answer.errors.iter().find(|error| error.category.as_deref() != Some("OBJECT_NOT_FOUND"))
    {
        let category = error.category.as_deref().unwrap_or("no category");
        return Err(Undecodable::Garbled(format!("some inputs were refused ({category})")));
    }
    answer
        .results
        .into_iter()
        .map(|result| {
            Ok(Listed {
                from: result.from.id.value()?,
                to: result.to.iter().map(|to| to.to_object_id.value()).collect::<Result<_, _>>()?,
                next: result.paging.and_then(Paging::into_link),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings_of_ids_and_each_inputs_link() {
        let body = r#"{"status":"COMPLETE","results":[
            {"from":{"id":"7"},"to":[{"toObjectId":88100,"associationTypes":[]},{"toObjectId":"88101"}],
             "paging":{"next":{"after":"MTAw","link":"l"}}}]}"#;
        let listed = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].from, &listed[0].to[..]), (7, &[88100, 88101][..]));
        assert_eq!(listed[0].next, Some(Link::new("MTAw")));
    }

    #[test]
    fn only_not_found_is_no_error() {
        for (category, fits) in [("OBJECT_NOT_FOUND", true), ("RATE_LIMITS", false)] {
            let body =
                format!(r#"{{"results":[],"numErrors":1,"errors":[{{"category":"{category}"}}]}}"#);
            assert_eq!(decode(&body.into()).is_ok(), fits, "{category}");
        }
    }

    #[test]
    fn inline_ids_are_told_once_and_whether_they_are_all() {
        let found = inline_associations(
            r#"{"line items":{"results":[{"id":"5","type":"a"},{"id":"5","type":"b"}]},
                "contacts":{"results":[{"id":"7","type":"a"}],"paging":{"next":{"after":"8"}}}}"#,
        )
        .unwrap();
        assert_eq!(found["line_items"], Inline { ids: vec![5], is_cut: false });
        assert_eq!(found["contacts"], Inline { ids: vec![7], is_cut: true });
    }

    #[test]
    fn each_id_stays_once_in_order() {
        let mut ids = vec![3, 1, 3, 2, 1];
        keep_first_of_each(&mut ids);
        assert_eq!(ids, [3, 1, 2]);
    }
}
