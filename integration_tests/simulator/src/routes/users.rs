//! Users and their roles.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Person, Portal, team_id};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::{by_offset, limit};
use crate::routes::{any_of, param};

const DEFAULT_LIMIT: usize = 100;
/// Id, name, and whether the role may change billing.
const ROLES: [(&str, &str, bool); 3] =
    [("5", "Sales", false), ("6", "Marketing", false), ("7", "Billing", true)];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "users.list",
        method: Method::GET,
        paths: &["/settings/v3/users", "/settings/users/v3", "/settings/users/2026-03"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: user_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "users.get",
        method: Method::GET,
        paths: &["/settings/v3/users/{}", "/settings/users/v3/{}", "/settings/users/2026-03/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: user_scopes,
        handle: |portal, params, request| {
            get(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
    Route {
        name: "users.roles",
        method: Method::GET,
        paths: &[
            "/settings/v3/users/roles",
            "/settings/users/v3/roles",
            "/settings/users/2026-03/roles",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: user_scopes,
        handle: |_, _, _| roles(),
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn user_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["crm.objects.users.read", "settings.users.read"]))
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let people: Vec<Person> = portal.people(false).collect();
    by_offset(request, &people, limit, false, |person| user(person, request))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let wanted = param(params, 0);
    let by_email = match request.query("idProperty") {
        None | Some("USER_ID") => false,
        Some("EMAIL") => true,
        Some(other) => {
            return Err(refusal::validation(&format!("Invalid input: idProperty {other}")));
        }
    };
    let fits = |person: &Person| {
        if by_email { person.email() == wanted } else { person.user_id().to_string() == wanted }
    };
    let person = portal.people(false).find(fits).ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, user(&person, request).to_string()))
}

/// HubSpot: users have no dates, and fields without a value are omitted.
fn user(person: &Person, request: &Request) -> Value {
    let role = usize::try_from(person.dice >> 8).unwrap_or_default() % (ROLES.len() + 1);
    let role = ROLES.get(role).map(|(id, ..)| *id);
    let secondary = person.teams.iter().skip(1).map(|team| team_id(*team).to_string());
    let mut user = json!({
        "id": person.user_id().to_string(),
        "email": person.email(),
        "firstName": person.first_name,
        "lastName": person.last_name(),
        "roleIds": role.into_iter().collect::<Vec<&str>>(),
        "secondaryTeamIds": secondary.collect::<Vec<String>>(),
        "superAdmin": person.number == 0,
    });
    if let Some(fields) = user.as_object_mut() {
        if let Some(role) = role {
            fields.insert("roleId".to_owned(), role.into());
        }
        if let Some(team) = person.teams.first() {
            fields.insert("primaryTeamId".to_owned(), team_id(*team).to_string().into());
        }
        if !request.path.contains("2026-03") {
            fields.insert("seatNames".to_owned(), json!(["CORE"]));
        }
    }
    user
}

fn roles() -> Answer {
    let roles: Vec<Value> = ROLES
        .iter()
        .map(|(id, name, billing)| {
            json!({ "id": id, "name": name, "requiresBillingWrite": billing })
        })
        .collect();
    Answer::json(200, json!({ "results": roles }).to_string())
}
