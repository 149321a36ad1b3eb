//! A gateway in front of a simulator that answers requests in rounds: none before all requests of
//! its round have arrived.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::server::read_request;

/// Time after which a round ends although requests are missing. Longer than a busy machine takes to
/// send them.
const TOO_LONG: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct Counts {
    requests: usize,
    in_flight: usize,
    most_in_flight: usize,
    /// Numbers of requests of the rounds that have not ended, the current one first.
    rounds: Vec<usize>,
    /// Number of rounds that have ended.
    ended: usize,
    /// Number of requests of the current round that have arrived.
    arrived: usize,
}

#[derive(Debug, Default)]
struct Shared {
    counts: Mutex<Counts>,
    changed: Condvar,
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("no panic in here")
    }

    /// Counts a request that arrives, and waits for the end of its round.
    fn arrive(&self, is_held: bool) {
        let mut counts = self.counts();
        counts.requests += 1;
        counts.in_flight += 1;
        counts.most_in_flight = counts.most_in_flight.max(counts.in_flight);
        let Some(size) = counts.rounds.first().copied().filter(|_| is_held) else { return };
        counts.arrived += 1;
        let round = counts.ended;
        if counts.arrived == size {
            counts.rounds.remove(0);
            (counts.ended, counts.arrived) = (round + 1, 0);
            self.changed.notify_all();
        }
        let is_waiting = |counts: &mut Counts| counts.ended == round;
        let waited = self.changed.wait_timeout_while(counts, TOO_LONG, is_waiting);
        drop(waited.expect("no panic in here"));
    }
}

/// A running gateway, which ends with the process.
pub(crate) struct Gateway {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Gateway {
    /// Starts a gateway to the simulator at `url`. `rounds` are the numbers of requests of each
    /// round. Only requests whose first line satisfies `is_held` belong to rounds; all others, and
    /// those after the last round, are answered immediately.
    pub(crate) fn start(url: &str, rounds: &[usize], is_held: fn(&str) -> bool) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Mutex::new(Counts { rounds: rounds.to_vec(), ..Counts::default() });
        let shared = Arc::new(Shared { counts, changed: Condvar::new() });
        let all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, target) = (Arc::clone(&all), target.clone());
                // The client may have closed the connection.
                std::thread::spawn(move || forward(stream, &target, &shared, is_held).ok());
            }
        });
        Self { url: format!("http://{address}"), shared }
    }

    pub(crate) fn requests(&self) -> usize {
        self.shared.counts().requests
    }

    /// Returns the largest number of requests that were in flight at once.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.shared.counts().most_in_flight
    }

    /// Returns the number of rounds whose requests all arrived before any was answered.
    pub(crate) fn complete_rounds(&self) -> usize {
        self.shared.counts().ended
    }
}

/// Forwards one request and its response.
fn forward(
    mut client: TcpStream,
    target: &str,
    shared: &Shared,
    is_held: fn(&str) -> bool,
) -> std::io::Result<()> {
    let request = read_request(&mut client)?;
    let Some((line, rest)) = request.split_once("\r\n") else { return Ok(()) };
    shared.arrive(is_held(line));
    let mut server = TcpStream::connect(target)?;
    server.write_all(format!("{line}\r\nConnection: close\r\n{rest}").as_bytes())?;
    let mut response = Vec::new();
    server.read_to_end(&mut response)?;
    // Before the response, after which the client may send its next request.
    shared.counts().in_flight -= 1;
    // The connection is closed after each response.
    let end = response.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    response.splice(end..end, *b"Connection: close\r\n");
    client.write_all(&response)
}
