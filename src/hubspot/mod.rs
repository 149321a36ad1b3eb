//! HubSpot's API: paths, pages, error responses and limits, independent of Airbyte and of streams.

mod account;
pub mod answers;
mod api;
mod associations;
mod batch;
mod collection;
mod condition;
mod conditions;
mod endpoint;
mod event_definitions;
mod explain;
mod filter;
mod history;
pub mod limits;
mod list_request;
mod no_token;
mod oauth;
mod object_library;
mod objects;
mod offsets;
mod page;
mod pages;
mod path_segment;
mod properties;
mod record_events;
mod refusal_detail;
mod request_context;
mod schemas;
mod scope_trials;
mod scopes;
mod search;
mod token_info;
mod tolerant;

pub use crate::http::PageSize;
pub use account::{Account, account, daily_usage};
pub use api::Api;
pub use associations::{
    Associations, Inline, LinkType, LinksQuery, RecordLink, inline_associations, read_associations,
    read_links,
};
pub use collection::{BatchRead, collection, item, items, single};
pub use condition::{BadOperand, Condition, Operands, Operator};
pub use conditions::Conditions;
pub use endpoint::{ApiVersion, Endpoint, Paths};
pub use event_definitions::{EventDefinition, event_definitions};
pub use explain::explain;
pub use history::{list_history, read_history};
pub use list_request::{ListRequest, PageSizeField, Parameter, Parameters};
pub use oauth::{read_grant, renewal};
pub use object_library::{ObjectLibrary, object_library};
pub use objects::{ListQuery, batch_read, fits_one_url, list};
pub use page::{Page, PageLayout, PageToken, PagingKind};
pub use pages::{OneRefused, Pages, endless_list};
pub use path_segment::path_segment;
pub use properties::{Definition, PropertyType, definitions};
pub use record_events::{RecordEventsParameters, RecordEventsQuery};
pub use request_context::RequestContext;
pub use schemas::{CustomObject, custom_objects};
pub use scope_trials::tried_scopes;
pub use scopes::{GrantedScopes, open_something};
pub use search::{ObjectCount, SearchQuery, count, id_at_rank, object_count, search};
pub use token_info::{OAuthApp, TokenScopes};
pub use tolerant::Readable;
