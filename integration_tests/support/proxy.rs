//! A `CONNECT` proxy that either forwards every connection or rejects every one.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that connects to every requested host.
    pub(crate) fn open() -> Self {
        Self::start(None)
    }

    /// Starts a proxy that responds with this status line.
    pub(crate) fn refusing(status: &'static str) -> Self {
        Self::start(Some(status))
    }

    fn start(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || {
                    // Some tests close the connection on purpose.
                    let _gone = connect(stream, refusal, &heard);
                });
            }
        });
        Self { url: format!("http://{address}"), asked }
    }

    /// Returns the hosts of all CONNECT requests.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn connect(
    mut client: TcpStream,
    refusal: Option<&str>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let host = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().expect("no panic").push(host.clone());
    if let Some(status) = refusal {
        return write!(client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect(host)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut forth) = (client.try_clone()?, server.try_clone()?);
    let answers = std::thread::spawn(move || {
        let _gone = copy(&mut server, &mut back);
        back.shutdown(Shutdown::Both)
    });
    let _gone = copy(&mut client, &mut forth);
    let _gone = forth.shutdown(Shutdown::Write);
    let _ended = answers.join();
    Ok(())
}
