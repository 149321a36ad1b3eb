//! Tests over real sockets: connections, quotas, tokens, faults, control endpoints, journal.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use hubspot_simulator::{
    Access, AccountSpec, Bucket, ClockConfig, Config, DEFAULT_TOKEN, Fault, Granted, Kind,
    OAuthApp, PlanGap, Policy, PortalSpec, PrivateApp, Simulator, Tier, Which, most_in_window,
};
use serde_json::{Value, json};

const LIST: &str = "/crm/v3/objects/contacts?limit=10";
const SEARCH: &str = "/crm/v3/objects/contacts/search";
const START_MS: i64 = 1_790_000_000_000;

/// Starts a simulator with a stopped clock, so that quota windows do not move.
fn start(config: Config) -> Simulator {
    let clock = ClockConfig { start_ms: Some(START_MS), speed: 0.0 };
    Simulator::start(Config { clock, ..config }).expect("a free port")
}

/// One response as received.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

struct Call<'a> {
    method: &'a str,
    target: &'a str,
    token: &'a str,
    content_type: &'a str,
    body: &'a str,
    more: &'a str,
}

impl<'a> Call<'a> {
    fn get(target: &'a str) -> Self {
        let token = DEFAULT_TOKEN;
        Self { method: "GET", target, token, content_type: "", body: "", more: "" }
    }

    fn post(target: &'a str, body: &'a str) -> Self {
        Self { method: "POST", content_type: "application/json", body, ..Self::get(target) }
    }

    fn send(&self, simulator: &Simulator) -> io::Result<Reply> {
        let address = simulator.url().replace("http://", "");
        let mut stream = TcpStream::connect(address)?;
        let Self { method, target, token, content_type, body, more } = self;
        let length = body.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\n{more}\r\n{body}"
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let _ = stream.shutdown(Shutdown::Both);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let body = bytes.split_off(end.ok_or(io::ErrorKind::UnexpectedEof)? + 4);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let reply = Reply { status: status.ok_or(io::ErrorKind::InvalidData)?, head, body };
        let expected = reply.header("content-length").and_then(|length| length.parse().ok());
        if expected.is_some_and(|expected: usize| reply.body.len() < expected) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(reply)
    }

    fn answer(&self, simulator: &Simulator) -> Reply {
        self.send(simulator).expect("an answer")
    }
}

#[test]
fn a_list_carries_the_headers_of_its_app() {
    let simulator = start(Config::default());
    let reply = Call::get(LIST).answer(&simulator);
    assert_eq!(reply.status, 200);
    for (header, expected) in [
        ("X-HubSpot-RateLimit-Max", "190"),
        ("X-HubSpot-RateLimit-Remaining", "189"),
        ("X-HubSpot-RateLimit-Daily-Remaining", "624999"),
        ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
        ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"),
        ("Vary", "Accept-Encoding"),
    ] {
        assert_eq!(reply.header(header), Some(expected), "{header}");
    }
    assert_eq!(reply.header("X-HubSpot-Correlation-Id").map(str::len), Some(36));

    let reply = Call::post(SEARCH, "{}").answer(&simulator);
    assert_eq!((reply.status, reply.header("X-HubSpot-RateLimit-Max")), (200, None));
}

#[test]
fn requests_that_are_not_welcome_are_turned_away() {
    let only = |scope: &str| Granted::Only(vec![scope.to_owned()]);
    let simulator = start(Config {
        access: Access {
            private_apps: vec![
                PrivateApp::new(DEFAULT_TOKEN, Granted::All),
                PrivateApp::new("pat-tickets", only("tickets")),
            ],
            ..Access::default()
        },
        ..Config::default()
    });
    let long = format!("/crm/v3/objects/contacts?properties={}", "a".repeat(16_200));
    for (case, call, status) in [
        ("unknown token", Call { token: "pat-other", ..Call::get(LIST) }, 401),
        ("token that leads nowhere", Call { token: "nodash", ..Call::get(LIST) }, 530),
        ("missing scope", Call { token: "pat-tickets", ..Call::get(LIST) }, 403),
        ("URL too long", Call::get(&long), 414),
        ("unknown path", Call::get("/crm/v9/objects/contacts"), 404),
        (
            "body that claims no JSON",
            Call { content_type: "text/plain", ..Call::post(SEARCH, "{}") },
            415,
        ),
        ("write", Call::post("/crm/v3/objects/contacts", "{}"), 405),
        ("delete", Call { method: "DELETE", ..Call::get("/crm/v3/objects/contacts/1") }, 405),
    ] {
        assert_eq!(call.answer(&simulator).status, status, "{case}");
    }
    let summary = simulator.summary();
    assert_eq!((summary.requests, summary.writes), (8, 2));
}

