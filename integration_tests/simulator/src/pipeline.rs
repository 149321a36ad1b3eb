//! Processing of one request from its arrival to the response, in the order of HubSpot's layers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};

use crate::body::Delivery;
use crate::contract::judge::Sent;
use crate::fault::Kind;
use crate::journal::{Entry, UNKNOWN, WRITE};
use crate::message::{Answer, Request};
use crate::portal::Portal;
use crate::quota::Standing;
use crate::refusal::{self, Limit};
use crate::route::{Bucket, Params, Route};
use crate::routes::oauth::{Account, TokenRoute};
use crate::server_state::ServerState;
use crate::settings::SearchRefusal;
use crate::sync::{lock, read};
use crate::token::{Caller, Rejection};
use crate::{control, decode, finish, mangle, routes};

/// Origin that counts towards the length limit of a URL.
const HOST: &str = "https://api.hubapi.com";

/// A response ready to be sent.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) delivery: Delivery,
    /// Real time by which the response is delayed.
    pub(crate) delay: Duration,
}

/// The handler of a request.
enum Target {
    Api(&'static Route, Params),
    Token(&'static TokenRoute, String),
    /// A write that no route serves.
    Write,
    Unknown,
}

impl Target {
    fn of(method: &Method, path: &str) -> Self {
        if let Some((route, argument)) = routes::oauth::find(method, path) {
            return Self::Token(route, argument);
        }
        match routes::find(method, path) {
            Some((route, params)) => Self::Api(route, params),
            None if [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method) => {
                Self::Write
            }
            None => Self::Unknown,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Api(route, _) => route.name,
            Self::Token(route, _) => route.name,
            Self::Write => WRITE,
            Self::Unknown => UNKNOWN,
        }
    }

    fn bucket(&self) -> Bucket {
        match self {
            Self::Api(route, _) => route.bucket,
            Self::Token(..) | Self::Write | Self::Unknown => Bucket::Free,
        }
    }
}

/// A response with the authenticated caller, if any.
struct Reply {
    answer: Answer,
    caller: Option<Caller>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, caller: None }
    }
}

