//! What a CI needs to have the key: one line of base64, the commands that store it, and a workflow or pipeline to paste.
//!
//! No command and no file here holds the key: it is read from its own file, and never stands in an argument.

use asc_auth::{
    convention::Convention,
    credential::{IssuerId, KeyFileName, PrivateKey},
    explanation::Explanation,
    policies::{Idle, Policies},
    text::quoted,
    token::{Audience, Lifetime, Scope, TokenRequest},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    check::check,
    given::Given,
    verdict::{Tone, Verdict},
};

/// What a person can choose.
#[derive(Debug, Serialize)]
pub(crate) struct Offered {
    exports: [&'static str; Convention::ALL.len()],
    lifetime: String,
}

/// What a person chose.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Choices {
    export: Vec<String>,
    lifetime: String,
    /// One a line.
    scope: String,
    validate: bool,
    expect_app: String,
    forbid_admin: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            export: Vec::new(),
            lifetime: String::new(),
            scope: String::new(),
            validate: true,
            expect_app: String::new(),
            forbid_admin: false,
        }
    }
}

#[derive(Default, Serialize)]
pub(crate) struct Prepared {
    /// Why what stands below does not work as it stands.
    problem: Option<Verdict>,
    /// The key, as a masked variable takes it.
    base64: Option<Zeroizing<String>>,
    github: GitHub,
    gitlab: GitLab,
    notes: Vec<&'static str>,
}

/// What is pasted into a shell, and what into a file of `.github/workflows`.
#[derive(Default, Serialize)]
struct GitHub {
    commands: String,
    workflow: String,
}

/// What is pasted into a shell, and what into `.gitlab-ci.yml`.
#[derive(Default, Serialize)]
struct GitLab {
    commands: String,
    pipeline: String,
}

pub(crate) fn offered() -> Offered {
    Offered {
        exports: Convention::ALL.map(Convention::name),
        lifetime: compact(Lifetime::DEFAULT),
    }
}

pub(crate) fn prepare(given: &Given, choices: &Choices) -> Prepared {
    let subject = Subject::of(given);
    let wanted = Wanted::of(choices);
    let mut prepared = Prepared {
        problem: check(given).problem().or_else(|| subject.problem()),
        base64: given.key.as_ref().ok().map(one_line),
        github: GitHub {
            commands: format!("{} |\n  gh secret set ASC_PRIVATE_KEY\n", subject.on_one_line()),
            workflow: String::new(),
        },
        gitlab: GitLab {
            commands: format!(
                "{} |\n  glab variable set ASC_PRIVATE_KEY_B64 --masked --protected\n",
                subject.on_one_line()
            ),
            pipeline: String::new(),
        },
        notes: Vec::new(),
    };
    match wanted {
        // A workflow without what was chosen would look like one with it.
        Err(problem) => prepared.problem = Some(Verdict::of(Tone::Wrong, problem)),
        Ok(wanted) => {
            prepared.github.workflow = workflow(&subject, &wanted);
            prepared.gitlab.pipeline = pipeline(&subject, &wanted).unwrap_or_default();
            prepared.notes = notes(&wanted);
        }
    }
    if given.is_foreign() {
        return Prepared {
            problem: prepared.problem,
            ..Prepared::default()
        };
    }
    prepared
}

/// As GitLab can mask it: no white space, no character beside the alphabet. The form that was given does not matter.
fn one_line(key: &PrivateKey) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.to_pem().as_bytes()))
}

/// The key that it is about. What is not known yet is a word in capitals.
struct Subject {
    key_id: Option<String>,
    issuer_id: Option<String>,
    individual: bool,
    /// Quoted for a shell.
    file: String,
}

