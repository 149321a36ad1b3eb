//! Changes to lists, forms and e-mails.

use serde::{Deserialize, Serialize};

use crate::portal::Portal;
use crate::portal::change::Values;
use crate::portal::lists::Lists;
use crate::portal::log::Log;
use crate::portal::marketing::{EventNote, Marketing, SubscriptionNote};

/// A new list of an object type, which may be given by any of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewList {
    pub name: String,
    pub object: String,
    /// `MANUAL`, `DYNAMIC` or `SNAPSHOT`.
    #[serde(default = "manual")]
    pub processing: String,
}

/// A list and records of its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRecords {
    pub list: u64,
    pub records: Vec<u64>,
}

/// The id of a list, a marketing e-mail or an e-mail campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    pub id: u64,
}

/// The GUID of a form or a marketing campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guided {
    pub id: String,
}

/// Submissions of a form, all with the same values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submissions {
    /// The form's GUID.
    pub form: String,
    #[serde(default = "one")]
    pub count: u64,
    /// Instant of the submissions; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    #[serde(default)]
    pub values: Values,
}

/// E-mail events, all at the same instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailEvents {
    #[serde(default = "one")]
    pub count: u64,
    /// Instant of the events; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    /// Delay from the change until the events become visible; derived per event if left out.
    #[serde(default)]
    pub delay_ms: Option<i64>,
    /// `OPEN`, `CLICK` …
    #[serde(default)]
    pub event_type: Option<String>,
    #[serde(default)]
    pub recipient: Option<String>,
    /// The id of an e-mail campaign, whose last activity is updated.
    #[serde(default)]
    pub campaign: Option<u64>,
}

/// Entries of the subscription timeline, all at the same instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChanges {
    #[serde(default = "one")]
    pub count: u64,
    #[serde(default)]
    pub at_ms: Option<i64>,
    #[serde(default)]
    pub recipient: Option<String>,
    /// `SUBSCRIBED`, `UNSUBSCRIBED` …
    #[serde(default)]
    pub change: Option<String>,
}

fn one() -> u64 {
    1
}

fn manual() -> String {
    "MANUAL".to_owned()
}

impl Portal {
    pub(crate) fn create_list(&mut self, list: &NewList, now_ms: i64) -> Result<(), String> {
        let NewList { name, object, processing } = list;
        let store = self.store(object).ok_or_else(|| format!("there is no type {object}"))?;
        let object = store.object.id.clone();
        self.lists.create(name, &object, processing, now_ms);
        Ok(())
    }

    /// Returns the number of a list that was not deleted.
    fn list_number(&self, id: u64) -> Result<u64, String> {
        let list = self.list(id).ok_or_else(|| format!("there is no list {id}"))?;
        Ok(list.item.number)
    }

    /// Edits the list's definition; its members stay.
    pub(crate) fn edit_list(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let number = self.list_number(id)?;
        self.lists.roster.edit(number, now_ms).ok_or_else(|| format!("there is no list {id}"))
    }

    pub(crate) fn delete_list(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let number = Lists::number(id).and_then(|number| self.lists.roster.archive(number, now_ms));
        number.ok_or_else(|| format!("there is no list {id}"))
    }

    /// HubSpot: changes of the members do not update the list's `updatedAt`.
    pub(crate) fn add_members(&mut self, change: &ListRecords, now_ms: i64) -> Result<(), String> {
        let list =
            self.list(change.list).ok_or_else(|| format!("there is no list {}", change.list))?;
        let number = list.item.number;
        let mut joining = Vec::new();
        for id in &change.records {
            if !self.exists(&list.object.id, *id) {
                return Err(format!("there is no live record {id} of {}", list.object.plural));
            }
            if list.members().joined(*id).is_none() {
                joining.push(*id);
            }
        }
        let edits = self.lists.edits.entry(number).or_default();
        for id in joining {
            edits.added.entry(id).or_insert((now_ms, now_ms)).1 = now_ms;
            edits.last_added_ms = Some(now_ms);
        }
        Ok(())
    }

