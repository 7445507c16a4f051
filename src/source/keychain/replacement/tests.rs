use std::{any::Any, collections::HashMap, sync::Arc};

use keyring_core::{Entry, Error, Result as StoreResult, api::CredentialStoreApi, mock};

use super::*;
use crate::source::keychain::Deadline;

const OLD: &[u8] = br#"{"key_id":"2X9R4QWVK6","later":{"a":1}}"#;

/// The library's store for tests, with the modifiers that a system's store takes.
#[derive(Debug)]
struct Mock(Arc<mock::Store>);

impl CredentialStoreApi for Mock {
    fn vendor(&self) -> String {
        self.0.vendor()
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> StoreResult<Entry> {
        self.0.build(service, user, None)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn keychain(held: Option<&[u8]>) -> Keychain {
    let keychain = Keychain {
        store: Arc::new(Mock(mock::Store::new().expect("a store"))),
        deadline: Deadline::for_this_process(),
    };
    if let Some(held) = held {
        keychain
            .entry("main")
            .expect("an entry")
            .set_secret(held)
            .expect("it is set");
    }
    keychain
}

/// The next that is asked of the item fails.
fn fail_once(keychain: &Keychain, error: Error) {
    let entry = keychain.entry("main").expect("an entry");
    let item: &mock::Cred = entry.as_any().downcast_ref().expect("the store's own");
    item.set_error(error);
}

fn held(keychain: &Keychain) -> Option<Vec<u8>> {
    keychain.bytes("main").expect("it is told").map(|held| held.to_vec())
}

#[test]
fn what_was_there_comes_back_byte_for_byte() {
    for before in [None, Some(OLD), Some(&b"no profile \xff"[..])] {
        let keychain = keychain(before);
        let mut item = Replacement::of("main", &keychain).expect("an item");
        assert_eq!(item.is_taken(), before.is_some());
        item.write(&Payload::default()).expect("it is written");
        assert_ne!(held(&keychain).as_deref(), before);
        item.take_back().expect("it is taken back");
        assert_eq!(held(&keychain).as_deref(), before);
    }
}

#[test]
fn what_can_not_be_taken_back_is_told() {
    for before in [None, Some(OLD)] {
        let keychain = keychain(before);
        let mut item = Replacement::of("main", &keychain).expect("an item");
        item.write(&Payload::default()).expect("it is written");
        fail_once(&keychain, Error::Ambiguous(Vec::new()));
        assert!(matches!(item.take_back(), Err(KeychainError::Ambiguous { .. })));
    }
}

#[test]
fn a_write_that_may_have_been_done_is_taken_back_and_one_that_was_refused_is_not() {
    let keychain = keychain(Some(OLD));
    for (error, may_be_done) in [
        (Error::TooLong(String::new(), 0), true),
        (Error::Ambiguous(Vec::new()), false),
    ] {
        let mut item = Replacement::of("main", &keychain).expect("an item");
        fail_once(&keychain, error);
        item.write(&Payload::default()).expect_err("it fails");
        assert_eq!(item.is_touched, may_be_done);
        item.take_back().expect("it is what it was");
        assert_eq!(held(&keychain).as_deref(), Some(OLD));
    }
}
