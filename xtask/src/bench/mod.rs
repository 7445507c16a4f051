//! `cargo xtask bench`: speed, memory and size of asc-auth as it ships, next to other programs that do
//! the same. Ratios of what was measured in one run, as they hold on any machine; one that is above its
//! limit fails.

mod action;
mod cost;
mod instructions;
mod minting;
mod page;
mod programs;
mod running;
mod stored;
mod table;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use simulator::{ApiKey, CertificateAuthority, Fault, Simulator, TestKey, random_issuer_id, random_key_id};
use tempfile::TempDir;

pub(crate) use self::{cost::measure, running::now};
use self::{
    cost::{cpu_time, medians, peak_memory, succeed},
    programs::{Programs, asc_auth, gzipped_size},
    running::{time_to_start, wall_time, write_log},
    table::{Row, Table},
};
use crate::{Outcome, step::Step};

const SHORT_ROUNDS: usize = 200;
const SETUP_ROUNDS: usize = 50;
const LOG_ROUNDS: usize = 11;

/// Of every answer: Apple is far away.
const LATENCY: Duration = Duration::from_millis(200);

/// Where `cat` and `tr` are.
const PATH: &str = "/usr/bin:/bin";

/// Where systems keep the certificates of all authorities in one file.
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

const USAGE: &str = "usage: cargo xtask bench [instructions [--save]]

  without an argument, measures everything
  instructions   only counts instructions, and holds them against benches/baseline.json
  --save         writes them there instead";

/// Measures, prints the table, and fails if a limit is missed.
pub(crate) fn bench(root: &Path, arguments: &[String]) -> Outcome {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => everything(root),
        ["instructions"] => show(Bench::new(asc_auth(root)?)?.against_baseline(root)?),
        ["instructions", "--save"] => Bench::new(asc_auth(root)?)?.save_baseline(root),
        _ => Err(USAGE.into()),
    }
}

fn everything(root: &Path) -> Outcome {
    let programs = Programs::ready(root)?;
    let bench = Bench::new(programs.asc_auth.clone())?;
    let mut rows = bench.minting(&programs)?;
    rows.extend(bench.against_baseline(root)?);
    rows.extend(bench.validating()?);
    rows.extend(bench.proving_all()?);
    rows.extend(bench.running()?);
    rows.extend(bench.action(root)?);
    rows.extend(bench.memory()?);
    rows.extend(bench.size(&programs.archive)?);
    rows.extend(page::page(root, &bench.asc_auth)?);
    show(rows)
}

fn show(rows: Vec<Row>) -> Outcome {
    let table = Table(rows);
    println!("{table}");
    table.judge()
}

fn shell(script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    shell
}

struct Bench {
    asc_auth: PathBuf,
    apple: Simulator,
    key_id: String,
    issuer_id: String,
    pem: String,
    /// Holds the files below.
    folder: TempDir,
    key_file: PathBuf,
    /// The authority that signed the simulator's certificate.
    authority: PathBuf,
    /// The same after all those of this machine, if it has any.
    bundle: Option<PathBuf>,
}

