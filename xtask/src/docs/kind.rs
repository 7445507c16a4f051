//! What a fenced block is: by its language, and for YAML by its form. A block of no kind is an error, since nobody would check it.

use super::markdown::Block;

/// Each kind has a check; see `docs/mod.rs` here and `tests/behaviour/docs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A script of POSIX sh.
    Shell,
    /// A GitHub workflow, perhaps without its `on:`.
    Workflow,
    /// Steps of a GitHub job.
    Steps,
    GitLab,
    CircleCi,
    Azure,
    Jenkins,
    /// What a program prints, or a layout.
    Text,
}

pub(crate) fn kind(block: &Block) -> Result<Kind, String> {
    match block.language.as_str() {
        "sh" => Ok(Kind::Shell),
        "text" => Ok(Kind::Text),
        "groovy" => Ok(Kind::Jenkins),
        "yaml" => kind_of_yaml(&block.text),
        "" => Err("a block without a language".to_owned()),
        other => Err(format!("nothing checks blocks of the language {other}")),
    }
    .map_err(|why| format!("{}: {why}", block.place))
}

fn kind_of_yaml(text: &str) -> Result<Kind, String> {
    let has = |words: &str| text.lines().any(|line| line.trim_start().starts_with(words));
    let top = |key: &str| text.lines().any(|line| line.starts_with(key));
    if top("- ") {
        return if has("- uses: ") || has("uses: ") || has("run: ") || has("- run: ") {
            Ok(Kind::Steps)
        } else {
            Err("a YAML list that is no list of steps".to_owned())
        };
    }
    if top("version: 2.1") {
        Ok(Kind::CircleCi)
    } else if top("jobs:") && has("runs-on:") {
        Ok(Kind::Workflow)
    } else if top("steps:") && has("- script: ") {
        Ok(Kind::Azure)
    } else if has("script:") || has("extends:") || has("- component: ") || has("id_tokens:") {
        Ok(Kind::GitLab)
    } else {
        Err("YAML of no known CI".to_owned())
    }
}
