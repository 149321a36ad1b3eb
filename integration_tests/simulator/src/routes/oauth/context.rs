//! Account data and form fields that the token endpoints share.

use crate::clock::Clock;
use crate::decode;
use crate::message::Request;
use crate::settings::Settings;

/// Account data used in the responses.
pub struct Account<'a> {
    pub portal_id: u64,
    pub settings: &'a Settings,
    /// Converts `expires_in` to real seconds, which are fewer if simulated time runs faster.
    pub clock: &'a Clock,
}

/// The user who installed every app.
pub(super) const USER_ID: u64 = 771;

/// The fields of a form body; v1 also reads the query.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn of(request: &Request) -> Self {
        let mut fields = decode::pairs(&String::from_utf8_lossy(&request.body));
        if request.path.starts_with("/oauth/v1/") {
            fields.extend(request.query.iter().cloned());
        }
        Self(fields)
    }

    pub(super) fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }
}
