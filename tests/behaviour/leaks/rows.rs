//! The commands, each with all the exit codes that it can end with. A new command joins the scan by a row here.

use simulator::{Fault, WebRole, WebStep};

use super::{
    base64,
    ends::{End, FILES, GOOD, HANDOVER, OFFLINE, ONLINE, PROOF, end},
    scene::Scene,
    truncated,
};
use crate::support::{ISSUER_ID, KEY_ID, Ran, Run};

/// A command.
pub struct Row {
    pub command: &'static [&'static str],
    /// What it is always given.
    pub given: &'static [&'static str],
    /// What stands behind all flags.
    pub last: &'static [&'static str],
    pub has_json: bool,
    pub prepare: fn(&Scene),
    pub ends: &'static [&'static [End]],
    /// The codes of its ends. No other code is its own, save those of a command that it runs.
    pub codes: &'static [i32],
}

impl Row {
    /// Whether it leaves a private directory to those that follow.
    pub fn hands_over(&self, ran: &Ran) -> bool {
        self.command == ["setup"] && ran.code == Some(0)
    }

    /// Whether the CI's own channel may hold the token: the hand-over is done before there was no room for its report.
    pub fn may_hand_over(&self, ran: &Ran) -> bool {
        self.command == ["setup"] && matches!(ran.code, Some(0 | 30))
    }

    /// Whether standard output is a token, which was asked for.
    pub fn prints_token(&self, ran: &Ran) -> bool {
        self.command == ["token"] && ran.code == Some(0)
    }

    /// Whether it has run a command that prints the environment with the token in it.
    pub fn prints_environment(&self, ran: &Ran) -> bool {
        self.command == ["exec"] && matches!(ran.code, Some(0 | 7 | 137))
    }

    /// Whether it makes a key, and leaves it in a file.
    pub fn makes_key(&self) -> bool {
        matches!(self.command, ["key", "create" | "rotate"])
    }
}

const ROW: Row = Row {
    command: &[],
    given: &[],
    last: &[],
    has_json: true,
    prepare: |_| {},
    ends: &[],
    codes: &[],
};

/// Prints everything that it was given.
const TELLS_ALL: &str =
    "env; env >&2; env | base64; cat \"$ASC_PRIVATE_KEY_PATH\"; base64 < \"$ASC_PRIVATE_KEY_PATH\"; cat";

