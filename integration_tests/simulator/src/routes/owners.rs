//! Owners of records.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Person, Portal, iso, team_id, team_name};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::{after, flag, limit, next_link};
use crate::routes::{any_of, param};
use crate::settings::OverLimit;

const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 500;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "owners.list",
        method: Method::GET,
        paths: &["/crm/v3/owners", "/crm/owners/2026-03", "/crm/owners/2026-09"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: owner_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "owners.get",
        method: Method::GET,
        paths: &["/crm/v3/owners/{}", "/crm/owners/2026-03/{}", "/crm/owners/2026-09/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: owner_scopes,
        handle: |portal, params, request| {
            get(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn owner_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["crm.objects.owners.read", "automation"]))
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let limit = limit(request, DEFAULT_LIMIT, MOST, OverLimit::Refuse)?;
    let start = after(request)?;
    let wanted = request.query("email");
    let mut owners = portal
        .people(archived)
        .filter(|person| person.owner_id() >= start)
        .filter(|person| wanted.is_none_or(|wanted| wanted == person.email()));
    let page: Vec<Value> = owners.by_ref().take(limit).map(|person| owner(&person)).collect();
    let mut answer = json!({ "results": page });
    if let Some(next) = owners.next()
        && let Some(fields) = answer.as_object_mut()
    {
        let token = next.owner_id().to_string();
        let link = next_link(request, &token);
        fields.insert("paging".to_owned(), json!({ "next": { "after": token, "link": link } }));
    }
    Ok(Answer::json(200, answer.to_string()))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let wanted = param(params, 0).parse::<u64>().map_err(|_| refusal::odd_id(param(params, 0)))?;
    let found = portal.people(archived).find(|person| person.owner_id() == wanted);
    let person = found.ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, owner(&person).to_string()))
}

fn owner(person: &Person) -> Value {
    let mut owner = json!({
        "id": person.owner_id().to_string(),
        "email": person.email(),
        "type": if person.queue() { "QUEUE" } else { "PERSON" },
        "firstName": person.first_name,
        "lastName": person.last_name(),
        "userId": if person.archived { Value::Null } else { person.user_id().into() },
        "userIdIncludingInactive": person.user_id(),
        "createdAt": iso(person.created_ms),
        "updatedAt": iso(person.created_ms + 86_400_000 * 50 + 7),
        "archived": person.archived,
    });
    if !person.teams.is_empty()
        && let Some(fields) = owner.as_object_mut()
    {
        let teams = person.teams.iter().enumerate().map(|(place, team)| {
            let id = team_id(*team).to_string();
            json!({ "id": id, "name": team_name(*team), "primary": place == 0 })
        });
        fields.insert("teams".to_owned(), teams.collect());
    }
    owner
}
