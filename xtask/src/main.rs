//! The project's own commands: `cargo xtask demo | web | e2e | bench | dist | lint | fuzz | release`.
//!
//! Each lives in a module of its own; this file only chooses one.

mod bench;
mod build;
mod component;
mod demo;
mod dist;
mod docs;
mod e2e;
mod fuzz;
mod lint;
mod process;
mod release;
mod reproducible;
mod step;
mod tools;
mod web;

use std::{env, error::Error, path::Path, process::ExitCode};

type Outcome = Result<(), Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask COMMAND

  demo    run the main job against the simulator and show what a step prints and hands over
  web     build the checker page into target/web; web --serve shows it on loopback
  e2e     run the action and the component under real runners, and the page in Chromium, and let other libraries
          verify tokens (installs act, gitlab-ci-local, Node, playwright-core, jose and PyJWT under target/tools);
          e2e act, e2e gitlab, e2e web, e2e peers or the name of a case runs only those
  lint    zizmor, check-jsonschema, actionlint, shellcheck, cargo deny (installs them under target/tools)
  bench   compare speed, memory and size with other tools, as ratios measured in one run; bench instructions only
          counts instructions, and compares them with those in benches/baseline.json
  dist    build and pack the targets of a release and write its manifest; dist --help says more
  fuzz    --seconds N [TARGET…]: run the targets in fuzz/ for so long each (installs cargo-fuzz under target/tools)
  release the steps of a release that .github/workflows/release.yml calls";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome: Outcome = match arguments.first().map(String::as_str) {
        Some("demo") => demo::demo(root()),
        Some("bench") => bench::bench(root(), &arguments[1..]),
        // What bench runs in processes of their own.
        Some("measure") => bench::measure(&arguments[1..]),
        Some("now") => bench::now(),
        Some("e2e") => e2e::e2e(root(), &arguments[1..]),
        Some("dist") => dist::dist(root(), &arguments[1..]),
        Some("fuzz") => fuzz::fuzz(root(), &arguments[1..]),
        Some("lint") => lint::lint(root(), &arguments[1..]),
        Some("web") => web::web(root(), &arguments[1..]),
        Some("release") => release::release(root(), &arguments[1..]),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace, which xtask is built from and works on.
fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}
