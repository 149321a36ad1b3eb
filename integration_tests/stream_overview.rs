//! `docs/streams.md`, generated from the stream table and the summaries below.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use source_hubspot::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};
use source_hubspot::streams::{ReadStrategy, STREAMS, StreamSpec, Term};

use crate::support::golden::compare_file;

/// Contents of every stream in a few words, by topic. Streams of archived records have none.
const TOPICS: &[(&str, &[(&str, &str)])] = &[
    (
        "Customers and sales",
        &[
            ("contacts", "people, with their e-mail addresses, lifecycle stages and owners"),
            ("companies", "organisations"),
            ("deals", "opportunities, with amounts, stages and close dates"),
            ("tickets", "customer requests, with their stages"),
            ("leads", "leads: contacts or companies that sales is working on"),
            ("goals", "targets of users, and their progress"),
            ("deal_splits", "shares of a deal's amount by owner"),
            ("appointments", "appointments"),
            ("courses", "courses"),
            ("feedback_submissions", "answers to surveys"),
            ("listings", "properties for sale or rent"),
            ("marketing_events", "events such as webinars, with their attendance"),
            ("projects", "projects"),
            ("services", "services provided to customers"),
        ],
    ),
    (
        "Commerce",
        &[
            ("products", "the product library"),
            ("line_items", "products within deals, quotes, orders and invoices"),
            ("quotes", "quotes"),
            ("orders", "orders"),
            ("invoices", "invoices"),
            ("carts", "shopping carts"),
            ("commerce_payments", "payments"),
            ("commerce_subscriptions", "recurring payments of customers"),
            ("discounts", "discounts of quotes and orders"),
            ("fees", "fees of quotes and orders"),
            ("taxes", "taxes of quotes and orders"),
        ],
    ),
    (
        "Engagements",
        &[
            ("engagements_calls", "calls"),
            ("engagements_emails", "one-to-one e-mails logged in the CRM"),
            ("engagements_meetings", "meetings"),
            ("engagements_notes", "notes"),
            ("engagements_tasks", "tasks"),
            ("communications", "SMS, WhatsApp and LinkedIn messages"),
            ("postal_mail", "letters"),
            ("engagements", "all activities in one stream, in the older form (see above)"),
            ("call_recordings", "URLs of call recordings"),
            ("meeting_recordings", "URLs of meeting recordings"),
        ],
    ),
    (
        "Owners, users and account",
        &[
            ("owners", "owners of records: users who are active"),
            ("owners_archived", "owners whose users have left"),
            ("users", "users of the account"),
            ("teams", "teams and their members"),
            ("roles", "roles of users"),
            ("account_details", "the account itself: time zone, currency, region"),
            ("currencies", "exchange rates with their dates"),
            ("login_history", "logins of users to HubSpot, failed ones included"),
        ],
    ),
    (
        "Pipelines and stages",
        &[
            ("deal_pipelines", "pipelines of deals, with labels and probabilities of stages"),
            ("ticket_pipelines", "pipelines of tickets"),
            ("lead_pipelines", "pipelines of leads"),
            ("appointment_pipelines", "pipelines of appointments"),
            ("course_pipelines", "pipelines of courses"),
            ("engagements_task_pipelines", "pipelines of tasks"),
            ("listing_pipelines", "pipelines of listings"),
            ("order_pipelines", "pipelines of orders"),
            ("project_pipelines", "pipelines of projects"),
            ("service_pipelines", "pipelines of services"),
        ],
    ),
    (
        "Changes of properties",
        &[
            ("contacts_property_history", "every value that a property of a contact has had"),
            ("companies_property_history", "the same for companies"),
            ("deals_property_history", "the same for deals"),
        ],
    ),
    (
        "Marketing",
        &[
            ("contact_lists", "lists of contacts, companies and other records"),
            ("list_memberships", "members of lists"),
            ("forms", "forms and their fields"),
            ("form_submissions", "submissions of forms"),
            ("marketing_emails", "marketing e-mails, with statistics"),
            ("campaigns", "sendings of marketing e-mails, with counters"),
            ("email_events", "e-mails sent, delivered, opened, clicked: one row per event"),
            ("email_subscriptions", "subscription types"),
            ("subscription_changes", "opt-ins and opt-outs"),
            ("marketing_campaigns", "campaigns of the campaign tool, with budgets"),
        ],
    ),
    (
        "Automation and definitions",
        &[
            ("workflows", "contact-based workflows"),
            ("flows", "workflows of all object types, with their actions"),
            ("properties", "definitions of all properties, with labels and options"),
            ("association_labels", "labels of associations"),
            ("event_definitions", "definitions of custom events"),
        ],
    ),
    (
        "Web analytics, if experimental streams are enabled",
        &[
            ("contacts_web_analytics", "page views and form submissions of contacts"),
            ("companies_web_analytics", "the same for companies"),
            ("deals_web_analytics", "the same for deals"),
            ("tickets_web_analytics", "the same for tickets"),
            ("goals_web_analytics", "the same for goals"),
            ("line_items_web_analytics", "the same for line items"),
            ("products_web_analytics", "the same for products"),
            ("engagements_calls_web_analytics", "the same for calls"),
            ("engagements_emails_web_analytics", "the same for e-mails"),
            ("engagements_meetings_web_analytics", "the same for meetings"),
            ("engagements_notes_web_analytics", "the same for notes"),
            ("engagements_tasks_web_analytics", "the same for tasks"),
        ],
    ),
];