impl Subject {
    fn of(given: &Given) -> Self {
        let key_id = given.right_key_id();
        let individual = given.is_individual();
        let file = match (&given.file_name, &key_id) {
            (Some(file), _) if is_plain(&file.name) => quoted(&file.name),
            (_, Some(key_id)) => KeyFileName::of(key_id, individual),
            (_, None) => "AuthKey_KEY_ID.p8".to_owned(),
        };
        Self {
            issuer_id: IssuerId::parse(given.issuer_id()).ok().map(|issuer| issuer.to_string()),
            key_id: key_id.map(|key_id| key_id.to_string()),
            individual,
            file,
        }
    }

    fn problem(&self) -> Option<Verdict> {
        let is_missing = self.key_id.is_none() || (self.issuer_id.is_none() && !self.individual);
        is_missing.then(|| {
            Verdict::new(Tone::Waiting, "KEY_ID and ISSUER_ID stand for what is not known yet")
                .advice("Fill in the fields under Check.")
        })
    }

    /// Whatever the file holds, DER or UTF-16 too, this can be a variable.
    fn on_one_line(&self) -> String {
        format!("base64 < {} | tr -d '\\n'", self.file)
    }

    fn key_id(&self) -> &str {
        self.key_id.as_deref().unwrap_or("KEY_ID")
    }

    /// None for an individual key.
    fn issuer_id(&self) -> Option<&str> {
        (!self.individual).then(|| self.issuer_id.as_deref().unwrap_or("ISSUER_ID"))
    }
}

/// What was chosen, where it differs from the default: checked by the rules of the binary.
#[derive(Debug)]
struct Wanted {
    export: Vec<Convention>,
    lifetime: Option<Lifetime>,
    scopes: Vec<Scope>,
    unvalidated: bool,
    policies: Policies,
}

impl Wanted {
    fn of(choices: &Choices) -> Result<Self, Explanation> {
        let export = Convention::parse_list(&choices.export.join(",")).map_err(|error| error.explain())?;
        let lifetime = match choices.lifetime.trim() {
            "" => Ok(Lifetime::DEFAULT),
            text => Lifetime::parse(text),
        };
        let request = lifetime.and_then(|lifetime| {
            TokenRequest::new(lifetime, Scope::parse_lines(&choices.scope)?, Audience::AppStoreConnect)
        });
        let request = request.map_err(|error| error.explain())?;
        let policies = Policies {
            expect_app: Some(choices.expect_app.trim().to_owned()).filter(|app| !app.is_empty()),
            forbid_admin: choices.forbid_admin,
        };
        if policies.expect_app.as_deref().is_some_and(|app| !is_bundle_id(app)) {
            return Err(Explanation::new("this can't be a bundle ID")
                .advice("It has letters, digits, hyphens and dots, and nothing else: com.example.app."));
        }
        policies
            .refuse_idle(choices.validate)
            .map_err(|idle| Explanation::new(idle.to_string()).advice(Idle::REMEDY))?;
        Ok(Self {
            export,
            lifetime: Some(request.lifetime()).filter(|lifetime| *lifetime != Lifetime::DEFAULT),
            scopes: request.scopes().to_vec(),
            unvalidated: !choices.validate,
            policies,
        })
    }

    /// The tools to set up, with commas, if there are any.
    fn exports(&self) -> Option<String> {
        let names: Vec<&str> = self.export.iter().map(|convention| convention.name()).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// What runs with the key: a stand-in, where it is not known.
    fn command(&self) -> &'static str {
        if self.export.contains(&Convention::Fastlane) {
            "fastlane beta"
        } else {
            "./release.sh"
        }
    }

    /// The inputs that the action and the component have in common, as lines of YAML.
    fn inputs(&self) -> Vec<String> {
        let inputs = [
            self.lifetime.map(|lifetime| format!("lifetime: {}", compact(lifetime))),
            self.unvalidated.then(|| "validate: false".to_owned()),
            self.policies
                .expect_app
                .as_ref()
                .map(|app| format!("expect-app: {}", yaml(app))),
            self.policies.forbid_admin.then(|| "forbid-admin: true".to_owned()),
        ];
        inputs.into_iter().flatten().collect()
    }
}

