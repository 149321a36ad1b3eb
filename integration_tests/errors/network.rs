//! Network errors: unreachable hosts, TLS, proxies, redirects, responses that are too large.

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::canary::spawn;
use crate::support::output::{finish, peak_memory_kb};
use crate::support::proxy::Proxy;
use crate::support::server::{Certificate, json_answer, nobody, serve, serve_bytes};
use crate::support::{Bench, Catalog, Mode, Output, TOKEN_FORM, oauth_config};

const ACCOUNT: &str = r#"{"portalId":7,"results":[]}"#;

/// Returns a bench whose HubSpot has a trusted certificate.
fn with_tls(certificate: &Certificate) -> (Bench, String) {
    let host = serve(&json_answer(ACCOUNT), Some(certificate));
    let mut bench = Bench::new(&format!("https://{host}"));
    let file = bench.file(&certificate.pem).display().to_string();
    bench.environment.push(("SSL_CERT_FILE", file));
    (bench, host)
}

fn check(bench: &Bench) -> Output {
    bench.run_raw("check", &[("config", TOKEN_FORM)])
}

/// Maximum number of concurrent requests of `check`, which ends with the first that fails.
const ASKED_AT_ONCE: usize = 5;

#[test]
fn a_proxy_that_lets_through_is_used_unless_excepted() {
    let certificate = Certificate::new();
    for (excepted, is_used) in
        [(None, true), (Some("example.com"), true), (Some("127.0.0.1"), false)]
    {
        let (mut bench, host) = with_tls(&certificate);
        let proxy = Proxy::open();
        bench.environment.push(("HTTPS_PROXY", proxy.url.clone()));
        bench.environment.extend(excepted.map(|name| ("NO_PROXY", name.to_owned())));
        assert_eq!(check(&bench).succeeded().connection().0, "SUCCEEDED");
        let asked = proxy.asked();
        assert_eq!(!asked.is_empty(), is_used, "{excepted:?}");
        assert!(asked.iter().all(|asked| *asked == host), "{asked:?}");
    }
}

#[test]
fn a_proxy_that_refuses_is_named_and_what_to_do() {
    let certificate = Certificate::new();
    for (status, problem, attempts) in [
        (
            "407 Proxy Authentication Required",
            "it requires a login; add it to HTTPS_PROXY, such as http://user:password@proxy",
            // The HTTP library may open one more connection for a request.
            1..=2 * ASKED_AT_ONCE,
        ),
        (
            "403 Forbidden",
            "it rejects the connection; allow the host in the proxy, or add it to NO_PROXY",
            4..=8 * ASKED_AT_ONCE,
        ),
    ] {
        let (mut bench, host) = with_tls(&certificate);
        let proxy = Proxy::refusing(status);
        let url = proxy.url.replace("http://", "http://someone:proxy-canary-7@");
        bench.environment.push(("HTTPS_PROXY", url));
        let output = check(&bench);
        let expected =
            format!("The proxy in HTTPS_PROXY refuses connections to https://{host}: {problem}.");
        assert_eq!((output.connection(), output.code), (("FAILED", &*expected), Some(0)));
        assert!(attempts.contains(&proxy.asked().len()), "{status}: {:?}", proxy.asked());
        let is_retried = output.warnings().iter().any(|line| line.contains("trying again"));
        assert_eq!(is_retried, status.starts_with("403"), "{status}: {:?}", output.warnings());
        assert!(!output.stdout.contains("proxy-canary-7"), "the proxy's password");
    }
}

#[test]
fn a_proxy_that_is_gone_is_a_passing_fault() {
    let (mut bench, _) = with_tls(&Certificate::new());
    bench.environment.push(("HTTPS_PROXY", format!("http://{}", nobody())));
    let output = check(&bench);
    let (message, failure_type) = output.error();
    let cause = "(the proxy that HTTPS_PROXY names cannot be reached, check it: Connection refused";
    assert!(message.contains(cause), "{message}");
    assert!(message.ends_with("correct HTTPS_PROXY, then try again."), "{message}");
    assert_eq!(failure_type, "transient_error");
}