/// Processes a request that has been read in full.
pub(crate) fn respond(
    state: &ServerState,
    method: Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Outcome {
    let query = uri.query().unwrap_or_default();
    let path = decode::percent(uri.path(), false);
    let mut request = Request { method, path, query: decode::pairs(query), body, now_ms: 0 };
    if let Some(rest) = request.path.strip_prefix(control::PREFIX) {
        let answer = control::answer(state, rest, &request);
        return Outcome { answer, delivery: Delivery::Whole, delay: Duration::ZERO };
    }
    let target = Target::of(&request.method, &request.path);
    let (number, keeps_bodies) = {
        let mut journal = lock(&state.journal);
        request.now_ms = state.clock.now_ms();
        journal.arrive(target.bucket(), request.now_ms);
        (state.requests.fetch_add(1, Ordering::Relaxed) + 1, journal.keeps_bodies())
    };
    state.change_before(number);
    let fault = lock(&state.faults).pick(target.name(), &request.path, query);
    let sent_body = request.body.clone();
    let kept_body = keeps_bodies.then(|| String::from_utf8_lossy(&request.body).into_owned());

    let url_length = HOST.len() + uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    let reply = if url_length > state.settings.url_limit {
        finish::page(414, "Request-URI Too Long").into()
    } else if let Some(answer) =
        fault.as_ref().and_then(|kind| edge_fault(state, &target, &request, kind))
    {
        answer.into()
    } else {
        serve(state, &target, &mut request, headers, fault.as_ref())
    };

    let Reply { mut answer, caller } = reply;
    if let Some(kind) = &fault {
        apply_to_body(&mut answer, kind);
    }
    if let Some(judge) = &state.judge {
        let (method, path) = (request.method.as_str(), request.path.as_str());
        let sent = Sent { method, path, query, body: &sent_body };
        judge.examine(&sent, &answer, fault.is_some());
    }
    let standing = caller.as_ref().and_then(|caller| standing(state, &target, caller, &request));
    finish::complete(&mut answer, headers, standing, request.now_ms);
    lock(&state.journal).record(Entry {
        number,
        at_ms: request.now_ms,
        method: request.method,
        path: request.path,
        query: query.to_owned(),
        endpoint: target.name(),
        bucket: target.bucket(),
        status: answer.status,
        bytes: answer.body.len(),
        app_id: caller.map(|caller| caller.app_id),
        fault: fault.as_ref().map(Kind::name),
        body: kept_body,
    });
    let (delivery, late) = delivery(fault.as_ref());
    Outcome { answer, delivery, delay: state.delay(number) + late }
}

/// Returns the response of a fault that prevents the request from reaching HubSpot's API layers.
fn edge_fault(
    state: &ServerState,
    target: &Target,
    request: &Request,
    kind: &Kind,
) -> Option<Answer> {
    let (mut answer, retry_after_s) = match kind {
        Kind::RateLimited { policy, retry_after_s } => {
            let group = group(state, target.bucket(), 0, false);
            (refusal::rate_limited((*policy).into(), &group), *retry_after_s)
        }
        Kind::Status { code, retry_after_s } => {
            let answer = match code {
                423 => refusal::other(423, "The resource is locked, try again later"),
                477 => refusal::other(477, "The account is being migrated, try again later"),
                _ => finish::page(*code, "The service is temporarily unavailable"),
            };
            (answer, *retry_after_s)
        }
        Kind::Refused { code, category, message } => {
            (refusal::of_category(*code, category, message), None)
        }
        Kind::Redirect { to } => {
            let mut answer = finish::page(302, "Found");
            answer.headers.push(("Location", to.clone()));
            (answer, None)
        }
        Kind::Gone { code } => (finish::page(*code, "Not Found"), None),
        Kind::Literal { code, body } if body.starts_with(['{', '[']) => {
            (Answer::json(*code, body.clone()), None)
        }
        Kind::Literal { code, body } => {
            (Answer { body: body.clone().into(), ..finish::page(*code, "") }, None)
        }
        Kind::Reset => (finish::page(502, "The connection is reset before this is sent"), None),
        Kind::ResetAfter { .. }
        | Kind::Truncated { .. }
        | Kind::Garbage
        | Kind::Pretty
        | Kind::Replaced { .. }
        | Kind::Slow { .. }
        | Kind::Late { .. }
        | Kind::ExpiredToken
        | Kind::OpaqueCursor
        | Kind::ShortPage
        | Kind::EmptyPage
        | Kind::TurnedPage
        | Kind::PartialBatch(_)
        | Kind::SkippedHit
        | Kind::NoOffset
        | Kind::SameCursor => return None,
        Kind::HeavyPage { above } => {
            if mangle::asked(request).is_none_or(|asked| asked <= *above) {
                return None;
            }
            (refusal::other(500, "There was a problem with the request"), None)
        }
    };
    answer.headers.extend(retry_after_s.map(|seconds| ("Retry-After", seconds.to_string())));
    Some(answer)
}

fn serve(
    state: &ServerState,
    target: &Target,
    request: &mut Request,
    headers: &HeaderMap,
    fault: Option<&Kind>,
) -> Reply {
    let posts = request.method == Method::POST;
    match target {
        Target::Unknown => refusal::unknown_path().into(),
        Target::Write => finish::page(405, "Method Not Allowed").into(),
        Target::Token(route, argument) => {
            if posts && !has_content_type(headers, "") {
                return finish::page(415, "Unsupported Media Type").into();
            }
            token_endpoint(state, route, request, argument).into()
        }
        Target::Api(route, params) => {
            if posts && !has_content_type(headers, "application/json") {
                return finish::page(415, "Unsupported Media Type").into();
            }
            api(state, route, params, request, headers, fault)
        }
    }
}

fn has_content_type(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(expected.as_bytes()))
}

fn token_endpoint(
    state: &ServerState,
    route: &TokenRoute,
    request: &Request,
    argument: &str,
) -> Answer {
    if let Some(max) = state.settings.token_requests_per_second
        && lock(&state.quotas).take_token(max, request.now_ms).is_err()
    {
        return routes::oauth::too_fast();
    }
    let account =
        Account { portal_id: state.portal_id, settings: &state.settings, clock: &state.clock };
    route.answer(&mut lock(&state.tokens), &account, request, argument)
}

