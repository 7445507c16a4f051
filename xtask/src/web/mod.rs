//! `cargo xtask web`: the checker page, one HTML file with everything in it, from `web/`.
//!
//! The page must send nothing: it works from `file://`, and its policy allows its own script and style alone. The same
//! sources give the same bytes.

mod page;
mod serve;
mod wasm;

use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};

use self::page::{Page, Sources};
pub(crate) use self::serve::Host;
use crate::Outcome;

const USAGE: &str = "usage: cargo xtask web [--serve [--port N]]

  builds the checker page into target/web/index.html
  --serve      and serves it on loopback until Ctrl-C
  --port N     on this port instead of a free one";

/// What a browser may have to load, in bytes, as a host sends it.
pub(crate) const SIZE_LIMIT: usize = 350_000;

/// The page as it was built, and what its parts take.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) file: PathBuf,
    pub(crate) page: Page,
    pub(crate) gzipped: usize,
    wasm: usize,
}

/// Does what the arguments ask for.
pub(crate) fn web(root: &Path, arguments: &[String]) -> Outcome {
    let port = parse(arguments)?;
    let built = build(root)?;
    println!("{} bytes  wasm", built.wasm);
    println!("{} bytes  {}", built.page.html.len(), built.file.display());
    println!(
        "{} bytes  the same after gzip -9, of at most {SIZE_LIMIT}",
        built.gzipped
    );
    if built.gzipped > SIZE_LIMIT {
        return Err("the page is too large".into());
    }
    let Some(port) = port else {
        return Ok(());
    };
    let host = Host::start(&built.page, port).map_err(|error| format!("can't listen on port {port}: {error}"))?;
    println!("{}  until Ctrl-C", host.url());
    host.wait()
}

/// Builds the page and writes it.
pub(crate) fn build(root: &Path) -> Result<Built, Box<dyn Error>> {
    let bound = wasm::build(root)?;
    let page = Page::of(&Sources::read(&root.join("web/page"))?, &bound)?;
    let folder = root.join("target/web");
    fs::create_dir_all(&folder)?;
    let file = folder.join("index.html");
    fs::write(&file, &page.html)?;
    let mut gzipped = GzBuilder::new().write(Vec::new(), Compression::best());
    gzipped.write_all(page.html.as_bytes())?;
    Ok(Built {
        file,
        gzipped: gzipped.finish()?.len(),
        wasm: bound.wasm.len(),
        page,
    })
}

/// The port to serve on, if the page is to be served; 0 is any that is free.
fn parse(arguments: &[String]) -> Result<Option<u16>, &'static str> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        ["--serve"] => Ok(Some(0)),
        ["--serve", "--port", port] => port.parse().map(Some).map_err(|_| USAGE),
        _ => Err(USAGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_asked_for_with_serve_only() {
        let parsed = |arguments: &[&str]| parse(&arguments.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        assert_eq!(parsed(&[]), Ok(None));
        assert_eq!(parsed(&["--serve"]), Ok(Some(0)));
        assert_eq!(parsed(&["--serve", "--port", "8080"]), Ok(Some(8080)));
        for wrong in [&["--port", "8080"][..], &["--serve", "--port", "80800"], &["--open"]] {
            assert_eq!(parsed(wrong), Err(USAGE), "{wrong:?}");
        }
    }
}
