//! Access of a token, by its granted scopes.
//!
//! A stream with unknown access counts as readable: a refused read is reported, whereas a stream
//! that is not offered goes unnoticed.

use std::collections::BTreeSet;

/// Known scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedScopes {
    /// All scopes, as listed by HubSpot.
    Listed(BTreeSet<String>),
    /// Result of trial requests: scopes whose endpoints succeeded, and scopes whose endpoints
    /// refused.
    Tried { open: BTreeSet<&'static str>, shut: BTreeSet<&'static str> },
}

/// Scopes that never count as missing. Every token has the first, whether it is listed or not; the
/// second is required by other connectors, but not by HubSpot's specification.
const NEVER_MISSED: &[&str] = &["oauth", "business-intelligence"];

/// Scopes with others that grant the same access: older scopes that they were split from, the
/// equivalents in service keys, and broader ones.
///
/// HubSpot: `docs/hubspot.md` note 47.
const STAND_INS: &[(&str, &[&str])] = &[
    ("crm.objects.companies.read", &["contacts"]),
    ("crm.objects.contacts.read", &["contacts"]),
    ("crm.objects.deals.read", &["contacts"]),
    ("crm.objects.line_items.read", &["e-commerce"]),
    ("crm.objects.products.read", &["e-commerce"]),
    ("crm.objects.quotes.read", &["e-commerce"]),
    ("tickets", &["crm.objects.tickets.read"]),
];

impl GrantedScopes {
    /// Creates a value for a token of unknown scopes, for which every stream counts as readable.
    pub fn unknown() -> Self {
        Self::Tried { open: BTreeSet::new(), shut: BTreeSet::new() }
    }

    /// Returns the scopes that a stream requires and the token lacks; empty if the stream can be
    /// read.
    ///
    /// The stream requires all of `scopes`, or any one of `or_any_of`, where `crm.objects.*` stands
    /// for every scope with that prefix.
    pub fn missing<'a>(&self, scopes: &[&'a str], or_any_of: &[&str]) -> Vec<&'a str> {
        let missing: Vec<_> =
            scopes.iter().copied().filter(|scope| !self.may_open(scope)).collect();
        let has_other = || or_any_of.iter().any(|pattern| self.has_like(pattern));
        if missing.is_empty() || has_other() { Vec::new() } else { missing }
    }

    /// Returns `true` if the scope, or an equivalent one, is known to be granted.
    pub fn lists(&self, scope: &str) -> bool {
        match self {
            Self::Listed(_) => self.may_open(scope),
            Self::Tried { open, .. } => open.contains(scope),
        }
    }

    /// Returns `true` if the token is known to grant no access: no relevant scope is listed, or all
    /// trial requests were refused.
    pub fn opens_nothing(&self) -> bool {
        match self {
            Self::Listed(listed) => {
                listed.iter().all(|scope| NEVER_MISSED.contains(&scope.as_str()))
            }
            Self::Tried { open, shut } => open.is_empty() && !shut.is_empty(),
        }
    }

    fn may_open(&self, scope: &str) -> bool {
        match self {
            _ if NEVER_MISSED.contains(&scope) => true,
            Self::Listed(listed) => {
                let stand_ins = STAND_INS.iter().filter(|(opened, _)| *opened == scope);
                let mut any = stand_ins.flat_map(|(_, by)| by.iter().copied()).chain([scope]);
                any.any(|scope| listed.contains(scope))
            }
            Self::Tried { shut, .. } => !shut.contains(scope),
        }
    }

    /// Returns `true` if a scope that matches the pattern is known to be granted.
    fn has_like(&self, pattern: &str) -> bool {
        let fits = |scope: &str| match pattern.strip_suffix('*') {
            Some(start) => scope.starts_with(start),
            None => scope == pattern,
        };
        match self {
            Self::Listed(listed) => listed.iter().any(|scope| fits(scope)),
            Self::Tried { open, .. } => open.iter().any(|scope| fits(scope)),
        }
    }
}

/// Scopes that can be granted and contain no dot.
///
/// <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes>,
/// read 2026-11.
const UNDOTTED: &[&str] = &[
    "accounting",
    "actions",
    "automation",
    "business-intelligence",
    "contacts",
    "content",
    "e-commerce",
    "files",
    "forms",
    "forms-uploaded-files",
    "hubdb",
    "integration-sync",
    "marketing-email",
    "oauth",
    "reports",
    "sales-email-read",
    "social",
    "tickets",
    "timeline",
    "transactional-email",
];

