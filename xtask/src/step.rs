//! A step of a GitHub job as the runner would start it: folders and command files of its own, an
//! environment with nothing else in it, and the runner's way to read what the step wrote.

use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

const COMMAND_FILES: [&str; 5] = ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"];

/// The step's folders and files, removed when dropped.
#[derive(Debug)]
pub(crate) struct Step {
    root: TempDir,
}

impl Step {
    pub(crate) fn new() -> io::Result<Self> {
        let root = TempDir::with_prefix("asc-auth-step-")?;
        fs::create_dir(root.path().join("temp"))?;
        for name in COMMAND_FILES {
            fs::write(root.path().join(name), "")?;
        }
        Ok(Self { root })
    }

    /// The folder that `RUNNER_TEMP` names.
    pub(crate) fn temp(&self) -> PathBuf {
        self.root.path().join("temp")
    }

    /// `program` in this step, with an otherwise empty environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("GITHUB_ACTIONS", "true")
            .env("RUNNER_TEMP", self.temp());
        for name in COMMAND_FILES {
            command.env(format!("GITHUB_{name}"), self.file(name));
        }
        command
    }

    /// What the step wrote to the file that `GITHUB_<name>` names.
    pub(crate) fn read(&self, name: &str) -> io::Result<String> {
        fs::read_to_string(self.file(name))
    }

    /// The entries of such a file: `name<<DELIMITER`, lines, `DELIMITER`, or `name=value`.
    pub(crate) fn entries(&self, name: &str) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
        let text = self.read(name)?;
        let mut lines = text.lines();
        let mut entries = BTreeMap::new();
        while let Some(line) = lines.next() {
            if let Some((key, delimiter)) = line.split_once("<<") {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                entries.insert(key.to_owned(), value.join("\n"));
            } else {
                // Without the line: it could hold a secret.
                let (key, value) = line
                    .split_once('=')
                    .ok_or_else(|| format!("GITHUB_{name} has a line that is no entry"))?;
                entries.insert(key.to_owned(), value.to_owned());
            }
        }
        Ok(entries)
    }

    /// What `setup` recorded for the post step: the private directory.
    pub(crate) fn recorded_directory(&self) -> Result<PathBuf, Box<dyn Error>> {
        let state = self.entries("STATE")?;
        let directory = state.get("private_dir").ok_or("setup recorded no private directory")?;
        Ok(directory.into())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}
