//! The part of the table that answers a wish.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Area, ROLES, Reach, Role, that_can};

/// The roles that can do all of what is wished, the least privilege first, and how far each reaches.
#[derive(Debug, Serialize)]
pub struct Chart {
    /// What was wished for, and each role's reach is told of; all areas, if nothing was.
    pub areas: Vec<Area>,
    pub roles: Vec<Row>,
    /// What is not settled about these areas.
    pub notes: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct Row {
    /// As the API spells it.
    pub role: &'static str,
    pub name: &'static str,
    pub reach: BTreeMap<Area, Reach>,
    pub choose: &'static str,
    pub for_automation: bool,
}

/// The table says no, as Apple's does.
const DISPUTED: &str = "Sources disagree whether an App Manager key reaches certificates: asc-auth capabilities shows \
                        what a key reaches.";

impl Chart {
    /// Each entry of `wishes` is wanted, in any one of its areas (see [`super::areas_of`]). Without wishes, the whole
    /// table.
    pub fn of(wishes: &[Vec<Area>]) -> Self {
        let is_wanted = |area: &Area| wishes.is_empty() || wishes.iter().any(|wish| wish.contains(area));
        let areas: Vec<Area> = Area::ALL.into_iter().filter(is_wanted).collect();
        let roles = if wishes.is_empty() {
            ROLES.iter().collect()
        } else {
            that_can(wishes)
        };
        Self {
            roles: roles.into_iter().map(|role| Row::of(role, &areas)).collect(),
            notes: areas
                .contains(&Area::Certificates)
                .then_some(DISPUTED)
                .into_iter()
                .collect(),
            areas,
        }
    }
}

impl Row {
    fn of(role: &Role, areas: &[Area]) -> Self {
        Self {
            role: role.code,
            name: role.name,
            reach: areas.iter().map(|area| (*area, role.reach(*area))).collect(),
            choose: role.choose,
            for_automation: role.for_automation,
        }
    }
}
