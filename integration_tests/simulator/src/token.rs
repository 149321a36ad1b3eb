//! Authentication: private apps with permanent tokens, OAuth apps whose tokens expire.

use std::collections::HashMap;
use std::time::Duration;

/// The account's subscription, which determines its quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tier {
    Free,
    Starter,
    #[default]
    Professional,
    Enterprise,
}

/// Subscription and apps of the account.
#[derive(Debug, Clone)]
pub struct Access {
    pub tier: Tier,
    /// Number of API Limit Increase packs; HubSpot sells at most two.
    pub increase_packs: u64,
    pub private_apps: Vec<PrivateApp>,
    pub oauth_apps: Vec<OAuthApp>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            tier: Tier::default(),
            increase_packs: 0,
            private_apps: vec![PrivateApp::new(DEFAULT_TOKEN, Granted::All)],
            oauth_apps: Vec::new(),
        }
    }
}

/// The token of the default private app.
pub const DEFAULT_TOKEN: &str = "pat-sim-00000000-0000-4000-8000-000000000001";

/// An app whose token never expires.
#[derive(Debug, Clone)]
pub struct PrivateApp {
    pub token: String,
    pub app_id: u64,
    pub scopes: Granted,
}

impl PrivateApp {
    /// Creates a private app with an app id derived from its token.
    pub fn new(token: impl Into<String>, scopes: Granted) -> Self {
        let token = token.into();
        Self { app_id: app_id(&token), token, scopes }
    }
}

/// An app that exchanges a refresh token for short-lived access tokens.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    pub client_id: String,
    pub client_secret: String,
    /// The refresh token issued by the installation.
    pub refresh_token: String,
    pub app_id: u64,
    pub scopes: Granted,
    /// Lifetime of an access token in simulated time.
    pub token_life: Duration,
}

impl OAuthApp {
    /// Creates an OAuth app with HubSpot's token lifetime.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        refresh_token: impl Into<String>,
        scopes: Granted,
    ) -> Self {
        let client_id = client_id.into();
        Self {
            app_id: app_id(&client_id),
            client_id,
            client_secret: client_secret.into(),
            refresh_token: refresh_token.into(),
            scopes,
            token_life: Duration::from_mins(30),
        }
    }
}

/// Returns a stable six-digit app id.
fn app_id(text: &str) -> u64 {
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    100_000 + hash % 900_000
}

/// The scopes granted to an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// All scopes.
    All,
    Only(Vec<String>),
}

impl Granted {
    fn covers(&self, scope: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.iter().any(|granted| granted == scope),
        }
    }

    /// Returns `true` if all scopes of one alternative are granted, or if there are no
    /// alternatives.
    pub fn allows(&self, alternatives: &[Vec<String>]) -> bool {
        alternatives.is_empty()
            || alternatives.iter().any(|all| all.iter().all(|scope| self.covers(scope)))
    }

    /// Returns the scopes as listed by the token endpoints.
    pub fn listed(&self) -> Vec<&str> {
        match self {
            Self::All => KNOWN_SCOPES.to_vec(),
            Self::Only(scopes) => scopes.iter().map(String::as_str).collect(),
        }
    }
}

/// Scopes listed for an app with `Granted::All`.
const KNOWN_SCOPES: &[&str] = &[
    "account-info.security.read",
    "automation",
    "behavioral_events.event_definitions.read_write",
    "business-intelligence",
    "communication_preferences.read",
    "communication_preferences.statuses.batch.read",
    "content",
    "conversations.read",
    "crm.dealsplits.read_write",
    "crm.export",
    "crm.lists.read",
    "crm.objects.appointments.read",
    "crm.objects.carts.read",
    "crm.objects.commercepayments.read",
    "crm.objects.companies.read",
    "crm.objects.contacts.read",
    "crm.objects.courses.read",
    "crm.objects.custom.read",
    "crm.objects.deals.read",
    "crm.objects.feedback_submissions.read",
    "crm.objects.goals.read",
    "crm.objects.invoices.read",
    "crm.objects.leads.read",
    "crm.objects.line_items.read",
    "crm.objects.listings.read",
    "crm.objects.marketing_events.read",
    "crm.objects.orders.read",
    "crm.objects.owners.read",
    "crm.objects.products.read",
    "crm.objects.projects.read",
    "crm.objects.quotes.read",
    "crm.objects.services.read",
    "crm.objects.subscriptions.read",
    "crm.objects.users.read",
    "crm.schemas.companies.read",
    "crm.schemas.contacts.read",
    "crm.schemas.custom.read",
    "crm.schemas.deals.read",
    "crm.schemas.line_items.read",
    "crm.schemas.quotes.read",
    "e-commerce",
    "forms",
    "marketing-email",
    "marketing.campaigns.read",
    "marketing.campaigns.revenue.read",
    "oauth",
    "sales-email-read",
    "settings.currencies.read",
    "settings.users.read",
    "settings.users.teams.read",
    "tickets",
];

