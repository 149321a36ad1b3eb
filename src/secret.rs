//! A value that cannot be printed.

use std::fmt;

use serde::Deserialize;

/// Holds a token or password. `Debug` prints `[redacted]`, there is no `Display` and no
/// `Serialize`; [`Secret::expose`] marks each place that really needs the text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, to be changed.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// The value itself, for the request that carries it and nothing else.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        assert_eq!(format!("{:?}", Some(Secret::new("pat-na1-1234"))), "Some([redacted])");
    }
}
