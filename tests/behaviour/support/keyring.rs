//! A GNOME Keyring on a D-Bus of its own, in directories of its own, and the places where there is none. Nothing of the
//! machine's session is used or touched, and every process ends with the value that started it.
//!
//! It needs Debian's `dbus`, `gnome-keyring` and `libsecret-tools`.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::{fs::DirBuilderExt, net::UnixListener},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use dbus::channel::Channel;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use super::{Run, child::wait_until};

const SECRETS: &str = "/org/freedesktop/secrets";

/// Without directories of services: nothing is started that a test did not start.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session with or without a keyring in it. Dropped from the top: the service before its bus before their files.
pub struct Keyring {
    service: Option<Process>,
    bus: Option<Process>,
    deaf: Option<UnixListener>,
    root: TempDir,
}

impl Keyring {
    /// A session without a D-Bus.
    pub fn without_bus() -> Self {
        let root = tempfile::Builder::new().prefix("ring").tempdir();
        let root = root.expect("a temporary directory");
        for name in ["home", "run", "data"] {
            let mut directory = fs::DirBuilder::new();
            directory.mode(0o700).create(root.path().join(name)).expect(name);
        }
        Self {
            service: None,
            bus: None,
            deaf: None,
            root,
        }
    }

    /// A session with a D-Bus on which there is no keyring.
    pub fn without_service() -> Self {
        let mut keyring = Self::without_bus();
        let config = keyring.root.path().join("bus.conf");
        let socket = keyring.socket();
        let text = BUS.replace("SOCKET", socket.to_str().expect("UTF-8"));
        fs::write(&config, text).expect("a file");
        let mut bus = keyring.command("dbus-daemon");
        bus.arg("--nofork").arg("--config-file").arg(config);
        keyring.bus = Some(Process::start(&mut bus));
        wait_until("the D-Bus", || {
            keyring
                .calls("org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId", None)
                .is_some()
        });
        keyring
    }

    /// A keyring that was never unlocked: it has no collection yet.
    pub fn without_collection() -> Self {
        let mut keyring = Self::without_service();
        keyring.serve(&[]);
        keyring
    }

    /// A keyring as a person has it who is logged in.
    pub fn unlocked() -> Self {
        let mut keyring = Self::without_service();
        keyring.serve(&["--unlock"]);
        wait_until("the collection of the keyring", || {
            let alias = keyring.asks("org.freedesktop.Secret.Service.ReadAlias", "string:default");
            alias.is_some_and(|path| path.contains("/collection/login"))
        });
        keyring
    }

    /// A socket in the place of the D-Bus, which takes every connection and answers none.
    pub fn deaf_bus() -> Self {
        let mut keyring = Self::without_bus();
        keyring.deaf = Some(UnixListener::bind(keyring.socket()).expect("a socket"));
        keyring
    }

    /// Locks what it holds. Nobody is there to answer the prompt that unlocks it.
    pub fn lock(&self) {
        let collection = format!("array:objpath:{SECRETS}/collection/login");
        let locked = self.asks("org.freedesktop.Secret.Service.Lock", &collection);
        assert!(locked.expect("an answer").contains("/collection/login"));
    }

    /// Stops the service: it keeps its name on the bus, and answers nothing.
    pub fn silence(&self) {
        let service = &self.service.as_ref().expect("a service").0;
        let id = Pid::from_raw(i32::try_from(service.id()).expect("a process ID"));
        kill(id, Signal::SIGSTOP).expect("it is there");
    }

    /// Puts somebody in the place of the program that asks for passwords who never asks: a prompt that nobody sees.
    /// It is there until the value is dropped.
    pub fn unseen_prompter(&self) -> Channel {
        let mut channel = Channel::open_private(&self.address()).expect("a connection");
        channel.register().expect("a place on the bus");
        let own = dbus::Message::new_method_call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
        );
        let own = own
            .expect("a message")
            .append2("org.gnome.keyring.SystemPrompter", 0_u32);
        channel
            .send_with_reply_and_block(own, Duration::from_secs(30))
            .expect("the name");
        channel
    }

    /// The variables of a process in this session.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        let directory = |name| self.root.path().join(name).into_os_string();
        vec![
            ("HOME", directory("home")),
            ("XDG_RUNTIME_DIR", directory("run")),
            ("XDG_DATA_HOME", directory("data")),
        ]
    }

    /// `run` in this session.
    pub fn apply(&self, run: Run) -> Run {
        self.env()
            .into_iter()
            .fold(run, |run, (name, value)| run.env(name, value))
    }

    /// The address of its bus, for a process that finds it by `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    /// Stores a secret as another program does.
    pub fn store(&self, account: &str, secret: &str) {
        self.store_with(account, secret, &[]);
    }

    /// The same with further attributes, which make it another item than one without them.
    pub fn store_with(&self, account: &str, secret: &str, attributes: &[&str]) {
        let label = ["store", "--label=stored by another program"];
        let arguments = [&label[..], &["service", "asc", "username", account], attributes].concat();
        let stored = self.secret_tool(&arguments, secret);
        assert!(stored.status.success(), "{stored:?}");
    }

    /// What another program finds.
    pub fn lookup(&self, account: &str) -> Option<String> {
        let found = self.secret_tool(&["lookup", "service", "asc", "username", account], "");
        let text = String::from_utf8(found.stdout).expect("UTF-8");
        found.status.success().then_some(text)
    }

    /// The attributes and labels of all items of the service, as another program lists them.
    pub fn listing(&self) -> String {
        let listed = self.secret_tool(&["search", "--all", "service", "asc"], "");
        String::from_utf8_lossy(&[listed.stdout, listed.stderr].concat()).into_owned()
    }

    fn secret_tool(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command("secret-tool");
        command.args(arguments).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| missing("secret-tool", &error));
        // A lookup reads nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
        child.wait_with_output().expect("it ends")
    }

    fn serve(&mut self, arguments: &[&str]) {
        let mut daemon = self.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]).args(arguments);
        let mut service = Process::start(daemon.stdin(Stdio::piped()));
        let mut stdin = service.0.stdin.take().expect("a pipe");
        stdin.write_all(b"password").expect("it reads");
        drop(stdin);
        self.service = Some(service);
        wait_until("the keyring", || {
            self.calls(
                "org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.GetNameOwner",
                Some("string:org.freedesktop.secrets"),
            )
            .is_some()
        });
    }

    /// The answer of the keyring to a call of its service.
    fn asks(&self, method: &str, argument: &str) -> Option<String> {
        self.calls("org.freedesktop.secrets", SECRETS, method, Some(argument))
    }

    fn calls(&self, name: &str, object: &str, method: &str, argument: Option<&str>) -> Option<String> {
        let mut command = self.command("dbus-send");
        command.args(["--session", "--print-reply", &format!("--dest={name}"), object, method]);
        let called = command.args(argument).output();
        let called = called.unwrap_or_else(|error| missing("dbus-send", &error));
        called
            .status
            .success()
            .then(|| String::from_utf8_lossy(&called.stdout).into_owned())
    }

    fn socket(&self) -> PathBuf {
        self.root.path().join("run").join("bus")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env());
        command.env("DBUS_SESSION_BUS_ADDRESS", self.address());
        command.env("PATH", std::env::var_os("PATH").expect("a path"));
        command
    }
}

/// It is killed, whatever the test comes to.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let name = command.get_program().to_string_lossy().into_owned();
        Self(command.spawn().unwrap_or_else(|error| missing(&name, &error)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!("{program} does not start ({error}); these tests need Debian's dbus, gnome-keyring and libsecret-tools")
}
