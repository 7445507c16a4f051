//! Runs one workflow with act: in a clean environment, in folders of its own, within a time limit,
//! everything it prints kept.
//!
//! Secrets go to act in a file, because act hands its own environment on to the job.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::super::apple::{Left, read_all_but};
use crate::{
    Outcome,
    process::{interrupt, wait, wait_until},
};

/// Far more than any job here takes.
pub(crate) const JOB_LIMIT: Duration = Duration::from_secs(120);

/// What every job shares.
#[derive(Debug)]
pub(crate) struct Act {
    /// The program.
    pub(crate) program: PathBuf,
    /// The folder with the `node` that runs JavaScript actions.
    pub(crate) node: PathBuf,
    /// The repository that the workflow is in.
    pub(crate) checkout: PathBuf,
    /// The same with a release in its manifest: what `org/asc-auth@v1` is.
    pub(crate) released: PathBuf,
    /// What its binary is.
    pub(crate) binary: PathBuf,
    /// Where logs stay, one a case.
    pub(crate) logs: PathBuf,
}

impl Act {
    /// Where everything that the run of this case prints is kept.
    pub(crate) fn log(&self, case: &str) -> PathBuf {
        self.logs.join(format!("{case}.log"))
    }

    /// Starts `xtask/e2e/workflows/<workflow>.yml` as a push would.
    pub(crate) fn start(
        &self,
        case: &str,
        workflow: &str,
        secrets: &BTreeMap<String, String>,
        vars: &BTreeMap<String, String>,
    ) -> Result<Job, Box<dyn Error>> {
        let folder = TempDir::with_prefix("asc-auth-e2e-job-")?;
        let [home, runner, results] = ["home", "runner", "results"].map(|name| folder.path().join(name));
        for folder in [&home, &runner, &results] {
            fs::create_dir(folder)?;
        }
        // YAML, of which JSON is a part.
        let secret_file = folder.path().join("secrets.yml");
        fs::write(&secret_file, serde_json::to_vec(secrets)?)?;
        let log = self.log(case);
        let output = File::create(&log)?;

        let mut command = Command::new(&self.program);
        command
            .args(["push", "--workflows", &format!("xtask/e2e/workflows/{workflow}.yml")])
            .args(["--platform", "ubuntu-latest=-self-hosted", "--no-cache-server", "--rm"])
            .arg("--action-cache-path")
            .arg(&runner)
            .arg("--secret-file")
            .arg(&secret_file)
            .arg("--local-repository")
            .arg(format!("org/asc-auth@v1={}", self.released.display()))
            .args(["--var", &format!("RESULTS={}", results.display())]);
        for (name, value) in vars {
            command.args(["--var", &format!("{name}={value}")]);
        }
        let path = env::join_paths(
            std::iter::once(self.node.clone()).chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        )?;
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", &home)
            .current_dir(&self.checkout);
        let child = command.stdout(output.try_clone()?).stderr(output).spawn()?;
        Ok(Job {
            child,
            deadline: Instant::now() + JOB_LIMIT,
            log,
            results,
            secret_file,
            binary: self.binary.clone(),
            folder,
        })
    }
}

/// A job that runs. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Job {
    child: Child,
    deadline: Instant,
    log: PathBuf,
    results: PathBuf,
    secret_file: PathBuf,
    binary: PathBuf,
    folder: TempDir,
}

impl Job {
    /// Waits until something holds; an error when the job ends before, or takes too long.
    pub(crate) fn wait_until(&mut self, what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
        let mut ended = false;
        let child = &mut self.child;
        wait_until(self.deadline, || {
            ended = child.try_wait().is_ok_and(|status| status.is_some());
            ended || holds()
        });
        if ended || !holds() {
            Err(format!("the job did not come to this: {what}").into())
        } else {
            Ok(())
        }
    }

    /// Waits until the job has written the result `name`.
    pub(crate) fn wait_for_result(&mut self, name: &str) -> Outcome {
        let result = self.results.join(name);
        self.wait_until(name, || result.exists())
    }

    /// Cancels the job, as Ctrl-C does.
    pub(crate) fn cancel(&self) -> Outcome {
        interrupt(&self.child)
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Result<Ended, Box<dyn Error>> {
        let status = wait(&mut self.child, self.deadline)?
            .ok_or_else(|| format!("the job took longer than {} s", JOB_LIMIT.as_secs()))?;
        fs::remove_file(&self.secret_file)?;
        let mut results = BTreeMap::new();
        for entry in fs::read_dir(&self.results)? {
            let entry = entry?;
            results.insert(
                entry.file_name().to_string_lossy().into_owned(),
                fs::read_to_string(entry.path())?,
            );
        }
        let log = fs::read_to_string(&self.log)?;
        let left = read_all_but(self.folder.path(), &fs::read(&self.binary)?)?;
        Ok(Ended {
            succeeded: status.success(),
            log,
            results,
            left,
        })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It has ended already, unless an error cut the case short.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A job that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// Everything that act and the steps printed.
    pub(crate) log: String,
    /// The files that the workflow's steps wrote into `vars.RESULTS`, by name.
    pub(crate) results: BTreeMap<String, String>,
    /// Every file left in the home directory, the runner's folders and the results, with its content.
    pub(crate) left: Vec<Left>,
}
