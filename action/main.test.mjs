// The main step as the runner runs it: a process of its own, with a stand-in for the binary.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const workspace = mkdtempSync(join(tmpdir(), "asc-auth-main-test-"));
after(() => rmSync(workspace, { recursive: true }));

function standIn(name, script, { interpreter = "/bin/sh", mode = 0o755 } = {}) {
  writeFileSync(join(workspace, name), `#!${interpreter}\n${script}\n`);
  chmodSync(join(workspace, name), mode);
  return name;
}

function start(inputs) {
  const state = join(workspace, "state");
  rmSync(state, { force: true });
  const env = { PATH: process.env.PATH, GITHUB_WORKSPACE: workspace, GITHUB_STATE: state, ...inputs };
  const child = spawn(process.execPath, [fileURLToPath(new URL("main.mjs", import.meta.url))], { env });
  const result = { child, log: "", state: () => (existsSync(state) ? readFileSync(state, "utf8") : "") };
  child.stdout.on("data", (text) => (result.log += text));
  child.stderr.on("data", (text) => (result.log += text));
  return result;
}

async function finish(inputs) {
  const step = start(inputs);
  const [code] = await once(step.child, "close");
  return { ...step, code, state: step.state() };
}

test("runs setup with the inputs in its environment and ends with its exit code", async () => {
  // Not in sh: it would drop a variable whose name holds a dash.
  standIn("binary", 'console.log(...process.argv.slice(2), process.env["INPUT_KEY-ID"]); process.exit(12)', {
    interpreter: process.execPath,
  });
  const step = await finish({ "INPUT_BINARY-PATH": "binary", "INPUT_KEY-ID": "2X9R4QWVK6" });
  assert.equal(step.code, 12);
  assert.equal(step.log, "setup --ci github --action-inputs 2X9R4QWVK6\n");
  const sha256 = createHash("sha256").update(readFileSync(join(workspace, "binary"))).digest("hex");
  assert.equal(step.state, `binary=${join(workspace, "binary")}\nsha256=${sha256}\n`);
});

for (const [problem, path, message] of [
  ["does not exist", "nowhere", /nowhere: there is no such file/],
  ["is a directory", ".", /: it is not a file/],
  ["is not executable", standIn("plain", "", { mode: 0o644 }), /plain: it may not be read and executed/],
  [
    "needs a loader that is missing",
    standIn("foreign", "", { interpreter: "/nowhere" }),
    /foreign: ENOENT\. Is it built for/,
  ],
  ["holds a line break", standIn("two\nlines", ""), /a path with a line break::\S*two%0Alines: it would be cut off/],
]) {
  test(`a binary-path that ${problem} is named in one annotation`, async () => {
    const step = await finish({ "INPUT_BINARY-PATH": path });
    assert.equal(step.code, 1);
    assert.match(step.log, /^::error title=[^\n:]*::[^\n]*\n$/);
    assert.match(step.log, message);
  });
}

test("without GITHUB_STATE nothing is started, as nothing could be removed", async () => {
  standIn("binary", "echo started");
  const step = await finish({ "INPUT_BINARY-PATH": "binary", GITHUB_STATE: "" });
  assert.equal(step.code, 1);
  assert.match(step.log, /no GITHUB_STATE/);
  assert.doesNotMatch(step.log, /started/);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  test(`${signal} reaches the binary, and the step ends after it with ${code}`, async () => {
    // It lives for ten seconds at most, so that a signal that gets lost fails the test and no more.
    standIn(
      "binary",
      `trap "echo last words; trap - $S; kill -$S $$" $S
      echo ready
      for _ in $(seq 200); do sleep 0.05; done`,
    );
    const step = start({ "INPUT_BINARY-PATH": "binary", S: signal.slice(3) });
    await once(step.child.stdout, "data");
    step.child.kill(signal);
    const [ended] = await once(step.child, "close");
    assert.equal(ended, code);
    assert.equal(step.log, "ready\nlast words\n");
  });
}
