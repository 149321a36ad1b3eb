//! A pseudoterminal for the output of a run, and an interpreter of that output.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Both ends of a pseudoterminal: the controlling end and the device given to a run.
pub(crate) struct Terminal {
    control: File,
    device: File,
}

impl Terminal {
    /// Creates a terminal of this size.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let control = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&control).expect("it is ours");
        unlockpt(&control).expect("it is ours");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&control, size).expect("a size");
        let path = ptsname(&control, Vec::new()).expect("a name").into_string().expect("a path");
        let device = OpenOptions::new().read(true).write(true).open(path).expect("its other end");
        Self { control: control.into(), device }
    }

    /// Returns a handle for stdout or stderr of a run.
    pub(crate) fn handle(&self) -> Stdio {
        self.device.try_clone().expect("one more handle").into()
    }

    /// Returns everything written to the terminal, after the run has ended. Consumes `command`,
    /// which holds handles.
    pub(crate) fn written(self, command: Command) -> String {
        let Self { mut control, device } = self;
        drop((command, device));
        let (mut text, mut piece) = (Vec::new(), [0; 4096]);
        // Reading at the end of a pseudoterminal returns an error.
        while let Ok(length @ 1..) = control.read(&mut piece) {
            text.extend(piece.iter().take(length));
        }
        String::from_utf8(text).expect("UTF-8")
    }
}

/// Visible contents of a terminal without size limits after a text was written to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) lines: Vec<String>,
    /// Line and column of the cursor.
    pub(crate) cursor: (usize, usize),
}

impl Sheet {
    /// Interprets a text. Colors, cursor-up and erase sequences are supported; any other escape
    /// sequence panics.
    pub(crate) fn of(text: &str) -> Self {
        let mut sheet = Self::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let mut length = first.len_utf8();
            match first {
                '\r' => sheet.cursor.1 = 0,
                '\n' => sheet.cursor.0 += 1,
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).expect("a command");
                    sheet.obey(&rest[..=end]);
                    length = end + 1;
                }
                character => sheet.put(character),
            }
            rest = &rest[length..];
        }
        sheet
    }

    fn obey(&mut self, command: &str) {
        let number = |command: &str| command[2..command.len() - 1].parse().expect("a number");
        match command {
            "\x1b[2K" => self.line().clear(),
            "\x1b[0J" | "\x1b[J" => {
                let (line, column) = self.cursor;
                self.lines.truncate(line + 1);
                if let Some(line) = self.lines.get_mut(line) {
                    *line = line.chars().take(column).collect();
                }
            }
            up if up.ends_with('A') => {
                self.cursor.0 = self.cursor.0.checked_sub(number(up)).expect("a line above");
            }
            colour if colour.ends_with('m') => {}
            other => panic!("{other:?} leaves traces"),
        }
    }

    fn line(&mut self) -> &mut String {
        let line = self.cursor.0;
        self.lines.resize(self.lines.len().max(line + 1), String::new());
        &mut self.lines[line]
    }

    fn put(&mut self, character: char) {
        let column = self.cursor.1;
        let line = self.line();
        assert_eq!(line.chars().count(), column, "it writes over {line:?}");
        line.push(character);
        self.cursor.1 += 1;
    }
}
