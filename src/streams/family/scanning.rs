//! The loop of a scan ([`Scan`]), for families that make records of their own of what it finds.

use tokio::time::Instant;

use super::crm_object::Reader;
use super::pace::Pace;
use crate::cursor::{Ask, Contradiction, Scan, complete, under_way};
use crate::error::Error;
use crate::hubspot::Page;
use crate::streams::context::{Context, Planned};

/// What a family does with the pages of a scan.
pub(super) trait Harvest {
    /// Asks for a page.
    async fn fetch(&self, scan: &Scan, ask: Ask) -> Result<Page, Error>;

    /// Sends what becomes of the records of a page; returns how many records that were.
    async fn send(&mut self, scan: &Scan, page: &Page) -> Result<u64, Error>;
}

/// Goes through a scan to its end and claims its window; returns how many records were sent.
///
/// The claim is never before a position that is saved already.
pub(super) async fn run(
    context: &Context<'_>,
    stream: &Planned<'_>,
    reader: &Reader<'_>,
    mut scan: Scan,
    harvest: &mut impl Harvest,
) -> Result<u64, Error> {
    let Some(cursor) = stream.row.cursor else { return Ok(0) };
    let mut pace = Pace::new(Instant::now());
    let mut records = 0;
    while let Some(ask) = scan.ask() {
        let answer = harvest.fetch(&scan, ask).await?;
        let ids: Vec<_> = reader.parse(&answer)?.iter().map(|(id, _)| *id).collect();
        let token = answer.next.as_ref().map(|link| link.as_str().to_owned());
        if scan.take(&ids, token) == Err(Contradiction) {
            scan = reader.without_order(&scan)?;
            continue;
        }
        let count = harvest.send(&scan, &answer).await?;
        records += count;
        let is_due = pace.is_due(count, Instant::now()) && !scan.is_done();
        if let Some(progress) = scan.progress(stream.generation).filter(|_| is_due) {
            context.send(Vec::new(), 0, Some(under_way(cursor.name, progress))).await?;
        }
    }
    let (_, upper) = scan.window();
    context.send(Vec::new(), 0, Some(complete(cursor.name, cursor.format, upper))).await?;
    Ok(records)
}
