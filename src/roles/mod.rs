//! What each role of an API key can do, the least privilege first, and when to choose it.
//!
//! It is the published table, and knows no key: Apple's API never tells a key's role. Names are Apple's own.
//! (Apple: Role permissions; Submit an app; Respond to reviews; Creating API Keys for App Store Connect API.)

mod chart;

use serde::Serialize;

pub use chart::{Chart, Row};

/// Something that a key is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Pricing,
    Metadata,
    SalesReports,
    FinancialReports,
    Certificates,
    Builds,
    Users,
    Submission,
    CustomerReviews,
}

impl Area {
    pub const ALL: [Self; 9] = [
        Self::Builds,
        Self::Metadata,
        Self::Pricing,
        Self::Certificates,
        Self::SalesReports,
        Self::FinancialReports,
        Self::Users,
        Self::Submission,
        Self::CustomerReviews,
    ];

    /// As many as fit 80 columns, for people.
    pub const MAIN: [Self; 7] = [
        Self::Builds,
        Self::Metadata,
        Self::Pricing,
        Self::Certificates,
        Self::SalesReports,
        Self::FinancialReports,
        Self::Users,
    ];

    /// A heading for people, short enough for [`Self::MAIN`] to fit.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pricing => "Pricing",
            Self::Metadata => "Metadata",
            Self::SalesReports => "Sales",
            Self::FinancialReports => "Finance",
            Self::Certificates => "Signing",
            Self::Builds => "Builds",
            Self::Users => "Users",
            Self::Submission => "Submit",
            Self::CustomerReviews => "Reviews",
        }
    }

    /// The words that a person asks for it with: lower case, singular.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Pricing => &[
                "pricing",
                "price",
                "iap",
                "in-app",
                "purchase",
                "subscription",
                "availability",
            ],
            Self::Metadata => &["app", "metadata", "screenshot", "description", "localization", "text"],
            Self::SalesReports => &["sale", "trend", "report", "reporting", "download"],
            Self::FinancialReports => &["finance", "financial", "payment", "report", "reporting", "download"],
            Self::Certificates => &[
                "certificate",
                "provisioning",
                "profile",
                "sign",
                "signing",
                "code",
                "device",
                "bundle",
                "id",
                "identifier",
            ],
            Self::Builds => &[
                "build",
                "upload",
                "binary",
                "ipa",
                "testflight",
                "beta",
                "delivery",
                "dsym",
            ],
            Self::Users => &["user", "people", "team", "member", "role", "invite", "invitation"],
            Self::Submission => &["submit", "submission", "review", "release", "publish"],
            Self::CustomerReviews => &["customer", "review", "rating", "reply", "answer", "respond", "response"],
        }
    }
}

/// How far a role reaches in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Full,
    /// Some of it, or read-only in parts.
    Limited,
    ReadOnly,
    None,
}

impl Reach {
    pub fn describe(self) -> &'static str {
        match self {
            Self::Full => "yes",
            Self::Limited => "limited",
            Self::ReadOnly => "read-only",
            Self::None => "no",
        }
    }
}

/// A role, as Apple names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: &'static str,
    /// As the API spells it.
    pub code: &'static str,
    reaches: &'static [(Area, Reach)],
    /// When to choose it, for people.
    pub choose: &'static str,
    /// Whether a key for automation should ever have it.
    pub for_automation: bool,
}

impl Role {
    pub fn reach(&self, area: Area) -> Reach {
        let found = self.reaches.iter().find(|(reached, _)| *reached == area);
        found.map_or(Reach::None, |(_, reach)| *reach)
    }
}

/// Every role of a team key, the least privilege first.
pub const ROLES: [Role; 7] = [
    Role {
        name: "Customer Support",
        code: "CUSTOMER_SUPPORT",
        reaches: &[(Area::CustomerReviews, Reach::Full)],
        choose: "to answer customer reviews, and for nothing else",
        for_automation: true,
    },
    Role {
        name: "Marketing",
        code: "MARKETING",
        reaches: &[(Area::Metadata, Reach::ReadOnly)],
        choose: "to read metadata and change nothing",
        for_automation: true,
    },
    Role {
        name: "Sales",
        code: "SALES",
        reaches: &[(Area::SalesReports, Reach::Full)],
        choose: "to fetch sales reports",
        for_automation: true,
    },
    Role {
        name: "Finance",
        code: "FINANCE",
        reaches: &[(Area::SalesReports, Reach::Full), (Area::FinancialReports, Reach::Full)],
        choose: "to fetch financial reports",
        for_automation: true,
    },
    Role {
        name: "Developer",
        code: "DEVELOPER",
        reaches: &[
            (Area::Builds, Reach::Full),
            (Area::Certificates, Reach::Full),
            (Area::Metadata, Reach::Limited),
        ],
        choose: "to upload builds and to manage signing",
        for_automation: true,
    },
    Role {
        name: "App Manager",
        code: "APP_MANAGER",
        reaches: &[
            (Area::Builds, Reach::Full),
            (Area::Metadata, Reach::Full),
            (Area::Pricing, Reach::Full),
            (Area::Submission, Reach::Full),
            (Area::CustomerReviews, Reach::Full),
        ],
        choose: "to publish: metadata, screenshots, pricing, submission",
        for_automation: true,
    },
    Role {
        name: "Admin",
        code: "ADMIN",
        reaches: &[
            (Area::Pricing, Reach::Full),
            (Area::Metadata, Reach::Full),
            (Area::SalesReports, Reach::Full),
            (Area::FinancialReports, Reach::Full),
            (Area::Certificates, Reach::Full),
            (Area::Builds, Reach::Full),
            (Area::Users, Reach::Full),
            (Area::Submission, Reach::Full),
            (Area::CustomerReviews, Reach::Full),
        ],
        choose: "never for automation: who has this key has the whole team",
        for_automation: false,
    },
];

