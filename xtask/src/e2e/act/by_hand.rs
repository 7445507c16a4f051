//! The action's two steps, started as GitHub's runner starts them: for what act does otherwise. On
//! cancel act kills a step, where GitHub's runner sends SIGINT to the step's process and waits.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::{self, File, OpenOptions},
    io,
    path::PathBuf,
    process::{Child, Command},
};

use super::runner::Act;
use crate::step::Step;

/// A job with one step that uses the action.
#[derive(Debug)]
pub(crate) struct JobByHand {
    node: PathBuf,
    action: PathBuf,
    log: PathBuf,
    pub(crate) step: Step,
}

impl JobByHand {
    /// A job whose log has this name.
    pub(crate) fn new(act: &Act, name: &str) -> io::Result<Self> {
        let log = act.log(name);
        File::create(&log)?;
        Ok(Self {
            node: act.node.join("node"),
            action: act.checkout.join("action"),
            log,
            step: Step::new()?,
        })
    }

    /// Starts the main step with these inputs.
    pub(crate) fn main(&self, inputs: &BTreeMap<&str, String>) -> io::Result<Child> {
        let inputs = inputs
            .iter()
            .map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), value));
        self.script("main.mjs")?.envs(inputs).spawn()
    }

    /// Starts the post step with the state that the main step saved.
    pub(crate) fn post(&self) -> Result<Child, Box<dyn Error>> {
        let state = self.step.entries("STATE")?.into_iter();
        let state = state.map(|(name, value)| (format!("STATE_{name}"), value));
        Ok(self.script("post.mjs")?.envs(state).spawn()?)
    }

    /// Everything that both steps printed.
    pub(crate) fn log(&self) -> io::Result<String> {
        fs::read_to_string(&self.log)
    }

    /// What there is in `RUNNER_TEMP`.
    pub(crate) fn in_temp(&self) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(self.step.temp())?.map(|entry| Ok(entry?.path())).collect()
    }

    fn script(&self, script: &str) -> io::Result<Command> {
        let log = OpenOptions::new().append(true).open(&self.log)?;
        let mut command = self.step.command(&self.node);
        command
            .arg(self.action.join(script))
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }
}
