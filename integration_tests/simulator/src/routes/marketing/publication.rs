//! Kind and publication of marketing e-mails.

use crate::portal::Item;

const DAY_MS: i64 = 86_400_000;
/// Type, subcategory and state of the e-mails, in a cycle.
const KINDS: &[(&str, &str, &str)] = &[
    ("BATCH_EMAIL", "batch", "PUBLISHED"),
    ("AUTOMATED_EMAIL", "automated", "AUTOMATED"),
    ("BATCH_EMAIL", "batch", "DRAFT"),
    ("AB_EMAIL", "ab_master", "PUBLISHED_AB"),
    ("BLOG_EMAIL", "blog_email", "BLOG_EMAIL_PUBLISHED"),
    ("BATCH_EMAIL", "batch", "SCHEDULED"),
];

/// Returns type, subcategory and state of an e-mail.
pub(crate) fn kind(email: &Item) -> (&'static str, &'static str, &'static str) {
    let place = usize::try_from(email.number).unwrap_or_default() % KINDS.len();
    KINDS.get(place).copied().unwrap_or(("BATCH_EMAIL", "batch", "DRAFT"))
}

/// Returns the instant at which the e-mail was published, if it was. E-mails created by a change
/// are drafts.
///
/// HubSpot: a scheduled e-mail is sent without an edit, so an old e-mail may have been sent
/// recently.
pub(crate) fn published_ms(email: &Item, start_ms: i64) -> Option<i64> {
    let draft = matches!(kind(email).2, "DRAFT" | "SCHEDULED") || email.created_ms >= start_ms;
    let days = i64::try_from(email.number % 25).unwrap_or_default();
    let lately = email.number.is_multiple_of(10).then_some(start_ms - days * DAY_MS);
    let soon = || email.created_ms + 5 * DAY_MS;
    (!draft).then(|| lately.unwrap_or_else(soon).min(start_ms - 7_200_000))
}
