//! `asc-auth roles`: which role to choose, the least privilege first.

use crate::support::Run;

/// The first column of what was printed, below the heading.
fn names(arguments: &[&str]) -> Vec<String> {
    let ran = Run::new(&[&["roles"], arguments].concat()).run().code(0);
    let rows = ran.stdout.lines().skip(1).take_while(|line| !line.is_empty());
    rows.map(|line| line.split("  ").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_role_is_listed_the_least_privilege_first_and_admin_last() {
    let all = names(&[]);
    assert_eq!(all.first().map(String::as_str), Some("Customer Support"));
    assert_eq!(all.last().map(String::as_str), Some("Admin"));
    assert_eq!(all.len(), 7);
    Run::new(&["roles"])
        .run()
        .code(0)
        .says("\n\nRole              Choose it\n")
        .says("never for automation")
        .says("Sources disagree whether an App Manager key reaches certificates");
}

#[test]
fn builds_and_users_are_told_of_in_eighty_columns() {
    let ran = Run::new(&["roles"]).run().code(0);
    let heading = ran.stdout.lines().next().unwrap_or_default();
    assert!(heading.contains("Builds") && heading.contains("Users"), "{heading}");
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_is_to_be_done_finds_the_roles_for_it() {
    for (text, expected) in [
        ("certificates", &["Developer", "Admin"][..]),
        ("Upload Builds", &["Developer", "App Manager", "Admin"]),
        ("pricing", &["App Manager", "Admin"]),
        ("sales reports", &["Sales", "Finance", "Admin"]),
        ("finance", &["Finance", "Admin"]),
        ("metadata", &["Marketing", "Developer", "App Manager", "Admin"]),
        ("users", &["Admin"]),
        ("submit for review", &["App Manager", "Admin"]),
        ("customer reviews", &["Customer Support", "App Manager", "Admin"]),
        ("builds and certificates", &["Developer", "Admin"]),
    ] {
        assert_eq!(names(&["--can", text]), expected, "{text}");
    }
    assert_eq!(names(&["--can", "pricing", "--can", "certificates"]), ["Admin"]);
}

#[test]
fn what_the_table_does_not_know_is_a_usage_error_that_names_what_it_knows() {
    for text in ["coffee", "", "certificates and coffee", "push notifications"] {
        Run::new(&["roles", "--can", text])
            .run()
            .code(2)
            .says("  Builds     build, upload, ")
            .says("Nothing else is in Apple's table of roles")
            .does_not_say("coffee")
            .does_not_say("push");
    }
}

#[test]
fn scripts_get_apples_own_names() {
    let shown = Run::new(&["roles", "--can", "certificates", "--output", "json"])
        .run()
        .code(0)
        .json();
    assert_eq!(shown["areas"], serde_json::json!(["certificates"]));
    assert_eq!(shown["roles"][0]["role"], "DEVELOPER");
    assert_eq!(shown["roles"][0]["reach"]["certificates"], "full");
    assert_eq!(shown["roles"][1]["role"], "ADMIN");
    assert_eq!(shown["roles"][1]["for_automation"], false);
    assert!(
        shown["notes"][0]
            .as_str()
            .is_some_and(|note| note.contains("App Manager"))
    );
}
