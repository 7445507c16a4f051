//! What can be given and what comes out is documented, and what the examples give exists.

use std::{collections::BTreeSet, fs};

use asc_auth::cli::Cli;
use clap::CommandFactory;

use super::{Kind, blocks, markdown::Page, pages, read, root};

/// The keys one level below `section` in a YAML file of ours.
fn keys(yaml: &str, section: &str) -> BTreeSet<String> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut lines = yaml.lines().skip_while(|line| line.trim_end() != section);
    let outer = indentation(lines.next().unwrap_or_else(|| panic!("no {section:?}")));
    let inside: Vec<&str> = lines
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .take_while(|line| indentation(line) > outer)
        .collect();
    let first = inside.first().map_or(0, |line| indentation(line));
    inside
        .iter()
        .filter(|line| indentation(line) == first)
        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()))
        .collect()
}

/// What the first cells of the tables below a heading name in code.
fn rows(page: &str, heading: &str) -> BTreeSet<String> {
    let text = read(page);
    let after = text
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("{page} has no {heading}"))
        .1;
    let rows = after.lines().take_while(|line| !line.starts_with('#'));
    rows.filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

fn page(name: &str) -> Page {
    pages().remove(name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_readme_has_every_input_and_output_of_the_action_and_no_other() {
    let action = read("action.yml");
    assert_eq!(rows("README.md", "### Inputs"), keys(&action, "inputs:"));
    assert_eq!(rows("README.md", "### Outputs"), keys(&action, "outputs:"));
}

#[test]
fn the_components_page_has_every_input_and_no_other() {
    let template = read("gitlab-ci-component/templates/asc-auth.yml");
    assert_eq!(
        rows("gitlab-ci-component/README.md", "## Inputs"),
        keys(&template, "  inputs:")
    );
}

/// What stands below `heading` in a block: the names of inputs that it gives.
fn given(text: &str, heading: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(heading) {
        names.extend(keys(&format!("{heading}{after}"), heading.trim_start_matches("- ")));
        rest = after;
    }
    names
}

#[test]
fn examples_give_the_component_inputs_that_it_has() {
    let known = keys(&read("gitlab-ci-component/templates/asc-auth.yml"), "  inputs:");
    let mut seen = 0;
    for block in blocks(&[Kind::GitLab]) {
        for name in given(&block.text, "    inputs:") {
            seen += 1;
            assert!(
                known.contains(&name),
                "{}: the component has no input {name}",
                block.place
            );
        }
    }
    assert!(seen > 2, "only {seen} inputs were found");
}

#[test]
fn every_variable_is_documented() {
    let mut variables = BTreeSet::from(["ASC_TOKEN".to_owned(), "ASC_TOKEN_EXPIRES_AT".to_owned()]);
    let mut cli = Cli::command();
    cli.build();
    let mut commands = vec![cli];
    while let Some(mut command) = commands.pop() {
        commands.extend(command.get_subcommands().cloned());
        let help = command.render_long_help().to_string();
        variables.extend(
            help.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                .filter(|word| word.starts_with("ASC_"))
                .map(str::to_owned),
        );
    }
    assert!(variables.len() > 12, "{variables:?}");
    let documented = rows("docs/cli.md", "## Variables");
    let missing: Vec<_> = variables.difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_command_is_documented() {
    let documented: BTreeSet<String> = rows("docs/cli.md", "## Commands")
        .iter()
        .map(|name| name.trim_start_matches("asc-auth ").to_owned())
        .collect();
    let cli = Cli::command();
    let names = cli.get_subcommands().map(|command| command.get_name().to_owned());
    assert_eq!(documented, names.collect());
    let keys = page("docs/keys.md");
    let text = keys.blocks.iter().map(|block| block.text.as_str()).collect::<String>();
    let key = cli.find_subcommand("key").expect("a command");
    for command in key.get_subcommands() {
        assert!(
            text.contains(&format!("asc-auth key {}", command.get_name())),
            "{command}"
        );
    }
}

#[test]
fn every_exit_code_is_documented() {
    let help = Cli::command().render_long_help().to_string();
    let codes = |text: &str, separator: &str| -> Vec<(String, String)> {
        text.lines()
            .filter_map(|line| {
                let (code, meaning) = line.trim_start_matches("| ").trim_start().split_once(separator)?;
                code.parse::<u8>().ok()?;
                let meaning = meaning.trim_end_matches(" |").replace(['`'], "").replace("--", "");
                Some((code.to_owned(), meaning))
            })
            .collect()
    };
    let documented = read("docs/cli.md");
    let table = documented.split_once("## Exit codes").expect("a table").1;
    let expected = codes(&help, "  ");
    assert_eq!(expected.len(), 10, "{expected:?}");
    assert_eq!(codes(table, " | "), expected);
}

#[test]
fn every_annotation_of_the_action_is_in_troubleshooting() {
    let known = read("docs/troubleshooting.md");
    let mut seen = 0;
    for entry in fs::read_dir(root().join("action")).expect("the action") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy();
        if !name.ends_with(".mjs") || name.ends_with(".test.mjs") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("a file of the action");
        for (before, after) in source.match_indices("\"asc-auth: ").map(|(at, _)| source.split_at(at)) {
            let is_title = before.trim_end().ends_with("new Failure(");
            let title = after.split('"').nth(1).unwrap_or_default();
            assert!(!is_title || known.contains(title), "{name}: {title}");
            seen += usize::from(is_title);
        }
    }
    assert!(seen > 8, "only {seen} titles were found");
}

#[test]
fn every_xtask_is_one() {
    let source = read("xtask/src/main.rs");
    let mut seen = 0;
    for (name, page) in pages() {
        let prose = page.prose.iter().map(|(_, line)| line.as_str());
        let code = page.blocks.iter().map(|block| block.text.as_str());
        for text in prose.chain(code) {
            for after in text.split("cargo xtask ").skip(1) {
                let word: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(
                    source.contains(&format!("Some(\"{word}\")")),
                    "{name}: cargo xtask {word}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "only {seen} were found");
}

/// The table of conventions, in each place that has one.
#[test]
fn every_export_is_documented() {
    let source = read("action.yml");
    let names = [
        "asc",
        "fastlane",
        "altool",
        "codemagic",
        "expo",
        "tauri",
        "electron-builder",
        "quill",
    ];
    let table = rows("README.md", "### Tools that come after");
    assert_eq!(table, names.iter().map(|name| (*name).to_owned()).collect());
    let recipes = page("docs/recipes.md");
    let text = recipes
        .blocks
        .iter()
        .map(|block| block.text.as_str())
        .collect::<String>();
    for name in names {
        assert!(source.contains(name), "action.yml does not name {name}");
        let is_used = name == "asc" || text.contains(&format!("--export {name} "));
        assert!(is_used, "docs/recipes.md has nothing for {name}");
    }
}
