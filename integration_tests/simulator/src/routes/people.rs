//! Owners, users with their roles, and teams.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Person, Portal, iso, team_id, team_name};
use crate::refusal;
use crate::route::{Params, param};
use crate::routes::collection::Call;

/// Id, name, and whether the role may change billing.
pub(crate) type Role = (&'static str, &'static str, bool);

pub(crate) const ROLES: [Role; 3] =
    [("5", "Sales", false), ("6", "Marketing", false), ("7", "Billing", true)];

/// Returns the owners with the requested e-mail address, or all.
pub(crate) fn owners(call: &Call<'_>) -> Vec<Person> {
    let wanted = call.request.query("email");
    let people = call.portal.people(call.archived);
    people.filter(|person| wanted.is_none_or(|wanted| wanted == person.email())).collect()
}

/// Returns the owner with the id in the path.
pub(crate) fn find_owner(call: &Call<'_>) -> Result<Option<Person>, Answer> {
    let id = param(call.params, 0);
    let wanted = id.parse::<u64>().map_err(|_| refusal::invalid_id(id))?;
    Ok(call.portal.people(call.archived).find(|person| person.owner_id() == wanted))
}

pub(crate) fn owner(person: &Person) -> Value {
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

/// Returns the user with the id or the e-mail address in the path.
pub(crate) fn find_user(call: &Call<'_>) -> Result<Option<Person>, Answer> {
    let Call { portal, params, request, .. } = *call;
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
    Ok(portal.people(false).find(fits))
}

/// HubSpot: users have no dates, and fields without a value are omitted.
pub(crate) fn user(person: &Person, request: &Request) -> Value {
    let role = usize::try_from(person.random >> 8).unwrap_or_default() % (ROLES.len() + 1);
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

/// Logins of each user.
const LOGINS: u64 = 3;

/// A user and the number of one of the user's logins, the last one first.
pub(crate) type Login = (Person, u64);

/// Returns the logins of the requested user, or of all.
pub(crate) fn logins(call: &Call<'_>) -> Vec<Login> {
    let wanted = call.request.query("userId");
    let is_wanted =
        |person: &Person| wanted.is_none_or(|wanted| wanted == person.user_id().to_string());
    let people = call.portal.people(false).filter(is_wanted);
    people.flat_map(|person| (0..LOGINS).map(move |number| (person.clone(), number))).collect()
}

/// HubSpot: the place of a failed login is unknown, and such fields are omitted.
pub(crate) fn login((person, number): &Login) -> Value {
    let days = i64::try_from(number + 1).unwrap_or(i64::MAX);
    let has_succeeded = *number < LOGINS - 1;
    let mut login = json!({
        "id": format!("{}-{number}", person.user_id()),
        "loginAt": iso(person.created_ms + days * 86_400_000),
        "loginSucceeded": has_succeeded,
        "userId": person.user_id(),
        "email": person.email(),
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    });
    if has_succeeded && let Some(fields) = login.as_object_mut() {
        fields.insert("ipAddress".to_owned(), "192.0.2.7".into());
        fields.insert("location".to_owned(), "Dublin, Ireland".into());
        fields.insert("countryCode".to_owned(), "ie".into());
        fields.insert("regionCode".to_owned(), "l".into());
    }
    login
}

pub(crate) fn role((id, name, billing): &Role) -> Value {
    json!({ "id": id, "name": name, "requiresBillingWrite": billing })
}

/// Returns the numbers of all teams.
pub(crate) fn teams(portal: &Portal) -> std::ops::Range<u64> {
    0..portal.spec().account.teams
}

/// Returns the number of the team in the path.
pub(crate) fn find_team(portal: &Portal, params: &Params) -> Option<u64> {
    let wanted = param(params, 0);
    teams(portal).find(|team| team_id(*team).to_string() == wanted)
}

/// Returns the users of a team: those with it as primary team, or those with it as additional team.
fn members_of(portal: &Portal, team: u64, first: bool) -> Vec<String> {
    let belongs = |person: &Person| {
        let place = person.teams.iter().position(|known| *known == team);
        place.is_some_and(|place| (place == 0) == first)
    };
    portal.people(false).filter(belongs).map(|person| person.user_id().to_string()).collect()
}

pub(crate) fn with_members(portal: &Portal, team: u64) -> Value {
    json!({
        "id": team_id(team).to_string(),
        "name": team_name(team),
        "userIds": members_of(portal, team, true),
        "secondaryUserIds": members_of(portal, team, false),
    })
}

/// Returns the summary of a team. The first team is the parent of every team from the third on.
pub(crate) fn team(team: u64) -> Value {
    let mut short = json!({ "id": team_id(team).to_string(), "name": team_name(team) });
    if team > 1
        && let Some(fields) = short.as_object_mut()
    {
        fields.insert("parentTeamId".to_owned(), team_id(0).to_string().into());
    }
    short
}

/// Returns the users of the team in the path, each with the kind of its membership.
pub(crate) fn members(call: &Call<'_>) -> Result<Vec<(String, &'static str)>, Answer> {
    let Call { portal, params, .. } = *call;
    let team = find_team(portal, params).ok_or_else(refusal::not_found)?;
    let named = |first: bool, kind: &'static str| {
        members_of(portal, team, first).into_iter().map(move |user| (user, kind))
    };
    Ok(named(true, "DEFAULT").chain(named(false, "EXTRA")).collect())
}
