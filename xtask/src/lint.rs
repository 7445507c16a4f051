//! `cargo xtask lint`: everything beside the Rust code. The workflows and the action, the GitLab
//! component and the pipelines, shell, the action's JavaScript, and the dependencies.
//!
//! Every check runs, also after another one failed, so that one run shows all there is to mend. None needs the
//! network, but `lint --advisories`, which asks the list of known vulnerabilities and does nothing else.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Outcome,
    component::Template,
    dist,
    docs::Examples,
    process::{output_of, run},
    tools,
};

/// The longest builds the crate from what `cargo package` makes.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Runs every check, and fails if any failed.
pub(crate) fn lint(root: &Path, arguments: &[String]) -> Outcome {
    match arguments {
        [] => offline(root),
        [one] if one == "--advisories" => advisories(root),
        _ => Err("usage: cargo xtask lint [--advisories]".into()),
    }
}

fn advisories(root: &Path) -> Outcome {
    let cargo_deny = tools::cargo_deny(root)?.join("cargo-deny");
    run(
        Command::new(cargo_deny).args(["check", "advisories"]).current_dir(root),
        LIMIT,
    )
}

fn offline(root: &Path) -> Outcome {
    let python = tools::python_tools(root)?;
    let node = tools::node(root)?.join("node");
    let cargo_deny = tools::cargo_deny(root)?.join("cargo-deny");
    let files = Files::of(root)?;

    let mut checks = Checks {
        root,
        passed: 0,
        failures: Vec::new(),
    };
    // zizmor looks for workflows under .github only; those of the end-to-end runs are named.
    checks.check(
        &python.join("zizmor"),
        &["--offline", "--persona", "pedantic", "."],
        &files.workflows,
    );
    let schema = python.join("check-jsonschema");
    checks.check(&schema, &["--builtin-schema", "vendor.github-actions"], &files.actions);
    checks.check(
        &schema,
        &["--builtin-schema", "vendor.github-workflows"],
        &files.workflows,
    );
    checks.check(&schema, &["--builtin-schema", "vendor.dependabot"], &files.dependabot);
    let shellcheck = python.join("shellcheck");
    let with_shellcheck = ["-shellcheck", &shellcheck.to_string_lossy()];
    checks.check(&python.join("actionlint"), &with_shellcheck, &files.workflows);
    checks.check(&shellcheck, &[], &files.scripts);
    let component = TakenApart::new(root)?;
    checks.check(&shellcheck, &["--shell=sh"], &component.scripts);
    let pipelines = [&files.pipelines[..], &component.documents].concat();
    // The transformation makes sense of !reference.
    let gitlab = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    checks.check(&schema, &gitlab, &pipelines);
    // The pages' examples. An example is no whole workflow, so zizmor judges it as its ordinary persona.
    let examples = Examples::of(root)?;
    let zizmor_settings = examples.zizmor_settings();
    let zizmor = ["--offline", "--config", &zizmor_settings.to_string_lossy()];
    checks.check(&python.join("zizmor"), &zizmor, &examples.workflows);
    checks.check(
        &schema,
        &["--builtin-schema", "vendor.github-workflows"],
        &examples.workflows,
    );
    checks.check(&python.join("actionlint"), &with_shellcheck, &examples.workflows);
    checks.check(&schema, &gitlab, &examples.gitlab);
    checks.check(&schema, &["--builtin-schema", "vendor.circle-ci"], &examples.circleci);
    let azure = [
        "--builtin-schema",
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
    ];
    checks.check(&schema, &azure, &examples.azure);
    // The files that examples read are not there; variables are for the reader, or for the shell that `exec` starts.
    let sh = ["--shell=sh", "--exclude=SC1090,SC1091,SC2016,SC2034"];
    checks.check(&shellcheck, &sh, &examples.scripts);
    for script in &files.javascript {
        checks.check(&node, &["--check"], std::slice::from_ref(script));
    }
    checks.check(&node, &["--test"], &files.javascript_tests);
    checks.check(&cargo_deny, &["check", "bans", "licenses", "sources"], &[]);
    // The schema refers to others beside it, by their names.
    let schemas = tools::cyclonedx_schemas(root)?;
    let beside = format!("file://{}/", schemas.display());
    let cyclonedx = schemas.join("bom-1.6.SNAPSHOT.schema.json");
    let cyclonedx = ["--schemafile", &cyclonedx.to_string_lossy(), "--base-uri", &beside];
    let folder = TempDir::with_prefix("asc-auth-sbom-")?;
    checks.check(&schema, &cyclonedx, &[dist::sbom::write_into(folder.path(), root)?]);
    // What `cargo install` downloads builds by itself.
    let package = ["package", "--locked", "--allow-dirty", "--package=asc-auth"];
    checks.check(Path::new("cargo"), &package, &[]);
    checks.finish()
}