#[test]
fn a_name_that_nobody_knows_is_said_to_be_one() {
    // RFC 6761: names below `invalid` do not exist, and resolvers need not query for them.
    let output = check(&Bench::new("https://hubspot.invalid"));
    let expected = "The host hubspot.invalid (HUBSPOT_API_URL) is not known to DNS; check the address, \
                    DNS or HTTPS_PROXY, then try again.";
    assert_eq!(output.error(), (expected, "transient_error"));
}

#[test]
fn a_redirect_takes_the_token_nowhere() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    other.set_nonblocking(true).expect("a socket");
    let elsewhere = other.local_addr().expect("an address");
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nLocation: http://{elsewhere}/account-info\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let output = check(&Bench::new(&format!("http://{}", serve(&answer, None))));
        let expected = "The response to `account_details` (GET /account-info/2026-09/details) is a \
                        redirect, which is not followed because the token must not be sent to \
                        another host; check HUBSPOT_API_URL and the network path to HubSpot.";
        assert_eq!((output.connection(), output.code), (("FAILED", expected), Some(0)));
    }
    assert!(other.accept().is_err(), "somebody came along");
}

#[test]
fn machines_without_roots_of_their_own_have_the_bundled_ones() {
    let host = serve(&json_answer(ACCOUNT), Some(&Certificate::new()));
    let mut bench = Bench::new(&format!("https://{host}"));
    // Hides the system certificates. Without the bundled roots the client could not be created.
    bench.environment.push(("SSL_CERT_DIR", "/nonexistent".to_owned()));
    let output = check(&bench);
    let problem = format!("No secure connection to https://{host}: its certificate is not signed");
    assert!(output.connection().1.starts_with(&problem), "{:?}", output.connection());
}

#[test]
fn a_certificate_file_that_cannot_be_used_is_named() {
    let mut bench = Bench::new("https://127.0.0.1:9");
    let no_certificate = bench.file("{}").display().to_string();
    for file in [no_certificate, "/nonexistent/roots.pem".to_owned()] {
        bench.environment.retain(|(variable, _)| *variable != "SSL_CERT_FILE");
        bench.environment.push(("SSL_CERT_FILE", file));
        let expected = "No secure connection to https://127.0.0.1:9: SSL_CERT_FILE does not name \
                        a file with certificates; correct or unset it.";
        let output = check(&bench);
        assert_eq!((output.connection(), output.code), (("FAILED", expected), Some(0)));
    }
}

#[test]
fn tls_older_than_1_2_is_refused() {
    // The alert of a server that only supports an older version.
    let host = serve("\x15\x03\x01\x00\x02\x02\x46", None);
    let output = check(&Bench::new(&format!("https://{host}")));
    let problem = "the server does not support TLS 1.2 or newer";
    assert!(output.connection().1.contains(problem), "{:?}", output.connection());
}

#[test]
fn a_bomb_is_defused_once_in_flat_memory() {
    const ZEROS: usize = 192 * 1024 * 1024;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..ZEROS / zeros.len() {
        bomb.write_all(&zeros).expect("memory");
    }
    let bomb = bomb.finish().expect("memory");
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    answer.extend_from_slice(&bomb);
    let (host, served) = serve_bytes(answer, None);
    let bench = Bench::new(&format!("http://{host}"));
    let mut command = bench.command("check", &[]);
    command.arg("--config").arg(bench.file(TOKEN_FORM));
    let (child, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let peak = peak_of(child.id());
    let (status, stdout, _) = finish(child, std::time::Duration::ZERO);
    canary.look_at(&stdout);
    let expected = "The response to `account_details` (GET /account-info/2026-09/details) is larger \
                    than the limit of 64 MB; deselect long columns of the stream, or report the \
                    error.";
    assert!(stdout.contains(expected), "{stdout}");
    assert_eq!(status.code(), Some(1));
    let served = served.load(std::sync::atomic::Ordering::Relaxed);
    assert!((1..=ASKED_AT_ONCE).contains(&served), "it was asked for again: {served}");
    let peak = peak.join().expect("a figure");
    // Each response is read up to the size limit.
    let most = 64 * ASKED_AT_ONCE as u64 + 60;
    assert!((10..most).contains(&peak), "{peak} MB");
}

#[test]
fn a_refusal_without_end_is_read_no_further_than_it_is_needed() {
    let mut answer = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\
        Connection: close\r\n\r\n{\"status\":\"error\",\"category\":\"C\",\"message\":\"no\",\"rest\":\""
        .to_vec();
    answer.resize(60 << 20, b'x');
    let (host, _) = serve_bytes(answer, None);
    let bench = Bench::new(&format!("http://{host}"));
    let mut command = bench.command("check", &[]);
    command.arg("--config").arg(bench.file(TOKEN_FORM));
    let (child, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let peak = peak_of(child.id());
    let (_, stdout, _) = finish(child, std::time::Duration::ZERO);
    canary.look_at(&stdout);
    assert!(stdout.contains("/account-info/2026-09/details): no (status 400)"), "{stdout}");
    let peak = peak.join().expect("a figure");
    // One megabyte per request, in several copies.
    assert!((5..90).contains(&peak), "{peak} MB");
}

/// Returns the peak memory of a process, in MB, after it has ended.
fn peak_of(process: u32) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = peak_memory_kb(process) {
            peak = peak.max(now);
            std::thread::yield_now();
        }
        peak / 1024
    })
}

