//! `cargo xtask demo`: the main job, offline. A step of a GitHub job runs the real `asc-auth setup`
//! against the simulator with a key made for this run; then the post step cleans up.
//!
//! What it shows is checked, and what it displays holds no part of the key or the token.

mod page;
mod runner;

use std::{
    error::Error,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use simulator::{ApiKey, SeenRequest, Simulator, TestKey, random_issuer_id, random_key_id};

use self::{page::Page, runner::Runner};
use crate::{Outcome, build, step::Step};

/// Seconds. Apple refuses a token that lives longer.
const LONGEST_LIFE: i64 = 20 * 60;

/// Runs the job and shows it.
pub(crate) fn demo(root: &Path) -> Outcome {
    eprintln!("Building asc-auth; the first time takes a minute or two.");
    let binary = build::asc_auth(root, &[])?;
    Demo::new(binary)?.run()
}

struct Demo {
    binary: PathBuf,
    apple: Simulator,
    secrets: Secrets,
    step: Step,
    runner: Runner,
    page: Page,
}

/// The key as CI holds it.
struct Secrets {
    key_id: String,
    issuer_id: String,
    pem: String,
    base64: String,
}

impl Demo {
    fn new(binary: PathBuf) -> io::Result<Self> {
        let key = TestKey::generate();
        let secrets = Secrets {
            key_id: random_key_id(),
            issuer_id: random_issuer_id(),
            pem: key.pem(),
            base64: BASE64_STANDARD.encode(key.pem()),
        };
        let apple = Simulator::builder().start()?;
        apple.register(ApiKey::team(&secrets.key_id, &secrets.issuer_id, &key));
        let mut page = Page::default();
        page.add_secret(&body(&secrets.pem));
        page.add_secret(&secrets.base64);
        Ok(Self {
            binary,
            apple,
            secrets,
            step: Step::new()?,
            runner: Runner::default(),
            page,
        })
    }

    fn run(mut self) -> Outcome {
        self.the_step()?;
        let token = self.what_later_steps_get()?;
        self.what_lies_on_disk()?;
        self.what_apple_saw(&token)?;
        self.the_post_step()?;
        println!(
            "\n{} checks passed. Nothing displayed above holds any part of the key or the token.",
            self.page.checks()
        );
        Ok(())
    }

    fn the_step(&mut self) -> Outcome {
        let Secrets {
            key_id,
            issuer_id,
            base64,
            ..
        } = &self.secrets;
        self.page
            .section("The step: `asc-auth setup`, with a key made for this run in CI secrets")?;
        self.page.line(&format!("$ export ASC_KEY_ID={key_id}"))?;
        self.page.line(&format!("$ export ASC_ISSUER_ID={issuer_id}"))?;
        self.page.line("$ export ASC_PRIVATE_KEY_B64=***")?;
        let url = self.apple.url();
        self.page.line(&format!(
            "$ export ASC_API_URL={url}   # a simulator, in place of Apple"
        ))?;
        self.page.line("$ asc-auth setup")?;

        let printed = printed_by(
            self.step
                .command(&self.binary)
                .arg("setup")
                .env("ASC_KEY_ID", key_id)
                .env("ASC_ISSUER_ID", issuer_id)
                .env("ASC_PRIVATE_KEY_B64", base64)
                .env("ASC_API_URL", url),
        )?;
        // Before anything is displayed: the token that no line may hold.
        let token = self.step.entries("OUTPUT")?.remove("token").unwrap_or_default();
        self.page.add_secret(&token);

        let log = self.runner.read(&printed);
        for line in &log.lines {
            self.page.line(&format!("| {}", self.shorten(line)))?;
        }
        let unmasked = printed.lines().filter(|line| !line.starts_with("::add-mask::"));
        let no_secret = unmasked.into_iter().all(|line| self.page.is_clean(line));
        self.page.check(
            log.masked_first > 0,
            &format!("{} values masked before the first line", log.masked_first),
        )?;
        self.page
            .check(no_secret, "no line would show a secret even if nothing were masked")
    }

    fn what_later_steps_get(&mut self) -> Result<String, Box<dyn Error>> {
        self.page.section("What the steps after it get")?;
        let outputs = self.step.entries("OUTPUT")?;
        for (name, value) in outputs.iter().filter(|(_, value)| !value.is_empty()) {
            let shown = self.runner.mask(&self.shorten(value));
            self.page.line(&format!("{:<29} {shown}", format!("outputs.{name}")))?;
        }
        let on_path = self.step.read("PATH")?;
        let directory = self.binary.parent().ok_or("the binary has no folder")?;
        self.page
            .check(Path::new(on_path.trim_end()) == directory, "asc-auth is on PATH")?;
        let exported = self.step.entries("ENV")?.remove("ASC_AUTH_DIR");
        self.page.check(
            exported.is_some() && exported.as_ref() == outputs.get("key-dir"),
            "ASC_AUTH_DIR names the private directory",
        )?;
        let token = outputs.get("token").cloned().unwrap_or_default();
        self.page
            .check(self.runner.mask(&token) == "***", "the token is masked")?;
        Ok(token)
    }

    fn what_lies_on_disk(&mut self) -> Outcome {
        self.page.section("What lies on disk meanwhile")?;
        let directory = self.step.recorded_directory()?;
        let files = list(&directory)?;
        for path in std::iter::once(&directory).chain(&files) {
            let shown = self.shorten(&path.to_string_lossy());
            self.page.line(&format!("{:04o} {shown}", mode(path)?))?;
        }
        let name = format!("AuthKey_{}.p8", self.secrets.key_id);
        let key_file = &directory.join(&name);
        self.page.check(
            files.contains(key_file),
            "the key file is named as Apple's tools expect it",
        )?;
        self.page.check(
            list(&self.step.temp())? == [directory.clone()],
            "the post step knows of all there is in RUNNER_TEMP",
        )?;
        let mut private = mode(&directory)? == 0o700;
        for file in &files {
            private &= mode(file)? == 0o600;
        }
        self.page.check(private, "only this user can read it")?;
        // Not the text: setup writes what it understood, in the one form that every tool reads.
        let scalar = private_number(&fs::read_to_string(key_file)?)?;
        self.page.check(
            scalar == private_number(&self.secrets.pem)?,
            "it holds the key of the secret",
        )
    }

    fn what_apple_saw(&mut self, token: &str) -> Outcome {
        self.page.section("What App Store Connect saw")?;
        let requests = self.apple.requests();
        let [request] = requests.as_slice() else {
            return Err(format!("the demo failed: {} requests instead of one", requests.len()).into());
        };
        let seen = request.token.as_ref().ok_or("the demo failed: no token was sent")?;
        let life = seen.expires_at().zip(seen.issued_at()).map(|(end, start)| end - start);
        let life = life.ok_or("the demo failed: a token without times")?;
        self.page.line(&describe(request))?;
        self.page
            .line(&format!("key ID        {}", seen.key_id().unwrap_or_default()))?;
        self.page
            .line(&format!("issuer ID     {}", seen.issuer().unwrap_or_default()))?;
        self.page
            .line(&format!("audience      {}", seen.audience().unwrap_or_default()))?;
        self.page
            .line(&format!("exp − iat     {life} s; Apple's limit is {LONGEST_LIFE} s"))?;
        self.page.check(
            seen.signature_verified,
            "its signature is good, says ring (asc-auth signs with p256)",
        )?;
        self.page.check(
            seen.key_id() == Some(&self.secrets.key_id) && seen.issuer() == Some(&self.secrets.issuer_id),
            "it names the key ID and the issuer ID of the secrets",
        )?;
        self.page
            .check((1..=LONGEST_LIFE).contains(&life), "it is short-lived")?;
        self.page.check(
            request.status == Some(200) && seen.raw == token,
            "the token was accepted, and it is the one that was handed over",
        )
    }

    fn the_post_step(&mut self) -> Outcome {
        self.page
            .section("The post step: `asc-auth cleanup`, after success, failure and cancel alike")?;
        let directory = self.step.recorded_directory()?;
        self.page.line(&format!(
            "$ asc-auth cleanup --dir {}",
            self.shorten(&directory.to_string_lossy())
        ))?;
        let printed = printed_by(
            self.step
                .command(&self.binary)
                .args(["cleanup", "--dir"])
                .arg(directory),
        )?;
        for line in self.runner.read(&printed).lines {
            self.page.line(&format!("| {}", self.shorten(&line)))?;
        }
        let left = list(&self.step.temp())?;
        self.page.check(left.is_empty(), "nothing is left on disk")
    }

    /// The text with the step's folder under the name that a workflow has for it.
    fn shorten(&self, text: &str) -> String {
        text.replace(&*self.step.temp().to_string_lossy(), "$RUNNER_TEMP")
    }
}

fn describe(request: &SeenRequest) -> String {
    let query = request.query.as_deref().unwrap_or_default();
    let answer = request
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    format!("{} {}?{query} → {answer}", request.method, request.path)
}

/// What the command printed, stdout before stderr; on GitHub asc-auth uses stdout alone.
fn printed_by(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let Output { status, stdout, stderr } = command.output()?;
    if !status.success() {
        let command = command
            .get_args()
            .next()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        return Err(format!(
            "the demo failed: asc-auth {command} ended with {status} and said:\n{}",
            // An error never holds a secret; masks are for the runner's eyes only.
            String::from_utf8_lossy(&stdout)
                .lines()
                .filter(|line| !line.starts_with("::add-mask::"))
                .collect::<Vec<_>>()
                .join("\n")
        )
        .into());
    }
    Ok(String::from_utf8([stdout, stderr].concat())?)
}

/// The PEM's body in one line.
fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// The private number of a PKCS#8 PEM: the 32 bytes behind the first octet string that has so many.
fn private_number(pem: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    const OCTET_STRING_OF_32: [u8; 2] = [0x04, 32];
    let der = BASE64_STANDARD
        .decode(body(pem))
        .map_err(|_| "the demo failed: a key file that is no PEM")?;
    let start = der.windows(2).position(|bytes| bytes == OCTET_STRING_OF_32);
    let number = start.and_then(|start| der.get(start + 2..start + 34));
    Ok(number
        .ok_or("the demo failed: a key file without a private number")?
        .to_vec())
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}
