//! Servers that are not HubSpot: every request gets the same bytes, with or without TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate for 127.0.0.1 that nobody has signed, and its key.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    config: Arc<ServerConfig>,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .expect("the key fits");
        Self { pem: made.cert.pem(), config: Arc::new(config) }
    }
}

/// Answers every connection's first bytes with `answer`; gives host and port. With a certificate
/// it speaks TLS.
pub(crate) fn serve(answer: &str, certificate: Option<&Certificate>) -> String {
    serve_bytes(answer.as_bytes().to_vec(), certificate).0
}

/// The same with any bytes; the number says how often they were asked for.
pub(crate) fn serve_bytes(
    answer: Vec<u8>,
    certificate: Option<&Certificate>,
) -> (String, Arc<AtomicUsize>) {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let config = certificate.map(|certificate| Arc::clone(&certificate.config));
    // The thread ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            // A client that hangs up is what some tests are about.
            let _gone = match &config {
                None => respond(stream, &answer),
                Some(config) => ServerConnection::new(Arc::clone(config))
                    .map_err(std::io::Error::other)
                    .and_then(|tls| respond(StreamOwned::new(tls, stream), &answer)),
            };
        }
    });
    (address.to_string(), served)
}

/// Answers each request with the JSON that `answer` makes of its first line and its body; gives the
/// address.
pub(crate) fn serve_json(answer: impl Fn(&str, &str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    // The thread ends with the process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&mut stream).unwrap_or_default();
            let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
            let line = head.lines().next().unwrap_or_default();
            // A client may have hung up meanwhile.
            let _gone = stream.write_all(json_answer(&answer(line, body)).as_bytes());
        }
    });
    format!("http://{address}")
}

/// A request with its body, as long as its head says.
fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let length = stream.read(&mut chunk)?;
        request.extend_from_slice(chunk.get(..length).unwrap_or_default());
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let named = head.to_ascii_lowercase();
        let expected = named.split_once("content-length: ").map_or(0, |(_, rest)| {
            rest.lines().next().unwrap_or_default().trim().parse().unwrap_or(0)
        });
        if body.len() >= expected || length == 0 {
            return Ok(text);
        }
    }
}

/// An HTTP answer with a JSON body.
pub(crate) fn json_answer(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

fn respond(mut stream: impl Read + Write, answer: &[u8]) -> std::io::Result<()> {
    let mut request = [0; 8192];
    if stream.read(&mut request)? > 0 {
        stream.write_all(answer)?;
        stream.flush()?;
    }
    Ok(())
}

/// Host and port where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    // Nobody listens any more: a connection is refused.
    assert!(TcpStream::connect(address).is_err());
    address.to_string()
}
