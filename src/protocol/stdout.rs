//! The only writer of stdout.
//!
//! One thread takes batches from a bounded queue and writes them whole. If the process that reads
//! stdout is slow, the queue fills up and the streams wait, which stops their requests. If it has
//! exited, the queue is closed, which ends the streams.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::batch::{Batch, StateBlob};
use super::message::{Message, StreamStatus};
use crate::error::Error;

/// Capacity of the queue in batches; a batch is one encoded page.
const QUEUE: usize = 4;

/// Maximum number of bytes written at once, unless a single line is longer.
const CHUNK: usize = 16 * 1024;

/// Held by the writer while it writes lines. Anyone else who holds it keeps stdout at the end of a
/// line, permanently if the process then exits.
pub type LineGate = Arc<Mutex<()>>;

/// Sending end of the queue, shared by all streams.
#[derive(Clone)]
pub struct MessageSender {
    queue: mpsc::Sender<Batch>,
    tapped: Arc<Mutex<Vec<u8>>>,
}

impl MessageSender {
    /// Waits for capacity, then enqueues the batch.
    ///
    /// # Errors
    /// If stdout is closed.
    pub async fn send(&self, batch: Batch) -> Result<(), Error> {
        self.room().await.map(|room| room.send(batch))
    }

    /// Waits for capacity and reserves it. The same task enqueues nothing else before it uses the
    /// permit, so a checkpoint taken in between covers everything enqueued before.
    ///
    /// # Errors
    /// If stdout is closed.
    pub async fn room(&self) -> Result<QueuePermit<'_>, Error> {
        self.queue.reserve().await.map(QueuePermit).map_err(|_closed| Error::OutputClosed)
    }

    /// Returns `true` if the queue is full because stdout is read slowly.
    pub fn is_full(&self) -> bool {
        self.queue.capacity() == 0
    }

    /// Sends one message that belongs to no stream.
    pub async fn message(&self, message: &Message<'_>) -> Result<(), Error> {
        self.send(Batch { lines: message.to_line(), ..Batch::default() }).await
    }

    /// Sends a stream status in order with the stream's records.
    pub async fn status(&self, stream: &Arc<str>, status: StreamStatus) -> Result<(), Error> {
        let lines = Message::status(stream, status).to_line();
        self.send(Batch { stream: Some(Arc::clone(stream)), lines, ..Batch::default() }).await
    }

    /// Sends a state that follows everything sent for the stream so far.
    pub async fn state(&self, stream: &Arc<str>, state: StateBlob) -> Result<(), Error> {
        self.send(Batch {
            stream: Some(Arc::clone(stream)),
            state: Some(state),
            ..Batch::default()
        })
        .await
    }

    /// Returns an out-of-band sender, which never waits. It does not keep the writer alive.
    pub fn out_of_band(&self) -> OutOfBandSender {
        OutOfBandSender { queue: self.queue.downgrade(), lines: Arc::clone(&self.tapped) }
    }
}

/// Permit for one batch in the queue.
pub struct QueuePermit<'sender>(mpsc::Permit<'sender, Batch>);

impl QueuePermit<'_> {
    /// Enqueues the batch without waiting.
    pub fn send(self, batch: Batch) {
        self.0.send(batch);
    }
}

/// Accepts out-of-band messages from any thread without waiting; they are written before the next
/// batch.
///
/// A batch that is enqueued because of a message therefore follows it. While a message cannot be
/// written, at most one page per in-flight request waits behind it, and no further request is sent.
pub struct OutOfBandSender {
    queue: mpsc::WeakSender<Batch>,
    lines: Arc<Mutex<Vec<u8>>>,
}

impl OutOfBandSender {
    /// Sends a message that belongs to no stream.
    pub fn say(&self, message: &Message<'_>) {
        let Some(queue) = self.queue.upgrade() else { return };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        message.push_to(&mut lines);
        drop(lines);
        // An empty batch wakes an idle writer; if the queue is full, the writer is already awake.
        let _full_or_closed = queue.try_send(Batch::default());
    }
}