    pub(crate) fn remove_members(
        &mut self,
        change: &ListRecords,
        now_ms: i64,
    ) -> Result<(), String> {
        let list =
            self.list(change.list).ok_or_else(|| format!("there is no list {}", change.list))?;
        let number = list.item.number;
        let members = list.members();
        let initial: Vec<u64> =
            change.records.iter().copied().filter(|id| members.stays(*id).is_some()).collect();
        let edits = self.lists.edits.entry(number).or_default();
        for id in &change.records {
            if edits.added.remove(id).is_some() {
                edits.last_removed_ms = Some(now_ms);
            }
        }
        for id in initial {
            edits.removed.insert(id);
            edits.last_removed_ms = Some(now_ms);
        }
        Ok(())
    }

    pub(crate) fn create_form(&mut self, now_ms: i64) {
        let marketing = &mut self.marketing;
        let number = marketing.forms.create(now_ms);
        let log = Log::new(marketing.forms.seed ^ number, 0, (now_ms, now_ms), (0, 0));
        marketing.submissions.insert(number, log);
    }

    pub(crate) fn edit_form(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let forms = &mut self.marketing.forms;
        let form = forms.by_guid(guid).and_then(|form| forms.edit(form.number, now_ms));
        form.ok_or_else(|| format!("there is no form {guid}"))
    }

    pub(crate) fn archive_form(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let forms = &mut self.marketing.forms;
        let form = forms.by_guid(guid).and_then(|form| forms.archive(form.number, now_ms));
        form.ok_or_else(|| format!("there is no form {guid}"))
    }

    /// HubSpot: a submission does not update the form's `updatedAt`.
    pub(crate) fn submit(&mut self, change: &Submissions, now_ms: i64) -> Result<(), String> {
        let marketing = &mut self.marketing;
        let form = marketing.forms.by_guid(&change.form);
        let log = form.and_then(|form| marketing.submissions.get_mut(&form.number));
        let log = log.ok_or_else(|| format!("there is no form {}", change.form))?;
        for _ in 0..change.count {
            log.push(change.at_ms.unwrap_or(now_ms), None, now_ms, change.values.clone());
        }
        Ok(())
    }

    pub(crate) fn create_email(&mut self, now_ms: i64) {
        self.marketing.emails.create(now_ms);
    }

    pub(crate) fn edit_email(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let email = self.marketing.email(id);
        let edited = email.and_then(|email| self.marketing.emails.edit(email.number, now_ms));
        edited.ok_or_else(|| format!("there is no marketing e-mail {id}"))
    }

    pub(crate) fn archive_email(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let email = self.marketing.email(id);
        let archived = email.and_then(|email| self.marketing.emails.archive(email.number, now_ms));
        archived.ok_or_else(|| format!("there is no marketing e-mail {id}"))
    }

    pub(crate) fn edit_campaign(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let campaigns = &mut self.marketing.campaigns;
        let edited = campaigns.by_guid(guid).and_then(|it| campaigns.edit(it.number, now_ms));
        edited.ok_or_else(|| format!("there is no campaign {guid}"))
    }

    pub(crate) fn email_events(&mut self, change: &EmailEvents, now_ms: i64) -> Result<(), String> {
        let at_ms = change.at_ms.unwrap_or(now_ms);
        let marketing = &mut self.marketing;
        if let Some(id) = change.campaign {
            let campaign = marketing.email_campaign(id);
            let moved = campaign
                .and_then(|it| marketing.email_campaigns.edit(it.number, at_ms.max(it.updated_ms)));
            moved.ok_or_else(|| format!("there is no e-mail campaign {id}"))?;
        }
        let note = EventNote {
            kind: change.event_type.clone(),
            recipient: change.recipient.clone(),
            campaign: change.campaign,
        };
        for _ in 0..change.count {
            marketing.email_events.push(at_ms, change.delay_ms, now_ms, note.clone());
        }
        Ok(())
    }

    pub(crate) fn subscription_changes(&mut self, change: &SubscriptionChanges, now_ms: i64) {
        let note =
            SubscriptionNote { recipient: change.recipient.clone(), change: change.change.clone() };
        let at_ms = change.at_ms.unwrap_or(now_ms);
        for _ in 0..change.count {
            self.marketing.subscription_changes.push(at_ms, None, now_ms, note.clone());
        }
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
