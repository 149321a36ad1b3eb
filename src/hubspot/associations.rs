//! Reads the associations between records, complete over all pages.

use std::cell::Cell;
use std::collections::HashMap;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::api::Api;
use super::batch::{Answered, BatchNotes, LeftOut, read_whole};
use super::endpoint::Endpoint;
use super::limits::ASSOCIATIONS_READ;
use super::page::{PageToken, Paging};
use super::pages::endless_list;
use super::path_segment::path_segment;
use super::tolerant::{null_as_default, number, odd_as_default};
use crate::error::Error;
use crate::http::{Bucket, DecodeError, PageSize};
use crate::page_guard::{Endless, PageGuard};
use crate::record_id::RecordId;
use crate::strict;

/// Associated ids of one object type, by record. Records without associations are absent.
pub type Associations = HashMap<RecordId, Vec<RecordId>>;

/// Reads the associations of `ids` with one object type, all pages of every record.
///
/// Ids are in HubSpot's order and unique: HubSpot lists a pair once for each of its labels.
pub async fn read_associations(
    api: Api<'_>,
    from: &str,
    to: &str,
    ids: &[RecordId],
) -> Result<Associations, Error> {
    let mut found = Associations::new();
    for block in ids.chunks(ASSOCIATIONS_READ) {
        let mut next = Some(LinksQuery::new(from, to, block));
        while let Some(query) = next.take() {
            let page = read_page::<To>(api, &query).await?;
            next = query
                .next(&page)
                .map_err(|endless| endless_list(api.request_context.stream, endless))?;
            for Listed { from, to, .. } in &page {
                let ids = to.iter().map(|to| to.to_object_id.0);
                found.entry(*from).or_default().extend(ids);
            }
        }
    }
    found.values_mut().for_each(keep_first_of_each);
    Ok(found)
}

/// Request for a page of the associations of up to [`ASSOCIATIONS_READ`] records, each of which has
/// its own page token.
#[derive(Debug)]
pub struct LinksQuery<'a> {
    pub from: &'a str,
    pub to: &'a str,
    inputs: Vec<AssociationInput>,
}

impl<'a> LinksQuery<'a> {
    /// Creates the query for the first page of the records' associations with one object type.
    pub fn new(from: &'a str, to: &'a str, ids: &[RecordId]) -> Self {
        Self { from, to, inputs: ids.iter().map(|&id| AssociationInput::first(id)).collect() }
    }

    /// Returns the query for the next page, with the records that have one.
    fn next<T>(&self, page: &[Listed<T>]) -> Result<Option<Self>, Endless> {
        let mut inputs = Vec::new();
        for Listed { from, to, next } in page {
            let Some(page_token) = next else { continue };
            let before = self.inputs.iter().find(|input| input.id == *from);
            let mut guard = before.map(|input| input.guard.clone()).unwrap_or_default();
            guard.follow(page_token.as_str(), to.len())?;
            inputs.push(AssociationInput {
                id: *from,
                after: Some(page_token.as_str().to_owned()),
                guard,
            });
        }
        Ok((!inputs.is_empty()).then_some(Self { inputs, ..*self }))
    }
}

/// An association of one record with another.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordLink {
    pub from: RecordId,
    pub to: RecordId,
    /// Types of the association; a pair can have several.
    pub types: Vec<LinkType>,
}

/// Type of an association.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkType {
    #[serde(deserialize_with = "number")]
    pub type_id: u64,
    #[serde(default, deserialize_with = "odd_as_default")]
    pub category: Option<String>,
    #[serde(default, deserialize_with = "odd_as_default")]
    pub label: Option<String>,
}

/// Requests a page of associations. Returns it with the query for the next page.
pub async fn read_links<'a>(
    api: Api<'_>,
    query: &LinksQuery<'a>,
) -> Result<(Vec<RecordLink>, Option<LinksQuery<'a>>), Error> {
    let page = read_page::<TypedTo>(api, query).await?;
    let next =
        query.next(&page).map_err(|endless| endless_list(api.request_context.stream, endless))?;
    let links = page.into_iter().flat_map(|Listed { from, to, .. }| {
        to.into_iter().map(move |to| RecordLink {
            from,
            to: to.to_object_id.0,
            types: to.association_types,
        })
    });
    Ok((links.collect(), next))
}

