//! The main job: a `.p8` in a secret becomes a proven token in the next step, and nothing stays behind.

use simulator::TestKey;

use crate::support::{KEY_ID, Step, simulator_with};

#[test]
fn a_key_in_a_secret_becomes_a_proven_token_and_nothing_is_left() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let step = Step::new();

    step.run(&["setup"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0)
        .says("App Store Connect: ready");

    let outputs = step.outputs();
    let seen = simulator.requests();
    assert_eq!(seen.len(), 1, "one request proves the key");
    let token = seen[0].token.as_ref().expect("a token");
    assert!(token.signature_verified);
    assert_eq!(
        outputs["token"], token.raw,
        "the token that was proven is the one handed over"
    );
    assert_eq!(outputs["key-id"], KEY_ID);
    assert!(outputs["key-path"].ends_with("AuthKey_2X9R4QWVK6.p8"));

    step.cleanup().code(0);
    assert_eq!(step.leftovers(), Vec::<std::path::PathBuf>::new());
}