/// Writer thread, which ends when every [`MessageSender`] is dropped or stdout is closed.
pub struct StdoutWriter {
    thread: JoinHandle<io::Result<()>>,
    gate: LineGate,
}

impl StdoutWriter {
    /// Starts the writer on `output`.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<(MessageSender, Self)> {
        let (queue, batches) = mpsc::channel(QUEUE);
        let tapped = Arc::new(Mutex::new(Vec::new()));
        let gate = LineGate::default();
        let writer = Writer {
            output,
            gate: Arc::clone(&gate),
            tapped: Arc::clone(&tapped),
            counts: HashMap::new(),
        };
        let thread =
            std::thread::Builder::new().name("stdout".into()).spawn(move || writer.run(batches))?;
        Ok((MessageSender { queue, tapped }, Self { thread, gate }))
    }

    /// Starts the writer on stdout.
    #[expect(clippy::disallowed_methods, reason = "this file is the one owner of stdout")]
    pub fn stdout() -> io::Result<(MessageSender, Self)> {
        Self::start(io::stdout())
    }

    /// Returns the lock that keeps stdout at the end of a line.
    pub fn gate(&self) -> LineGate {
        Arc::clone(&self.gate)
    }

    /// Waits until everything sent has been written.
    ///
    /// # Errors
    /// If stdout was closed first.
    pub fn finish(self) -> Result<(), Error> {
        match self.thread.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::OutputClosed),
        }
    }
}

/// Returns `true` if stdout is a terminal, where a person sees the messages directly.
#[expect(clippy::disallowed_methods, reason = "this file is the one owner of stdout")]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes one message to stdout without the writer thread, for `spec` and fatal errors.
#[expect(clippy::disallowed_methods, reason = "this file is the one owner of stdout")]
pub fn write_message(message: &Message<'_>) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    write_safely(&mut stdout, &message.to_line())
        .and_then(|()| stdout.flush())
        .map_err(|_| Error::OutputClosed)
}

/// Writes a document to stdout without the writer thread, for commands that print no messages.
#[expect(clippy::disallowed_methods, reason = "this file is the one owner of stdout")]
pub fn write_document(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|_| Error::OutputClosed)
}

struct Writer<W> {
    output: W,
    gate: LineGate,
    tapped: Arc<Mutex<Vec<u8>>>,
    /// Number of records of each stream since its last STATE.
    counts: HashMap<Arc<str>, u64>,
}

impl<W: Write> Writer<W> {
    fn run(mut self, mut batches: mpsc::Receiver<Batch>) -> io::Result<()> {
        while let Some(batch) = batches.blocking_recv() {
            self.write_tapped()?;
            self.write(&batch)?;
            if batches.is_empty() {
                self.output.flush()?;
            }
        }
        self.write_tapped()?;
        self.output.flush()
    }

    fn write_tapped(&mut self) -> io::Result<()> {
        let lines =
            std::mem::take(&mut *self.tapped.lock().unwrap_or_else(PoisonError::into_inner));
        self.write_lines(&lines)
    }