/// Reads one page of every input's associations, with as many requests as needed.
async fn read_page<T: DeserializeOwned>(
    api: Api<'_>,
    query: &LinksQuery<'_>,
) -> Result<Vec<Listed<T>>, Error> {
    let LinksQuery { from, to, inputs } = query;
    let tail = format!("/{}/{}/batch/read", path_segment(from), path_segment(to));
    let ask = async |places: &[usize], size: &PageSize| {
        let asked = Cell::new(0);
        let body = |size: usize| {
            asked.set(size.min(places.len()));
            let places = places.get(..size).unwrap_or(places);
            Inputs { inputs: places.iter().filter_map(|place| inputs.get(*place)).collect() }
        };
        let answer = api.post_page(
            Endpoint::ASSOCIATIONS,
            &tail,
            Bucket::Associations,
            size,
            body,
            decode::<T>,
        );
        let (listed, notes) = answer.await?;
        let returned = listed.iter().map(|listed| listed.from).collect();
        Ok(Answered { value: listed, returned, notes, asked: asked.get() })
    };
    let id = |place: &usize| inputs.get(*place).map_or(RecordId::MIN, |input| input.id);
    let places = (0..inputs.len()).collect();
    let what = format!("POST {tail}");
    let answers = read_whole(&api, &what, places, (id, LeftOut::HasNone), ask).await?;
    Ok(answers.into_iter().flatten().collect())
}

/// Associated ids of one object type, as embedded in a listed record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inline {
    pub ids: Vec<RecordId>,
    /// `true` if there are more ids. HubSpot embeds only the first ones.
    pub is_cut: bool,
}

/// Parses a record's `associations` field, by object type.
pub fn inline_associations(raw: &str) -> serde_json::Result<HashMap<String, Inline>> {
    let types: Option<HashMap<String, Option<RawInline>>> = strict::read(raw)?;
    Ok(types
        .unwrap_or_default()
        .into_iter()
        .map(|(object, inline)| {
            let RawInline { results, paging } = inline.unwrap_or_default();
            let mut ids: Vec<_> = results.into_iter().flatten().map(|to| to.id.0).collect();
            keep_first_of_each(&mut ids);
            // HubSpot: the key of `line_items` is spelled with a space.
            (object.replace(' ', "_"), Inline { ids, is_cut: paging.is_some() })
        })
        .collect())
}

#[derive(Default, Deserialize)]
struct RawInline {
    #[serde(default, deserialize_with = "null_as_default")]
    results: Vec<Option<InlineTo>>,
    #[serde(default)]
    paging: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct InlineTo {
    id: NumericId,
}

/// Removes duplicate ids and keeps the order.
fn keep_first_of_each(ids: &mut Vec<RecordId>) {
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    ids.retain(|id| seen.insert(*id));
}

#[derive(Serialize)]
struct Inputs<'a> {
    inputs: Vec<&'a AssociationInput>,
}

#[derive(Debug, Serialize)]
struct AssociationInput {
    id: RecordId,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Checks the page tokens of this record.
    #[serde(skip)]
    guard: PageGuard,
}

impl AssociationInput {
    fn first(id: RecordId) -> Self {
        Self { id, after: None, guard: PageGuard::default() }
    }
}

