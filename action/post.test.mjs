// The post step as the runner runs it: a process of its own, with a stand-in for the binary.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

const temp = mkdtempSync(join(tmpdir(), "asc-auth-post-test-"));
after(() => rmSync(temp, { recursive: true }));

const mine = join(temp, `asc-auth-${"0123456789abcdef".repeat(2)}`);
const anothers = join(temp, `asc-auth-${"fedcba9876543210".repeat(2)}`);

beforeEach(() => {
  for (const directory of [mine, anothers]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    writeFileSync(join(directory, "key.p8"), "");
  }
});

function standIn(name, script) {
  const path = join(temp, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

// As the main step saves it.
function stateOf(binary) {
  const sha256 = existsSync(binary) ? createHash("sha256").update(readFileSync(binary)).digest("hex") : "0".repeat(64);
  return { STATE_binary: binary, STATE_sha256: sha256, STATE_private_dir: mine };
}

function post(state) {
  const env = { PATH: process.env.PATH, ASC_AUTH_DIR: anothers, asc_token: "a token", "INPUT_PRIVATE-KEY": "a key", ...state };
  const script = fileURLToPath(new URL("post.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: "utf8" });
  // Whatever happened: the job goes on, and another invocation's directory is untouched.
  assert.equal(status, 0);
  assert.ok(existsSync(join(anothers, "key.p8")));
  return stdout + stderr;
}

test("without state there is nothing to remove", () => {
  assert.equal(post({}), "asc-auth: nothing to remove, as no private directory was made\n");
});

test("the binary removes the directory of the state", () => {
  const binary = standIn("binary", 'echo "$@"; rm -r "$3"');
  assert.equal(post(stateOf(binary)), `cleanup --dir ${mine}\n`);
  assert.ok(!existsSync(mine));
});

for (const [what, binary] of [
  ["was deleted", join(temp, "deleted")],
  ["no longer does it", standIn("broken", "exit 1")],
]) {
  test(`a binary that ${what} is stood in for`, () => {
    assert.match(post(stateOf(binary)), /so the action did/);
    assert.ok(!existsSync(mine));
  });
}

test("a binary that a later step replaced is not started beside the key", () => {
  const binary = standIn("replaced", "echo mine");
  const state = stateOf(binary);
  standIn("replaced", 'echo evil; cat "$3"/*');
  assert.equal(post(state), "asc-auth: the binary did not remove the private directory, so the action did\n");
  assert.ok(!existsSync(mine));
});

test("the binary gets no input, no key and no token", () => {
  const log = post(stateOf(standIn("prints", "export -p")));
  assert.match(log, /PATH/);
  assert.doesNotMatch(log, /a token|a key/);
});

test("a directory with another name is left alone", () => {
  const other = join(temp, "asc-auth-notes");
  mkdirSync(other);
  const log = post({ STATE_binary: join(temp, "deleted"), STATE_private_dir: other });
  assert.match(log, /^::warning title=asc-auth%3A clean-up::.*is not a directory that asc-auth makes\n$/);
  assert.ok(existsSync(other));
});

test("a link in the directory's place is not followed", () => {
  rmSync(mine, { recursive: true });
  symlinkSync(anothers, mine);
  const log = post({ STATE_binary: join(temp, "deleted"), STATE_private_dir: mine });
  assert.match(log, /^::warning .*has become something else/);
});
