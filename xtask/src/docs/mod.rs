//! The pages' examples, and those of the checker page, as their linters take them: a file for each workflow, pipeline and script. A fragment is completed to
//! what it is a part of. `org/asc-auth` becomes this checkout's action, so that actionlint knows its inputs and outputs.

mod kind;
mod markdown;
mod pasted;
mod scripts;

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use kind::{Kind, kind};

/// Where an example finds the action: beside its own workflow, as in docs/unreleased.md.
const ACTION: &str = "./asc-auth";

const ZIZMOR: &str = "zizmor.yml";

/// The files, removed when dropped.
#[derive(Debug)]
pub(crate) struct Examples {
    pub(crate) workflows: Vec<PathBuf>,
    pub(crate) gitlab: Vec<PathBuf>,
    pub(crate) circleci: Vec<PathBuf>,
    pub(crate) azure: Vec<PathBuf>,
    pub(crate) scripts: Vec<PathBuf>,
    folder: TempDir,
}

impl Examples {
    pub(crate) fn of(root: &Path) -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::with_prefix("asc-auth-docs-")?;
        // actionlint looks for the action from the top of a repository.
        fs::create_dir(folder.path().join(".git"))?;
        fs::create_dir_all(folder.path().join(".github/workflows"))?;
        fs::create_dir_all(folder.path().join("asc-auth/action"))?;
        for file in ["action.yml", "action/main.mjs", "action/post.mjs"] {
            fs::copy(root.join(file), folder.path().join("asc-auth").join(file))?;
        }
        // Readers do name another repository; it is only here that they don't.
        fs::write(
            folder.path().join(ZIZMOR),
            "rules:\n  self-repository:\n    disable: true\n",
        )?;

        let mut examples = Self {
            workflows: Vec::new(),
            gitlab: Vec::new(),
            circleci: Vec::new(),
            azure: Vec::new(),
            scripts: Vec::new(),
            folder,
        };
        let pasted = pasted::blocks()?;
        for block in markdown::pages(root)?
            .values()
            .flat_map(|page| &page.blocks)
            .chain(&pasted)
        {
            examples.add(kind(block)?, block)?;
        }
        Ok(examples)
    }

    pub(crate) fn zizmor_settings(&self) -> PathBuf {
        self.folder.path().join(ZIZMOR)
    }

    fn add(&mut self, kind: Kind, block: &markdown::Block) -> io::Result<()> {
        let name = block.place.replace(['/', ':'], "-");
        let yaml = format!("{name}.yml");
        match kind {
            Kind::Workflow => self.workflows.push(self.write_workflow(&yaml, &whole(&block.text))?),
            Kind::Steps => self.workflows.push(self.write_workflow(&yaml, &around(&block.text))?),
            Kind::GitLab => self.gitlab.push(self.write(&yaml, &block.text)?),
            Kind::CircleCi => self.circleci.push(self.write(&yaml, &block.text)?),
            Kind::Azure => self.azure.push(self.write(&yaml, &block.text)?),
            Kind::Shell => self.scripts.push(self.write(&format!("{name}.sh"), &block.text)?),
            Kind::Jenkins | Kind::Text => {}
        }
        // actionlint hands the scripts of workflows to shellcheck itself.
        if matches!(kind, Kind::GitLab | Kind::CircleCi | Kind::Azure | Kind::Jenkins) {
            for (number, script) in (1..).zip(scripts::of(&block.text)) {
                self.scripts.push(self.write(&format!("{name}-{number}.sh"), &script)?);
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let file = self.folder.path().join(name);
        fs::write(&file, text)?;
        Ok(file)
    }

    fn write_workflow(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let words = text.split(' ').map(|word| {
            let rest = word.strip_prefix("org/asc-auth@").map(|rest| rest.split_once('\n'));
            match rest {
                Some(Some((_, after))) => format!("{ACTION}\n{after}"),
                Some(None) => ACTION.to_owned(),
                None => word.to_owned(),
            }
        });
        let text = words.collect::<Vec<_>>().join(" ");
        self.write(&format!(".github/workflows/{name}"), &text)
    }
}

/// A workflow with what an example may leave out.
fn whole(workflow: &str) -> String {
    let has = |key: &str| workflow.lines().any(|line| line.starts_with(key));
    let mut head = String::new();
    if !has("name:") {
        head += "name: Example\n";
    }
    if !has("on:") {
        head += "on: push\n";
    }
    if !has("permissions:") {
        head += "permissions: {}\n";
    }
    head + workflow
}

/// A workflow around steps. What they take from the step `asc` is there, if they don't bring it.
fn around(steps: &str) -> String {
    let mut job = "jobs:\n  example:\n    runs-on: macos-latest\n    permissions:\n      id-token: write\n    steps:\n"
        .to_owned();
    if steps.contains("steps.asc.") && !steps.contains("id: asc") {
        job += "      - id: asc\n        uses: org/asc-auth@v1\n";
    }
    for line in steps.lines() {
        job.extend(["      ", line, "\n"]);
    }
    whole(&job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_a_workflow_with_the_step_that_they_use() {
        let workflow = around("- run: echo \"$TOKEN\"\n  env:\n    TOKEN: ${{ steps.asc.outputs.token }}\n");
        assert!(
            workflow.starts_with("name: Example\non: push\npermissions: {}\njobs:\n"),
            "{workflow}"
        );
        assert!(
            workflow.contains("      - id: asc\n        uses: org/asc-auth@v1\n      - run: echo"),
            "{workflow}"
        );
    }

    #[test]
    fn the_linters_see_this_checkouts_action() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout");
        let examples = Examples::of(root).expect("the pages can be taken apart");
        assert!(examples.workflows.len() > 10, "{examples:?}");
        assert!(examples.gitlab.len() > 5, "{examples:?}");
        assert!(examples.scripts.len() > 30, "{examples:?}");
        for workflow in &examples.workflows {
            let text = fs::read_to_string(workflow).expect("it was written");
            assert!(!text.contains("uses: org/asc-auth"), "{}:\n{text}", workflow.display());
        }
    }
}
