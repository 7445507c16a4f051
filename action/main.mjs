// The action's main step: finds the asc-auth binary and runs `asc-auth setup`.
//
// The key never passes through here. The binary reads the runner's INPUT_* variables itself and
// writes to the log and to the runner's files itself; this file only starts it, passes signals on,
// and ends with its exit code.

import { spawn } from "node:child_process";
import { accessSync, appendFileSync, constants, readFileSync, statSync } from "node:fs";
import { constants as os } from "node:os";
import { resolve } from "node:path";

// A reason to stop: a short title, and a message that says what to do.
class Failure extends Error {
  constructor(title, message) {
    super(message);
    this.title = title;
  }
}

function findBinary(env) {
  const given = env["INPUT_BINARY-PATH"]?.trim();
  if (given) {
    return runnable(resolve(env.GITHUB_WORKSPACE || ".", given));
  }
  const { version } = JSON.parse(readFileSync(new URL("release.json", import.meta.url), "utf8"));
  // The tool cache and the download come here with the first release; until then it is null.
  const named = version === null ? "no release yet" : `release ${version}, which this checkout can't download`;
  throw new Failure(
    "asc-auth: no binary",
    `action/release.json names ${named}. Build asc-auth and give its path in the input binary-path.`,
  );
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
  // It goes into the state file, where it has one line.
  if (/[\r\n]/.test(path)) return "a path with a line break";
  try {
    if (!statSync(path).isFile()) return "it is not a file";
    accessSync(path, constants.X_OK);
  } catch (error) {
    if (error.code !== "EACCES") return "there is no such file";
    return "it may not be executed; chmod +x it (artifacts lose that mode)";
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
  appendFileSync(env.GITHUB_STATE, `${name}=${value}\n`);
}

// Resolves once the binary has ended, and not before: what it wrote is complete, and no orphan
// goes on writing after the post step has cleaned up.
function run(binary, args) {
  return new Promise((done, failed) => {
    // A cancelled job sends SIGINT, then SIGTERM, to this process only. Listening begins first: a
    // signal that came in between would end this process and leave the binary running.
    let child;
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => child.kill(signal));
    }
    child = spawn(binary, args, { stdio: "inherit" });
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

// As the runner reads it: one line, with what would end the title or the line escaped.
function annotation({ title, message }) {
  const data = (text) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::error title=${property(title ?? "asc-auth: a defect of the action")}::${data(message)}`;
}

try {
  const binary = findBinary(process.env);
  saveState(process.env, "binary", binary);
  process.exitCode = await run(binary, ["setup", "--ci", "github", "--action-inputs"]);
} catch (error) {
  console.log(annotation(error));
  process.exitCode = 1;
}