/// The app that a valid token belongs to.
#[derive(Debug, Clone)]
pub struct Caller {
    pub app_id: u64,
    pub scopes: Granted,
    pub oauth: bool,
    pub token: String,
}

/// Reason why an `Authorization` header was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    Missing,
    /// The token is malformed, so that HubSpot's edge cannot route it to a data center.
    Unroutable,
    Unknown,
    Expired {
        at_ms: i64,
    },
}

/// Reason why a token request was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    ClientId,
    ClientSecret,
    RefreshToken,
}

/// A newly issued pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub access_token: String,
    pub refresh_token: String,
    pub app: usize,
}

/// All tokens, including expired ones.
#[derive(Debug)]
pub struct Tokens {
    access: Access,
    /// Issued access tokens: index of the app and instant of expiry.
    issued: HashMap<String, (usize, i64)>,
    count: u64,
}

impl Tokens {
    pub fn new(access: Access) -> Self {
        Self { access, issued: HashMap::new(), count: 0 }
    }

    pub fn app(&self, place: usize) -> Option<&OAuthApp> {
        self.access.oauth_apps.get(place)
    }

    /// Returns the private app that a token belongs to.
    pub fn private_app(&self, token: &str) -> Option<&PrivateApp> {
        self.access.private_apps.iter().find(|app| app.token == token)
    }

    /// Returns the OAuth app and expiry of an access token, expired or not.
    pub fn access_token(&self, token: &str) -> Option<(&OAuthApp, i64)> {
        let (place, expires_ms) = self.issued.get(token)?;
        Some((self.access.oauth_apps.get(*place)?, *expires_ms))
    }

    /// Returns the OAuth app whose current refresh token this is.
    pub fn refresh_token(&self, token: &str) -> Option<&OAuthApp> {
        self.access.oauth_apps.iter().find(|app| app.refresh_token == token)
    }

