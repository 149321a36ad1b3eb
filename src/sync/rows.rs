//! Finding the row of a selected stream.

use super::session::Session;
use crate::error::Error;
use crate::protocol::ConfiguredStream;
use crate::streams::{CustomStream, STREAMS, StreamSpec};

/// The rows of this run: the built-in ones, and the portal's custom objects.
pub(super) struct Rows {
    /// `Err` says why the custom objects are not known: that harms their streams and no other.
    custom: Result<Vec<CustomStream>, String>,
}

impl Rows {
    /// Asks for custom objects only if a stream is selected that is not built in.
    pub(super) async fn of(
        session: &Session,
        selected: &[&ConfiguredStream],
    ) -> Result<Self, Error> {
        if selected.iter().all(|stream| built_in(&stream.stream.name).is_some()) {
            return Ok(Self { custom: Ok(Vec::new()) });
        }
        match session.custom_streams().await {
            Ok(custom) => Ok(Self { custom: Ok(custom) }),
            Err(error) if error.ends_everything() => Err(error),
            Err(error) => Ok(Self { custom: Err(error.to_string()) }),
        }
    }

    /// The row of a stream by name.
    pub(super) fn find(&self, name: &str) -> Result<StreamSpec<'_>, Error> {
        if let Some(row) = built_in(name) {
            return Ok(row);
        }
        match &self.custom {
            Ok(custom) => custom
                .iter()
                .map(CustomStream::row)
                .find(|row| row.name == name)
                .ok_or_else(|| Error::UnknownStream { stream: name.to_owned() }),
            Err(problem) => {
                Err(Error::CustomObjects { stream: name.to_owned(), problem: problem.clone() })
            }
        }
    }
}

fn built_in(name: &str) -> Option<StreamSpec<'static>> {
    STREAMS.iter().find(|row| row.name == name).copied()
}
