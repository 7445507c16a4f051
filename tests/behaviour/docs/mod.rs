//! The documentation is true: each block in it is of a kind that is checked, each command is one that the binary knows, each name
//! and link leads somewhere, and what can run on loopback runs as it is pasted. What needs other linters is in `cargo xtask lint`.

mod commands;
#[path = "../../../xtask/src/docs/kind.rs"]
mod kind;
mod kinds;
mod links;
// The linters take the pages apart in the same way.
#[path = "../../../xtask/src/docs/markdown.rs"]
mod markdown;
mod names;
#[cfg(unix)]
mod other_cis;
#[cfg(unix)]
mod paste;
#[cfg(unix)]
mod stand_ins;

use std::{collections::BTreeMap, path::Path};

use kind::Kind;
use markdown::{Block, Page};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> BTreeMap<String, Page> {
    let pages = markdown::pages(root()).expect("the pages can be read");
    assert!(pages.len() > 8, "{pages:?}");
    pages
}

/// Every block of these kinds, on every page.
fn blocks(kinds: &[Kind]) -> Vec<Block> {
    let blocks = pages().into_values().flat_map(|page| page.blocks);
    blocks
        .filter(|block| kind::kind(block).is_ok_and(|kind| kinds.contains(&kind)))
        .collect()
}

/// The text of a file of the checkout.
#[track_caller]
fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
