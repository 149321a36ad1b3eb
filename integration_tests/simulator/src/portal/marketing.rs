//! Marketing data of an account: forms, e-mails, campaigns and subscriptions.

use std::collections::BTreeMap;

use crate::portal::hash::mix2;
use crate::portal::item_set::{Item, ItemSet};
use crate::portal::log::Log;
use crate::portal::marketing_spec::MarketingSpec;
use crate::portal::values::Values;
use crate::settings::Settings;

const DAY_MS: i64 = 86_400_000;
const FIRST_EMAIL: u64 = 92_300_011;
const EMAIL_STEP: u64 = 37;
const FIRST_EMAIL_CAMPAIGN: u64 = 330_011;
const EMAIL_CAMPAIGN_STEP: u64 = 3;
const FIRST_SUBSCRIPTION: u64 = 41;

/// Types of the forms, in a cycle.
const FORM_TYPES: &[&str] = &[
    "hubspot",
    "hubspot",
    "captured",
    "hubspot",
    "flow",
    "hubspot",
    "blog_comment",
    "captured",
    "hubspot",
    "hubspot",
];

/// Data of an e-mail event added by a change; fields left out are derived from its hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EventNote {
    pub(crate) kind: Option<String>,
    pub(crate) recipient: Option<String>,
    pub(crate) campaign: Option<u64>,
}

/// Data of a subscription change added by a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SubscriptionNote {
    pub(crate) recipient: Option<String>,
    pub(crate) change: Option<String>,
}

/// The marketing data of an account.
#[derive(Debug)]
pub(crate) struct Marketing {
    pub(crate) seed: u64,
    pub(crate) forms: ItemSet,
    /// By the number of the form.
    pub(crate) submissions: BTreeMap<u64, Log<Values>>,
    pub(crate) emails: ItemSet,
    pub(crate) campaigns: ItemSet,
    pub(crate) email_campaigns: ItemSet,
    pub(crate) subscription_types: ItemSet,
    pub(crate) email_events: Log<EventNote>,
    pub(crate) subscription_changes: Log<SubscriptionNote>,
}

impl Marketing {
    pub(crate) fn new(seed: u64, spec: &MarketingSpec, settings: &Settings, start_ms: i64) -> Self {
        let item_set = |salt: u64, len: u64, archived_every| {
            ItemSet::new(mix2(seed, salt), len, archived_every, start_ms)
        };
        let forms = item_set(1, spec.forms, Some(11));
        let submissions = forms
            .items()
            .map(|form| {
                let len = if form.number == 0 { spec.busiest_form } else { spec.form_submissions };
                let seed = mix2(forms.seed, form.number);
                let times = (form.created_ms, start_ms - 1_800_000);
                (form.number, Log::new(seed, len, times, (0, 0)))
            })
            .collect();
        let log_times = (start_ms - 400 * DAY_MS, start_ms - 30_000);
        let lag_ms = settings.email_event_lag_ms;
        Self {
            seed,
            forms,
            submissions,
            emails: item_set(2, spec.marketing_emails, Some(7)),
            campaigns: item_set(3, spec.marketing_campaigns, None),
            email_campaigns: item_set(4, spec.email_campaigns, None),
            subscription_types: item_set(5, spec.subscription_types, None),
            email_events: Log::new(mix2(seed, 6), spec.email_events, log_times, lag_ms),
            subscription_changes: Log::new(
                mix2(seed, 7),
                spec.subscription_changes,
                log_times,
                (0, 0),
            ),
        }
    }

    /// Returns `hubspot`, `captured`, `flow` or `blog_comment`.
    pub(crate) fn form_type(form: &Item) -> &'static str {
        let place = usize::try_from(form.number).unwrap_or_default() % FORM_TYPES.len();
        FORM_TYPES.get(place).copied().unwrap_or("hubspot")
    }

    pub(crate) fn email_id(item: &Item) -> u64 {
        FIRST_EMAIL + item.number * EMAIL_STEP
    }

    pub(crate) fn email(&self, id: u64) -> Option<Item> {
        let steps = id.checked_sub(FIRST_EMAIL)?;
        self.emails.item(steps.is_multiple_of(EMAIL_STEP).then_some(steps / EMAIL_STEP)?)
    }

    pub(crate) fn email_campaign_id(number: u64) -> u64 {
        FIRST_EMAIL_CAMPAIGN + number * EMAIL_CAMPAIGN_STEP
    }

    pub(crate) fn email_campaign(&self, id: u64) -> Option<Item> {
        let steps = id.checked_sub(FIRST_EMAIL_CAMPAIGN)?;
        let step = EMAIL_CAMPAIGN_STEP;
        self.email_campaigns.item(steps.is_multiple_of(step).then_some(steps / step)?)
    }

    pub(crate) fn subscription_id(number: u64) -> u64 {
        FIRST_SUBSCRIPTION + number * 2
    }
}