fn api(
    state: &ServerState,
    route: &Route,
    params: &Params,
    request: &mut Request,
    headers: &HeaderMap,
    fault: Option<&Kind>,
) -> Reply {
    let caller = if route.authenticated {
        let header = headers.get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes);
        match lock(&state.tokens).check(header, request.now_ms) {
            Ok(_) if fault == Some(&Kind::ExpiredToken) => {
                return refusal::expired(request.now_ms, request.now_ms).into();
            }
            Ok(caller) => Some(caller),
            Err(rejection) => return rejected(rejection, request.now_ms).into(),
        }
    } else {
        None
    };
    let portal = read(&state.portal);
    let scopes = match route.required_scopes(&portal, params) {
        Ok(scopes) => scopes,
        Err(answer) => return Reply { answer, caller },
    };
    if let Some(known) = &caller {
        if !known.scopes.allows(&scopes) {
            let answer = missing_scopes(&portal, known, request, params, &scopes);
            return Reply { answer, caller };
        }
        if let Err(limit) = take(state, &portal, route.bucket, known, request.now_ms) {
            return Reply { answer: refused(state, route.bucket, known, limit), caller };
        }
    }
    let gaps = &portal.spec().account.plan_gaps;
    if let Some(gap) = gaps.iter().find(|gap| gap.covers(route.name, &request.path)) {
        return Reply { answer: refusal::plan_gap(gap.status), caller };
    }
    mangle::resolve_cursor(request);
    if let Some(max) = state.settings.page_cap {
        mangle::cap_limit(request, max);
    }
    if fault == Some(&Kind::ShortPage) {
        mangle::halve_limit(request);
    }
    Reply { answer: route.answer(&portal, params, request), caller }
}

/// Returns the 403 for missing scopes: the text for private apps, or one of the texts for OAuth
/// apps.
fn missing_scopes(
    portal: &Portal,
    caller: &Caller,
    request: &Request,
    params: &Params,
    scopes: &[Vec<String>],
) -> Answer {
    let path = request.path.as_str();
    let of_definitions = ["/crm/properties/", "/crm/v3/properties/"];
    let legacy =
        ["/automation/v3/", "/email/public/v1/", "/engagements/v1/", "/form-integrations/"];
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    match params.first().and_then(|name| portal.store(name)) {
        _ if !caller.oauth => refusal::missing_scopes(scopes),
        Some(store) if starts(&of_definitions) => {
            let object = &store.object;
            refusal::schema_withheld(&object.singular, &object.plural, portal.portal_id())
        }
        _ if starts(&legacy) => refusal::legacy_scopes(path, &caller.token, scopes),
        _ => refusal::missing_scopes(scopes),
    }
}

fn rejected(rejection: Rejection, now_ms: i64) -> Answer {
    match rejection {
        Rejection::Missing | Rejection::Unknown => refusal::unauthorized(),
        Rejection::Expired { at_ms } => refusal::expired(at_ms, now_ms),
        Rejection::Unroutable => finish::page(530, "Origin DNS error"),
    }
}

fn take(
    state: &ServerState,
    portal: &Portal,
    bucket: Bucket,
    caller: &Caller,
    now_ms: i64,
) -> Result<(), Limit> {
    let mut quotas = lock(&state.quotas);
    let taken = quotas.take(bucket, caller.app_id, caller.oauth, now_ms);
    portal.calls_today.store(quotas.daily_used(now_ms), Ordering::Relaxed);
    taken
}

/// Returns the 429 of a bucket.
fn refused(state: &ServerState, bucket: Bucket, caller: &Caller, limit: Limit) -> Answer {
    let plain = bucket == Bucket::Search
        && limit == Limit::Secondly
        && match state.settings.search_refusal {
            SearchRefusal::Policy => false,
            SearchRefusal::Category => true,
            SearchRefusal::Alternate => {
                !state.searches_refused.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
            }
        };
    let mut answer = if plain {
        refusal::search_rate_limited()
    } else {
        refusal::rate_limited(limit, &group(state, bucket, caller.app_id, caller.oauth))
    };
    let retry_after = state.settings.retry_after_s;
    answer.headers.extend(retry_after.map(|seconds| ("Retry-After", seconds.to_string())));
    answer
}