/// A page of one input's associations.
struct Listed<T> {
    from: RecordId,
    to: Vec<T>,
    next: Option<PageToken>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct AssociationsResponse<'body, T> {
    #[serde(borrow, default)]
    results: Option<Vec<Associated<'body, T>>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Associated<'body, T> {
    from: From,
    #[serde(default = "Vec::new", deserialize_with = "null_as_default")]
    to: Vec<T>,
    #[serde(borrow, default)]
    paging: Option<Paging<'body>>,
}

#[derive(Deserialize)]
struct From {
    id: NumericId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    to_object_id: NumericId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypedTo {
    to_object_id: NumericId,
    #[serde(default, deserialize_with = "null_as_default")]
    association_types: Vec<LinkType>,
}

/// A record id. HubSpot: a number in most live responses, a string in the newer specification.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct NumericId(#[serde(deserialize_with = "number")] RecordId);

fn decode<T: DeserializeOwned>(body: &Bytes) -> Result<(Vec<Listed<T>>, BatchNotes), DecodeError> {
    let notes = serde_json::from_slice(body)?;
    let answer: AssociationsResponse<'_, T> = serde_json::from_slice(body)?;
    let results =
        answer.results.ok_or_else(|| DecodeError::Incomplete("it has no `results`".to_owned()))?;
    let listed = results.into_iter().map(|Associated { from, to, paging }| Listed {
        from: from.id.0,
        to,
        next: paging.and_then(Paging::into_link),
    });
    Ok((listed.collect(), notes))
}

/// Decodes a response in each of the requested forms.
pub(super) fn read_each(body: &Bytes) -> Result<(), DecodeError> {
    decode::<To>(body)?;
    decode::<TypedTo>(body).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: u64) -> RecordId {
        RecordId::new(id)
    }

    #[test]
    fn reads_both_spellings_of_ids_and_each_inputs_link() {
        let body = r#"{"status":"COMPLETE","results":[
            {"from":{"id":"7"},"to":[{"toObjectId":88100,"associationTypes":[]},{"toObjectId":"88101"}],
             "paging":{"next":{"after":"MTAw","link":"l"}}}]}"#;
        let (listed, _) = decode::<To>(&Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(listed.len(), 1);
        let ids: Vec<_> = listed[0].to.iter().map(|to| to.to_object_id.0).collect();
        assert_eq!((listed[0].from, ids), (id(7), vec![id(88100), id(88101)]));
        assert_eq!(listed[0].next, Some(PageToken::new("MTAw")));
        let query =
            LinksQuery::new("contacts", "deals", &[id(7), id(8)]).next(&listed).unwrap().unwrap();
        let body = Inputs { inputs: query.inputs.iter().collect() };
        let body = serde_json::to_string(&body).unwrap();
        assert_eq!(body, r#"{"inputs":[{"id":"7","after":"MTAw"}]}"#);
        assert!(query.next::<To>(&[]).unwrap().is_none());
        assert_eq!(query.next(&listed).unwrap_err(), Endless::SamePage);
    }

    #[test]
    fn an_association_can_be_of_several_types() {
        let body = r#"{"results":[{"from":{"id":"7"},"to":[{"toObjectId":5,"associationTypes":[
            {"category":"HUBSPOT_DEFINED","typeId":1,"label":"Primary"},
            {"category":"HUBSPOT_DEFINED","typeId":279,"label":null}]}]}]}"#;
        let (listed, _) = decode::<TypedTo>(&Bytes::from_static(body.as_bytes())).unwrap();
        let types: Vec<_> = listed[0].to[0]
            .association_types
            .iter()
            .map(|kind| (kind.type_id, kind.label.as_deref()))
            .collect();
        assert_eq!(types, [(1, Some("Primary")), (279, None)]);
    }

    #[test]
    fn inline_ids_are_told_once_and_whether_they_are_all() {
        let found = inline_associations(
            r#"{"line items":{"results":[{"id":"5","type":"a"},{"id":"5","type":"b"}]},
                "contacts":{"results":[{"id":"7","type":"a"}],"paging":{"next":{"after":"8"}}}}"#,
        )
        .unwrap();
        assert_eq!(found["line_items"], Inline { ids: vec![id(5)], is_cut: false });
        assert_eq!(found["contacts"], Inline { ids: vec![id(7)], is_cut: true });
        let odd = r#"{"a":{"results":[{"id":5,"type":null},null]},"b":null,
            "c":{"results":null,"paging":null},"d":{}}"#;
        let found = inline_associations(odd).unwrap();
        assert_eq!(found["a"], Inline { ids: vec![id(5)], is_cut: false });
        assert!(["b", "c", "d"].iter().all(|object| found[*object] == Inline::default()));
        assert!(inline_associations("null").unwrap().is_empty());
    }

    #[test]
    fn q44_each_id_stays_once_in_order() {
        let mut ids = [3, 1, 3, 2, 1].map(id).to_vec();
        keep_first_of_each(&mut ids);
        assert_eq!(ids, [3, 1, 2].map(id));
    }
}
