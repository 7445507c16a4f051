//! `asc-auth token` against what a process costs at all, and against the other ways to such a token. The simulator has
//! to accept each one's before anything is measured.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Bench, PATH, SHORT_ROUNDS,
    cost::{cpu_time, medians, succeed},
    programs::Programs,
    table::Row,
};
use crate::Outcome;

/// Each of these takes some hundred milliseconds.
const SLOW_ROUNDS: usize = 20;

impl Bench {
    pub(super) fn minting(&self, programs: &Programs) -> Result<Vec<Row>, Box<dyn Error>> {
        let minters: [(&'static str, &dyn Fn() -> Command); 4] = [
            ("CPU: asc-auth token / jwt encode (jwt-cli)", &|| {
                self.jwt_cli(&programs.jwt)
            }),
            ("CPU: asc-auth token / PyJWT", &|| {
                self.script(&programs.python, "mint.py")
            }),
            ("CPU: asc-auth token / npm jsonwebtoken", &|| {
                let mut node = self.script(&programs.node, "mint.cjs");
                node.env("NODE_PATH", &programs.node_modules);
                node
            }),
            ("CPU: asc-auth token / openssl in a shell", &|| {
                let mut shell = self.script(Path::new("sh"), "mint.sh");
                shell.arg(&self.key_file).env("PATH", PATH);
                shell
            }),
        ];
        let [token, version, empty] = medians(
            SHORT_ROUNDS,
            [
                &mut || cpu_time(&mut self.token()),
                &mut || cpu_time(self.asc_auth().arg("--version")),
                &mut || cpu_time(Command::new(&programs.empty).env_clear()),
            ],
        )?;
        let mut rows = vec![
            Row::ratio("CPU: asc-auth token / an empty static Rust program", token, empty).at_most(1.5),
            Row::ratio("CPU: asc-auth token / asc-auth --version", token, version).at_most(2.0),
        ];
        self.demand_accepted(&mut self.token())?;
        for (index, (what, minter)) in minters.into_iter().enumerate() {
            self.demand_accepted(&mut minter())?;
            let rounds = if index == 0 { SHORT_ROUNDS } else { SLOW_ROUNDS };
            let [ours, theirs] = medians(
                rounds,
                [&mut || cpu_time(&mut self.token()), &mut || cpu_time(&mut minter())],
            )?;
            rows.push(Row::ratio(what, ours, theirs).at_most(0.25));
        }
        Ok(rows)
    }

    /// `asc-auth token` with the key in its environment.
    pub(super) fn token(&self) -> Command {
        let mut command = self.asc_auth();
        self.with_key(&mut command).arg("token");
        command
    }

    fn jwt_cli(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .args(["encode", "-A", "ES256", "-k", &self.key_id, "-i", &self.issuer_id])
            .args(["-a", "appstoreconnect-v1", "--exp=+15m", "-S"])
            .arg(format!("@{}", self.key_file.display()));
        command
    }

    /// A script beside this crate's source.
    fn script(&self, interpreter: &Path, name: &str) -> Command {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "bench", name].iter().collect();
        let mut command = Command::new(interpreter);
        self.with_key(command.env_clear()).arg(script);
        command
    }

    /// Fails unless the API takes the token that the command prints.
    fn demand_accepted(&self, minter: &mut Command) -> Outcome {
        let token = succeed(minter)?;
        succeed(&mut self.curl(&self.authority, token.trim()))?;
        Ok(())
    }
}
