//! Initial amount of marketing data in an account.

use clap::Args;
use serde::{Deserialize, Serialize};

/// Sizes of marketing data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct MarketingSpec {
    /// Lists of records of several types
    #[arg(long, default_value_t = Self::default().lists)]
    pub lists: u64,
    /// Members of the first list, at most all contacts
    #[arg(long, default_value_t = Self::default().largest_list)]
    pub largest_list: u64,
    /// Forms of all types, archived ones included
    #[arg(long, default_value_t = Self::default().forms)]
    pub forms: u64,
    /// Submissions of every form except the first
    #[arg(long, default_value_t = Self::default().form_submissions)]
    pub form_submissions: u64,
    /// Submissions of the first form
    #[arg(long, default_value_t = Self::default().busiest_form)]
    pub busiest_form: u64,
    /// Marketing e-mails, archived ones included
    #[arg(long, default_value_t = Self::default().marketing_emails)]
    pub marketing_emails: u64,
    /// Marketing campaigns
    #[arg(long, default_value_t = Self::default().marketing_campaigns)]
    pub marketing_campaigns: u64,
    /// Campaigns of the legacy e-mail API: one per sent e-mail
    #[arg(long, default_value_t = Self::default().email_campaigns)]
    pub email_campaigns: u64,
    /// E-mail events
    #[arg(long, default_value_t = Self::default().email_events)]
    pub email_events: u64,
    /// Subscription types
    #[arg(long, default_value_t = Self::default().subscription_types)]
    pub subscription_types: u64,
    /// Entries of the subscription timeline
    #[arg(long, default_value_t = Self::default().subscription_changes)]
    pub subscription_changes: u64,
}

impl Default for MarketingSpec {
    fn default() -> Self {
        Self {
            lists: 24,
            largest_list: 600,
            forms: 30,
            form_submissions: 12,
            busiest_form: 130,
            marketing_emails: 30,
            marketing_campaigns: 7,
            email_campaigns: 40,
            email_events: 400,
            subscription_types: 5,
            subscription_changes: 90,
        }
    }
}
