//! How runs are made to end, for the commands that resolve a credential: each with the exit code of that end.

use simulator::{Fault, TeamState};

use super::{base64, scene::Scene, truncated};
use crate::support::{KEY_ID, Run};

/// How a run is made to end, and the exit code of that end.
pub struct End {
    pub what: &'static str,
    pub code: i32,
    pub arguments: &'static [&'static str],
    pub spoil: fn(Run, &Scene) -> Run,
}

pub const fn end(
    what: &'static str,
    code: i32,
    arguments: &'static [&'static str],
    spoil: fn(Run, &Scene) -> Run,
) -> End {
    End {
        what,
        code,
        arguments,
        spoil,
    }
}

/// Ends that need no request, and so are those of `token` too.
pub const OFFLINE: &[End] = &[
    end("an unreadable boolean", 2, &["--strict-auth=maybe"], |run, _| run),
    end("a key for a boolean", 2, &[], |run, scene| {
        run.env("ASC_STRICT_AUTH", scene.known.pem())
    }),
    end("a key for a key type", 2, &[], |run, scene| {
        run.env("ASC_KEY_TYPE", scene.known.pem())
    }),
    end("a key for the API root", 2, &[], |run, scene| {
        run.env("ASC_API_URL", base64(&scene.known))
    }),
    end("no key ID", 10, &[], |run, _| run.unset("ASC_KEY_ID")),
    end("a key for a key ID", 10, &[], |run, scene| {
        run.env("ASC_KEY_ID", scene.known.pem())
    }),
    end("a key for an issuer ID", 10, &[], |run, scene| {
        run.env("ASC_ISSUER_ID", base64(&scene.known))
    }),
    end("half a key", 10, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY", truncated(&scene.known))
    }),
    end("half of base64", 10, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY", &base64(&scene.known)[..201])
    }),
    end("a key with another label", 10, &[], |run, scene| {
        run.env(
            "ASC_PRIVATE_KEY",
            scene.known.pem().replace("PRIVATE KEY", "CERTIFICATE"),
        )
    }),
    end("a key where its path belongs", 10, &[], |run, scene| {
        run.unset("ASC_PRIVATE_KEY")
            .env("ASC_PRIVATE_KEY_PATH", scene.known.pem())
    }),
    end("base64 where its path belongs", 10, &[], |run, scene| {
        run.unset("ASC_PRIVATE_KEY")
            .env("ASC_PRIVATE_KEY_PATH", base64(&scene.known))
    }),
    end("two keys", 11, &["--strict-auth"], |run, scene| {
        run.env("ASC_PRIVATE_KEY_B64", base64(&scene.other))
    }),
];

/// Ends that Apple or the way to it decides.
pub const ONLINE: &[End] = &[
    end("a revoked key", 12, &[], |run, scene| {
        scene.apple.revoke(KEY_ID);
        run
    }),
    end("the wrong key", 12, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY", base64(&scene.other))
    }),
    end("a gateway", 20, &["--timeout", "1s"], |run, scene| {
        scene.apple.fail_always(Fault::Html(503));
        run
    }),
    end("a server that says what it was sent", 12, &[], |run, scene| {
        // It knows the key here, which Apple does not; it stands for whatever an answer might hold.
        let body = serde_json::json!({"errors": [{"code": "X", "detail": scene.other.public_key()}]});
        scene.apple.fail_always(Fault::Raw {
            status: 401,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        });
        run
    }),
    end("no roots", 30, &[], |run, _| {
        run.env("ASC_API_URL", "https://127.0.0.1:9")
            .env("SSL_CERT_FILE", "/nonexistent/roots.pem")
    }),
];

/// Ends of what proves a key.
pub const PROOF: &[End] = &[
    end("an agreement", 13, &[], |run, scene| {
        scene.apple.set_team_state(TeamState::AgreementMissing);
        run
    }),
    end("a redirect", 20, &[], |run, scene| {
        scene
            .apple
            .fail_always(Fault::Redirect("https://example.com/".to_owned()));
        run
    }),
    end("a policy", 14, &["--forbid-admin"], |run, _| run),
    end("another policy", 14, &["--expect-app", "com.example.none"], |run, _| {
        run
    }),
];

/// Ends of what reads a key file.
pub const FILES: &[End] = &[
    end("a key file", 0, &["--private-key-path", "{known}"], |run, _| {
        run.unset("ASC_PRIVATE_KEY")
    }),
    end("half a key file", 10, &["--private-key-path", "{half}"], |run, _| {
        run.unset("ASC_PRIVATE_KEY")
    }),
    end(
        "no key file",
        30,
        &["--private-key-path", "/nonexistent/key.p8"],
        |run, _| run.unset("ASC_PRIVATE_KEY"),
    ),
    end(
        "a key on standard input",
        0,
        &["--private-key-path", "-"],
        |run, scene| run.unset("ASC_PRIVATE_KEY").stdin(scene.known.pem()),
    ),
];

pub const GOOD: &[End] = &[
    end("success", 0, &[], |run, _| run),
    end("a warning", 0, &[], |run, scene| {
        run.env("ASC_PRIVATE_KEY_B64", base64(&scene.known))
            .env("ASC_PRIVATE_KEY", scene.other.pem())
    }),
];

/// Ends that only the hand-over has.
pub const HANDOVER: &[End] = &[
    end("an unknown convention", 2, &["--export", "gradle"], |run, _| run),
    end("no validation", 0, &["--validate=false"], |run, _| run),
    end(
        "all conventions",
        0,
        &["--export", "asc,fastlane,altool,codemagic,expo,tauri,quill"],
        |run, _| run,
    ),
    end("no place for the key", 30, &[], |run, scene| {
        let nowhere = scene.path("half").join("temp");
        let places = ["RUNNER_TEMP", "RUNNER_TEMP_PROJECT_DIR", "TMPDIR"];
        places.iter().fold(run, |run, name| run.env(name, &nowhere))
    }),
];
