//! Paths of the endpoints, by API version.

use std::cell::{RefCell, RefMut};

/// A group of paths with a common prefix, which moved together between API versions.
///
/// The constants are those that several parts of the connector use. An endpoint that only one
/// stream needs is part of the definition of that stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Path prefix of the dated API version.
    dated: &'static str,
    /// Path prefix of the classic API version, v1 to v4.
    classic: &'static str,
}

impl Endpoint {
    pub const OBJECTS: Self = Self::new("/crm/objects/2026-09", "/crm/v3/objects");
    pub const ASSOCIATIONS: Self = Self::new("/crm/associations/2026-09", "/crm/v4/associations");
    pub const PROPERTIES: Self = Self::new("/crm/properties/2026-09", "/crm/v3/properties");
    pub const SCHEMAS: Self = Self::new("/crm-object-schemas/2026-09/schemas", "/crm/v3/schemas");
    pub const OBJECT_LIBRARY: Self =
        Self::new("/crm/object-library/2026-09", "/crm/v3/object-library");
    pub const OWNERS: Self = Self::new("/crm/owners/2026-09", "/crm/v3/owners");
    pub const LISTS: Self = Self::new("/crm/lists/2026-09", "/crm/v3/lists");
    pub const ACCOUNT: Self =
        Self::new("/account-info/2026-09/details", "/account-info/v3/details");
    pub const DAILY_USAGE: Self = Self::new(
        "/account-info/2026-09/api-usage/daily/private-apps",
        "/account-info/v3/api-usage/daily/private-apps",
    );
    pub const TOKEN: Self = Self::new("/oauth/2026-09/token", "/oauth/v3/token");
    pub const TOKEN_INFO: Self =
        Self::new("/oauth/2026-09/token/introspect", "/oauth/v3/token/introspect");
    pub const PRIVATE_APP_INFO: Self =
        Self::unversioned("/oauth/v2/private-apps/get/access-token-info");
    pub const EVENT_DEFINITIONS: Self =
        Self::new("/events/custom/2026-09/event-definitions", "/events/v3/event-definitions");
    pub const EVENT_OCCURRENCES: Self =
        Self::new("/events/event-occurrences/2026-09", "/events/v3/events");
    // A beta, but support for v4 ends first.
    pub const FLOWS: Self = Self::new("/automation/2026-09-beta/flows", "/automation/v4/flows");
    pub const FORMS: Self = Self::unversioned("/marketing/v3/forms");
    pub const EMAIL_CAMPAIGNS: Self = Self::unversioned("/email/public/v1/campaigns");

    /// Creates an endpoint with its dated path prefix (September 2026, supported for 18 months) and
    /// its classic one (v1 to v4, which HubSpot stops supporting between March and September 2027).
    pub const fn new(dated: &'static str, classic: &'static str) -> Self {
        Self { dated, classic }
    }

    /// Creates an endpoint whose path has no successor except betas.
    pub const fn unversioned(path: &'static str) -> Self {
        Self::new(path, path)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiVersion {
    #[default]
    Dated,
    Classic,
}

/// The path prefixes used in this run.
#[derive(Debug, Default)]
pub struct Paths {
    version: ApiVersion,
    /// Endpoints whose dated path does not exist.
    fallen_back: RefCell<Vec<Endpoint>>,
}

impl Paths {
    pub fn new(version: ApiVersion) -> Self {
        Self { version, fallen_back: RefCell::default() }
    }

    /// Returns the path prefix of the endpoint.
    pub fn prefix(&self, endpoint: Endpoint) -> &'static str {
        let is_classic =
            self.version == ApiVersion::Classic || self.fallen_back().contains(&endpoint);
        if is_classic { endpoint.classic } else { endpoint.dated }
    }

    /// Returns all possible path prefixes of the endpoint, in the order in which to try them.
    pub fn prefixes(&self, endpoint: Endpoint) -> Vec<&'static str> {
        let mut prefixes = vec![self.prefix(endpoint), endpoint.classic];
        prefixes.dedup();
        prefixes
    }

    /// Switches to the classic path after the dated one was not found. Returns `true` if this
    /// changes the path.
    pub fn fall_back(&self, endpoint: Endpoint) -> bool {
        if self.version == ApiVersion::Classic || endpoint.dated == endpoint.classic {
            return false;
        }
        let mut fallen_back = self.fallen_back();
        let is_new = !fallen_back.contains(&endpoint);
        if is_new {
            fallen_back.push(endpoint);
        }
        is_new
    }

    fn fallen_back(&self) -> RefMut<'_, Vec<Endpoint>> {
        self.fallen_back.borrow_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_back_once_and_for_one_endpoint() {
        let paths = Paths::new(ApiVersion::Dated);
        assert!(paths.fall_back(Endpoint::OWNERS));
        assert!(!paths.fall_back(Endpoint::OWNERS));
        assert_eq!(paths.prefix(Endpoint::OWNERS), "/crm/v3/owners");
        assert_eq!(paths.prefix(Endpoint::OBJECTS), "/crm/objects/2026-09");
        assert!(!Paths::new(ApiVersion::Classic).fall_back(Endpoint::OWNERS));
        assert!(!paths.fall_back(Endpoint::FORMS), "there is nothing to fall back to");
    }
}
