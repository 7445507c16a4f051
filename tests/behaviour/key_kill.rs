//! `asc-auth key create` and `key rotate`, killed anywhere, and run again.

use crate::support::killed::{Death, Maker, Scene};

#[test]
fn probe() {
    for maker in [Maker::Create, Maker::Rotate] {
        let mut scene = Scene::new(maker);
        for (p, c) in scene.calls() { println!("{maker:?} {p} {c}"); }
        println!("{}", scene.story());
    }
}