#[test]
fn quotas_are_enforced_by_bucket_and_roll_with_the_clock() {
    let simulator = start(Config::default());
    let search = || Call::post(SEARCH, "{}").answer(&simulator);
    let statuses: Vec<u16> = (0..7).map(|_| search().status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let bodies = [search().json(), search().json()];
    assert_eq!(bodies[0]["policyName"], "SECONDLY");
    assert_eq!(bodies[1]["category"], "RATE_LIMITS");
    assert_eq!(Call::get(LIST).answer(&simulator).status, 200);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(search().status, 200);

    let entries = simulator.journal();
    assert_eq!(most_in_window(&entries, Bucket::Search, 1_000), 9);
    assert_eq!(simulator.summary().rate_limited, 4);
}

#[test]
fn an_oauth_token_lives_for_half_an_hour() {
    let app = OAuthApp::new("client", "secret", "na1-refresh", Granted::All);
    let simulator = start(Config {
        access: Access { oauth_apps: vec![app], ..Access::default() },
        ..Config::default()
    });
    let form =
        "grant_type=refresh_token&client_id=client&client_secret=secret&refresh_token=na1-refresh";
    let refresh = Call {
        content_type: "application/x-www-form-urlencoded",
        ..Call::post("/oauth/v3/token", form)
    };
    let issued = refresh.answer(&simulator).json();
    let list = Call { token: issued["access_token"].as_str().unwrap(), ..Call::get(LIST) };
    let reply = list.answer(&simulator);
    assert_eq!((reply.status, reply.header("X-HubSpot-RateLimit-Max")), (200, Some("110")));
    assert_eq!(reply.header("X-HubSpot-RateLimit-Daily"), None);
    simulator.advance(Duration::from_mins(30));
    let reply = list.answer(&simulator);
    assert_eq!((reply.status, &reply.json()["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
}

#[test]
fn statuses_on_demand_come_as_they_were_ordered() {
    let simulator = start(Config::default());
    let limited = Kind::RateLimited { policy: Policy::Daily, retry_after_s: Some(7) };
    let status = |code| Kind::Status { code, retry_after_s: None };
    for (case, kind, expected) in [
        ("daily limit", limited, (429, Some("7"))),
        ("unavailable", status(503), (503, None)),
        ("locked", status(423), (423, None)),
        ("migration", Kind::Status { code: 477, retry_after_s: Some(5) }, (477, Some("5"))),
        ("path gone", Kind::Gone { code: 410 }, (410, None)),
        ("token not really expired", Kind::ExpiredToken, (401, None)),
    ] {
        simulator.plant(vec![Fault::new(Which::nth(1), kind)]);
        let reply = Call::get(LIST).answer(&simulator);
        assert_eq!((reply.status, reply.header("Retry-After")), expected, "{case}");
        assert_eq!(Call::get(LIST).answer(&simulator).status, 200, "after {case}");
        simulator.clear_faults();
    }
}

#[test]
fn connections_break_where_they_were_told_to() {
    let simulator = start(Config::default());
    for kind in [Kind::Reset, Kind::ResetAfter { bytes: 40 }, Kind::ResetAfter { bytes: 1 << 20 }] {
        simulator.plant(vec![Fault::new(Which::nth(1), kind.clone())]);
        let error = Call::get(LIST).send(&simulator).err().map(|error| error.kind());
        assert_eq!(error, Some(io::ErrorKind::ConnectionReset), "{kind:?}");
        assert_eq!(Call::get(LIST).answer(&simulator).status, 200, "after {kind:?}");
        simulator.clear_faults();
    }
}

#[test]
fn bodies_are_spoilt_as_ordered() {
    let simulator = start(Config::default());
    let plain = Call::get(LIST).answer(&simulator).json();
    let with = |kind| {
        simulator.clear_faults();
        simulator.plant(vec![Fault::new(Which::endpoint("objects.list"), kind)]);
        Call::get(LIST).answer(&simulator)
    };
    assert!(serde_json::from_slice::<Value>(&with(Kind::Truncated { bytes: None }).body).is_err());
    assert!(serde_json::from_slice::<Value>(&with(Kind::Garbage).body).is_err());
    let pretty = with(Kind::Pretty);
    assert!(pretty.body.contains(&b'\n'));
    assert_eq!(pretty.json(), plain);
    let slow = with(Kind::Slow { chunk_bytes: 400, pause_ms: 1 });
    assert_eq!(slow.header("Transfer-Encoding"), Some("chunked"));
    let short = with(Kind::ShortPage).json();
    assert_eq!(short["results"].as_array().map(Vec::len), Some(5));
    assert!(short["paging"]["next"]["after"].is_string());

    let opaque = with(Kind::OpaqueCursor).json();
    let after = opaque["paging"]["next"]["after"].as_str().unwrap();
    assert!(after.parse::<u64>().is_err(), "{after}");
    simulator.clear_faults();
    let next = |after: &str| Call::get(&format!("{LIST}&after={after}")).answer(&simulator).json();
    assert_eq!(next(after), next(plain["paging"]["next"]["after"].as_str().unwrap()));
}

#[test]
fn bodies_are_compressed_on_request() {
    let simulator = start(Config::default());
    let plain = Call::get(LIST).answer(&simulator);
    let packed = Call { more: "Accept-Encoding: gzip\r\n", ..Call::get(LIST) }.answer(&simulator);
    assert_eq!(packed.header("Content-Encoding"), Some("gzip"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
}

#[test]
fn the_portal_can_be_steered_from_outside() {
    let simulator = start(Config::default());
    let count = || {
        let truth = Call::get("/_simulator/portal").answer(&simulator).json();
        truth["counts"]["deals"].as_u64()
    };
    assert_eq!(count(), Some(500));
    let changes = r#"[{"kind":"create","object":"deals","count":3}]"#;
    let reply = Call::post("/_simulator/changes", changes).answer(&simulator);
    assert_eq!(reply.json(), json!({"applied": 1}));
    assert_eq!(count(), Some(503));

    let records = Call::get("/_simulator/records?object=deals").answer(&simulator).json();
    assert_eq!(records.as_array().map(Vec::len), Some(503));
    for record in records.as_array().expect("records") {
        let id = record["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let name = simulator.portal(|portal| portal.value("deals", id, "dealname"));
        assert_eq!(record["properties"]["dealname"].as_str(), name.as_deref());
        let companies = simulator.portal(|portal| portal.associations("deals", id, "companies"));
        let companies: Vec<String> = companies.iter().map(u64::to_string).collect();
        let shown = record["associations"].get("companies").cloned();
        assert_eq!(shown.unwrap_or(json!([])), json!(companies));
    }
    assert_eq!(Call::get("/_simulator/records?object=none").answer(&simulator).status, 400);
    let keys = Call::get("/_simulator/keys").answer(&simulator).json();
    assert_eq!(keys["owners"].as_array().map(Vec::len), Some(20));

    let clock = Call::post("/_simulator/clock", r#"{"advance_ms":250}"#).answer(&simulator);
    assert_eq!(clock.json(), json!({"now_ms": START_MS + 250}));
    let faults = r#"[{"on":{"endpoint":"objects.list"},"kind":{"status":{"code":502}}}]"#;
    assert_eq!(Call::post("/_simulator/faults", faults).answer(&simulator).status, 200);
    assert_eq!(Call::get(LIST).answer(&simulator).status, 502);
    let wrong = Call::post("/_simulator/faults", "{}").answer(&simulator);
    assert_eq!(wrong.status, 400);

    let journal = Call::get("/_simulator/journal?entries=true").answer(&simulator).json();
    assert_eq!(journal["summary"]["endpoints"]["objects.list"]["statuses"], json!({"502": 1}));
    assert_eq!(journal["entries"][0]["fault"], "status");
    let clear = Call { method: "DELETE", ..Call::get("/_simulator/journal") };
    assert_eq!(clear.answer(&simulator).status, 200);
    assert_eq!(simulator.summary().requests, 0);
}

#[test]
fn what_the_plan_lacks_is_refused_after_the_scopes() {
    let gap = |endpoint: &str, status| PlanGap { endpoint: endpoint.to_owned(), status };
    let account = AccountSpec {
        plan_gaps: vec![gap("events.", 403), gap("/automation/v4", 402)],
        ..AccountSpec::default()
    };
    let portal = PortalSpec { account, ..PortalSpec::default() };
    let simulator = start(Config { portal, ..Config::default() });
    for (target, expected) in [
        ("/events/v3/events/event-types", 403),
        ("/automation/v4/flows", 402),
        ("/automation/2026-09-beta/flows", 200),
        ("/automation/v3/workflows", 200),
    ] {
        let reply = Call::get(target).send(&simulator).expect("an answer");
        assert_eq!(reply.status, expected, "{target}");
        assert!(reply.json().get("message").is_some() == (expected != 200), "{target}");
    }
}

#[test]
fn the_usage_report_knows_the_tier() {
    for (tier, increase_packs, expected) in [
        (Tier::Starter, 0, 250_000),
        (Tier::Professional, 0, 625_000),
        (Tier::Enterprise, 2, 3_000_000),
    ] {
        let access = Access { tier, increase_packs, ..Access::default() };
        let simulator = start(Config { access, ..Config::default() });
        let target = "/account-info/v3/api-usage/daily/private-apps";
        let usage = Call::get(target).send(&simulator).expect("an answer").json();
        assert_eq!(usage["results"][0]["usageLimit"], expected, "{tier:?}");
        assert_eq!(usage["results"][0]["currentUsage"], 1, "{tier:?}");
    }
}
