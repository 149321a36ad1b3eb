//! One line on the screen.

/// Sign and style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStyle {
    /// No request has been sent yet.
    Waiting,
    Reading,
    Complete,
    Skipped,
    Failed,
    /// Total over all streams.
    Sum,
    /// Secondary information.
    Foot,
}

impl RowStyle {
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

/// One line of text without control characters, with its sign and style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub mark: RowStyle,
    text: String,
}

impl Line {
    /// Creates a line. Control characters, which may come from an API response and could move the
    /// cursor, become spaces.
    pub fn new(mark: RowStyle, text: &str) -> Self {
        let text = text.trim_end();
        let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202E}');
        Self { mark, text: text.replace(is_unsafe, " ") }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the width in columns, including the sign.
    pub fn width(&self) -> usize {
        2 + self.text.chars().count()
    }

    /// Cuts the line to the given width.
    #[must_use]
    pub fn within(self, width: usize) -> Self {
        let room = width.saturating_sub(2);
        Self { text: cut(&self.text, room), ..self }
    }
}

/// Returns the text, cut to at most `width` characters.
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
            let line = Line::new(RowStyle::Foot, text).within(width);
            assert_eq!(line.text(), expected, "{text:?} in {width}");
            assert!(line.width() <= width, "{text:?} in {width}");
        }
    }
}