struct Checks<'a> {
    root: &'a Path,
    passed: usize,
    failures: Vec<String>,
}

impl Checks<'_> {
    fn check(&mut self, program: &Path, arguments: &[&str], files: &[PathBuf]) {
        let mut command = Command::new(program);
        command.args(arguments).args(files).current_dir(self.root);
        match run(&mut command, LIMIT) {
            Ok(()) => self.passed += 1,
            Err(error) => self.failures.push(error.to_string()),
        }
    }

    fn finish(self) -> Outcome {
        for failure in &self.failures {
            eprintln!("{failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failures.len());
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err("lint failed".into())
        }
    }
}

/// What there is to check, found in the checkout so that a new file can't be forgotten.
struct Files {
    actions: Vec<PathBuf>,
    workflows: Vec<PathBuf>,
    dependabot: Vec<PathBuf>,
    pipelines: Vec<PathBuf>,
    scripts: Vec<PathBuf>,
    javascript: Vec<PathBuf>,
    javascript_tests: Vec<PathBuf>,
}

impl Files {
    fn of(root: &Path) -> Result<Self, Box<dyn Error>> {
        let all = checkout_files(root)?;
        let those = |wanted: &dyn Fn(&Path) -> bool| -> Vec<PathBuf> {
            all.iter().filter(|path| wanted(path)).cloned().collect()
        };
        let ends = |path: &Path, ending| path.to_string_lossy().ends_with(ending);
        Ok(Self {
            actions: those(&|path| path.ends_with("action.yml")),
            workflows: those(&|path| path.parent().is_some_and(|folder| folder.ends_with("workflows"))),
            dependabot: those(&|path| path.ends_with(".github/dependabot.yml")),
            pipelines: those(&|path| {
                path.ends_with(".gitlab-ci.yml") || path.parent().is_some_and(|folder| folder.ends_with("pipelines"))
            }),
            scripts: those(&|path| ends(path, ".sh") || starts_as_a_shell_script(&root.join(path))),
            javascript: those(&|path| ends(path, ".mjs") || ends(path, ".js")),
            // Those of the page need a browser: e2e runs them.
            javascript_tests: those(&|path| ends(path, ".test.mjs") && !path.starts_with("web/tests")),
        })
    }
}

/// The component's template as its linters take it: a file for each document and each script.
struct TakenApart {
    documents: Vec<PathBuf>,
    scripts: Vec<PathBuf>,
    _folder: TempDir,
}

impl TakenApart {
    fn new(root: &Path) -> Result<Self, Box<dyn Error>> {
        let template = Template::parse(&fs::read_to_string(
            root.join("gitlab-ci-component/templates/asc-auth.yml"),
        )?)?;
        let scripts = template.scripts(&[])?;
        let folder = TempDir::with_prefix("asc-auth-lint-")?;
        let write = |name: &str, text: &str| -> io::Result<PathBuf> {
            let file = folder.path().join(name);
            fs::write(&file, text)?;
            Ok(file)
        };
        Ok(Self {
            documents: vec![
                write("header.yml", template.header())?,
                write("jobs.yml", &template.body(&[])?)?,
            ],
            scripts: vec![
                write("hidden-job.sh", &scripts.hidden_job)?,
                write("visible-job.sh", &scripts.visible_job)?,
                write("after-script.sh", &scripts.after_script)?,
            ],
            _folder: folder,
        })
    }
}

/// Every file of the checkout that git tracks or would track, relative to its root.
pub(crate) fn checkout_files(root: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let listed = output_of(
        Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
    )?;
    let paths = listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from);
    // A file that was deleted and not yet committed is listed as well.
    Ok(paths.filter(|path| root.join(path).is_file()).collect())
}

fn starts_as_a_shell_script(path: &Path) -> bool {
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).read_until(b'\n', &mut first));
    read.is_ok() && first.starts_with(b"#!") && first.trim_ascii_end().ends_with(b"sh")
}
