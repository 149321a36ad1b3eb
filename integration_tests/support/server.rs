//! Servers that return the same bytes for every request, with or without TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A self-signed certificate for 127.0.0.1 and its key.
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

/// Starts a server that sends `answer` on every connection. Returns host and port. Uses TLS if a
/// certificate is given.
pub(crate) fn serve(answer: &str, certificate: Option<&Certificate>) -> String {
    serve_bytes(answer.as_bytes().to_vec(), certificate).0
}

/// Starts a server that sends arbitrary bytes. Also returns a counter of the connections.
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
            // Some tests close the connection on purpose.
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

/// Starts a server that responds with the JSON that `answer` returns for the first line and the
/// body of a request. Returns the address.
pub(crate) fn serve_json(answer: impl Fn(&str, &str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    // The thread ends with the process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&mut stream).unwrap_or_default();
            let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
            let line = head.lines().next().unwrap_or_default();
            // The client may have closed the connection.
            let _gone = stream.write_all(json_answer(&answer(line, body)).as_bytes());
        }
    });
    format!("http://{address}")
}

/// Reads a request with its body, according to `Content-Length`.
pub(crate) fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
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

/// Returns an HTTP response with a JSON body.
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

/// Returns a host and port without a listener.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    // A connection is now refused.
    assert!(TcpStream::connect(address).is_err());
    address.to_string()
}
