//! Nothing in the documentation is unchecked because nobody knew what it was.

use std::process::Command;

use super::{Kind, blocks, kind::kind, markdown::take_apart, pages, root};

#[test]
fn every_block_is_of_a_kind_that_is_checked() {
    let unknown: Vec<_> = pages()
        .values()
        .flat_map(|page| &page.blocks)
        .filter_map(|block| kind(block).err())
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_block_of_no_known_kind_is_found() {
    for (language, text) in [
        ("", "asc-auth token"),
        ("ruby", "lane :beta"),
        ("yaml", "a: 1"),
        ("yaml", "- a"),
    ] {
        let page = take_apart("page.md", &format!("# Page\n\n```{language}\n{text}\n```\n"));
        let found = kind(&page.blocks[0]).expect_err(text);
        assert!(found.starts_with("page.md:3: "), "{found}");
    }
}

/// Indented fences, tildes and four back-ticks are Markdown too, and would be passed over.
#[test]
fn every_fence_is_one_that_is_read() {
    for (name, page) in pages() {
        for (number, line) in &page.prose {
            let start = line.trim_start();
            assert!(
                !start.starts_with("```") && !start.starts_with("~~~"),
                "{name}:{number}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn every_script_is_one_for_sh() {
    for block in blocks(&[Kind::Shell]) {
        let output = Command::new("sh")
            .args(["-n", "-c", &block.text])
            .output()
            .expect("sh starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {error}", block.place);
    }
}

/// A block of text is what asc-auth prints, or a layout of this repository.
#[test]
fn a_layout_names_what_is_there() {
    for block in blocks(&[Kind::Text]) {
        if block.text.starts_with("App Store Connect: ready") || block.text.starts_with("error: ") {
            continue;
        }
        for line in block.text.lines() {
            let (names, _) = line.split_once("  ").unwrap_or((line, ""));
            for name in names.split([',', ' ']).filter(|name| !name.is_empty()) {
                let name = name.trim_end_matches('/');
                let is_there = [name.to_owned(), format!("src/{name}"), format!("src/{name}.rs")]
                    .iter()
                    .any(|path| root().join(path).exists());
                assert!(is_there, "{}: there is no {name}", block.place);
            }
        }
    }
}
