//! `asc-auth key list`: a team's keys, and those to revoke.

use crate::support::web::Person;

#[test]
fn the_keys_of_the_team_are_listed() {
    let person = Person::new();
    person.register("3Y8S5RXWL7", "CI pipeline");
    person.key(&["list"]).code(0);
}