#[test]
fn connections_that_cannot_be_made_safe_are_refused() {
    let certificate = Certificate::new();
    let ok = json_answer(ACCOUNT);
    let advice = "if a proxy inspects the traffic, set SSL_CERT_FILE to its certificate.";
    for (case, host, problem) in [
        (
            "no TLS behind an https address",
            serve("HTTP/1.1 400 Bad Request\r\n\r\n", None),
            "the server does not use TLS",
        ),
        (
            "a certificate nobody has signed",
            serve(&ok, Some(&certificate)),
            "its certificate is not signed by a trusted CA",
        ),
    ] {
        let url = format!("https://{host}");
        let output = Bench::new(&url).run_raw("check", &[("config", TOKEN_FORM)]);
        let expected = format!("No secure connection to {url}: {problem}; {advice}");
        let found = (output.connection(), output.code);
        assert_eq!(found, (("FAILED", expected.as_str()), Some(0)), "{case}");
        let catalog = Catalog::of(&["deals"], Mode::Full).json().to_string();
        let files = [("config", TOKEN_FORM), ("catalog", &catalog)];
        let output = Bench::new(&url).run_raw("read", &files);
        let found = (output.error(), output.code);
        assert_eq!(found, ((expected.as_str(), "config_error"), Some(1)), "{case}");
    }
}

#[test]
fn ssl_cert_file_adds_a_trusted_certificate() {
    let certificate = Certificate::new();
    let ok = json_answer(ACCOUNT);
    let mut bench = Bench::new(&format!("https://{}", serve(&ok, Some(&certificate))));
    let file = bench.file(&certificate.pem).display().to_string();
    bench.environment.push(("SSL_CERT_FILE", file));
    let output = bench.run_raw("check", &[("config", TOKEN_FORM)]).succeeded();
    assert_eq!(output.connection().0, "SUCCEEDED");
}

#[test]
fn a_read_that_reaches_nobody_gives_up_as_check_does_and_says_why() {
    let host = nobody();
    let bench = Bench::new(&format!("http://{host}"));
    let catalog = Catalog::of(&["contacts", "deals", "owners"], Mode::Incremental);
    let token: Value = serde_json::from_str(TOKEN_FORM).expect("JSON");
    for config in [token, oauth_config()] {
        let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
        let expected = format!(
            "The host {host} (HUBSPOT_API_URL) refuses the connection; check the address, the firewall or \
             HTTPS_PROXY, then try again."
        );
        assert_eq!((output.error(), output.code), ((&*expected, "transient_error"), Some(1)));
        let internal = output.errors()[0]["internal_message"].to_string();
        assert!(internal.contains("Connection refused") && internal.contains("in 4 attempts"));
        let warning =
            format!("cannot reach {host}: connection refused; trying again for up to 20 s");
        assert_eq!(output.warnings(), [warning], "once for all streams");
        let check = bench.run("check", &[("config", &config)]);
        assert_eq!(check.error(), (&*expected, "transient_error"));
    }
}
