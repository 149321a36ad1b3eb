//! Changes to lists, forms and e-mails.

use crate::portal::Portal;
use crate::portal::lists::Lists;
use crate::portal::log::Log;
use crate::portal::marketing::{EventNote, SubscriptionNote};
use crate::portal::marketing_change::{
    EmailEvents, ListRecords, NewList, Submissions, SubscriptionChanges,
};

impl Portal {
    pub(super) fn create_list(&mut self, list: &NewList, now_ms: i64) -> Result<(), String> {
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
    pub(super) fn edit_list(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let number = self.list_number(id)?;
        self.lists.item_set.edit(number, now_ms).ok_or_else(|| format!("there is no list {id}"))
    }

    pub(super) fn delete_list(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let number =
            Lists::number(id).and_then(|number| self.lists.item_set.archive(number, now_ms));
        number.ok_or_else(|| format!("there is no list {id}"))
    }

    /// HubSpot: changes of the members do not update the list's `updatedAt`.
    pub(super) fn add_members(&mut self, change: &ListRecords, now_ms: i64) -> Result<(), String> {
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

    pub(super) fn remove_members(
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

    pub(super) fn create_form(&mut self, now_ms: i64) {
        let marketing = &mut self.marketing;
        let number = marketing.forms.create(now_ms);
        let log = Log::new(marketing.forms.seed ^ number, 0, (now_ms, now_ms), (0, 0));
        marketing.submissions.insert(number, log);
    }

    pub(super) fn edit_form(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let forms = &mut self.marketing.forms;
        let form = forms.by_guid(guid).and_then(|form| forms.edit(form.number, now_ms));
        form.ok_or_else(|| format!("there is no form {guid}"))
    }

    pub(super) fn archive_form(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let forms = &mut self.marketing.forms;
        let form = forms.by_guid(guid).and_then(|form| forms.archive(form.number, now_ms));
        form.ok_or_else(|| format!("there is no form {guid}"))
    }

    /// HubSpot: a submission does not update the form's `updatedAt`.
    pub(super) fn submit(&mut self, change: &Submissions, now_ms: i64) -> Result<(), String> {
        let marketing = &mut self.marketing;
        let form = marketing.forms.by_guid(&change.form);
        let log = form.and_then(|form| marketing.submissions.get_mut(&form.number));
        let log = log.ok_or_else(|| format!("there is no form {}", change.form))?;
        for _ in 0..change.count {
            log.push(change.at_ms.unwrap_or(now_ms), None, now_ms, change.values.clone());
        }
        Ok(())
    }

    pub(super) fn create_email(&mut self, now_ms: i64) {
        self.marketing.emails.create(now_ms);
    }

    pub(super) fn edit_email(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let email = self.marketing.email(id);
        let edited = email.and_then(|email| self.marketing.emails.edit(email.number, now_ms));
        edited.ok_or_else(|| format!("there is no marketing e-mail {id}"))
    }

    pub(super) fn archive_email(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let email = self.marketing.email(id);
        let archived = email.and_then(|email| self.marketing.emails.archive(email.number, now_ms));
        archived.ok_or_else(|| format!("there is no marketing e-mail {id}"))
    }

    pub(super) fn edit_campaign(&mut self, guid: &str, now_ms: i64) -> Result<(), String> {
        let campaigns = &mut self.marketing.campaigns;
        let edited = campaigns.by_guid(guid).and_then(|it| campaigns.edit(it.number, now_ms));
        edited.ok_or_else(|| format!("there is no campaign {guid}"))
    }

    pub(super) fn email_events(&mut self, change: &EmailEvents, now_ms: i64) -> Result<(), String> {
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

    pub(super) fn subscription_changes(&mut self, change: &SubscriptionChanges, now_ms: i64) {
        let note =
            SubscriptionNote { recipient: change.recipient.clone(), change: change.change.clone() };
        let at_ms = change.at_ms.unwrap_or(now_ms);
        for _ in 0..change.count {
            self.marketing.subscription_changes.push(at_ms, None, now_ms, note.clone());
        }
    }
}
