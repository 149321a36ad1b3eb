//! Errors caused by HubSpot's responses.

use hubspot_simulator::settings::TokenInfo;
use hubspot_simulator::{Config, Fault, Kind, Policy, Settings, Which};

use super::rows::{SUBJECT, rows};
use super::said;
use crate::support::server::{json_answer, serve};
use crate::support::{Bench, Catalog, Mode, Output, Stage, TOKEN_FORM, calm, few};

/// Reads deals from a portal where every request for their list fails in this way.
fn read_deals(kind: Kind) -> Output {
    let faults = vec![Fault::new(Which::endpoint("objects.list"), kind)];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    stage.read(&Catalog::of(&[SUBJECT.stream], Mode::Full))
}

/// Returns the documented message for a cause.
fn documented(cause: &str) -> String {
    let row = rows().into_iter().find(|row| row.cause.starts_with(cause));
    said(&row.unwrap_or_else(|| panic!("no row: {cause}")).error)
}

fn refused(code: u16, category: &str, message: &str) -> Kind {
    Kind::Refused { code, category: category.into(), message: message.into() }
}

#[test]
fn refusals_are_told_as_documented() {
    for (cause, kind) in [
        ("401: the access token", refused(401, "INVALID_AUTHENTICATION", "credentials not found")),
        ("401 twice", Kind::ExpiredToken),
        ("530", Kind::Status { code: 530, retry_after_s: None }),
        ("401 or 403: the user", refused(401, "USER_DOES_NOT_HAVE_PERMISSIONS", "no")),
        ("401 or 403: the user", refused(403, "USER_DOES_NOT_HAVE_PERMISSIONS", "no")),
        ("400: the object type", refused(400, "", "Unable to infer object type from: deals")),
        ("400: the object type", refused(400, "", "Invalid object or event type id: 0-3")),
        ("400, 414", refused(400, "VALIDATION_ERROR", "Invalid input JSON")),
        ("429: the daily quota", Kind::RateLimited { policy: Policy::Daily, retry_after_s: None }),
        ("405, 410", refused(405, "", "no")),
        ("3xx", Kind::Redirect { to: "https://example.com/".into() }),
    ] {
        let output = read_deals(kind.clone());
        let (message, _) = output.error();
        assert_eq!((message, output.code), (documented(cause).as_str(), Some(1)), "{kind:?}");
        assert!(output.statuses("deals").ends_with(&["INCOMPLETE"]), "{kind:?}");
    }
}

#[test]
fn a_missing_scope_is_a_warning_in_the_documented_words() {
    let faults = vec![Fault::new(
        Which::endpoint("objects.list"),
        refused(403, "MISSING_SCOPES", "not all scopes"),
    )];
    let calm = calm(few());
    let settings = Settings { token_info: TokenInfo::NotThere, ..calm.settings };
    let stage = Stage::new(Config { faults, settings, ..calm });
    let output = stage.read(&Catalog::of(&["deals"], Mode::Incremental));
    let sentence = documented("403: a scope is missing").replacen("The", "the", 1);
    let expected = format!("`deals` is skipped: {}", sentence.trim_end_matches('.'));
    assert_eq!(output.warnings(), [expected.as_str()]);
}

#[test]
fn statuses_without_a_row_of_their_own_name_stream_path_and_status() {
    for code in [404, 409, 414, 431] {
        let output = read_deals(refused(code, "", "not like this"));
        let expected = format!(
            "HubSpot refused `deals` (GET /crm/objects/2026-09/deals): not like this (status \
             {code}); run the sync again, and report the error if it persists."
        );
        assert_eq!(output.error(), (expected.as_str(), "system_error"));
    }
}

#[test]
fn a_service_that_is_down_is_a_passing_fault() {
    for (kind, last) in [
        (Kind::Status { code: 503, retry_after_s: None }, "its last answer was 503"),
        (Kind::Status { code: 423, retry_after_s: None }, "its last answer was 423"),
        (Kind::Garbage, "its last answer was damaged: "),
        (Kind::Truncated { bytes: None }, "its last answer was damaged: "),
        (Kind::ResetAfter { bytes: 20 }, "its last answer broke off: "),
    ] {
        let faults = vec![Fault::new(Which::endpoint("account.details"), kind)];
        let output = Stage::new(Config { faults, ..calm(few()) }).check();
        let (message, failure_type) = output.error();
        let beginning = "HubSpot did not answer `account_details` (GET \
                         /account-info/2026-09/details) in 4 attempts over ";
        let end = "; run the sync again later.";
        assert!(message.starts_with(beginning) && message.ends_with(end), "{message}");
        assert!(message.contains(&format!(" s ({last}")), "{message}");
        assert_eq!(failure_type, "transient_error");
    }
}

#[test]
fn answers_that_make_no_sense_are_told_apart() {
    let host = serve(&json_answer(r#"{"hello":"world"}"#), None);
    let output = Bench::new(&format!("http://{host}")).run_raw("check", &[("config", TOKEN_FORM)]);
    let expected = "This version cannot read the response to `account_details` (GET \
                    /account-info/2026-09/details); update the connector, or report the error.";
    assert_eq!((output.error(), output.code), ((expected, "system_error"), Some(1)));

    let faults = vec![Fault::new(Which::all(), Kind::Garbage)];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let output = stage.check();
    let (message, failure_type) = output.error();
    assert!(message.contains(" in 4 attempts over "), "{message}");
    assert!(message.contains("its last answer was damaged: "), "{message}");
    assert_eq!((failure_type, output.code), ("transient_error", Some(1)));
}
