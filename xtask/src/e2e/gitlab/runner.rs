//! Runs one pipeline with gitlab-ci-local: in a clean environment, in a throw-away checkout, within a
//! time limit, everything it prints kept.
//!
//! CI variables go to gitlab-ci-local in its own file in HOME, as a project's settings would; that file
//! is the one place where the secrets are on disk, and is removed before what is left is read.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    ffi::OsString,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    super::{
        apple::{Left, read_all, require},
        checkout::commit,
    },
    component::Component,
};
use crate::{Outcome, process::wait};

/// Far more than any pipeline here takes.
const PIPELINE_LIMIT: Duration = Duration::from_secs(120);

/// Where gitlab-ci-local puts file variables, whatever TMPDIR says.
const COPIES: &str = "/tmp";

/// What every pipeline shares.
#[derive(Debug)]
pub(crate) struct GitLab {
    /// The folder with `node`.
    pub(crate) node: PathBuf,
    /// gitlab-ci-local's script.
    pub(crate) program: PathBuf,
    pub(crate) component: Component,
    /// The repository whose `xtask/e2e` holds the pipelines.
    pub(crate) root: PathBuf,
    /// Where logs stay, one a pipeline.
    pub(crate) logs: PathBuf,
}

/// What the pipeline runs in, beside what every one has.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The project's files.
    files: Vec<(PathBuf, PathBuf)>,
    variables: BTreeMap<String, Value>,
    inputs: Vec<String>,
    temporary: Temporary,
}

/// What tells a job where temporary files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporary {
    /// `RUNNER_TEMP_PROJECT_DIR`, as GitLab's own runner sets it. The directory may not exist yet.
    Runner,
    /// Only `TMPDIR`.
    Tmpdir,
}

impl Pipeline {
    /// A project's file, copied from `source`.
    pub(crate) fn file(mut self, name: &str, source: &Path) -> Self {
        self.files.push((name.into(), source.to_owned()));
        self
    }

    /// A CI variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables
            .insert(name.to_owned(), json!({ "type": "variable", "values": { "*": value } }));
        self
    }

    /// A CI variable of the type file: the job gets a path.
    pub(crate) fn file_variable(mut self, name: &str, content: &str) -> Self {
        self.variables
            .insert(name.to_owned(), json!({ "type": "file", "values": { "*": content } }));
        self
    }

    /// One of the component's inputs, in place of what the pipeline says.
    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.push(format!("asc-auth:{name}={value}"));
        self
    }

    /// gitlab-ci-local writes file variables to folders in /tmp, and forgets some. They are its own affair, but
    /// the keys in them are this run's: those folders go, known by what is in them.
    fn remove_copies_of_files(&self) -> Outcome {
        let given: Vec<&str> = self
            .variables
            .values()
            .filter(|variable| variable["type"] == "file")
            .filter_map(|variable| variable["values"]["*"].as_str())
            .collect();
        for name in names_in(Path::new(COPIES))? {
            let folder = Path::new(COPIES).join(&name);
            if given.is_empty() || !name.starts_with("gitlab-ci-local-file-variables-") {
                continue;
            }
            // Somebody else's may be gone by now, or not for us to read.
            let files = read_all(&folder).unwrap_or_default();
            if !files.is_empty() && files.iter().all(|(_, content)| given.contains(&content.as_str())) {
                fs::remove_dir_all(folder)?;
            }
        }
        Ok(())
    }

    pub(crate) fn temporary(mut self, temporary: Temporary) -> Self {
        self.temporary = temporary;
        self
    }
}

impl GitLab {
    /// Where everything that the run of this case prints is kept.
    pub(crate) fn log(&self, case: &str) -> PathBuf {
        self.logs.join(format!("{case}.log"))
    }

    /// A pipeline in a protected branch.
    pub(crate) fn pipeline() -> Pipeline {
        let pipeline = Pipeline {
            files: Vec::new(),
            variables: BTreeMap::new(),
            inputs: Vec::new(),
            temporary: Temporary::Runner,
        };
        // gitlab-ci-local says false to both.
        pipeline
            .variable("GITLAB_CI", "true")
            .variable("CI_COMMIT_REF_PROTECTED", "true")
    }

