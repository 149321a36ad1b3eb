//! Detects endless pagination.
//!
//! A service that repeats a page token, returns tokens in a cycle, or links one empty page to the
//! next would be read endlessly. Every pagination loop passes its tokens to a [`PageGuard`].

/// Consecutive empty pages with a next-page token after which a list counts as endless. A single
/// empty page is normal, since services may filter a page after cutting it.
const MOST_EMPTY_PAGES: u32 = 100;

/// Checks the sequence of page tokens of one list.
///
/// Cycles are found by Brent's algorithm: one token is remembered, and replaced after 1, 2, 4, …
/// pages. Memory is constant, and a cycle is found after reading at most three times as many pages
/// as there are distinct ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageGuard {
    last: Option<String>,
    remembered: Option<String>,
    steps: u64,
    /// Number of steps after which the remembered token is replaced.
    power: u64,
    empty_pages: u32,
}

/// Reason why a list counts as endless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    #[error("the link to the next page leads to the same page")]
    SamePage,
    #[error("the links from page to page lead around in a circle")]
    Circle,
    #[error("{MOST_EMPTY_PAGES} pages in a row were empty, each with a link to a next page")]
    EmptyPages,
}

impl Default for PageGuard {
    fn default() -> Self {
        Self { last: None, remembered: None, steps: 0, power: 1, empty_pages: 0 }
    }
}

impl PageGuard {
    /// Records a page of `records` records and its token for the next page.
    ///
    /// # Errors
    /// Returns an error if the list would never end.
    pub fn follow(&mut self, next: &str, records: usize) -> Result<(), Endless> {
        if self.last.as_deref() == Some(next) {
            return Err(Endless::SamePage);
        }
        if self.remembered.as_deref() == Some(next) {
            return Err(Endless::Circle);
        }
        self.empty_pages = if records == 0 { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= MOST_EMPTY_PAGES {
            return Err(Endless::EmptyPages);
        }
        self.steps += 1;
        if self.steps == self.power {
            self.remembered = Some(next.to_owned());
            self.steps = 0;
            self.power = self.power.saturating_mul(2);
        }
        self.last = Some(next.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the first error, with the number of pages followed before it.
    fn first_error(
        tokens: impl IntoIterator<Item = String>,
        records: usize,
    ) -> Option<(usize, Endless)> {
        let mut guard = PageGuard::default();
        let answers = tokens.into_iter().map(|token| guard.follow(&token, records));
        answers.enumerate().find_map(|(pages, answer)| Some((pages, answer.err()?)))
    }

    fn repeated(tokens: &[&str], times: usize) -> Vec<String> {
        std::iter::repeat_n(tokens, times).flatten().map(|token| (*token).to_owned()).collect()
    }

    #[test]
    fn a_list_that_advances_is_followed_to_any_length() {
        assert_eq!(first_error((0..100_000).map(|page| page.to_string()), 1), None);
    }

    #[test]
    fn repeated_tokens_end_a_list() {
        assert_eq!(first_error(repeated(&["a"], 3), 9), Some((1, Endless::SamePage)));
        for length in 2..40 {
            let names: Vec<_> = (0..length).map(|token| format!("t{token}")).collect();
            let circle: Vec<_> = names.iter().map(String::as_str).collect();
            let straight = (0..7).map(|page| format!("start {page}"));
            let tokens = straight.chain(repeated(&circle, 9));
            let (pages, error) = first_error(tokens, 9).expect("a circle is found");
            assert_eq!(error, Endless::Circle);
            assert!(pages <= 4 * (7 + length), "a circle of {length} is found after {pages}");
        }
    }

    #[test]
    fn empty_pages_end_a_list_only_in_a_row() {
        let tokens = || (0..1_000).map(|page| page.to_string());
        let expected = Some((MOST_EMPTY_PAGES as usize - 1, Endless::EmptyPages));
        assert_eq!(first_error(tokens(), 0), expected);
        let mut guard = PageGuard::default();
        for (page, token) in tokens().enumerate() {
            let records = usize::from(page % 50 == 0);
            assert_eq!(guard.follow(&token, records), Ok(()), "page {page}");
        }
    }
}
