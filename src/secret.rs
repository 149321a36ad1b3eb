//! A wrapper for values that must not be printed.

use std::fmt;

use serde::Deserialize;

/// Holds a token or password. `Debug` prints `[redacted]`, and there is no `Display` or
/// `Serialize`. [`Secret::expose`] marks each use of the value.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns a mutable reference to the value.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// Returns the value, for the request that carries it only.
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
