//! The data behind the endpoints: a pure function of the seed plus the changes since.
//!
//! Reading order: `spec` is the size of a portal, `base` computes the initial records, `overlay`
//! stores changes to single records, `store` joins the two for one object type, `index` is the
//! search index over it, `graph` links records of different types. `data` is the account that holds
//! these parts; `reads` and `apply` read and change it, and the `expected` modules return its
//! contents to tests.

mod account_change;
mod account_spec;
mod apply;
mod automation;
mod base;
mod built_in;
mod change;
mod data;
mod definition;
mod events;
mod expected;
mod expected_account;
mod expected_marketing;
mod graph;
mod hash;
mod history;
mod index;
mod item_set;
mod lists;
mod log;
mod marketing;
mod marketing_change;
mod marketing_spec;
mod members;
mod object_type;
mod overlay;
mod people;
mod reads;
mod spec;
mod store;
mod text;
mod time;
mod value;
mod values;
mod view;
mod window;

pub use account_change::{NewFlow, Occurrences};
pub use account_spec::{AccountSpec, PlanGap};
pub(crate) use automation::Flow;
pub use change::{Change, Records};
pub use data::Portal;
pub(crate) use definition::{Definition, Kind, Role};
pub(crate) use events::{Events, PAGE_VISIT, SUBMISSION};
pub(crate) use graph::Link;
pub(crate) use hash::{mix, mix2, name_hash};
pub(crate) use history::{push_history, push_restless_history};
pub(crate) use item_set::{Item, guid};
pub(crate) use lists::List;
pub(crate) use log::{END, Key};
pub(crate) use marketing::Marketing;
pub use marketing_change::{
    EmailEvents, Guided, ListRecords, NewList, Numbered, Submissions, SubscriptionChanges,
};
pub use marketing_spec::MarketingSpec;
pub(crate) use members::{Order, Start};
pub(crate) use object_type::ENGAGEMENTS;
pub use object_type::ObjectType;
pub(crate) use overlay::Status;
pub(crate) use people::{Person, team_id, team_name};
pub(crate) use reads::Occurrence;
pub use spec::{CustomSpec, PortalSpec};
pub(crate) use store::Handle;
pub use store::Store;
pub use text::iso;
pub(crate) use text::{push_iso, push_string, push_u64};
pub(crate) use time::parse_ms;
pub use values::Values;
pub use view::View;
pub(crate) use view::id_of_email;
pub(crate) use window::{ALL_TIME, Window};