    /// Validates an `Authorization` header.
    pub fn check(&self, header: Option<&[u8]>, now_ms: i64) -> Result<Caller, Rejection> {
        let header = header.ok_or(Rejection::Missing)?;
        let text = std::str::from_utf8(header).map_err(|_| Rejection::Unroutable)?;
        let token = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Rejection::Missing)?;
        if !token.contains('-') || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Rejection::Unroutable);
        }
        if let Some(app) = self.private_app(token) {
            return Ok(Caller {
                app_id: app.app_id,
                scopes: app.scopes.clone(),
                oauth: false,
                token: token.to_owned(),
            });
        }
        match self.access_token(token) {
            Some((_, at_ms)) if at_ms <= now_ms => Err(Rejection::Expired { at_ms }),
            Some((app, _)) => Ok(Caller {
                app_id: app.app_id,
                scopes: app.scopes.clone(),
                oauth: true,
                token: token.to_owned(),
            }),
            None => Err(Rejection::Unknown),
        }
    }

    /// Validates a client id and its secret. Returns the index of the app.
    pub fn client(&self, client_id: &str, client_secret: &str) -> Result<usize, Denial> {
        let apps = &self.access.oauth_apps;
        let place =
            apps.iter().position(|app| app.client_id == client_id).ok_or(Denial::ClientId)?;
        match apps.get(place) {
            Some(app) if app.client_secret == client_secret => Ok(place),
            _ => Err(Denial::ClientSecret),
        }
    }

    /// Exchanges a refresh token for an access token; with `rotate` the refresh token is replaced.
    pub fn refresh(
        &mut self,
        client_id: &str,
        client_secret: &str,
        refresh_token: &str,
        rotate: bool,
        now_ms: i64,
    ) -> Result<Issued, Denial> {
        let place = self.client(client_id, client_secret)?;
        let app = self.access.oauth_apps.get_mut(place).ok_or(Denial::ClientId)?;
        if app.refresh_token != refresh_token {
            return Err(Denial::RefreshToken);
        }
        self.count += 1;
        let number = self.count;
        if rotate {
            app.refresh_token = format!("na1-sim-{:06}-{number:06}", app.app_id);
        }
        let life_ms = i64::try_from(app.token_life.as_millis()).unwrap_or(i64::MAX);
        let issued = Issued {
            access_token: format!("CJsim-{:06}-{number:06}", app.app_id),
            refresh_token: app.refresh_token.clone(),
            app: place,
        };
        let expires_ms = now_ms.saturating_add(life_ms);
        self.issued.insert(issued.access_token.clone(), (place, expires_ms));
        Ok(issued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens::new(Access {
            private_apps: vec![PrivateApp::new("pat-one", Granted::Only(vec!["a".to_owned()]))],
            oauth_apps: vec![OAuthApp::new("client", "secret", "na1-refresh", Granted::All)],
            ..Access::default()
        })
    }

    #[test]
    fn headers_are_told_apart() {
        let mut tokens = tokens();
        let issued = tokens.refresh("client", "secret", "na1-refresh", false, 0).unwrap();
        let bearer = format!("Bearer {}", issued.access_token);
        for (case, header, now_ms, expected) in [
            ("no header", None, 0, Some(Rejection::Missing)),
            ("another scheme", Some("Basic pat-one"), 0, Some(Rejection::Missing)),
            ("no dash", Some("Bearer abc"), 0, Some(Rejection::Unroutable)),
            ("a blank inside", Some("Bearer pat one-"), 0, Some(Rejection::Unroutable)),
            ("nobody's token", Some("Bearer pat-two"), 0, Some(Rejection::Unknown)),
            ("a private app", Some("Bearer pat-one"), i64::MAX, None),
            ("scheme in lower case", Some("bearer pat-one"), 0, None),
            ("young access token", Some(bearer.as_str()), 1_799_999, None),
            (
                "old access token",
                Some(bearer.as_str()),
                1_800_000,
                Some(Rejection::Expired { at_ms: 1_800_000 }),
            ),
        ] {
            let result = tokens.check(header.map(str::as_bytes), now_ms);
            assert_eq!(result.err(), expected, "{case}");
        }
    }

    #[test]
    fn rotation_retires_the_refresh_token() {
        let mut tokens = tokens();
        let first = tokens.refresh("client", "secret", "na1-refresh", true, 0).unwrap();
        assert_ne!(first.refresh_token, "na1-refresh");
        let again = tokens.refresh("client", "secret", "na1-refresh", true, 0);
        assert_eq!(again, Err(Denial::RefreshToken));
        assert!(tokens.refresh("client", "secret", &first.refresh_token, true, 0).is_ok());
    }

    #[test]
    fn scopes_are_alternatives_of_conjunctions() {
        let granted = Granted::Only(vec!["a".to_owned(), "b".to_owned()]);
        let scopes = |text: &str| -> Vec<Vec<String>> {
            text.split('|')
                .filter(|part| !part.is_empty())
                .map(|part| part.split('+').map(str::to_owned).collect())
                .collect()
        };
        for (needed, expected) in
            [("", true), ("a", true), ("c", false), ("c|b", true), ("a+b", true), ("a+c", false)]
        {
            assert_eq!(granted.allows(&scopes(needed)), expected, "{needed}");
        }
        assert!(Granted::All.allows(&scopes("anything")));
    }
}