    /// Runs the pipeline whose YAML is in this file of the project, to its end.
    pub(crate) fn run(&self, case: &str, pipeline: &Pipeline) -> Result<Ended, Box<dyn Error>> {
        let folder = TempDir::with_prefix("asc-auth-e2e-gitlab-")?;
        let [home, temporary, results, app, runner] =
            ["home", "tmp", "results", "app", "app.tmp"].map(|name| folder.path().join(name));
        for folder in [&home, &temporary, &results, &app] {
            fs::create_dir(folder)?;
        }
        for (name, source) in &pipeline.files {
            let target = app.join(name);
            fs::create_dir_all(target.parent().unwrap_or(&app))?;
            // A link, because git would keep the whole binary, and every file that is left gets searched.
            symlink(source, target)?;
        }
        commit(&app, "git@gitlab.com:org/app.git")?;

        let mut variables = pipeline.variables.clone();
        let mut give = |name: &str, path: &Path| {
            let value = json!({ "type": "variable", "values": { "*": path.display().to_string() } });
            variables.insert(name.to_owned(), value);
        };
        give("RESULTS", &results);
        if pipeline.temporary == Temporary::Runner {
            give("RUNNER_TEMP_PROJECT_DIR", &runner);
        }
        // YAML, of which JSON is a part.
        let variable_file = home.join(".gitlab-ci-local/variables.yml");
        fs::create_dir(home.join(".gitlab-ci-local"))?;
        fs::write(&variable_file, serde_json::to_vec(&json!({ "global": variables }))?)?;

        let log = self.log(case);
        let output = File::create(&log)?;
        let mut command = Command::new(self.node.join("node"));
        command
            .arg(&self.program)
            .args(["--shell-executor-no-image", "--force-shell-executor"]);
        for input in &pipeline.inputs {
            command.args(["--input", input]);
        }
        // Not the environment of whoever runs this: gitlab-ci-local hands its own on to the jobs.
        command
            .env_clear()
            .env("PATH", self.path()?)
            .env("HOME", &home)
            .env("TMPDIR", &temporary)
            .env("GIT_CONFIG_GLOBAL", self.component.git_config())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(&app)
            .stdout(output.try_clone()?)
            .stderr(output);
        let mut child = command.spawn()?;
        let status = wait(&mut child, Instant::now() + PIPELINE_LIMIT)?
            .ok_or_else(|| format!("the pipeline took longer than {} s", PIPELINE_LIMIT.as_secs()))?;

        fs::remove_file(&variable_file)?;
        for (name, _) in &pipeline.files {
            // What the project brought is not what a job left.
            fs::remove_file(app.join(name))?;
        }
        pipeline.remove_copies_of_files()?;
        let mut directories = names_in(&temporary)?;
        if runner.exists() {
            directories.extend(names_in(&runner)?);
        }
        Ok(Ended {
            succeeded: status.success(),
            log: fs::read_to_string(&log)?,
            results: read_all(&results)?
                .into_iter()
                .filter_map(|(path, content)| Some((path.file_name()?.to_str()?.to_owned(), content)))
                .collect(),
            in_temporary: directories,
            left: read_all(folder.path())?,
        })
    }

    /// The pinned Node before whatever else there is.
    fn path(&self) -> Result<OsString, Box<dyn Error>> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        Ok(env::join_paths(
            std::iter::once(self.node.clone()).chain(env::split_paths(&inherited)),
        )?)
    }
}

/// A pipeline that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// Everything that gitlab-ci-local and the jobs printed.
    pub(crate) log: String,
    /// The files that the jobs wrote into `$RESULTS`, by name.
    pub(crate) results: BTreeMap<String, String>,
    /// What is left where the jobs were told to put temporary files.
    pub(crate) in_temporary: Vec<String>,
    /// Every file left in the home directory, the checkout, gitlab-ci-local's state, the temporary folders
    /// and the results.
    pub(crate) left: Vec<Left>,
}

impl Ended {
    /// What a job wrote into `$RESULTS`.
    pub(crate) fn result(&self, name: &str) -> Result<&str, String> {
        let result = self.results.get(name).map(String::as_str);
        result.ok_or_else(|| format!("no job wrote {name}"))
    }

    /// The job failed with this exit code.
    pub(crate) fn failed_with(&self, job: &str, code: i32) -> Outcome {
        let ending = format!("FAIL {code}");
        let ended = self
            .log
            .lines()
            .any(|line| line.split_whitespace().next() == Some(job) && line.trim_end().ends_with(&ending));
        require(ended, &format!("{job} did not fail with {code}"))?;
        require(!self.succeeded, "the pipeline succeeded")
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
