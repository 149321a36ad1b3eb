//! Terminal output and the thread that draws it.
//!
//! The cursor is never hidden and rests at the start of the line below the output, so the terminal
//! is left in a clean state however the process ends.

use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;

use console::{Style, Term};

use super::text::{Line, RowStyle};
use super::view::Size;

/// Lines to draw.
enum Frame {
    /// Replaces the previous lines.
    Live(Vec<Line>),
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
    /// `terminal_type` is the value of `TERM`.
    pub fn of_stderr(terminal_type: Option<&str>, stdout_is_terminal: bool) -> Option<Self> {
        let term = Term::buffered_stderr();
        let terminals = Terminals {
            terminal_type,
            on_stderr: term.is_term(),
            on_stdout: stdout_is_terminal,
            started_by_shell: is_started_by_shell(),
        };
        if !terminals.can_show_progress() {
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
    pub fn draw_live(&self, lines: Vec<Line>) {
        if let Some(frames) = &self.frames {
            let _busy = frames.try_send(Frame::Live(lines));
        }
    }

    /// Replaces the previous lines permanently. Waits while the terminal is busy.
    pub fn draw_final(&self, lines: Vec<Line>) {
        if let Some(frames) = &self.frames {
            let _thread_ended = frames.send(Frame::Final(lines));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.frames = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Facts that decide whether the display is drawn.
#[derive(Clone, Copy)]
struct Terminals<'a> {
    /// Value of `TERM`. A terminal that is `dumb` or unknown cannot move its cursor.
    terminal_type: Option<&'a str>,
    on_stderr: bool,
    /// The records would be mixed with the display.
    on_stdout: bool,
    started_by_shell: bool,
}

impl Terminals<'_> {
    fn can_show_progress(self) -> bool {
        let moves_cursor = self.terminal_type.is_some_and(|name| !matches!(name, "" | "dumb"));
        moves_cursor && self.on_stderr && !self.on_stdout && self.started_by_shell
    }
}

/// Returns `true` if the process was started from an interactive shell. Otherwise its parent may
/// draw on the same terminal.
///
/// An interactive shell gives every job its own process group. A child of another program stays in
/// the group of that program, and the first process of a container has no parent.
#[cfg(target_os = "linux")]
fn is_started_by_shell() -> bool {
    use rustix::process::{getpgid, getpgrp, getppid};
    let parents = getppid().and_then(|parent| getpgid(Some(parent)).ok());
    parents.is_some_and(|group| group != getpgrp())
}

#[cfg(not(target_os = "linux"))]
fn is_started_by_shell() -> bool {
    true
}

/// Draws frames until the channel or the terminal is closed.
fn draw(term: &Term, frames: &Receiver<Frame>) {
    let mut before = Vec::new();
    while let Ok(frame) = frames.recv() {
        let (lines, is_final) = match frame {
            Frame::Live(lines) => (lines, false),
            Frame::Final(lines) => (lines, true),
        };
        let width = usize::from(term.size().1);
        if replace(term, rows(&before, width), &lines).is_err() {
            return;
        }
        before = if is_final { Vec::new() } else { lines.iter().map(Line::width).collect() };
    }
}

/// Overwrites the last `rows` rows of the screen with these lines in one write.
fn replace(term: &Term, rows: usize, lines: &[Line]) -> io::Result<()> {
    term.move_cursor_up(rows)?;
    for line in lines {
        term.clear_line()?;
        let styled = |style: Style, text: &str| style.for_stderr().apply_to(text).to_string();
        let sign = line.style.sign().to_string();
        let (sign_style, text_style) = styles(line.style);
        term.write_line(&format!(
            "{} {}",
            styled(sign_style, &sign),
            styled(text_style, line.text())
        ))?;
    }
    term.clear_to_end_of_screen()?;
    term.flush()
}

fn styles(style: RowStyle) -> (Style, Style) {
    let plain = Style::new();
    match style {
        RowStyle::Waiting | RowStyle::Foot => (plain.clone().dim(), plain.dim()),
        RowStyle::Sum => (plain.clone(), plain),
        RowStyle::Reading => (plain.clone().cyan(), plain),
        RowStyle::Complete => (plain.clone().green(), plain),
        RowStyle::Skipped | RowStyle::Warning => (plain.clone().yellow(), plain),
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
    fn the_display_needs_a_shell_a_terminal_and_a_redirected_stdout() {
        for (case, terminal_type, [on_stderr, on_stdout, started_by_shell], expected) in [
            ("a person at a terminal", Some("xterm"), [true, false, true], true),
            ("a pipe or a container", Some("xterm"), [false, false, true], false),
            ("records on the terminal", Some("xterm"), [true, true, true], false),
            ("started by a program", Some("xterm"), [true, false, false], false),
            ("a cursor that cannot move", Some("dumb"), [true, false, true], false),
            ("an empty terminal type", Some(""), [true, false, true], false),
            ("no terminal type", None, [true, false, true], false),
        ] {
            let terminals = Terminals { terminal_type, on_stderr, on_stdout, started_by_shell };
            assert_eq!(terminals.can_show_progress(), expected, "{case}");
        }
    }

    #[test]
    fn long_lines_wrap_in_a_narrower_window() {
        for (widths, width, expected) in
            [(&[79, 40, 2][..], 80, 3), (&[79, 40, 2], 40, 4), (&[79, 41], 40, 4), (&[], 80, 0)]
        {
            assert_eq!(rows(widths, width), expected, "{widths:?} in {width}");
        }
    }
}
