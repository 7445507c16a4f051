// The action's post step: removes what this invocation's main step left, and nothing else.
//
// It runs after success, failure and cancel, and never fails the job. What to remove comes from this
// invocation's own state; ASC_AUTH_DIR in the environment may be another invocation's.

import { spawnSync } from "node:child_process";
import { lstatSync, rmSync } from "node:fs";
import { basename, isAbsolute } from "node:path";

import { annotation } from "./failure.mjs";
import { digestOf } from "./release.mjs";

const { STATE_binary: binary, STATE_sha256: sha256, STATE_private_dir: directory } = process.env;

function exists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

// Whether it is still what the main step ran. Another program is not started beside the key.
function isUnchanged(path) {
  try {
    return digestOf(path) === sha256;
  } catch {
    return false;
  }
}

// For when the binary can't do it any more, because a later step replaced or deleted it. The name is
// one that only `setup` makes, and a link in its place is left alone.
function removeHere(path) {
  if (!isAbsolute(path) || !/^asc-auth-[0-9a-f]{32}$/.test(basename(path))) {
    throw new Error(`${path} is not a directory that asc-auth makes`);
  }
  if (!lstatSync(path).isDirectory()) {
    throw new Error(`${path} has become something else than a directory`);
  }
  rmSync(path, { recursive: true });
}

// Clean-up needs no key, no token and no input: the directory is an argument.
function withoutSecrets() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(INPUT|ASC)_/i.test(name)));
}

if (!directory) {
  console.log("asc-auth: nothing to remove, as no private directory was made");
} else {
  try {
    if (isUnchanged(binary)) {
      const options = { env: withoutSecrets(), stdio: "inherit", timeout: 60_000 };
      spawnSync(binary, ["cleanup", "--dir", directory], options);
    }
    if (exists(directory)) {
      removeHere(directory);
      console.log("asc-auth: the binary did not remove the private directory, so the action did");
    }
  } catch (error) {
    const message = `The private directory may still be there: ${error.message}`;
    console.log(annotation("warning", { title: "asc-auth: clean-up", message }));
  }
}