impl Bench {
    fn new(asc_auth: PathBuf) -> Result<Self, Box<dyn Error>> {
        let key = TestKey::generate();
        let authority = CertificateAuthority::generate();
        let apple = Simulator::start_tls(&authority.issue("localhost"));
        let (key_id, issuer_id) = (random_key_id(), random_issuer_id());
        apple.register(ApiKey::team(&key_id, &issuer_id, &key));

        let folder = TempDir::with_prefix("asc-auth-bench-")?;
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).map(|()| path)
        };
        let of_machine = BUNDLES.iter().find_map(|path| fs::read_to_string(path).ok());
        Ok(Self {
            asc_auth,
            apple,
            key_id,
            issuer_id,
            pem: key.pem(),
            key_file: write("key.pem", &key.pem())?,
            authority: write("authority.pem", &authority.pem())?,
            bundle: of_machine
                .map(|all| write("bundle.pem", &format!("{all}\n{}", authority.pem())))
                .transpose()?,
            folder,
        })
    }

    /// The whole step with its request, against the request alone.
    fn validating(&self) -> Result<Vec<Row>, Box<dyn Error>> {
        let token = succeed(self.with_key(&mut self.asc_auth()).arg("token"))?;
        let compare = |roots: &Path| {
            medians(
                SETUP_ROUNDS,
                [&mut || self.setup(roots), &mut || {
                    cpu_time(&mut self.curl(roots, token.trim()))
                }],
            )
        };
        let [setup, curl] = compare(&self.authority)?;
        let mut rows = vec![Row::ratio("CPU: asc-auth setup / curl, over TLS", setup, curl).at_most(1.5)];
        if let Some(bundle) = &self.bundle {
            let [setup, curl] = compare(bundle)?;
            rows.push(Row::ratio("the same with the machine's whole bundle", setup, curl));
        }
        Ok(rows)
    }

    /// Every stored profile, against one: over a slow line it takes as long.
    fn proving_all(&self) -> Result<[Row; 1], Box<dyn Error>> {
        let home = stored::write_profiles(self.folder.path(), &self.apple)?;
        let command = |arguments: &[&str]| {
            let mut command = self.asc_auth();
            command
                .args(arguments)
                .current_dir(&home)
                .env("HOME", &home)
                .env("ASC_API_URL", self.apple.url())
                .env("SSL_CERT_FILE", &self.authority);
            command
        };
        self.apple.fail_always(Fault::Latency(LATENCY));
        let times = medians(
            LOG_ROUNDS,
            [&mut || wall_time(&mut command(&["status", "--validate"])), &mut || {
                wall_time(&mut command(&["validate"]))
            }],
        );
        self.apple.clear_faults();
        let [all, one] = times?;
        Ok([Row::ratio(
            "time: asc-auth status --validate, 50 profiles / validate, at 200 ms",
            all,
            one,
        )
        .at_most(2.0)])
    }

    /// A command with its output redacted, against the same without us.
    fn running(&self) -> Result<[Row; 3], Box<dyn Error>> {
        let log = write_log(self.folder.path())?;
        let [redacted, copied] = medians(
            LOG_ROUNDS,
            [
                &mut || wall_time(self.exec(&mut self.asc_auth()).arg("cat").arg(&log)),
                &mut || wall_time(shell("cat \"$0\" | cat").arg(&log)),
            ],
        )?;
        let xtask = env::current_exe()?;
        let [started, alone, version] = medians(
            SHORT_ROUNDS,
            [
                &mut || time_to_start(self.exec(&mut self.asc_auth()).arg(&xtask).arg("now")),
                &mut || time_to_start(Command::new(&xtask).arg("now")),
                &mut || wall_time(self.asc_auth().arg("--version")),
            ],
        )?;
        let memory = peak_memory(
            |measure| {
                let mut command = Command::new(measure);
                self.with_key(command.env_clear()).env("PATH", PATH);
                command
            },
            Path::new("sh"),
            &[
                "-c",
                // A line as long as the log.
                "\"$0\" exec --no-validate -- tr -d '\\n' < \"$1\" > /dev/null",
                &self.asc_auth.to_string_lossy(),
                &log.to_string_lossy(),
            ],
        )?;
        Ok([
            Row::ratio("time: asc-auth exec -- cat, 200 MB / cat | cat", redacted, copied).at_most(1.5),
            Row::ratio(
                "time: before the command starts / asc-auth --version",
                started.saturating_sub(alone),
                version,
            )
            .at_most(3.0),
            Row::megabytes("peak memory: asc-auth exec, one line of 200 MB", memory).at_most(16.0),
        ])
    }

    fn memory(&self) -> Result<[Row; 2], Box<dyn Error>> {
        let step = Step::new()?;
        let setup = peak_memory(
            |measure| self.setup_in(&step, measure, &self.authority),
            &self.asc_auth,
            &["setup"],
        )?;
        let token = peak_memory(
            |measure| {
                let mut command = Command::new(measure);
                self.with_key(command.env_clear());
                command
            },
            &self.asc_auth,
            &["token"],
        )?;
        Ok([
            Row::megabytes("peak memory: asc-auth setup, over TLS", setup).at_most(12.0),
            Row::megabytes("peak memory: asc-auth token", token).at_most(12.0),
        ])
    }

    fn size(&self, archive: &Path) -> Result<[Row; 3], Box<dyn Error>> {
        let binary = &self.asc_auth;
        Ok([
            Row::megabytes("size: static binary, stripped", fs::metadata(binary)?.len()).at_most(3.5),
            Row::megabytes("size: the same after gzip -9", gzipped_size(binary)?).at_most(1.7),
            Row::megabytes("size: archive, with everything in it", fs::metadata(archive)?.len()).at_most(1.7),
        ])
    }

    /// One `setup` in a step of its own, which is cleaned up; only `setup` counts.
    fn setup(&self, roots: &Path) -> Result<Duration, Box<dyn Error>> {
        let step = Step::new()?;
        let binary = &self.asc_auth;
        let requests = self.apple.requests().len();
        let time = cpu_time(self.setup_in(&step, binary, roots).arg("setup"))?;
        if self.apple.requests().len() != requests + 1 {
            return Err("asc-auth setup did not make its one request".into());
        }
        succeed(
            step.command(binary)
                .args(["cleanup", "--dir"])
                .arg(step.recorded_directory()?),
        )?;
        Ok(time)
    }

    /// `program` in a step, with the key and the simulator in its environment.
    fn setup_in(&self, step: &Step, program: &Path, roots: &Path) -> Command {
        let mut command = step.command(program);
        self.with_key(&mut command)
            .env("ASC_API_URL", self.apple.url())
            .env("SSL_CERT_FILE", roots);
        command
    }

    /// `asc-auth exec` without a request; the command to run is still to be added.
    fn exec<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.with_key(command)
            .env("PATH", PATH)
            .args(["exec", "--no-validate", "--"])
    }

    fn asc_auth(&self) -> Command {
        let mut command = Command::new(&self.asc_auth);
        command.env_clear();
        command
    }

    fn with_key<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("ASC_KEY_ID", &self.key_id)
            .env("ASC_ISSUER_ID", &self.issuer_id)
            .env("ASC_PRIVATE_KEY", &self.pem)
    }

    /// The request that `asc-auth setup` makes.
    fn curl(&self, roots: &Path, token: &str) -> Command {
        let mut command = Command::new("curl");
        command
            .env_clear()
            .args([
                "--silent",
                "--show-error",
                "--fail",
                "--output",
                "/dev/null",
                "--cacert",
            ])
            .arg(roots)
            .args(["-H", &format!("Authorization: Bearer {token}")])
            .arg(format!("{}/v1/apps?limit=1", self.apple.url()));
        command
    }
}
