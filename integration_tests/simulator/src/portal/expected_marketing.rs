//! Expected marketing data, for tests.

use std::collections::BTreeSet;

use crate::portal::Portal;
use crate::portal::item_set::{ItemSet, guid};
use crate::portal::lists::List;
use crate::portal::log::Key;
use crate::portal::marketing::Marketing;

impl Portal {
    /// Returns id and object type id of the lists that were not deleted.
    pub fn list_ids(&self) -> Vec<(u64, String)> {
        self.lists().map(|list| (list.id(), list.object.id.clone())).collect()
    }

    /// Returns the record ids of a list's members, ascending. Empty if its members cannot be read.
    pub fn list_members(&self, list: u64) -> Vec<u64> {
        let list = self.list(list).filter(List::shows_members);
        list.map_or_else(Vec::new, |list| list.members().ids())
    }

    /// Returns GUID and type of the forms: the archived ones, or all others.
    pub fn form_ids(&self, archived: bool) -> Vec<(String, &'static str)> {
        let forms = &self.marketing.forms;
        forms
            .items()
            .filter(|form| form.archived_ms.is_some() == archived)
            .map(|form| (forms.guid(form.number), Marketing::form_type(&form)))
            .collect()
    }

    /// Returns the instants of a form's submissions, newest first.
    pub fn submission_times(&self, form: &str) -> Vec<i64> {
        let form = self.marketing.forms.by_guid(form);
        let log = form.and_then(|form| self.marketing.submissions.get(&form.number));
        log.map_or_else(Vec::new, |log| log.all(i64::MAX).map(|(at_ms, _)| at_ms).collect())
    }

    /// Returns the ids of the marketing e-mails: the archived ones, or all others.
    pub fn marketing_email_ids(&self, archived: bool) -> Vec<u64> {
        let emails = self.marketing.emails.items();
        let wanted = emails.filter(|email| email.archived_ms.is_some() == archived);
        wanted.map(|email| Marketing::email_id(&email)).collect()
    }

    /// Returns the GUIDs of the marketing campaigns.
    pub fn marketing_campaign_ids(&self) -> Vec<String> {
        guids(&self.marketing.campaigns)
    }

    /// Returns the ids of the legacy e-mail campaigns.
    pub fn email_campaign_ids(&self) -> Vec<u64> {
        (0..self.marketing.email_campaigns.len()).map(Marketing::email_campaign_id).collect()
    }

    /// Returns the ids of the e-mail events visible at an instant; at `i64::MAX`, of all.
    pub fn email_event_ids(&self, now_ms: i64) -> BTreeSet<String> {
        self.marketing.email_events.all(now_ms).map(|key| self.email_event_id(key)).collect()
    }

    pub(crate) fn email_event_id(&self, (_, sequence): Key) -> String {
        guid(self.marketing.seed ^ 0xE7, sequence)
    }

    /// Returns the instants of the subscription changes, newest first.
    pub fn subscription_change_times(&self) -> Vec<i64> {
        self.marketing.subscription_changes.all(i64::MAX).map(|(at_ms, _)| at_ms).collect()
    }

    /// Returns the ids of the subscription types.
    pub fn subscription_ids(&self) -> Vec<u64> {
        (0..self.marketing.subscription_types.len()).map(Marketing::subscription_id).collect()
    }
}

/// Ids of the newest list, form and marketing e-mail, for use after a creation.
impl Portal {
    /// Returns the id of the list created last.
    pub fn newest_list(&self) -> Option<u64> {
        self.lists().next_back().map(|list| list.id())
    }

    /// Returns the GUID of the form created last.
    pub fn newest_form(&self) -> Option<String> {
        let forms = &self.marketing.forms;
        forms.items().next_back().map(|form| forms.guid(form.number))
    }

    /// Returns the id of the marketing e-mail created last.
    pub fn newest_marketing_email(&self) -> Option<u64> {
        self.marketing.emails.items().next_back().map(|email| Marketing::email_id(&email))
    }
}

fn guids(item_set: &ItemSet) -> Vec<String> {
    item_set.items().map(|item| item_set.guid(item.number)).collect()
}
