//! `THIRD-PARTY.txt`: the licences of everything that is linked into the binaries, C libraries too. A text that many
//! crates have is there once. A crate without a licence's text is an error: it can't be shipped.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs::{self, DirEntry},
    path::Path,
};

use super::linked::{Crate, Linked};

/// What the linker adds, and no crate brings a text of.
const MUSL: &str = include_str!("../../licences/musl.txt");
const MINGW: &str = include_str!("../../licences/mingw-w64.txt");
const LLVM_EXCEPTION: &str = include_str!("../../licences/llvm-exception.txt");

/// How the names of files with licences start, in any case of letters.
const STARTS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

const LINE: &str = "--------------------------------------------------------------------------------\n";

/// A licence's text, and whose it is.
struct Text {
    text: String,
    of: Vec<String>,
}

/// The whole file.
pub(super) fn third_party(root: &Path) -> Result<String, Box<dyn Error>> {
    let linked = Linked::of(root)?;
    let mut page =
        "asc-auth is MIT OR Apache-2.0. Linked into its binaries, each under its own licence:\n\n".to_owned();
    for package in &linked.crates {
        writeln!(page, "{} {}: {}", package.name, package.version, package.licence)?;
    }
    writeln!(
        page,
        "Rust's standard library: MIT OR Apache-2.0 (LICENSE-APACHE beside this file has the text), in part \
         Apache-2.0 WITH LLVM-exception\n\
         libdbus {}, on Linux: AFL-2.1 OR GPL-2.0-or-later\n\
         musl, on Linux: MIT\n\
         the runtime of mingw-w64, on Windows: ZPL-2.1",
        linked.libdbus.version
    )?;
    let parts = [
        ("libdbus", linked.libdbus.copying.as_str()),
        ("musl", MUSL),
        ("the runtime of mingw-w64", MINGW),
        (
            "the exception that Apache-2.0 WITH LLVM-exception names",
            LLVM_EXCEPTION,
        ),
    ];
    let mut texts: Vec<Text> = texts(&linked.crates)?.into_values().collect();
    // Texts that are alike compress to little when they stand side by side.
    texts.sort_by(|a, b| a.text.len().cmp(&b.text.len()).then_with(|| a.text.cmp(&b.text)));
    texts.extend(parts.map(|(of, text)| Text {
        text: tidy(text),
        of: vec![of.to_owned()],
    }));
    for Text { text, of } in texts {
        write!(page, "\n{LINE}{}\n{LINE}\n{text}", of.join(", "))?;
    }
    Ok(page)
}

/// Every text of these crates by its words: line breaks and blanks make no other licence.
fn texts(crates: &[Crate]) -> Result<BTreeMap<String, Text>, Box<dyn Error>> {
    let mut texts = BTreeMap::new();
    for package in crates {
        let mut found = false;
        let mut entries = fs::read_dir(&package.folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if !entry.file_type()?.is_file() || !STARTS.iter().any(|start| name.starts_with(start)) {
                continue;
            }
            let text =
                fs::read_to_string(entry.path()).map_err(|error| format!("{}: {error}", entry.path().display()))?;
            let words: Vec<&str> = text.split_whitespace().collect();
            let same = texts.entry(words.join(" ")).or_insert_with(|| Text {
                text: tidy(&text),
                of: Vec::new(),
            });
            let whose = format!("{} {}", package.name, package.version);
            // Its copies of one text stand for one.
            if same.of.last() != Some(&whose) {
                same.of.push(whose);
            }
            found = true;
        }
        if !found {
            return Err(format!(
                "{} {} ({}) brings no licence's text: it can't be shipped",
                package.name, package.version, package.licence
            )
            .into());
        }
    }
    Ok(texts)
}

/// The text without what an editor would remove: blanks at line ends, empty lines around it, DOS line ends.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tempfile::TempDir;

    use super::*;

    fn package(name: &str, files: &[(&str, &str)]) -> (Crate, TempDir) {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let package = Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            folder: folder.path().to_owned(),
            checksum: String::new(),
            targets: BTreeSet::new(),
            depends_on: BTreeSet::new(),
        };
        (package, folder)
    }

    #[test]
    fn every_crate_that_is_linked_in_is_named_with_a_text() {
        let page = third_party(crate::root()).unwrap();
        let (list, texts) = page.split_once(LINE).unwrap();
        let linked = Linked::of(crate::root()).unwrap();
        assert!(linked.crates.iter().any(|package| package.name == "ring"));
        assert!(linked.crates.iter().all(|package| package.name != "asc-auth"));
        for package in &linked.crates {
            let named = format!("{} {}", package.name, package.version);
            assert!(list.contains(&format!("\n{named}: {}\n", package.licence)), "{named}");
            assert!(texts.contains(&named), "{named}");
        }
        for library in ["libdbus 1.", "musl, ", "mingw-w64", "Rust's standard library"] {
            assert!(list.contains(library), "{library}");
        }
        let others = [
            "Academic Free License",
            "Zope Public License",
            "Community Data License Agreement",
        ];
        for text in others {
            assert!(texts.contains(text), "{text}");
        }
    }

    #[test]
    fn a_text_that_two_crates_have_is_there_once() {
        let (a, _in_a) = package("a", &[("LICENSE-MIT", "Do what\nyou want.\n")]);
        let (b, _in_b) = package("b", &[("license-mit", "Do what you want.\r\n"), ("Copying", "Ask.")]);
        let texts = texts(&[a, b]).unwrap();
        assert_eq!(texts["Do what you want."].of, ["a 1.0.0", "b 1.0.0"]);
        assert_eq!(texts["Ask."].of, ["b 1.0.0"]);
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn a_crate_without_a_licence_is_not_shipped() {
        let (bare, _in_bare) = package("bare", &[("README.md", "MIT, honestly.")]);
        let error = texts(&[bare]).err().unwrap().to_string();
        assert_eq!(error, "bare 1.0.0 (MIT) brings no licence's text: it can't be shipped");
    }
}