pub const ROWS: &[Row] = &[
    Row {
        command: &["setup"],
        ends: &[GOOD, OFFLINE, FILES, ONLINE, PROOF, HANDOVER, FULL_JSON],
        codes: &[0, 2, 10, 11, 12, 13, 14, 20, 30],
        ..ROW
    },
    Row {
        command: &["cleanup"],
        ends: &[CLEANUP, FULL_JSON],
        codes: &[0, 2, 30],
        ..ROW
    },
    Row {
        command: &["token"],
        ends: &[GOOD, OFFLINE, FILES, FULL],
        codes: &[0, 2, 10, 11, 30],
        ..ROW
    },
    Row {
        command: &["exec"],
        last: &["--", "sh", "-c", TELLS_ALL],
        has_json: false,
        ends: &[GOOD, OFFLINE, FILES, ONLINE, PROOF, FULL],
        codes: &[0, 2, 10, 11, 12, 13, 14, 20, 30],
        ..ROW
    },
    // The codes of a command that it runs.
    Row {
        command: &["exec"],
        given: &["--no-validate", "--"],
        has_json: false,
        ends: &[CHILD],
        codes: &[7, 126, 127, 137],
        ..ROW
    },
    Row {
        command: &["validate"],
        ends: &[GOOD, OFFLINE, FILES, ONLINE, PROOF, FULL_JSON],
        codes: &[0, 2, 10, 11, 12, 13, 14, 20, 30],
        ..ROW
    },
    Row {
        command: &["inspect"],
        ends: &[INSPECT],
        codes: &[0, 2, 10, 30],
        ..ROW
    },
    Row {
        command: &["capabilities"],
        given: &["--vendor-number=12345678"],
        ends: &[GOOD, OFFLINE, FILES, ONLINE, FULL],
        codes: &[0, 2, 10, 11, 12, 20, 30],
        ..ROW
    },
    Row {
        command: &["roles"],
        ends: &[ROLES, FULL],
        codes: &[0, 2, 30],
        ..ROW
    },
    Row {
        command: &["login"],
        given: &["--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID],
        ends: &[LOGIN],
        codes: &[0, 2, 10, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["status"],
        prepare: Scene::store,
        ends: &[STATUS, FULL],
        codes: &[0, 2, 10, 11, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["switch"],
        prepare: Scene::store,
        ends: &[PROFILE],
        codes: &[0, 2, 10, 30],
        ..ROW
    },
    Row {
        command: &["logout"],
        prepare: Scene::store,
        ends: &[PROFILE],
        codes: &[0, 2, 10, 30],
        ..ROW
    },
    Row {
        command: &["key", "create"],
        given: &["--name", "CI pipeline 2", "--role", "developer"],
        ends: &[WEB, CREATE, FULL_JSON],
        codes: &[0, 1, 2, 10, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["key", "list"],
        given: &["--stale"],
        ends: &[WEB, FULL],
        codes: &[0, 1, 2, 10, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["key", "revoke"],
        given: &[KEY_ID, "--confirm"],
        ends: &[WEB, CONFIG, FULL_JSON],
        codes: &[0, 1, 2, 10, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["key", "rotate"],
        given: &[KEY_ID, "--name", "CI pipeline 2", "--role", "developer"],
        ends: &[WEB, CREATE, ROTATE, FULL_JSON],
        codes: &[0, 1, 2, 10, 12, 13, 20, 30],
        ..ROW
    },
    Row {
        command: &["doctor"],
        ends: &[DOCTOR, FULL],
        codes: &[0, 2, 10, 30],
        ..ROW
    },
    Row {
        command: &["completions"],
        has_json: false,
        ends: &[COMPLETIONS],
        codes: &[0, 2, 30],
        ..ROW
    },
    Row {
        command: &["man"],
        has_json: false,
        ends: &[MAN, FULL],
        codes: &[0, 2, 30],
        ..ROW
    },
];

/// The end of whatever prints a result. Elsewhere than in GitHub, words go to stderr, where they may be lost.
const FULL: &[End] = &[end("no room for the output", 30, &[], full)];

/// The end of what has a result for programs alone: it is played in JSON.
const FULL_JSON: &[End] = &[end(NO_ROOM_FOR_JSON, 30, &[], full)];

pub const NO_ROOM_FOR_JSON: &str = "no room for the output's JSON";

const CLEANUP: &[End] = &[
    end("what is there", 0, &[], |run, _| run),
    end("all that the job left", 0, &["--job"], |run, _| run),
    end("a key for a directory", 0, &[], |run, scene| {
        run.env("ASC_AUTH_DIR", base64(&scene.known))
    }),
    end("two directions", 2, &["--job", "--dir", "{known}"], |run, _| run),
];

const CHILD: &[End] = &[
    end("a code of its own", 7, &["sh", "-c", "env; exit 7"], |run, _| run),
    end("killed", 137, &["sh", "-c", "env; kill -9 $$"], |run, _| run),
    end("no such command", 127, &["/nonexistent/command"], |run, _| run),
    end("no command", 126, &["/"], |run, _| run),
];

const INSPECT: &[End] = &[
    end("a good token", 0, &["-"], |run, scene| run.stdin(&*scene.tokens[0])),
    end("a token and its key", 0, &["-", "--key", "{known}"], |run, scene| {
        run.stdin(&*scene.tokens[0])
    }),
    end("an old token", 10, &["-"], |run, scene| run.stdin(&*scene.tokens[1])),
    end("half a key", 10, &["-", "--key", "{half}"], |run, scene| {
        run.stdin(&*scene.tokens[0])
    }),
    end("a key", 2, &["-"], |run, scene| run.stdin(scene.known.pem())),
    end(
        "no key file",
        30,
        &["-", "--key", "/nonexistent/key.p8"],
        |run, scene| run.stdin(&*scene.tokens[0]),
    ),
    end("no room for the output", 30, &["-"], |run, scene| {
        full(run, scene).stdin(&*scene.tokens[0])
    }),
];

const ROLES: &[End] = &[
    end("all of them", 0, &[], |run, _| run),
    end("some", 0, &["--can", "upload builds"], |run, _| run),
    end("none", 2, &["--can", "nothing of the kind"], |run, _| run),
];

const LOGIN: &[End] = &[
    end("stored", 0, &["--private-key", "{known}"], |run, _| run),
    end("proven", 0, &["--private-key", "{known}", "--network"], |run, _| run),
    end("a name that is taken", 2, &["--private-key", "{half}"], |run, scene| {
        scene.store();
        run
    }),
    end("half a key", 10, &["--private-key", "{half}"], |run, _| run),
    end(
        "no key file",
        30,
        &["--private-key", "/nonexistent/key.p8"],
        |run, _| run,
    ),
    end("a revoked key", 12, &["--private-key", "{known}", "--network"], revoked),
    end(
        "an agreement",
        13,
        &["--private-key", "{known}", "--network"],
        forbidden,
    ),
    end(
        "a gateway",
        20,
        &["--private-key", "{known}", "--network", "--timeout=1s"],
        gateway,
    ),
    end(NO_ROOM_FOR_JSON, 30, &["--private-key", "{known}"], full),
];

const STATUS: &[End] = &[
    end("a look", 0, &[], |run, _| run),
    end("a look at half a key", 0, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY", truncated(&scene.known))
    }),
    end("proven", 0, &["--validate"], |run, _| run),
    end("no time", 2, &["--timeout=soon"], |run, _| run),
    end("half a key", 10, &["--validate"], |run, scene| {
        run.env("ASC_PRIVATE_KEY", truncated(&scene.known))
    }),
    end("two keys", 11, &["--validate", "--strict-auth"], |run, scene| {
        run.env("ASC_PRIVATE_KEY_B64", base64(&scene.other))
    }),
    end("a revoked key", 12, &["--validate"], revoked),
    end("an agreement", 13, &["--validate"], forbidden),
    end("a gateway", 20, &["--validate", "--timeout=1s"], gateway),
    end("no config file", 30, &[], unreadable),
];

const PROFILE: &[End] = &[
    end("a profile", 0, &["--name", "MyApp"], |run, _| run),
    end("no name", 2, &[], |run, _| run),
    end("another name", 10, &["--name", "Other"], |run, _| run),
    end("a key for a config file", 10, &["--name", "MyApp"], |run, scene| {
        run.env("ASC_CONFIG_PATH", scene.path("known.p8"))
    }),
    end("no config file", 30, &["--name", "MyApp"], unreadable),
    end(NO_ROOM_FOR_JSON, 30, &["--name", "MyApp"], full),
];

const WEB: &[End] = &[
    end("success", 0, &[], |run, _| run),
    end("no time", 2, &["--timeout=soon"], |run, _| run),
    end("no answer", 1, &[], |run, scene| {
        scene.apple.fail_web(
            WebStep::List,
            Fault::Raw {
                status: 200,
                content_type: "application/json".to_owned(),
                body: b"null".to_vec(),
            },
        );
        run
    }),
    end(
        "no session",
        10,
        &["--session", "/nonexistent/session.json"],
        |run, _| run,
    ),
    end("a key for a session", 10, &["--session", "{known}"], |run, _| run),
    end("a session that has expired", 12, &[], |run, scene| {
        scene.session.expire();
        run
    }),
    end("somebody else's session", 13, &[], |run, scene| {
        scene.write_session(&scene.apple.sign_in(WebRole::Developer));
        run
    }),
    end("a gateway", 20, &["--timeout=1s"], gateway),
    end("a directory for a session", 10, &["--session", "/"], |run, _| run),
];

/// Who uses a key is not known then.
const CONFIG: &[End] = &[end("no config file", 2, &[], unreadable)];

const CREATE: &[End] = &[
    end("no such role", 2, &["--role", "king"], |run, _| run),
    end("no place for the key", 30, &["--output-dir", "{known}"], |run, _| run),
    end("no download", 20, &["--timeout=1s"], |run, scene| {
        for _ in 0..20 {
            scene.apple.fail_web(WebStep::Download, Fault::Html(503));
        }
        run
    }),
];

const ROTATE: &[End] = &[
    end(
        "published",
        0,
        &["--revoke-old", "--profile", "ci", "--publish", TELLS_ALL],
        |run, _| run,
    ),
    end("not published", 20, &["--publish", "env; exit 3"], |run, _| run),
];

const DOCTOR: &[End] = &[
    end("a look", 0, &[], |run, _| run),
    end("a repair", 0, &["--fix", "--confirm", "--network"], |run, scene| {
        scene.store();
        run
    }),
    end("no repair", 2, &["--confirm"], |run, _| run),
    end("half a key", 10, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY", truncated(&scene.known))
    }),
    end("a key for a path", 10, &[], |run, scene| {
        run.unset("ASC_PRIVATE_KEY")
            .env("ASC_PRIVATE_KEY_PATH", base64(&scene.known))
    }),
];

const COMPLETIONS: &[End] = &[
    end("a shell", 0, &["bash"], |run, _| run),
    end("no such shell", 2, &["cmd"], |run, _| run),
    end("no room for the output", 30, &["bash"], full),
];

const MAN: &[End] = &[
    end("one page", 0, &[], |run, _| run),
    end("all pages", 0, &["--dir", "."], |run, _| run),
    end("no directory", 2, &["--dir"], |run, _| run),
    end("a file for a directory", 30, &["--dir", "{known}"], |run, _| run),
];

fn revoked(run: Run, scene: &Scene) -> Run {
    scene.apple.revoke(KEY_ID);
    run
}

fn forbidden(run: Run, scene: &Scene) -> Run {
    scene.apple.set_team_state(simulator::TeamState::AgreementMissing);
    run
}

fn gateway(run: Run, scene: &Scene) -> Run {
    scene.apple.fail_always(Fault::Html(503));
    run
}

fn full(run: Run, _: &Scene) -> Run {
    run.through(&["sh", "-c", r#"exec "$0" "$@" >/dev/full"#])
}

/// A directory where the config file belongs.
fn unreadable(run: Run, scene: &Scene) -> Run {
    let path = scene.machine.config("home");
    let _ = std::fs::remove_file(&path);
    std::fs::create_dir_all(path).expect("a directory");
    run
}
