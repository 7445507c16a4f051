//! Puts the page together: style, script and wasm go into the HTML, and the policy names exactly these.
//!
//! Each goes to its placeholder, which must stand there once. Nothing is escaped and nothing is minified: what stands
//! between the tags is what was committed, and what would end its element early is refused.

use std::{error::Error, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::wasm::Bound;

const POLICY: &str = r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"#;
const STYLE: &str = r#"<link rel="stylesheet" href="page.css">"#;
const SCRIPT: &str = r#"<script src="page.js"></script>"#;

/// zopfli's rounds. More of them take time, and less than a thousandth off.
const ROUNDS: u64 = 15;

/// The files of `web/page`.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) html: String,
    pub(super) css: String,
    pub(super) js: String,
}

impl Sources {
    pub(super) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let read = |name| {
            let file = folder.join(name);
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
        };
        Ok(Self {
            html: read("index.html")?,
            css: read("page.css")?,
            js: read("page.js")?,
        })
    }
}

/// One file that needs no other.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
    /// The policy in it.
    pub(crate) policy: String,
}

impl Page {
    pub(super) fn of(sources: &Sources, bound: &Bound) -> Result<Self, Box<dyn Error>> {
        let style = format!("\n{}", sources.css);
        let script = format!("\n{}\n\n{}", bound.glue.trim(), sources.js);
        refuse("page.css", &style, &["</style"])?;
        // In a script, an opened comment can swallow the end tag.
        refuse("the script", &script, &["</script", "<!--"])?;
        // HTML's parser would change these, and the hashes would be of other bytes.
        refuse("the page", &format!("{}{style}{script}", sources.html), &["\r", "\0"])?;

        let [before, head, body, end] = around(&sources.html, [POLICY, STYLE, SCRIPT])?;
        // A policy governs only what comes after it.
        refuse("index.html before its policy", before, &["<script", "<link", "<style"])?;
        let policy = policy(&script, &style);
        let wasm = BASE64_STANDARD.encode(gzip(&bound.wasm)?);
        let html = format!(
            "{before}<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">{head}<style>{style}</style>{body}\
             <script id=\"wasm\" type=\"application/wasm+gzip\">{wasm}</script>\n<script>{script}</script>{end}"
        );
        Ok(Self { html, policy })
    }
}

/// What stands before, between and after the placeholders.
fn around<'a>(html: &'a str, placeholders: [&str; 3]) -> Result<[&'a str; 4], String> {
    let mut parts = [html, "", "", ""];
    for (index, placeholder) in placeholders.into_iter().enumerate() {
        let count = html.matches(placeholder).count();
        if count != 1 {
            return Err(format!(
                "index.html must hold {placeholder} once; it holds it {count} times"
            ));
        }
        let rest = parts[index];
        (parts[index], parts[index + 1]) = rest
            .split_once(placeholder)
            .ok_or_else(|| format!("index.html must hold these in this order: {}", placeholders.join(" ")))?;
    }
    Ok(parts)
}

/// Nothing but the page's own script and style; no request, no frame, no form, no text that becomes a script.
fn policy(script: &str, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(script),
        hash(style)
    )
}

