//! HubSpot's API: paths, pages, refusals, limits. Nothing of Airbyte, nothing of streams.

mod account;
mod api;
mod associations;
mod collection;
mod dialect;
mod endpoint;
pub mod limits;
mod oauth;
mod objects;
mod page;
mod properties;
mod refusal;
mod schemas;

pub use account::{Account, account};
pub use api::{Api, Subject};
pub use associations::{Associations, Inline, inline_associations, read_associations};
pub use collection::{collection, single};
pub use dialect::DIALECT;
pub use endpoint::{Endpoint, Paths, Version};
pub use oauth::renewal;
pub use objects::{ListQuery, SearchQuery, batch_read, fits_one_url, list, search};
pub use page::{Link, Page};
pub use properties::{Definition, PropertyType, definitions};
pub use schemas::{CustomObject, custom_objects};

/// A record id: decimal text on the wire, 64 bits wide.
pub type RecordId = u64;