/// Returns `true` if the scope can be granted to an app. HubSpot's error responses also name
/// internal scopes, such as `workflows-access-public-api`.
pub(super) fn is_public(scope: &str) -> bool {
    scope.contains('.') || UNDOTTED.contains(&scope)
}

/// Returns `true` if any of these scopes grants access that not every token has.
pub fn open_something(scopes: &[&str]) -> bool {
    scopes.iter().any(|scope| !NEVER_MISSED.contains(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(scopes: &str) -> GrantedScopes {
        GrantedScopes::Listed(scopes.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn what_a_listed_set_lacks() {
        const CONTACTS: &str = "crm.objects.contacts.read";
        const EMAILS: &[&str] = &[CONTACTS, "sales-email-read"];
        for (case, granted, scopes, or_any_of, expected) in [
            ("the scope itself", CONTACTS, &[CONTACTS][..], &[][..], ""),
            ("nothing", "", &[CONTACTS], &[], CONTACTS),
            (
                "a scope for writing is none for reading",
                "crm.objects.contacts.write",
                &[CONTACTS],
                &[],
                CONTACTS,
            ),
            ("a beginning is not a scope", "crm.objects.contacts", &[CONTACTS], &[], CONTACTS),
            ("all are needed", CONTACTS, EMAILS, &[], "sales-email-read"),
            ("none of two", "", EMAILS, &[], "crm.objects.contacts.read sales-email-read"),
            ("no scope needed", "", &[], &[], ""),
            ("every token has it", "", &["oauth"], &[], ""),
            ("in doubt", "", &["business-intelligence"], &[], ""),
            (
                "older: contacts",
                "contacts",
                &[CONTACTS, "crm.objects.deals.read", "crm.objects.companies.read"],
                &[],
                "",
            ),
            (
                "older: e-commerce",
                "e-commerce",
                &[
                    "crm.objects.line_items.read",
                    "crm.objects.products.read",
                    "crm.objects.quotes.read",
                ],
                &[],
                "",
            ),
            ("older does not open all", "e-commerce contacts", &["tickets"], &[], "tickets"),
            ("service keys: tickets", "crm.objects.tickets.read", &["tickets"], &[], ""),
            ("any other", "automation", &["crm.objects.owners.read"], &["automation"], ""),
            (
                "another other",
                "forms",
                &["crm.objects.owners.read"],
                &["automation"],
                "crm.objects.owners.read",
            ),
            ("any like it", "crm.objects.deals.read", &["tickets"], &["crm.objects.*"], ""),
            ("none like it", "crm.lists.read", &["tickets"], &["crm.objects.*"], "tickets"),
        ] {
            let missing = listed(granted).missing(scopes, or_any_of).join(" ");
            assert_eq!(missing, expected, "{case}");
        }
    }

    #[test]
    fn what_was_not_tried_is_in_doubt() {
        let tried = GrantedScopes::Tried {
            open: BTreeSet::from(["crm.objects.deals.read"]),
            shut: BTreeSet::from(["tickets", "forms"]),
        };
        for (case, granted, scopes, or_any_of, expected) in [
            ("it answered", &tried, &["crm.objects.deals.read"][..], &[][..], ""),
            ("it refused", &tried, &["forms"], &[], "forms"),
            ("one of two refused", &tried, &["forms", "crm.objects.deals.read"], &[], "forms"),
            ("not tried", &tried, &["automation"], &[], ""),
            ("another answered", &tried, &["tickets"], &["crm.objects.*"], ""),
            ("another was not tried", &tried, &["tickets"], &["automation"], "tickets"),
            ("nothing is known", &GrantedScopes::unknown(), &["tickets"], &[], ""),
        ] {
            assert_eq!(granted.missing(scopes, or_any_of).join(" "), expected, "{case}");
        }
    }

    #[test]
    fn a_token_that_opens_nothing_is_told_from_one_of_which_nothing_is_known() {
        let tried = |open: &[&'static str], shut: &[&'static str]| GrantedScopes::Tried {
            open: open.iter().copied().collect(),
            shut: shut.iter().copied().collect(),
        };
        for (granted, expected) in [
            (listed(""), true),
            (listed("oauth"), true),
            (listed("oauth crm.lists.read"), false),
            (tried(&[], &["tickets"]), true),
            (tried(&["forms"], &["tickets"]), false),
            (GrantedScopes::unknown(), false),
        ] {
            assert_eq!(granted.opens_nothing(), expected, "{granted:?}");
        }
    }
}