fn refuse(what: &str, text: &str, refused: &[&str]) -> Result<(), String> {
    // Tags are told apart without regard to case.
    let lower = text.to_ascii_lowercase();
    match refused.iter().find(|&&refused| lower.contains(refused)) {
        Some(refused) => Err(format!("{what} holds {refused:?}, which can't stand there")),
        None => Ok(()),
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let options = zopfli::Options {
        iteration_count: ROUNDS.try_into()?,
        ..zopfli::Options::default()
    };
    let mut compressed = Vec::new();
    zopfli::compress(options, zopfli::Format::Gzip, bytes, &mut compressed)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn html() -> String {
        format!("<!DOCTYPE html>\n<head>\n{POLICY}\n{STYLE}\n</head>\n<body>\n<p>Page</p>\n{SCRIPT}\n</body>\n")
    }

    fn page(html: &str, css: &str, js: &str, glue: &str) -> Result<Page, String> {
        let sources = Sources {
            html: html.to_owned(),
            css: css.to_owned(),
            js: js.to_owned(),
        };
        let bound = Bound {
            wasm: b"\0asm and so on".to_vec(),
            glue: glue.to_owned(),
        };
        Page::of(&sources, &bound).map_err(|error| error.to_string())
    }

    /// What the first element of this start tag holds.
    fn content<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
        let (_, rest) = page.split_once(start).expect(start);
        rest.split_once(end).expect(end).0
    }

    #[test]
    fn everything_is_in_one_file_and_the_policy_names_what_stands_between_the_tags() {
        let page = page(&html(), "p { margin: 0 }\n", "start();\n", "let wasm_bindgen;\n").unwrap();
        let style = content(&page.html, "<style>", "</style>");
        let script = content(&page.html, "<script>", "</script>");
        assert_eq!(style, "\np { margin: 0 }\n");
        assert_eq!(script, "\nlet wasm_bindgen;\n\nstart();\n");
        let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
        let expected = format!(
            "default-src 'none'; script-src 'sha256-{}' 'wasm-unsafe-eval'; style-src 'sha256-{}'; img-src data:; \
             base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
            hash(script),
            hash(style)
        );
        assert_eq!(page.policy, expected);
        assert_eq!(content(&page.html, "Policy\" content=\"", "\">"), expected);
        for placeholder in [POLICY, STYLE, SCRIPT] {
            assert!(!page.html.contains(placeholder), "{placeholder}");
        }
    }

    #[test]
    fn the_wasm_comes_back_as_it_was() {
        let page = page(&html(), "", "", "").unwrap();
        let block = content(
            &page.html,
            "<script id=\"wasm\" type=\"application/wasm+gzip\">",
            "</script>",
        );
        let mut wasm = Vec::new();
        let gzipped = BASE64_STANDARD.decode(block).unwrap();
        GzDecoder::new(&gzipped[..]).read_to_end(&mut wasm).unwrap();
        assert_eq!(wasm, b"\0asm and so on");
    }

    #[test]
    fn the_same_sources_give_the_same_bytes() {
        let [one, other] = [(); 2].map(|()| page(&html(), "p {}", "start()", "let w").unwrap().html);
        assert_eq!(one, other);
    }

    #[test]
    fn a_placeholder_that_is_missing_or_stands_twice_is_named() {
        for placeholder in [POLICY, STYLE, SCRIPT] {
            let without = page(&html().replace(placeholder, ""), "", "", "").unwrap_err();
            assert!(
                without.contains(placeholder) && without.contains("0 times"),
                "{without}"
            );
            let twice = placeholder.repeat(2);
            let twice = page(&html().replace(placeholder, &twice), "", "", "").unwrap_err();
            assert!(twice.contains(placeholder) && twice.contains("2 times"), "{twice}");
        }
    }

    #[test]
    fn a_policy_after_the_style_is_refused() {
        let html = html().replace(POLICY, "").replace(STYLE, &format!("{STYLE}{POLICY}"));
        let refused = page(&html, "", "", "").unwrap_err();
        assert!(refused.contains("in this order"), "{refused}");
    }

    #[test]
    fn what_a_policy_would_come_too_late_for_is_refused() {
        for early in ["<script src=x>", "<LINK rel=icon>", "<style>"] {
            let html = html().replace(POLICY, &format!("{early}{POLICY}"));
            let refused = page(&html, "", "", "").unwrap_err();
            assert!(refused.contains("before its policy"), "{early}: {refused}");
        }
    }

    #[test]
    fn a_placeholder_within_the_script_is_left_alone() {
        let js = format!("say(`{STYLE}`);");
        assert!(page(&html(), "", &js, "").unwrap().html.contains(&js));
    }

    #[test]
    fn what_would_end_an_element_early_is_refused() {
        for early in ["</script>", "</SCRIPT >", "<!-- x"] {
            assert!(
                page(&html(), "", "", early).unwrap_err().contains("the script"),
                "{early}"
            );
            assert!(
                page(&html(), "", early, "").unwrap_err().contains("the script"),
                "{early}"
            );
        }
        let refused = page(&html(), "</Style>", "", "").unwrap_err();
        assert!(refused.contains("page.css"), "{refused}");
        assert!(page(&html(), "p {}\r\n", "", "").unwrap_err().contains("\\r"));
    }
}
