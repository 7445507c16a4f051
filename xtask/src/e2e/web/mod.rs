//! The checker page, as it is built, in a real headless Chromium that playwright-core drives.
//!
//! The tests are `web/tests/*.test.mjs`, a case each, and `node --test` runs them. They get a file that says where
//! everything is and holds the keys, which are made for the case. Whatever the case: the host was asked for the page
//! and for nothing else, and the log holds no secret.

mod stage;

use std::{
    env,
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use self::stage::{Places, Stage};
use super::{
    Tally,
    apple::{no_secret_in, require},
};
use crate::{
    Outcome,
    process::wait,
    tools,
    web::{self, Built, Host},
};

/// The tests, by the names of their files.
const CASES: [&str; 8] = [
    "access",
    "credentials",
    "intruder",
    "kept",
    "looks",
    "network",
    "tables",
    "tokens",
];

/// Far more than any of them takes.
const LIMIT: Duration = Duration::from_secs(300);

/// The names of the cases.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CASES.into_iter()
}

/// Runs the cases that are asked for.
pub(crate) fn run(root: &Path, binary: &Path, logs: &Path, tally: &mut Tally) -> Outcome {
    let browser = Browser::ready(root, binary, web::build(root)?)?;
    for case in CASES {
        let log = logs.join(format!("{case}.log"));
        tally.run("web", case, &log, || browser.case(case, &log));
    }
    Ok(())
}

/// What `web/tests/measure.mjs` prints, for `bench`.
pub(crate) fn measure(root: &Path, binary: &Path, built: Built) -> Result<String, Box<dyn Error>> {
    let folder = TempDir::with_prefix("asc-auth-bench-web-")?;
    let output = folder.path().join("output");
    let browser = Browser::ready(root, binary, built)?;
    match browser.run(&["web/tests/measure.mjs"], &output) {
        Ok(_) => Ok(fs::read_to_string(output)?),
        Err(error) => Err(format!("{error}\n{}", fs::read_to_string(output)?).into()),
    }
}

/// Debian's Chromium, or another one at the same place.
pub(crate) fn chromium() -> Result<PathBuf, String> {
    let path = PathBuf::from("/usr/bin/chromium");
    if path.exists() {
        Ok(path)
    } else {
        Err("chromium is missing; on Debian: apt-get install chromium".to_owned())
    }
}

struct Browser<'a> {
    chromium: PathBuf,
    node: PathBuf,
    modules: PathBuf,
    root: &'a Path,
    binary: &'a Path,
    built: Built,
}

impl<'a> Browser<'a> {
    fn ready(root: &'a Path, binary: &'a Path, built: Built) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            chromium: chromium()?,
            node: tools::node(root)?.join("node"),
            modules: tools::node_modules(root),
            root,
            binary,
            built,
        })
    }

    fn case(&self, case: &str, log: &Path) -> Outcome {
        let test = format!("web/tests/{case}.test.mjs");
        let stage = self.run(&["--test", &test], log)?;
        let teams = [&stage.team, &stage.individual];
        no_secret_in("the log", &fs::read_to_string(log)?, &stage.apple, &teams)
    }

    /// Runs Node on a new stage, and fails if it fails, or if the host was asked for more than the page.
    fn run(&self, arguments: &[&str], output: &Path) -> Result<Stage, Box<dyn Error>> {
        let stage = Stage::new();
        let host = Host::start(&self.built.page, 0)?;
        let places = Places {
            chromium: &self.chromium,
            modules: &self.modules,
            binary: self.binary,
            page: &self.built.file,
            url: host.url(),
            screenshots: self.root.join("target/web/screenshots"),
        };
        let folder = TempDir::with_prefix("asc-auth-e2e-web-")?;
        let file = stage.write_into(folder.path(), &places)?;
        let log = File::create(output)?;
        let mut child = Command::new(&self.node)
            .args(arguments)
            .current_dir(self.root)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("WEB_STAGE", file)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        match wait(&mut child, Instant::now() + LIMIT)? {
            Some(status) if status.success() => {}
            Some(status) => return Err(format!("node: {status}").into()),
            None => return Err(format!("it took longer than {} s", LIMIT.as_secs()).into()),
        }
        let asked = host.asked();
        let only_the_page = !asked.is_empty() && asked.iter().all(|asked| asked == "GET /");
        require(only_the_page, &format!("the page asked for more: {asked:?}"))?;
        Ok(stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_test_file_is_forgotten() {
        let mut files: Vec<String> = fs::read_dir(crate::root().join("web/tests"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".test.mjs").map(str::to_owned))
            .collect();
        files.sort();
        assert_eq!(files, CASES);
    }
}
