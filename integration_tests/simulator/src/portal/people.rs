//! Users and owners, from which owners, users and teams are derived.

use crate::portal::hash::mix2;
use crate::portal::spec::PortalSpec;

const DAY_MS: i64 = 86_400_000;
const FIRST_NAMES: &[&str] = &["Grace", "Ada", "Zoë", "Linus", "李", "Edsger", "Barbara", "Alan"];
const TEAM_NAMES: &[&str] = &["EMEA", "Americas", "APAC"];
const FIRST_TEAM: u64 = 12;
const FIRST_USER: u64 = 771;
const FIRST_OWNER: u64 = 88;
const OWNER_STEP: u64 = 3;

/// One person (or queue) that can own records and is a user of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) number: u64,
    pub(crate) first_name: &'static str,
    /// `true` if the user is deactivated.
    pub(crate) archived: bool,
    pub(crate) created_ms: i64,
    /// Numbers of the teams, the primary one first.
    pub(crate) teams: Vec<u64>,
    pub(crate) random: u64,
}

impl Person {
    pub(crate) fn owner_id(&self) -> u64 {
        FIRST_OWNER + self.number * OWNER_STEP
    }

    pub(crate) fn user_id(&self) -> u64 {
        FIRST_USER + self.number
    }

    pub(crate) fn email(&self) -> String {
        format!("owner.{}@example.test", self.number)
    }

    pub(crate) fn last_name(&self) -> String {
        format!("Owner {}", self.number)
    }

    pub(crate) fn queue(&self) -> bool {
        self.number % 11 == 10
    }
}

pub(crate) fn team_id(number: u64) -> u64 {
    FIRST_TEAM + number
}

pub(crate) fn team_name(number: u64) -> String {
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    TEAM_NAMES.get(place).map_or_else(|| format!("Team {number}"), |name| (*name).to_owned())
}

/// Returns the active or the archived people. The numbers of archived ones are interspersed.
pub(crate) fn people(
    spec: &PortalSpec,
    start_ms: i64,
    archived: bool,
) -> impl Iterator<Item = Person> + '_ {
    let live = u64::from(spec.owners);
    let all = live + live / 5;
    let wanted = (0..all).filter(move |number| (number % 6 == 5) == archived);
    wanted.map(move |number| person(spec, start_ms, number))
}

fn person(spec: &PortalSpec, start_ms: i64, number: u64) -> Person {
    let random = mix2(spec.seed ^ 0x0E, number);
    let days = i64::try_from(random % 700).unwrap_or_default();
    let first = usize::try_from(random >> 20).unwrap_or_default() % FIRST_NAMES.len();
    let teams = spec.account.teams;
    let mut member_of = Vec::new();
    match number % 3 {
        0 if teams > 0 => member_of.push(0),
        1 if teams > 1 => member_of.push(1 + number / 3 % (teams - 1)),
        _ => {}
    }
    if number.is_multiple_of(6) && teams > 1 {
        member_of.push(1);
    }
    Person {
        number,
        first_name: FIRST_NAMES.get(first).copied().unwrap_or_default(),
        archived: number % 6 == 5,
        created_ms: start_ms - start_ms % 1_000 - DAY_MS * (days + 100),
        teams: member_of,
        random,
    }
}