const HEAD: &str = "\
# Streams

This page is generated from the stream table, and a test keeps it up to date (`just bless` writes it).

1. [What to know first](#what-to-know-first)
2. [All streams](#all-streams), one line each
3. [Details](#details): keys, cursors, associated ids, scopes and the cost in requests

[erd.md](erd.md) shows how to join the tables, and [sql/](../sql/README.md) has views with the common joins.

## What to know first

- **Each property comes twice**: inside the JSON column `properties` and as the column `properties_<name>`. The
  values are the same; the JSON column is about half of the data. To read the flat columns alone, deselect the
  column `properties`: untick it in Airbyte, or remove the key `properties` from the properties of the
  stream's `json_schema` in the configured catalog. Columns that are not selected are not requested. The
  `title` and `description` of a flat column are HubSpot's label and description of the property.
- **Ids**: `id` is text, in every stream of CRM objects and in every column of associated ids, so join on `id`.
  `properties_hs_object_id` is the same id as a number. Properties that refer to users or products, such as
  `properties_hs_created_by_user_id` or `properties_hs_product_id`, are numbers too, while `users.id` and
  `products.id` are text: cast the number to an integer and then to text. `properties_hubspot_owner_id` is text
  like `owners.id`. `owners.userId` and the ids in `engagements` are integers.
- **Owners**: `owners` has the active users alone, but records keep owners who have left. Wherever
  `properties_hubspot_owner_id` is replaced by a name, use `owners` and `owners_archived` together. This
  concerns every CRM object, `engagements.ownerId` and `marketing_campaigns.properties_hs_owner`.
- **Activities**: `engagements_calls`, `engagements_emails`, `engagements_meetings`, `engagements_notes` and
  `engagements_tasks` are CRM objects with all of their properties, text ids, typed times and associated ids.
  Use these. `engagements` has the same activities from HubSpot's first API, in one stream with numeric ids and
  times in milliseconds; it exists for tables that already depend on it. Reading both reads each activity
  twice.
- **Times**: CRM objects have date-times. `deal_pipelines`, `engagements`, `campaigns`, `email_events`,
  `form_submissions`, `subscription_changes`, `workflows` and `contacts_property_history` have milliseconds since
  1970 as integers, as HubSpot sends them.
- **Stages**: `properties_dealstage` and `properties_pipeline` hold ids. The labels are in `deal_pipelines`, whose
  column `stages` is an array of objects.
- **Deleted records** leave the stream and appear in `<name>_archived` for 90 days.

## All streams

\"Incremental\" streams support full refresh and incremental syncs, the others full refresh alone. The last column
names the stream of archived records, which has the same columns and `archivedAt`. Each custom object is one more
stream.
";

/// Returns the text before the tables with the details of streams.
fn details_head() -> String {
    format!(
        "
## Details

A stream with a cursor supports full refresh and incremental syncs, a stream without one only full refresh.
Associated ids are separate columns: arrays of record ids, named like the object type. All listed scopes
are required, except where alternatives are given.

Costs are requests to HubSpot. A page that is only partly filled counts, and there is at least one. The
list of properties is requested once per run for all streams of an object type. If only one cost is given,
every read has it: HubSpot does not filter by time, and unchanged records are dropped after reading.

A CRM object with more than {few} records (or {few_changed} changed ones) takes up to two more searches, which count
the records; with more than 800, up to two more requests for each 500 to 9,900 records, by which several
readers share them.

Some reads take several requests even if nothing has changed, and cannot take fewer:

- HubSpot lists the definitions of one object type, and the labels of one pair of types, at a time:
  `properties` and `association_labels` take a request for each, several of them concurrently.
- The records that belong to the entries of a list are requested entry by entry, and no date of the entry
  shows whether there are new ones.
- `marketing_emails` requests live, archived and recently published e-mails: HubSpot filters live ones by
  modified date and archived ones not at all, and statistics change without a modified date.
- Streams that need HubSpot's time before their first request ask for the account, once per run.

Each custom object of the account is one more stream of the family \"CRM objects\", with the name of the
object (`custom_<name>` if a stream below has the same name, ignoring case): key `id`, cursor `updatedAt`, no
associated ids, scopes `crm.objects.custom.read` and `crm.schemas.custom.read`, 1 request per {LIST_PAGE} records or
per {SEARCH_PAGE} changed records.
",
        few = 3 * LIST_PAGE,
        few_changed = 3 * SEARCH_PAGE,
    )
}

#[test]
fn streams_are_documented() {
    let mut families: BTreeMap<&str, Vec<&StreamSpec<'_>>> = BTreeMap::new();
    for row in STREAMS.iter() {
        families.entry(row.strategy.title()).or_default().push(row);
    }
    let mut text = HEAD.to_owned();
    for (topic, rows) in TOPICS {
        write!(
            text,
            "\n### {topic}\n\n| stream | contents | incremental | archived records |\n\
             | --- | --- | --- | --- |\n"
        )
        .expect("memory");
        for (name, summary) in *rows {
            let spec = STREAMS.iter().find(|spec| spec.name == *name).expect(name);
            let incremental = if spec.cursor.is_some() { "yes" } else { "no" };
            let archived =
                archived_stream(spec).map_or("–".to_owned(), |name| format!("`{name}`"));
            writeln!(text, "| `{name}` | {summary} | {incremental} | {archived} |")
                .expect("memory");
        }
    }
    text.push_str(&details_head());
    for (title, rows) in families {
        text.push_str("\n### ");
        text.push_str(title);
        text.push_str(
            "\n\n| stream | modes | key | cursor | associated ids | scopes | requests | page |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for row in rows {
            text.push_str(&line(row));
        }
    }
    compare_file("docs/streams.md", &text);
}

fn line(row: &StreamSpec<'_>) -> String {
    let modes = if row.cursor.is_some() { "full, incremental" } else { "full" };
    let code = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "–".to_owned() } else { names.join(", ") }
    };
    let words = |terms: &[Term]| terms.iter().map(Term::to_string).collect::<Vec<_>>().join("; ");
    let cost = row.cost();
    let requests = match &cost.changes {
        Some(changes) => {
            format!("everything: {}<br>changes: {}", words(&cost.whole), words(changes))
        }
        None => words(&cost.whole),
    };
    let cursor = row.cursor.map(|cursor| cursor.name);
    let required = code(row.scopes.all);
    let scopes = match row.scopes.or_any_of {
        [] => required,
        [other] => format!("{required}, or `{other}`"),
        others => format!("{required}; or any of {}", code(others)),
    };
    format!(
        "| `{}` | {modes} | {} | {} | {} | {} | {requests} | [HubSpot]({}) |\n",
        row.name,
        code(row.primary_key),
        code(cursor.as_slice()),
        code(row.strategy.associations()),
        scopes,
        row.docs,
    )
}

/// Returns the stream of the archived records of a CRM object type.
fn archived_stream(live: &StreamSpec<'_>) -> Option<&'static str> {
    let object = live.strategy.crm_object()?.object.name;
    let is_archive = |spec: &&StreamSpec<'_>| matches!(spec.strategy, ReadStrategy::CrmArchived(archived) if archived.object == object);
    STREAMS.iter().find(is_archive).map(|spec| spec.name)
}

#[test]
fn every_stream_has_one_summary() {
    let rows = || TOPICS.iter().flat_map(|(_, rows)| rows.iter());
    let summarized: BTreeSet<_> = rows().map(|(name, _)| *name).collect();
    assert_eq!(summarized.len(), rows().count(), "a stream is listed twice");
    let live = STREAMS.iter().filter(|spec| !matches!(spec.strategy, ReadStrategy::CrmArchived(_)));
    assert_eq!(summarized, live.map(|spec| spec.name).collect());
    let archived: BTreeSet<_> = STREAMS.iter().filter_map(archived_stream).collect();
    let count = STREAMS.len() - summarized.len();
    assert_eq!(archived.len(), count, "each archive is named beside its stream");
    for (name, summary) in rows() {
        assert!(!summary.is_empty() && summary.len() <= 80, "{name}: {summary}");
    }
}
