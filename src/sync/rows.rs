//! Finding the row of a selected stream.

use super::session::Session;
use crate::error::Error;
use crate::protocol::ConfiguredStream;
use crate::streams::{AssociationStream, CustomStream, STREAMS, StreamSpec};

/// The rows of this run: the built-in ones, those of configured associations, and the portal's
/// custom objects.
pub(super) struct Rows<'a> {
    associations: &'a [AssociationStream],
    /// `Err` says why the custom objects are not known: that harms their streams and no other.
    custom: Result<Vec<CustomStream>, String>,
}

impl<'a> Rows<'a> {
    /// Asks for custom objects only if a stream is selected that is not known without.
    pub(super) async fn of(
        session: &'a Session,
        selected: &[&ConfiguredStream],
    ) -> Result<Self, Error> {
        let mut rows = Self { associations: &session.associations, custom: Ok(Vec::new()) };
        if selected.iter().any(|stream| rows.known(&stream.stream.name).is_none()) {
            rows.custom = match session.custom_streams().await {
                Ok(custom) => Ok(custom),
                Err(error) if error.ends_everything() => return Err(error),
                Err(error) => Err(error.to_string()),
            };
        }
        Ok(rows)
    }

    /// The row of a stream by name.
    pub(super) fn find(&self, name: &str) -> Result<StreamSpec<'_>, Error> {
        if let Some(row) = self.known(name) {
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

    /// The row of a stream that is there whatever the portal has.
    fn known(&self, name: &str) -> Option<StreamSpec<'_>> {
        let associations = self.associations.iter().map(AssociationStream::row);
        STREAMS.iter().copied().chain(associations).find(|row| row.name == name)
    }
}
