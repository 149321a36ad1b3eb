//! One line on the screen.

/// What stands before a line, and how the line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing is asked for yet.
    Waiting,
    Reading,
    Complete,
    Skipped,
    Failed,
    /// It is about all streams.
    Sum,
    /// Not to be looked at first.
    Foot,
}

impl Mark {
    pub(super) fn sign(self) -> char {
        match self {
            Self::Waiting => '·',
            Self::Reading => '›',
            Self::Complete => '✓',
            Self::Skipped => '–',
            Self::Failed => '✗',
            Self::Sum | Self::Foot => ' ',
        }
    }
}

/// A mark, and one line of text without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub mark: Mark,
    text: String,
}

impl Line {
    /// What a service says may hold anything: what would move the cursor becomes a space.
    pub fn new(mark: Mark, text: &str) -> Self {
        let text = text.trim_end();
        let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202E}');
        Self { mark, text: text.replace(is_unsafe, " ") }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Columns that it takes, mark and all.
    pub fn width(&self) -> usize {
        2 + self.text.chars().count()
    }

    /// The same line, cut so that it fits.
    #[must_use]
    pub fn within(self, width: usize) -> Self {
        let room = width.saturating_sub(2);
        Self { text: cut(&self.text, room), ..self }
    }
}

/// A text of so many characters at the most.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width == 0 { String::new() } else { format!("{}…", kept.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_moves_no_cursor() {
        for (text, width, expected) in [
            ("deals", 7, "deals"),
            ("deals", 6, "dea…"),
            ("two words", 7, "two…"),
            ("deals", 2, ""),
            ("a\x1b[2Jb\r\nc\u{202e}d", 80, "a [2Jb  c d"),
        ] {
            let line = Line::new(Mark::Foot, text).within(width);
            assert_eq!(line.text(), expected, "{text:?} in {width}");
            assert!(line.width() <= width, "{text:?} in {width}");
        }
    }
}