    /// Writes complete lines in chunks, holding the gate for one chunk at a time.
    fn write_lines(&mut self, mut lines: &[u8]) -> io::Result<()> {
        while !lines.is_empty() {
            let (chunk, rest) = lines.split_at(chunk_of_lines(lines));
            let _inside = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            write_safely(&mut self.output, chunk)?;
            lines = rest;
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.write_lines(&batch.lines)?;
        let Some(stream) = &batch.stream else { return Ok(()) };
        let count = self.counts.entry(Arc::clone(stream)).or_default();
        *count += batch.record_count;
        let Some(state) = &batch.state else { return Ok(()) };
        let line = Message::state(stream, state, std::mem::take(count)).to_line();
        self.write_lines(&line)
    }
}

/// Returns the length of the next chunk: as many complete lines as fit into [`CHUNK`], at least
/// one.
fn chunk_of_lines(lines: &[u8]) -> usize {
    let first = lines.get(..CHUNK).unwrap_or(lines);
    let end = memchr::memrchr(b'\n', first)
        .or_else(|| Some(first.len() + memchr::memchr(b'\n', lines.get(first.len()..)?)?));
    end.map_or(lines.len(), |at| at + 1)
}

/// Writes lines, escaping the three characters that JSON allows raw inside strings and that
/// Python's `str.splitlines` treats as line ends: U+0085, U+2028 and U+2029.
fn write_safely(output: &mut impl Write, mut lines: &[u8]) -> io::Result<()> {
    let mut searched = 0;
    while let Some(found) = lines.get(searched..).and_then(|rest| memchr::memchr2(0xC2, 0xE2, rest))
    {
        let at = searched + found;
        let (escape, width): (&[u8], usize) = match lines.get(at..) {
            Some([0xC2, 0x85, ..]) => (b"\\u0085", 2),
            Some([0xE2, 0x80, 0xA8, ..]) => (b"\\u2028", 3),
            Some([0xE2, 0x80, 0xA9, ..]) => (b"\\u2029", 3),
            _ => {
                searched = at + 1;
                continue;
            }
        };
        let (before, rest) = lines.split_at(at);
        output.write_all(before)?;
        output.write_all(escape)?;
        lines = rest.get(width..).unwrap_or_default();
        searched = 0;
    }
    output.write_all(lines)
}

#[cfg(test)]
mod tests {
    use super::super::message::Level;
    use super::*;

    #[derive(Clone, Default)]
    struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

    impl Write for SharedBuffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_state_follows_its_records_and_counts_them_per_stream() {
        let output = SharedBuffer::default();
        let (sender, sink) = StdoutWriter::start(output.clone()).unwrap();
        let (deals, owners): (Arc<str>, Arc<str>) = ("deals".into(), "owners".into());
        for (stream, lines, record_count) in
            [(&deals, "d1\nd2\n", 2), (&owners, "o1\n", 1), (&deals, "d3\n", 1)]
        {
            let batch = Batch {
                stream: Some(Arc::clone(stream)),
                lines: lines.into(),
                record_count,
                state: None,
            };
            sender.send(batch).await.unwrap();
        }
        sender.state(&deals, StateBlob::new()).await.unwrap();
        sender.state(&deals, StateBlob::new()).await.unwrap();
        sender.out_of_band().say(&Message::log(Level::Info, "done"));
        drop(sender);
        sink.finish().unwrap();
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        let counts: Vec<_> =
            text.lines().filter_map(|line| line.split("recordCount\":").nth(1)).collect();
        assert_eq!(counts, ["3.0}}}", "0.0}}}"]);
        let (records, states) = text.split_once("d3\n").unwrap();
        assert!(records.contains("d1\nd2\n") && records.contains("o1\n"), "{text}");
        assert!(!records.contains("STATE") && states.contains("STATE"), "{text}");
        assert!(text.contains(r#"{"type":"LOG","log":{"level":"INFO","message":"done"}}"#));
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_ends_the_senders() {
        struct ReaderGone;
        impl Write for ReaderGone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (sender, sink) = StdoutWriter::start(ReaderGone).unwrap();
        let batch = || Batch { lines: b"x\n".to_vec(), ..Batch::default() };
        while sender.send(batch()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(sink.finish(), Err(Error::OutputClosed)));
    }

    #[test]
    fn chunks_end_with_a_line() {
        let long = "x".repeat(3 * CHUNK);
        for (case, lines, expected) in [
            ("short lines", "a\nb\n".to_owned(), 4),
            ("a long line", format!("{long}\nb\n"), long.len() + 1),
            ("a long line behind a short one", format!("a\n{long}\n"), 2),
            ("no end", long.clone(), long.len()),
        ] {
            assert_eq!(chunk_of_lines(lines.as_bytes()), expected, "{case}");
        }
    }

    #[test]
    fn line_separators_of_python_are_escaped() {
        let mut output = Vec::new();
        write_safely(&mut output, "é\u{85}–\u{2028}x\u{2029}\u{c2}".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(output).unwrap(), "é\\u0085–\\u2028x\\u2029\u{c2}");
    }
}
