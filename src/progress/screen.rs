//! Terminal output and the thread that draws it.
//!
//! The cursor is never hidden and rests at the start of the line below the output, so the terminal
//! is left in a clean state however the process ends.

use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;

use console::{Style, Term};

use super::line::{Line, RowStyle};
use super::view::Size;

/// Lines to draw.
enum Frame {
    /// Replaces the previous lines.
    Moving(Vec<Line>),
    /// Replaces the previous lines permanently; later output is drawn below.
    Final(Vec<Line>),
}

/// Terminal on stderr.
pub struct Screen {
    term: Term,
    frames: Option<SyncSender<Frame>>,
    thread: Option<JoinHandle<()>>,
}

impl Screen {
    /// Returns the terminal on stderr if the process was started interactively and records are not
    /// written to the same terminal.
    ///
    /// `kind` is the value of `TERM`: a terminal that is `dumb` or unknown cannot move its cursor.
    pub fn of_stderr(kind: Option<&str>, stdout_is_terminal: bool) -> Option<Self> {
        let term = Term::buffered_stderr();
        if !shows(kind, term.is_term(), stdout_is_terminal, is_started_by_hand()) {
            return None;
        }
        let (frames, to_draw) = mpsc::sync_channel(1);
        let canvas = term.clone();
        let thread = std::thread::Builder::new().name("screen".into());
        let thread = thread.spawn(move || draw(&canvas, &to_draw)).ok()?;
        Some(Self { term, frames: Some(frames), thread: Some(thread) })
    }

    /// Returns the current size, which changes when the window is resized.
    pub fn size(&self) -> Size {
        let (height, width) = self.term.size();
        Size { width: width.into(), height: height.into() }
    }

    /// Replaces the previous lines. The update is dropped if the terminal is still busy.
    pub fn show(&self, lines: Vec<Line>) {
        if let Some(frames) = &self.frames {
            let _busy = frames.try_send(Frame::Moving(lines));
        }
    }

    /// Replaces the previous lines permanently.
    pub fn leave(&self, lines: Vec<Line>) {
        if let Some(frames) = &self.frames {
            let _gone = frames.send(Frame::Final(lines));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.frames = None;
        if let Some(thread) = self.thread.take() {
            let _ended_either_way = thread.join();
        }
    }
}

fn shows(kind: Option<&str>, stderr: bool, stdout: bool, by_hand: bool) -> bool {
    let can_move = kind.is_some_and(|kind| !kind.is_empty() && kind != "dumb");
    can_move && stderr && !stdout && by_hand
}

/// Returns `true` if the process was started from an interactive shell. Otherwise its parent may
/// draw on the same terminal.
///
/// An interactive shell gives every job its own process group. A child of another program stays in
/// the group of that program, and the first process of a container has no parent.
#[cfg(target_os = "linux")]
fn is_started_by_hand() -> bool {
    use rustix::process::{getpgid, getpgrp, getppid};
    let parents = getppid().and_then(|parent| getpgid(Some(parent)).ok());
    parents.is_some_and(|group| group != getpgrp())
}

#[cfg(not(target_os = "linux"))]
fn is_started_by_hand() -> bool {
    true
}

/// Draws frames until the channel or the terminal is closed.
fn draw(term: &Term, frames: &Receiver<Frame>) {
    let mut before = Vec::new();
    while let Ok(frame) = frames.recv() {
        let (lines, stay) = match frame {
            Frame::Moving(lines) => (lines, false),
            Frame::Final(lines) => (lines, true),
        };
        let width = usize::from(term.size().1);
        if replace(term, rows(&before, width), &lines).is_err() {
            return;
        }
        before = if stay { Vec::new() } else { lines.iter().map(Line::width).collect() };
    }
}

/// Overwrites the last `rows` rows of the screen with these lines in one write.
fn replace(term: &Term, rows: usize, lines: &[Line]) -> io::Result<()> {
    term.move_cursor_up(rows)?;
    for line in lines {
        term.clear_line()?;
        let styled = |style: Style, text: &str| style.for_stderr().apply_to(text).to_string();
        let sign = line.mark.sign().to_string();
        let (sign_style, text_style) = styles(line.mark);
        term.write_line(&format!(
            "{} {}",
            styled(sign_style, &sign),
            styled(text_style, line.text())
        ))?;
    }
    term.clear_to_end_of_screen()?;
    term.flush()
}

fn styles(mark: RowStyle) -> (Style, Style) {
    let plain = Style::new();
    match mark {
        RowStyle::Waiting | RowStyle::Foot => (plain.clone().dim(), plain.dim()),
        RowStyle::Sum => (plain.clone(), plain),
        RowStyle::Reading => (plain.clone().cyan(), plain),
        RowStyle::Complete => (plain.clone().green(), plain),
        RowStyle::Skipped => (plain.clone().yellow(), plain),
        RowStyle::Failed => (plain.clone().red(), plain),
    }
}

/// Returns the number of rows taken by lines of these widths, which wrap if the window has become
/// narrower.
fn rows(widths: &[usize], width: usize) -> usize {
    widths.iter().map(|line| line.div_ceil(width.max(1)).max(1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_move_only_where_somebody_looks_and_no_record_comes_between() {
        for (case, kind, [stderr, stdout, by_hand], expected) in [
            ("a person at a terminal", Some("xterm"), [true, false, true], true),
            ("a pipe or a container", Some("xterm"), [false, false, true], false),
            ("the records are shown", Some("xterm"), [true, true, true], false),
            ("a program at a terminal", Some("xterm"), [true, false, false], false),
            ("it cannot move its cursor", Some("dumb"), [true, false, true], false),
            ("nothing is said of it", Some(""), [true, false, true], false),
            ("nothing is known of it", None, [true, false, true], false),
        ] {
            assert_eq!(shows(kind, stderr, stdout, by_hand), expected, "{case}");
        }
    }

    #[test]
    fn a_narrower_window_has_broken_long_lines() {
        for (widths, width, expected) in
            [(&[79, 40, 2][..], 80, 3), (&[79, 40, 2], 40, 4), (&[79, 41], 40, 4), (&[], 80, 0)]
        {
            assert_eq!(rows(widths, width), expected, "{widths:?} in {width}");
        }
    }
}
