//! The GitLab component's template, taken apart for the checks that a runner does not make: its two
//! YAML documents, and the shell scripts in it as GitLab hands them to a shell.
//!
//! Read as text, because its form is ours: a script is a block scalar in a list, and an anchor stands for
//! the block that it names.

/// The template, with what a release's users would get if they gave no inputs but these.
#[derive(Debug)]
pub(crate) struct Template {
    header: String,
    body: String,
}

impl Template {
    /// The template's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (header, body) = text
            .split_once("\n---\n")
            .ok_or("the template has no line --- after its header")?;
        Ok(Self {
            header: format!("{header}\n"),
            body: body.to_owned(),
        })
    }

    /// The `spec:` document.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// The jobs, each input in place. One that is not given has its default.
    pub(crate) fn body(&self, inputs: &[(&str, &str)]) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = self.body.as_str();
        while let Some((before, after)) = rest.split_once("$[[ inputs.") {
            let (name, after) = after
                .split_once(" ]]")
                .ok_or("the template has an input without its end")?;
            let given = inputs.iter().find(|(input, _)| *input == name);
            filled += before;
            match given {
                Some((_, value)) => filled += value,
                None => filled += &self.default_of(name)?,
            }
            rest = after;
        }
        Ok(filled + rest)
    }

    /// The script of each job as its shell gets it, before_script first, by job; then after_script.
    pub(crate) fn scripts(&self, inputs: &[(&str, &str)]) -> Result<Scripts, String> {
        let body = self.body(inputs)?;
        let blocks = blocks(&body);
        let [prepare, setup, clean, validate] = blocks.as_slice() else {
            return Err(format!("the template has {} scripts instead of four", blocks.len()));
        };
        Ok(Scripts {
            hidden_job: format!("{prepare}{setup}"),
            visible_job: format!("{prepare}{validate}"),
            after_script: clean.clone(),
        })
    }

    /// The keys at the top of the jobs' document.
    #[cfg(test)]
    fn top_level_keys(&self) -> Vec<&str> {
        let lines = self.body.lines().filter(|line| !line.starts_with([' ', '#']));
        lines.filter_map(|line| Some(line.rsplit_once(':')?.0)).collect()
    }

    /// As YAML's flow form, in which a list fits on the line of its key.
    fn default_of(&self, input: &str) -> Result<String, String> {
        if input == "rules" {
            return Ok("[{ when: on_success }]".to_owned());
        }
        let heading = format!("    {input}:");
        let mut lines = self.header.lines().skip_while(|line| *line != heading).skip(1);
        let default = lines
            .by_ref()
            .take_while(|line| line.starts_with("      "))
            .find_map(|line| line.trim_start().strip_prefix("default:"));
        let default = default.ok_or_else(|| format!("input {input} has no default"))?;
        Ok(default.trim().trim_matches('"').to_owned())
    }
}

/// What a shell runs.
#[derive(Debug)]
pub(crate) struct Scripts {
    /// The hidden job's before_script.
    pub(crate) hidden_job: String,
    /// The visible job's before_script and script.
    pub(crate) visible_job: String,
    pub(crate) after_script: String,
}

/// The block scalars in lists, in order, without their indentation.
fn blocks(body: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    // How far the text of the block at hand is indented.
    let mut inside: Option<usize> = None;
    for line in body.lines() {
        let indentation = line.len() - line.trim_start().len();
        if inside.is_some_and(|columns| indentation >= columns || line.is_empty()) {
            if let (Some(columns), Some(block)) = (inside, blocks.last_mut()) {
                *block += line.get(columns..).unwrap_or_default();
                block.push('\n');
            }
            continue;
        }
        inside = None;
        if line.trim_start().starts_with("- ") && line.ends_with('|') {
            inside = Some(indentation + 2);
            blocks.push(String::new());
        }
    }
    for block in &mut blocks {
        block.truncate(block.trim_end().len());
        block.push('\n');
    }
    blocks
}

#[cfg(test)]
mod tests;
