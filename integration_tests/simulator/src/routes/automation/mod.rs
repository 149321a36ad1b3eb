//! Workflows: the older API with only the contact-based ones, and the newer API.

pub(crate) mod flows;
mod mappings;
pub(crate) mod workflows;

pub(crate) use flows::ROUTES as FLOWS;
pub(crate) use mappings::ROUTES as MAPPINGS;
