//! Reading one selected stream, from STARTED to its receipt.

use std::sync::Arc;

use super::plan::{plan, saved};
use super::read::Run;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::Subject;
use crate::protocol::{ConfiguredStream, StreamStatus};
use crate::streams::family::{self, Receipt};
use crate::streams::{Context, Family};

/// Reads the stream to its end. COMPLETE or INCOMPLETE is for the caller to say.
pub(super) async fn read_stream(
    run: &Run<'_>,
    selected: &ConfiguredStream,
    name: &Arc<str>,
) -> Result<(), Error> {
    let row = run.rows.find(name)?;
    let saved = saved(&row, selected, run.state)?;
    run.outlet.status(name, StreamStatus::Started).await?;
    let config = &run.session.config;
    let meter = Meter::default();
    let api = run.session.api(&meter, Subject { stream: row.name, scopes: row.scopes });
    let definitions = &run.session.definitions;
    let properties = definitions.columns(api, &row, config.text_only).await?;
    let stream = plan(&row, selected, saved, properties.unwrap_or_default());
    let (mut lookback, mut history_properties) = (config.lookback, &[][..]);
    if let Family::PropertyHistory { object, .. } = row.family {
        lookback = config.history.lookback;
        history_properties = config.history.properties(object);
    }
    let context = Context {
        api,
        outlet: run.outlet,
        name: Arc::clone(name),
        start_date: config.start_date.map(|date| date.timestamp_millis()),
        lookback,
        history_properties,
        started: run.started,
        asked_for_time: &run.asked_for_time,
    };
    run.outlet.status(name, StreamStatus::Running).await?;
    let receipt = family::read(&context, &stream).await?;
    log::info!("{}", receipt_line(run, name, receipt, &meter));
    Ok(())
}

fn receipt_line(run: &Run<'_>, name: &str, receipt: Receipt, meter: &Meter) -> String {
    let [general, search, associations] = meter.by_bucket();
    format!(
        "`{name}`: {} records in {:.1} s; requests: {general} general, {search} search, \
         {associations} associations; {} retried, {} throttled, {:.1} s waited for quota; \
         {} values nulled",
        receipt.records,
        run.started.elapsed().as_secs_f64(),
        meter.retries(),
        meter.throttled_answers(),
        meter.waited().as_secs_f64(),
        receipt.nulled
    )
}
