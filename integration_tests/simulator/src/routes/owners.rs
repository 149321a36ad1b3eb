//! Owners: the people records belong to.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, iso, mix2};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::{after, flag, limit, next_link};
use crate::routes::{any_of, param};
use crate::settings::OverLimit;

const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 500;
const FIRST_NAMES: &[&str] = &["Grace", "Ada", "Zoë", "Linus", "李", "Edsger", "Barbara", "Alan"];

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

/// Numbers of the owners: archived ones stand between the others.
fn numbers(portal: &Portal, archived: bool) -> impl Iterator<Item = u64> {
    let live = u64::from(portal.spec().owners);
    let all = live + live / 5;
    (0..all).filter(move |number| (number % 6 == 5) == archived)
}

fn id(number: u64) -> u64 {
    88 + number * 3
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let limit = limit(request, DEFAULT_LIMIT, MOST, OverLimit::Refuse)?;
    let start = after(request)?;
    let wanted = request.query("email");
    let mut owners = numbers(portal, archived)
        .filter(|number| id(*number) >= start)
        .filter(|number| wanted.is_none_or(|wanted| wanted == email(*number)));
    let page: Vec<Value> =
        owners.by_ref().take(limit).map(|number| owner(portal, number, archived)).collect();
    let mut answer = json!({ "results": page });
    if let Some(next) = owners.next()
        && let Some(fields) = answer.as_object_mut()
    {
        let token = id(next).to_string();
        let link = next_link(request, &token);
        fields.insert("paging".to_owned(), json!({ "next": { "after": token, "link": link } }));
    }
    Ok(Answer::json(200, answer.to_string()))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let wanted = param(params, 0).parse::<u64>().map_err(|_| refusal::odd_id(param(params, 0)))?;
    let found = numbers(portal, archived).find(|number| id(*number) == wanted);
    let number = found.ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, owner(portal, number, archived).to_string()))
}

fn email(number: u64) -> String {
    format!("owner.{number}@example.test")
}

fn owner(portal: &Portal, number: u64, archived: bool) -> Value {
    let dice = mix2(portal.spec().seed ^ 0x0E, number);
    let days = i64::try_from(dice % 700).unwrap_or_default();
    let created_ms = portal.start_ms - portal.start_ms % 1_000 - 86_400_000 * (days + 100);
    let first = usize::try_from(dice >> 20).unwrap_or_default() % FIRST_NAMES.len();
    let user = 771 + number;
    let mut owner = json!({
        "id": id(number).to_string(),
        "email": email(number),
        "type": if number % 11 == 10 { "QUEUE" } else { "PERSON" },
        "firstName": FIRST_NAMES.get(first),
        "lastName": format!("Owner {number}"),
        "userId": if archived { Value::Null } else { user.into() },
        "userIdIncludingInactive": user,
        "createdAt": iso(created_ms),
        "updatedAt": iso(created_ms + 86_400_000 * 50 + 7),
        "archived": archived,
    });
    if number.is_multiple_of(3)
        && let Some(fields) = owner.as_object_mut()
    {
        let teams = json!([{ "id": "12", "name": "EMEA", "primary": true }]);
        fields.insert("teams".to_owned(), teams);
    }
    owner
}