fn workflow(subject: &Subject, wanted: &Wanted) -> String {
    let mut inputs = vec![format!("key-id: {}", yaml(subject.key_id()))];
    match subject.issuer_id() {
        Some(issuer_id) => inputs.push(format!("issuer-id: {}", yaml(issuer_id))),
        None => inputs.push("key-type: individual".to_owned()),
    }
    inputs.push("private-key: ${{ secrets.ASC_PRIVATE_KEY }}".to_owned());
    inputs.extend(wanted.exports().map(|names| format!("export: {names}")));
    inputs.extend(wanted.inputs());
    if !wanted.scopes.is_empty() {
        inputs.push("scope: |".to_owned());
        inputs.extend(wanted.scopes.iter().map(|scope| format!("  {}", scope.as_str())));
    }
    format!(
        "name: Release\n\
         on:\n  push:\n    tags: ['v*']\n\n\
         permissions: {{}}\n\n\
         jobs:\n  release:\n    runs-on: macos-latest\n    permissions:\n      contents: read\n    steps:\n      \
         - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2\n        with:\n          \
         persist-credentials: false\n\n      \
         - id: asc\n        uses: org/asc-auth@v1\n        with:\n{}\n      \
         # Your own command. It finds what export sets, the key's file at steps.asc.outputs.key-path,\n      \
         # and asc-auth on PATH.\n      \
         - run: {}\n",
        indented(&inputs, 10),
        wanted.command()
    )
}

/// None where the component has no input for what is wanted.
fn pipeline(subject: &Subject, wanted: &Wanted) -> Option<String> {
    if !wanted.scopes.is_empty() {
        return None;
    }
    let inputs = wanted.inputs();
    let inputs = if inputs.is_empty() {
        String::new()
    } else {
        format!("    inputs:\n{}", indented(&inputs, 6))
    };
    let export = wanted
        .exports()
        .map_or_else(String::new, |names| format!("--export {names} "));
    let mut variables = vec![format!("ASC_KEY_ID: {}", yaml(subject.key_id()))];
    match subject.issuer_id() {
        Some(issuer_id) => variables.push(format!("ASC_ISSUER_ID: {}", yaml(issuer_id))),
        None => variables.push("ASC_KEY_TYPE: individual".to_owned()),
    }
    Some(format!(
        "include:\n  - component: $CI_SERVER_FQDN/org/asc-auth/asc-auth@1.0.0\n{inputs}\n\
         variables:\n{}\n\
         release:\n  extends: .asc-auth\n  rules:\n    - if: $CI_COMMIT_REF_PROTECTED == \"true\"\n  script:\n    \
         # Your own command. It finds ASC_TOKEN, ASC_PRIVATE_KEY_PATH and what --export sets.\n    \
         - asc-auth exec {export}-- {}\n",
        indented(&variables, 2),
        wanted.command()
    ))
}

fn notes(wanted: &Wanted) -> Vec<&'static str> {
    let unreleased = env!("CARGO_PKG_VERSION").starts_with("0.");
    let notes = [
        unreleased.then_some(
            "There is no release yet: until then, build the binary in the job, as docs/unreleased.md tells.",
        ),
        (!wanted.scopes.is_empty()).then_some(
            "The GitLab component has no input for scopes: asc-auth token --scope makes such a token there.",
        ),
    ];
    notes.into_iter().flatten().collect()
}

/// `15m` or `90s`, as an input takes it.
fn compact(lifetime: Lifetime) -> String {
    match lifetime.as_secs() {
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// As Apple takes them, and the component's input too. A CI would expand `$` in others.
fn is_bundle_id(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Whether a file's name can stand in a command, quoted at most: what Apple and browsers call it.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-. ()".contains(&b))
}

/// A string that YAML takes for nothing else: a key ID may be all digits.
fn yaml(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn indented(lines: &[String], spaces: usize) -> String {
    let indent = " ".repeat(spaces);
    lines
        .iter()
        .flat_map(|line| [indent.as_str(), line.as_str(), "\n"])
        .collect()
}
