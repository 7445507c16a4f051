//! The checker page, as it is built, in a real headless Chromium that playwright-core drives.
//!
//! The tests are `web/tests/*.test.mjs`, a case each, and `node --test` runs them. They get a file that says where
//! everything is and holds the keys, which are made for the case. Whatever the case: the host was asked for the page
//! and for nothing else, and the log holds no secret.

mod stage;

use std::{
    env,
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
    let browser = Browser {
        chromium: chromium()?,
        node: tools::node(root)?.join("node"),
        modules: tools::node_modules(root),
        root,
        binary,
        built: web::build(root)?,
    };
    for case in CASES {
        let log = logs.join(format!("{case}.log"));
        tally.run("web", case, &log, || browser.run(case, &log));
    }
    Ok(())
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

impl Browser<'_> {
    fn run(&self, case: &str, log: &Path) -> Outcome {
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
        self.node(case, &file, folder.path(), log)?;
        let asked = host.asked();
        require(
            asked.iter().all(|asked| asked == "GET /"),
            &format!("the page asked for more: {asked:?}"),
        )?;
        let teams = [&stage.team, &stage.individual];
        no_secret_in("the log", &fs::read_to_string(log)?, &stage.apple, &teams)
    }

    fn node(&self, case: &str, stage: &Path, home: &Path, log: &Path) -> Outcome {
        let output = File::create(log)?;
        let mut child = Command::new(&self.node)
            .arg("--test")
            .arg(self.root.join(format!("web/tests/{case}.test.mjs")))
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("WEB_STAGE", stage)
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        match wait(&mut child, Instant::now() + LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("node: {status}").into()),
            None => Err(format!("it took longer than {} s", LIMIT.as_secs()).into()),
        }
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