/// Returns the counter's name for the body of a 429.
fn group(state: &ServerState, bucket: Bucket, app_id: u64, oauth: bool) -> String {
    let portal_id = state.portal_id;
    match bucket {
        Bucket::Search => format!("publicapi:crm:search:oauth:{app_id}:{portal_id}"),
        Bucket::Associations => format!("publicapi:crm:associations:{app_id}:{portal_id}"),
        Bucket::General | Bucket::Free if oauth => {
            format!("publicapi:oauth_app-api-calls-ten-secondly:{app_id}:{portal_id}")
        }
        Bucket::General | Bucket::Free => {
            format!("publicapi:private_app-api-calls-ten-secondly:{app_id}:{portal_id}")
        }
    }
}

/// Returns the values of the rate-limit headers; search responses have none.
fn standing(
    state: &ServerState,
    target: &Target,
    caller: &Caller,
    request: &Request,
) -> Option<Standing> {
    if target.bucket() == Bucket::Search {
        return None;
    }
    let standing = lock(&state.quotas).standing(caller.app_id, caller.oauth, request.now_ms);
    // Without quota enforcement the headers announce a large limit, since clients adapt to the
    // announced one.
    Some(if state.settings.quota {
        standing
    } else {
        Standing { max: UNENFORCED_LIMIT, remaining: UNENFORCED_LIMIT, ..standing }
    })
}

/// A limit of calls per ten seconds that no test reaches.
const UNENFORCED_LIMIT: usize = 1_000_000;

/// Applies a fault to a finished response body.
fn apply_to_body(answer: &mut Answer, kind: &Kind) {
    if !(200..300).contains(&answer.status) {
        return;
    }
    match kind {
        Kind::Truncated { bytes } => answer.body = mangle::truncated(&answer.body, *bytes),
        Kind::Garbage => answer.body = mangle::garbage(),
        Kind::Pretty => answer.body = mangle::pretty(&answer.body),
        Kind::Replaced { texts } => answer.body = mangle::replaced(&answer.body, texts),
        Kind::OpaqueCursor => answer.body = mangle::hide_cursor(&answer.body),
        Kind::EmptyPage => answer.body = mangle::emptied(&answer.body),
        Kind::TurnedPage => answer.body = mangle::turned(&answer.body),
        Kind::PartialBatch(partial) => answer.body = mangle::partial(&answer.body, *partial),
        Kind::SkippedHit => answer.body = mangle::without_first_hit(&answer.body),
        Kind::NoOffset => answer.body = mangle::without_offset(&answer.body),
        Kind::SameCursor => answer.body = mangle::same_cursor(&answer.body),
        Kind::RateLimited { .. }
        | Kind::Status { .. }
        | Kind::Refused { .. }
        | Kind::Redirect { .. }
        | Kind::Gone { .. }
        | Kind::Literal { .. }
        | Kind::Reset
        | Kind::ResetAfter { .. }
        | Kind::Slow { .. }
        | Kind::Late { .. }
        | Kind::ExpiredToken
        | Kind::ShortPage
        | Kind::HeavyPage { .. } => {}
    }
}

/// Returns the delivery and the extra delay that a fault causes.
fn delivery(fault: Option<&Kind>) -> (Delivery, Duration) {
    match fault {
        Some(Kind::Reset) => (Delivery::Reset, Duration::ZERO),
        Some(Kind::ResetAfter { bytes }) => (Delivery::ResetAfter(*bytes), Duration::ZERO),
        Some(Kind::Slow { chunk_bytes, pause_ms }) => {
            let pause = Duration::from_millis(*pause_ms);
            (Delivery::Slow { chunk_bytes: *chunk_bytes, pause }, Duration::ZERO)
        }
        Some(Kind::Late { ms }) => (Delivery::Whole, Duration::from_millis(*ms)),
        _ => (Delivery::Whole, Duration::ZERO),
    }
}
