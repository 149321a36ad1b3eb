//! Validation of the configured selection of records and properties against the portal.

use super::session::{CustomStreams, Session};
use crate::config::{FilterChoice, Selection, did_you_mean};
use crate::error::Error;
use crate::http::RequestStats;
use crate::hubspot::{
    Api, BadOperand, Condition, Conditions, Definition, Operands, Operator, RequestContext,
};
use crate::record_id::RecordId;
use crate::schema::{Patterns, PropertyColumn, object_of};
use crate::streams::{CustomStream, STREAMS, StreamSpec, names_of};

/// Validates all configured names and reports each unknown one with its location and a suggestion.
///
/// Object types whose properties the token may not read are skipped here; their streams report the
/// problem. `custom` are the account's own streams, if they have already been requested.
pub(super) async fn check_choice(
    session: &Session,
    custom: Option<&CustomStreams>,
) -> Result<(), Error> {
    let references = references(&session.config.choice);
    let mut rows: Vec<_> = STREAMS.iter().copied().filter(is_object).collect();
    let is_known = |(_, object): &(String, &str)| rows.iter().any(|spec| is_called(spec, object));
    let asked = match custom {
        None if !references.iter().all(is_known) => session.custom_streams().await?,
        None | Some(_) => CustomStreams::default(),
    };
    let custom = custom.unwrap_or(&asked);
    rows.extend(custom.streams.iter().map(CustomStream::spec).filter(is_object));
    let mut violations = match custom.problem {
        // The unknown names may belong to objects that could not be read.
        Some(_) => Vec::new(),
        None => unknown_objects(&references, &rows),
    };
    for spec in &rows {
        let stats = RequestStats::default();
        let api =
            session.api(&stats, RequestContext { stream: spec.name, scopes: spec.scopes.all });
        match conditions(session, api, spec).await {
            Err(Error::Config { violations: more }) => violations.extend(more),
            Err(error) if !error.is_about_one_answer() => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Config { violations }) }
}

fn is_object(spec: &StreamSpec<'_>) -> bool {
    spec.strategy.crm_object().is_some()
}

/// Returns `true` if the stream contains records of the object type with this name.
fn is_called(spec: &StreamSpec<'_>, object: &str) -> bool {
    spec.strategy.records_of().is_some_and(|path| names_of(path).iter().any(|name| name == object))
}

/// Returns the object types named in the selection, each with its location in the configuration.
fn references(choice: &Selection) -> Vec<(String, &str)> {
    let filters = choice.filters.iter().map(|filter| Some(filter.object.as_str()));
    let records = choice.records.iter().map(|records| Some(records.object.as_str()));
    let include = choice.include.iter().map(|pattern| object_of(pattern));
    let exclude = choice.exclude.iter().map(|pattern| object_of(pattern));
    let filters = filters.enumerate().map(|(place, object)| ("record_filters", place, object));
    let records = records.enumerate().map(|(place, object)| ("record_ids", place, object));
    let include = include.enumerate().map(|(place, object)| ("properties_include", place, object));
    let exclude = exclude.enumerate().map(|(place, object)| ("properties_exclude", place, object));
    let all = filters.chain(include).chain(exclude).chain(records);
    all.filter_map(|(key, place, object)| Some((format!("{key}.{place}"), object?))).collect()
}

fn unknown_objects(references: &[(String, &str)], rows: &[StreamSpec<'_>]) -> Vec<String> {
    let paths = rows.iter().filter_map(|spec| spec.strategy.records_of());
    let names: Vec<_> = paths.flat_map(names_of).collect();
    let unknown = references.iter().filter(|(_, object)| names.iter().all(|name| name != object));
    let sentences = unknown.map(|(place, object)| {
        let meant = did_you_mean(object, names.iter().map(String::as_str));
        format!("`{place}` names the CRM object `{object}`, which the account does not have{meant}")
    });
    sentences.collect()
}

/// Returns the conditions that the records of a stream must match.
pub(super) async fn conditions(
    session: &Session,
    api: Api<'_>,
    spec: &StreamSpec<'_>,
) -> Result<Conditions, Error> {
    let filters = session.config.choice.filters.iter().enumerate();
    let filters: Vec<_> = filters.filter(|(_, filter)| is_called(spec, &filter.object)).collect();
    if filters.is_empty() {
        return Ok(Conditions::default());
    }
    let compare = |definitions: &[Definition]| {
        let conditions = filters.iter().map(|(place, filter)| {
            let key = |key: &str| format!("`record_filters.{place}.{key}`");
            condition(filter, definitions)
                .map_err(|bad| format!("{} {}", key(bad.key), bad.problem))
        });
        let (mut fit, mut violations) = (Vec::new(), Vec::new());
        for condition in conditions {
            match condition {
                Ok(condition) => fit.push(condition),
                Err(violation) => violations.push(violation),
            }
        }
        if violations.is_empty() { Ok(fit) } else { Err(Error::Config { violations }) }
    };
    let compared = session.definitions.look(api, spec, compare).await?;
    compared.unwrap_or_else(|| Ok(Vec::new())).map(Conditions::new)
}

fn condition(filter: &FilterChoice, definitions: &[Definition]) -> Result<Condition, BadOperand> {
    let bad = |key, problem| BadOperand { key, problem };
    let name = filter.property.trim();
    let definition = definitions.iter().find(|definition| definition.name == name);
    let definition = definition.ok_or_else(|| {
        let known = definitions.iter().map(|definition| definition.name.as_str());
        let meant = did_you_mean(name, known);
        bad("property", format!("is `{name}`, which {} do not have{meant}", filter.object))
    })?;
    // The spec rejects any other operator.
    let operator = serde_json::from_value::<Operator>(filter.operator.as_str().into())
        .map_err(|_| bad("operator", "is not an operator of HubSpot's search".to_owned()))?;
    let FilterChoice { value, high_value, values, .. } = filter;
    let given = Operands { value: value.as_deref(), high_value: high_value.as_deref(), values };
    Condition::new(definition, operator, given)
}

/// Returns the property columns of a stream that the configuration selects, or `None` for a stream
/// without properties.
pub(super) async fn columns(
    session: &Session,
    api: Api<'_>,
    spec: &StreamSpec<'_>,
) -> Result<Option<Vec<PropertyColumn>>, Error> {
    let text_only = session.config.text_only;
    let mut columns = session.definitions.columns(api, spec, text_only).await?;
    if let (Some(path), Some(columns)) = (spec.strategy.records_of(), &mut columns) {
        let Selection { include, exclude, .. } = &session.config.choice;
        let names = names_of(path);
        let is_called = |object: &str| names.iter().any(|name| name == object);
        Patterns::new(include, exclude).restrict(columns, is_called);
    }
    Ok(columns)
}

/// Returns the ids of the only records to read from a stream, without duplicates; `None` if all
/// records are read.
pub(super) fn ids(choice: &Selection, spec: &StreamSpec<'_>) -> Option<Vec<RecordId>> {
    let chosen = choice.records.iter().filter(|records| is_called(spec, &records.object));
    let mut ids: Vec<_> = chosen.flat_map(|records| records.ids.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    (is_object(spec) && !ids.is_empty()).then_some(ids)
}
