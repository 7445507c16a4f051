//! The project's pages, taken apart: headings, fenced blocks, and the prose between them. Read as text, because their form is
//! ours; the linters and the behaviour tests share this file.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// One page, as it lies in the checkout.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) headings: Vec<String>,
    pub(crate) blocks: Vec<Block>,
    /// Every line outside of the blocks, with its number.
    pub(crate) prose: Vec<(usize, String)>,
}

/// What stands between two fences.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The page and the line of the opening fence, as an editor finds it.
    pub(crate) place: String,
    pub(crate) language: String,
    /// Without the indentation that all its lines share.
    pub(crate) text: String,
}

/// Every page that users and contributors read, by its path in the checkout, with `/`.
pub(crate) fn pages(root: &Path) -> io::Result<BTreeMap<String, Page>> {
    let mut pages = BTreeMap::new();
    for folder in ["", "docs", "gitlab-ci-component", "packaging"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            // A component project has its licences in a page.
            let is_page = path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("LICENSE.md");
            if is_page {
                let name: PathBuf = path.strip_prefix(root).unwrap_or(&path).components().collect();
                let name = name.to_string_lossy().replace('\\', "/");
                let page = take_apart(&name, &fs::read_to_string(&path)?);
                pages.insert(name, page);
            }
        }
    }
    Ok(pages)
}

pub(crate) fn take_apart(name: &str, text: &str) -> Page {
    let mut page = Page {
        headings: Vec::new(),
        blocks: Vec::new(),
        prose: Vec::new(),
    };
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            page.blocks.push(Block {
                place: format!("{name}:{number}"),
                language: language.to_owned(),
                text: without_indentation(&inside),
            });
            continue;
        }
        let title = line.trim_start_matches('#');
        if title.len() < line.len() && title.starts_with(' ') {
            page.headings.push(title.trim().to_owned());
        }
        page.prose.push((number, line.to_owned()));
    }
    page
}

fn without_indentation(lines: &[&str]) -> String {
    let columns = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or_default();
    lines
        .iter()
        .flat_map(|line| [line.get(columns..).unwrap_or_default(), "\n"])
        .collect()
}
