//! The `check` command: verifies that the account can be read.

use futures_util::future::try_join;

use super::access::AccountAccess;
use super::choice::check_choice;
use super::session::Session;
use crate::error::{Error, WHERE_TO_GRANT};
use crate::http::RequestStats;
use crate::hubspot::{self, RequestContext};
use crate::streams::CustomStream;

/// Scope required for custom objects.
const CUSTOM_OBJECTS: &[&str] = &["crm.objects.custom.read"];

/// Result of a successful check.
#[derive(Debug)]
pub struct CheckReport {
    /// The account and the number of streams that can be read.
    summary: String,
    /// Missing scopes, each with the streams that it would make available.
    missing: Vec<String>,
    /// Number of columns of associated ids that are left out until the scopes are granted.
    columns: usize,
}

impl CheckReport {
    /// Returns the report as one sentence, for the protocol.
    pub fn sentence(&self) -> String {
        let Self { summary, missing, columns } = self;
        let columns = match columns {
            0 => String::new(),
            count => format!("records come without {count} columns of associated ids until then; "),
        };
        if missing.is_empty() {
            return summary.clone();
        }
        let missing = missing.join(", ");
        format!(
            "{summary}; missing scopes, each with the streams that it would add: {missing}; \
             {columns}grant what you need {WHERE_TO_GRANT}"
        )
    }

    /// Returns the report as lines, for a terminal.
    pub fn lines(&self) -> String {
        let Self { summary, missing, columns } = self;
        let mut lines = vec![format!("{summary}.")];
        if !missing.is_empty() {
            lines.push("Missing scopes, each with the streams that it would add:".to_owned());
            lines.extend(missing.iter().map(|missing| format!("  {missing}")));
            if *columns > 0 {
                lines.push(format!(
                    "Records come without {columns} columns of associated ids until then."
                ));
            }
            lines.push(format!("Grant what you need {WHERE_TO_GRANT}."));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Returns the account, the number of readable streams, and the missing scopes with the streams that
/// they would make available.
pub async fn check(session: &Session) -> Result<CheckReport, Error> {
    let stats = RequestStats::default();
    let request_context = RequestContext { stream: "account_details", scopes: &["oauth"] };
    // The account request is polled first, and its error ends the check: it is the most
    // informative.
    let account = hubspot::account(session.api(&stats, request_context));
    let (account, found) =
        try_join(account, async { Ok(AccountAccess::of(session).await) }).await?;
    let found = found?;
    check_choice(session, Some(&found.custom)).await?;
    let mut offer = found.offer(session);
    let has_custom = found.custom.streams.iter().any(CustomStream::is_object);
    if !offer.is_worth_reading() || found.granted.opens_nothing() && !has_custom {
        return Err(Error::NothingToRead { portal_id: account.portal_id });
    }
    let is_readable = |name: &str| offer.readable.iter().any(|spec| spec.name == name);
    let custom = found.custom.streams.iter().filter(|stream| stream.is_object());
    let custom = custom.filter(|stream| is_readable(stream.spec().name)).count();
    let streams = match (offer.readable.len(), offer.total()) {
        (readable, total) if readable == total => format!("{total} streams"),
        (readable, total) => format!("{readable} of {total} streams"),
    };
    let summary = format!(
        "The HubSpot account {} can be read: {streams}, {custom} of them custom objects",
        account.portal_id
    );
    // Without the scope, the number of custom objects is unknown.
    if !found.granted.missing(CUSTOM_OBJECTS, &["crm.schemas.custom.read"]).is_empty() {
        offer.shut.entry(CUSTOM_OBJECTS.into()).or_default().push("custom objects");
    }
    let columns = offer.columns.values().map(Vec::len).sum();
    Ok(CheckReport { summary, missing: offer.missing(), columns })
}