/// The areas that a person means by some words, such as `certificates`, `Sales Reports` or `pricing and metadata`: each
/// entry of the answer is wanted, in any one of its areas. `None` if a part of it means nothing here.
pub fn areas_of(text: &str) -> Option<Vec<Vec<Area>>> {
    let text = text.to_lowercase().replace(" and ", ",");
    let wishes = text.split([',', '&', '+', '/']).map(|wish| {
        let words: Vec<&str> = wish
            .split(|c: char| !c.is_alphanumeric() && c != '-')
            .filter(|word| {
                !matches!(
                    *word,
                    "" | "a" | "an" | "the" | "of" | "to" | "for" | "manage" | "read" | "fetch"
                )
            })
            .collect();
        let meant = |area: &Area| !words.is_empty() && words.iter().all(|word| is_one_of(word, area.words()));
        let areas: Vec<Area> = Area::ALL.into_iter().filter(meant).collect();
        (!areas.is_empty()).then_some(areas)
    });
    wishes.collect()
}

/// In the singular or the plural, as long as it is told apart.
fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.contains(&word) || word.strip_suffix('s').is_some_and(|word| words.contains(&word))
}

/// The roles that can do all that is wanted, at least in part, the least privilege first.
pub fn that_can(wishes: &[Vec<Area>]) -> Vec<&'static Role> {
    let reaches = |role: &Role, areas: &[Area]| areas.iter().any(|area| role.reach(*area) != Reach::None);
    ROLES
        .iter()
        .filter(|role| wishes.iter().all(|areas| reaches(role, areas)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let wishes = areas_of(text).expect("known words");
        that_can(&wishes).into_iter().map(|role| role.name).collect()
    }

    #[test]
    fn what_a_person_types_finds_the_roles() {
        for (text, roles) in [
            ("certificates", &["Developer", "Admin"][..]),
            ("Certificate", &["Developer", "Admin"]),
            ("upload builds", &["Developer", "App Manager", "Admin"]),
            ("pricing", &["App Manager", "Admin"]),
            ("sales reports", &["Sales", "Finance", "Admin"]),
            ("finance", &["Finance", "Admin"]),
            ("metadata", &["Marketing", "Developer", "App Manager", "Admin"]),
            ("USERS", &["Admin"]),
            ("invite users", &["Admin"]),
            ("submit for review", &["App Manager", "Admin"]),
            ("release", &["App Manager", "Admin"]),
            (
                "reply to customer reviews",
                &["Customer Support", "App Manager", "Admin"],
            ),
            ("sign", &["Developer", "Admin"]),
            ("dSYMs", &["Developer", "App Manager", "Admin"]),
            ("reports", &["Sales", "Finance", "Admin"]),
            ("certificates and metadata", &["Developer", "Admin"]),
            ("pricing, certificates", &["Admin"]),
        ] {
            assert_eq!(names(text), roles, "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_not_guessed() {
        for text in [
            "",
            " ",
            "coffee",
            "notarize",
            "analytics",
            "create app",
            "add tester",
            "metadata and coffee",
            "certificates,",
            "sales certificates",
        ] {
            assert_eq!(areas_of(text), None, "{text:?}");
        }
    }

    #[test]
    fn no_role_stands_before_one_that_can_do_less() {
        let reach = |role: &Role| {
            Area::ALL
                .into_iter()
                .map(|area| match role.reach(area) {
                    Reach::None => 0,
                    Reach::ReadOnly => 1,
                    Reach::Limited => 2,
                    Reach::Full => 3,
                })
                .collect::<Vec<_>>()
        };
        for (index, role) in ROLES.iter().enumerate() {
            for later in &ROLES[index + 1..] {
                let more = reach(role).into_iter().zip(reach(later)).all(|(a, b)| a >= b);
                assert!(!more, "{} can do all that {} can", role.name, later.name);
            }
        }
    }
}
