//! Teams of users: unpaged in the older API, paged in the newer one.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Person, Portal, team_id, team_name};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::{by_offset, limit};
use crate::routes::{any_of, param};

const DEFAULT_LIMIT: usize = 100;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "teams.list",
        method: Method::GET,
        paths: &[
            "/settings/v3/users/teams",
            "/settings/users/v3/teams",
            "/settings/users/2026-03/teams",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: team_scopes,
        handle: |portal, _, _| {
            let teams: Vec<Value> = teams(portal).map(|team| with_members(portal, team)).collect();
            Answer::json(200, json!({ "results": teams }).to_string())
        },
    },
    Route {
        name: "teams.paged",
        method: Method::GET,
        paths: &["/settings/teams/2026-09-beta"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: team_scopes,
        handle: |portal, _, request| paged(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "teams.get",
        method: Method::GET,
        paths: &["/settings/teams/2026-09-beta/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: team_scopes,
        handle: |portal, params, _| {
            find(portal, params).map_or_else(refusal::not_found, |team| {
                Answer::json(200, in_short(team).to_string())
            })
        },
    },
    Route {
        name: "teams.members",
        method: Method::GET,
        paths: &["/settings/teams/2026-09-beta/{}/members"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: team_scopes,
        handle: |portal, params, request| {
            members(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn team_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["settings.users.teams.read"]))
}

fn teams(portal: &Portal) -> std::ops::Range<u64> {
    0..portal.spec().account.teams
}

fn find(portal: &Portal, params: &Params) -> Option<u64> {
    let wanted = param(params, 0);
    teams(portal).find(|team| team_id(*team).to_string() == wanted)
}

/// Returns the users of a team: those with it as primary team, or those with it as additional team.
fn users(portal: &Portal, team: u64, first: bool) -> Vec<String> {
    let belongs = |person: &Person| {
        let place = person.teams.iter().position(|known| *known == team);
        place.is_some_and(|place| (place == 0) == first)
    };
    portal.people(false).filter(belongs).map(|person| person.user_id().to_string()).collect()
}

fn with_members(portal: &Portal, team: u64) -> Value {
    json!({
        "id": team_id(team).to_string(),
        "name": team_name(team),
        "userIds": users(portal, team, true),
        "secondaryUserIds": users(portal, team, false),
    })
}

/// Returns the summary of a team. The first team is the parent of every team from the third on.
fn in_short(team: u64) -> Value {
    let mut short = json!({ "id": team_id(team).to_string(), "name": team_name(team) });
    if team > 1
        && let Some(fields) = short.as_object_mut()
    {
        fields.insert("parentTeamId".to_owned(), team_id(0).to_string().into());
    }
    short
}

fn paged(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let teams: Vec<u64> = teams(portal).collect();
    by_offset(request, &teams, limit, false, |team| in_short(*team))
}

fn members(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let team = find(portal, params).ok_or_else(refusal::not_found)?;
    let named = |first: bool, kind: &'static str| {
        users(portal, team, first).into_iter().map(move |user| (user, kind))
    };
    let all: Vec<(String, &str)> = named(true, "DEFAULT").chain(named(false, "EXTRA")).collect();
    by_offset(request, &all, limit, false, |(user, kind)| json!({ "userId": user, "type": kind }))
}
