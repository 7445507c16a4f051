//! Every link between pages leads to a file that is there, and to a heading that is in it.

use std::path::{Component, Path, PathBuf};

use super::{markdown::Page, pages, root};

/// `[text](target)`, each with its line.
fn links(page: &Page) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in &page.prose {
        // Code may look like a link.
        let prose: String = line.split('`').step_by(2).collect();
        for after in prose.split("](").skip(1) {
            let target = after.split(')').next().unwrap_or_default();
            links.push((*number, target.to_owned()));
        }
    }
    links
}

/// GitHub's name for a heading: small letters, dashes for spaces, nothing else but dashes and underscores.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        })
        .collect()
}

/// Where a relative link on `page` leads, relative to the checkout.
fn destination(page: &str, target: &str) -> PathBuf {
    let mut path = Path::new(page).parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut seen = 0;
    for (name, page) in &pages {
        for (number, target) in links(page) {
            let place = format!("{name}:{number}: {target}");
            if target.contains("://") {
                assert!(target.starts_with("https://"), "{place}");
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() {
                PathBuf::from(name)
            } else {
                destination(name, file)
            };
            assert!(root().join(&path).exists(), "{place}: there is no {}", path.display());
            if !heading.is_empty() {
                let name = path.to_string_lossy().replace('\\', "/");
                let headings: Vec<String> = pages
                    .get(&name)
                    .unwrap_or_else(|| panic!("{place}: is no page"))
                    .headings
                    .iter()
                    .map(|heading| anchor(heading))
                    .collect();
                assert!(headings.iter().any(|known| known == heading), "{place}: {headings:?}");
            }
        }
    }
    assert!(seen > 40, "only {seen} links were found");
}

#[test]
fn the_readme_leads_to_every_page() {
    let pages = pages();
    let readme = pages.get("README.md").expect("a README");
    let targets: Vec<String> = links(readme).into_iter().map(|(_, target)| target).collect();
    for name in pages.keys().filter(|name| name.starts_with("docs/")) {
        let is_linked = targets.iter().any(|target| target.split('#').next() == Some(name));
        assert!(is_linked, "the README has no link to {name}");
    }
}
