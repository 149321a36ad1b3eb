//! Paths of the endpoints, by API version.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A group of paths with a common prefix, which moved together between API versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Objects,
    Associations,
    Properties,
    Schemas,
    ObjectLibrary,
    Owners,
    Account,
    DailyUsage,
    Token,
    TokenInfo,
    PrivateAppInfo,
    Lists,
    Forms,
    EventDefinitions,
    Users,
    Currencies,
    Pipelines,
    SubscriptionTypes,
    EmailSubscriptions,
    MarketingEmails,
    MarketingCampaigns,
    EmailCampaigns,
    Workflows,
    Flows,
    FormSubmissions,
    EmailEvents,
    SubscriptionTimeline,
    Engagements,
    EventOccurrences,
}

/// Path prefixes: dated (September 2026, supported for 18 months) and classic (v1 to v4, which
/// HubSpot stops supporting between March and September 2027).
const PATHS: &[(Endpoint, &str, &str)] = &[
    (Endpoint::Objects, "/crm/objects/2026-09", "/crm/v3/objects"),
    (Endpoint::Associations, "/crm/associations/2026-09", "/crm/v4/associations"),
    (Endpoint::Properties, "/crm/properties/2026-09", "/crm/v3/properties"),
    (Endpoint::Schemas, "/crm-object-schemas/2026-09/schemas", "/crm/v3/schemas"),
    (Endpoint::ObjectLibrary, "/crm/object-library/2026-09", "/crm/v3/object-library"),
    (Endpoint::Owners, "/crm/owners/2026-09", "/crm/v3/owners"),
    (Endpoint::Account, "/account-info/2026-09/details", "/account-info/v3/details"),
    (
        Endpoint::DailyUsage,
        "/account-info/2026-09/api-usage/daily/private-apps",
        "/account-info/v3/api-usage/daily/private-apps",
    ),
    (Endpoint::Token, "/oauth/2026-09/token", "/oauth/v3/token"),
    (Endpoint::TokenInfo, "/oauth/2026-09/token/introspect", "/oauth/v3/token/introspect"),
    (Endpoint::Lists, "/crm/lists/2026-09", "/crm/v3/lists"),
    (Endpoint::EventOccurrences, "/events/event-occurrences/2026-09", "/events/v3/events"),
    (
        Endpoint::EventDefinitions,
        "/events/custom/2026-09/event-definitions",
        "/events/v3/event-definitions",
    ),
    (Endpoint::Users, "/settings/users/2026-03", "/settings/v3/users"),
    (Endpoint::Currencies, "/settings/currencies/2026-09", "/settings/v3/currencies"),
    (Endpoint::Pipelines, "/crm/pipelines/2026-09", "/crm/v3/pipelines"),
    (
        Endpoint::SubscriptionTypes,
        "/communication-preferences/2026-09/definitions",
        "/communication-preferences/v4/definitions",
    ),
    (Endpoint::MarketingEmails, "/marketing/emails/2026-09", "/marketing/v3/emails"),
    (Endpoint::MarketingCampaigns, "/marketing/campaigns/2026-09", "/marketing/v3/campaigns"),
    // A beta, but support for v4 ends first.
    (Endpoint::Flows, "/automation/2026-09-beta/flows", "/automation/v4/flows"),
    // Paths that have no successor except betas.
    (
        Endpoint::PrivateAppInfo,
        "/oauth/v2/private-apps/get/access-token-info",
        "/oauth/v2/private-apps/get/access-token-info",
    ),
    (Endpoint::Forms, "/marketing/v3/forms", "/marketing/v3/forms"),
    (Endpoint::Workflows, "/automation/v3/workflows", "/automation/v3/workflows"),
    (Endpoint::EmailCampaigns, "/email/public/v1/campaigns", "/email/public/v1/campaigns"),
    (
        Endpoint::EmailSubscriptions,
        "/email/public/v1/subscriptions",
        "/email/public/v1/subscriptions",
    ),
    (
        Endpoint::FormSubmissions,
        "/form-integrations/v1/submissions/forms",
        "/form-integrations/v1/submissions/forms",
    ),
    (Endpoint::EmailEvents, "/email/public/v1/events", "/email/public/v1/events"),
    (
        Endpoint::SubscriptionTimeline,
        "/email/public/v1/subscriptions/timeline",
        "/email/public/v1/subscriptions/timeline",
    ),
    (Endpoint::Engagements, "/engagements/v1/engagements", "/engagements/v1/engagements"),
];

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
    /// One bit for each endpoint whose dated path does not exist.
    fallen_back: AtomicU64,
}

impl Paths {
    pub fn new(version: ApiVersion) -> Self {
        Self { version, fallen_back: AtomicU64::new(0) }
    }

    /// Returns the path prefix of the endpoint.
    pub fn prefix(&self, endpoint: Endpoint) -> &'static str {
        let (dated, classic) = paths(endpoint);
        if self.is_classic(endpoint) { classic } else { dated }
    }

    /// Returns all possible path prefixes of the endpoint, in the order in which to try them.
    pub fn prefixes(&self, endpoint: Endpoint) -> Vec<&'static str> {
        let classic = Self::new(ApiVersion::Classic);
        let mut prefixes = vec![self.prefix(endpoint), classic.prefix(endpoint)];
        prefixes.dedup();
        prefixes
    }

    /// Switches to the classic path after the dated one was not found. Returns `true` if this
    /// changes the path.
    pub fn fall_back(&self, endpoint: Endpoint) -> bool {
        let (dated, classic) = paths(endpoint);
        if self.version == ApiVersion::Classic || dated == classic {
            return false;
        }
        let bit = 1 << endpoint as u64;
        self.fallen_back.fetch_or(bit, Relaxed) & bit == 0
    }

    fn is_classic(&self, endpoint: Endpoint) -> bool {
        self.version == ApiVersion::Classic
            || self.fallen_back.load(Relaxed) & (1 << endpoint as u64) != 0
    }
}

/// Returns the dated and the classic path of the endpoint.
fn paths(endpoint: Endpoint) -> (&'static str, &'static str) {
    let row = PATHS.iter().find(|(row, ..)| *row == endpoint);
    row.map_or(("", ""), |(_, dated, classic)| (dated, classic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_back_once_and_for_one_endpoint() {
        let paths = Paths::new(ApiVersion::Dated);
        assert!(paths.fall_back(Endpoint::Owners));
        assert!(!paths.fall_back(Endpoint::Owners));
        assert_eq!(paths.prefix(Endpoint::Owners), "/crm/v3/owners");
        assert_eq!(paths.prefix(Endpoint::Objects), "/crm/objects/2026-09");
        assert!(!Paths::new(ApiVersion::Classic).fall_back(Endpoint::Owners));
        assert!(!paths.fall_back(Endpoint::Workflows), "there is nothing to fall back to");
    }
}
