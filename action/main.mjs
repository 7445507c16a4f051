// The action's main step: finds the asc-auth binary and runs `asc-auth setup`.
//
// The key never passes through here. The binary reads the runner's INPUT_* variables itself and
// writes to the log and to the runner's files itself; this file only starts it, passes signals on,
// and ends with its exit code.

import { Failure, annotation } from "./failure.mjs";
import { digestOf, findRelease, isCached } from "./release.mjs";

// Quicker than `import`, which would load whatever these modules load lazily.
const { spawn } = process.getBuiltinModule("node:child_process");
const { accessSync, appendFileSync, constants, statSync } = process.getBuiltinModule("node:fs");
const { constants: os } = process.getBuiltinModule("node:os");
const { join, resolve } = process.getBuiltinModule("node:path");

// Its path, and the SHA-256 by which the post step knows it again.
async function findBinary(env) {
  const given = env["INPUT_BINARY-PATH"]?.trim();
  if (given) {
    const binary = runnable(resolve(env.GITHUB_WORKSPACE || ".", given));
    return { binary, sha256: digestOf(binary) };
  }
  const release = findRelease(env);
  if (!isCached(release)) {
    await download(release, env);
    isCached(release); // It throws if the file was changed since.
  }
  return { binary: release.binary, sha256: release.asset.binary.sha256 };
}

// Into the tool cache. If it fails, it has said why.
async function download(release, env) {
  const { addressOf, environmentForDownload } = await import("./address.mjs");
  const args = [join(import.meta.dirname, "download.mjs"), addressOf(release, env["INPUT_DOWNLOAD-BASE-URL"])];
  const code = await run(process.execPath, args, environmentForDownload(env));
  if (code !== 0) process.exit(code);
}

function runnable(path) {
  const problem = reasonNotToRun(path);
  if (problem) {
    throw new Failure(
      "asc-auth: binary-path can't be run",
      `${path}: ${problem}. Check the input binary-path; a relative path starts at the workspace.`,
    );
  }
  return path;
}

function reasonNotToRun(path) {
  try {
    if (!statSync(path).isFile()) return "it is not a file";
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error.code !== "EACCES") return "there is no such file";
    return "it may not be read and executed; chmod +rx it (artifacts lose that mode)";
  }
}

// The post step finds what to run, and the directory that the binary adds, in this state alone.
function saveState(env, name, value) {
  if (!env.GITHUB_STATE) {
    throw new Failure(
      "asc-auth: no GITHUB_STATE",
      "Without it nothing could be removed when the job ends. Run this file as a GitHub Action.",
    );
  }
  if (/[\r\n]/.test(value)) {
    throw new Failure(
      "asc-auth: a path with a line break",
      `${value}: it would be cut off there in the runner's files. Rename it.`,
    );
  }
  appendFileSync(env.GITHUB_STATE, `${name}=${value}\n`);
}

// A cancelled job sends SIGINT, then SIGTERM, to this process only. Listening begins before anything
// is started, and a signal that finds nothing to end keeps the next from being started.
let child;
let cancelled;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    cancelled = signal;
    child?.kill(signal);
  });
}

// Resolves once the binary has ended, and not before: what it wrote is complete, and no orphan
// goes on writing after the post step has cleaned up.
function run(binary, args, env = process.env) {
  return new Promise((done, failed) => {
    if (cancelled) return done(128 + os.signals[cancelled]);
    child = spawn(binary, args, { env, stdio: "inherit" });
    child.on("error", (error) =>
      failed(
        new Failure(
          "asc-auth: the binary can't be run",
          `${binary}: ${error.code ?? error.message}. Is it built for this runner (${process.platform}, ${process.arch})?`,
        ),
      ),
    );
    child.on("exit", (code, signal) => done(code ?? 128 + os.signals[signal]));
  });
}

try {
  const { binary, sha256 } = await findBinary(process.env);
  saveState(process.env, "binary", binary);
  saveState(process.env, "sha256", sha256);
  process.exitCode = await run(binary, ["setup", "--ci", "github", "--action-inputs"]);
} catch (error) {
  console.log(annotation("error", error));
  process.exitCode = 1;
}
