// Which release this checkout of the action runs, and whether the tool cache has it.
//
// release.json decides and never the ref, so that pinning the action by SHA pins the binary. Nothing
// here makes a request, and what lies in the cache is never run, replaced or removed unless it is the
// very file that release.json names: it is hashed again on every hit.

import { Failure } from "./failure.mjs";

// Quicker than `import`, which would load WebCrypto and whatever else these modules load lazily.
const { createHash } = process.getBuiltinModule("node:crypto");
const { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync, statSync } = process.getBuiltinModule("node:fs");
const { dirname, join, resolve } = process.getBuiltinModule("node:path");

export const targets = {
  "linux x64": "x86_64-unknown-linux-musl",
  "linux arm64": "aarch64-unknown-linux-musl",
  "darwin x64": "x86_64-apple-darwin",
  "darwin arm64": "aarch64-apple-darwin",
  "win32 x64": "x86_64-pc-windows-gnu",
  "win32 arm64": "aarch64-pc-windows-gnullvm",
};

// The release for this runner: its version, its archive (`asset`: name, sha256, size, and the same of
// the binary in it), the path of the binary within the archive, and its place in the tool cache.
export function findRelease(env, { platform, arch } = process) {
  const { version, assets } = JSON.parse(readFileSync(join(import.meta.dirname, "release.json"), "utf8"));
  if (version === null) {
    throw new Failure(
      "asc-auth: no binary",
      "action/release.json names no release yet. Build asc-auth and give its path in the input binary-path.",
    );
  }
  const target = targets[`${platform} ${arch}`];
  const asset = assets[target];
  if (!asset) {
    throw new Failure(
      "asc-auth: no binary for this runner",
      `Release ${version} has none for ${platform} on ${arch}. Build asc-auth and give its path in the input binary-path.`,
    );
  }
  const cache = env.RUNNER_TOOL_CACHE || env.RUNNER_TEMP;
  if (!cache) {
    throw new Failure(
      "asc-auth: no RUNNER_TOOL_CACHE",
      "Without it there is no place for the binary. Run this file as a GitHub Action, or give a binary in binary-path.",
    );
  }
  const executable = platform === "win32" ? "asc-auth.exe" : "asc-auth";
  const directory = resolve(cache, "asc-auth", version, asset.binary.sha256);
  return {
    version,
    asset,
    executable,
    packed: `asc-auth-${version}-${target}/${executable}`,
    directory,
    binary: join(directory, executable),
  };
}

// Whether the binary is there to be run. Anything else in its place is a reason to stop.
export function isCached(release) {
  const { version, directory, binary } = release;
  let problem;
  try {
    if (isEmpty(directory)) return false;
    problem = whatIsWrong(release);
  } catch (error) {
    throw new Failure(
      "asc-auth: the tool cache can't be read",
      `${binary}: ${error.message}. Check that this user may read it, or give a binary in the input binary-path.`,
    );
  }
  if (!problem) return true;
  throw new Failure(
    "asc-auth: the tool cache was changed",
    `${binary} is not what release ${version} put there: ${problem}. It was not run. ` +
      `Delete ${directory}, and find out who else writes to this cache.`,
  );
}

// Those who remove old files from a cache leave empty directories.
function isEmpty(directory) {
  const place = lstatSync(directory, { throwIfNoEntry: false });
  return !place || (place.isDirectory() && readdirSync(directory).length === 0);
}

function whatIsWrong({ directory, executable, binary, asset }) {
  // The download makes these three. The cache above them is the runner's, whose owner may own them too.
  const version = dirname(directory);
  const ours = dirname(version);
  const owners = [0, process.getuid?.(), statSync(dirname(ours)).uid];
  for (const path of [ours, version, directory]) {
    const place = lstatSync(path);
    if (!place.isDirectory()) return `its place is not a directory: ${path}`;
    const others = whoElseMayWrite(place, owners);
    if (others) return `its place ${others}: ${path}`;
  }
  // The directory goes on PATH: a file beside the binary would be found as a command.
  const others = readdirSync(directory).filter((name) => name !== executable);
  if (others.length > 0) return `beside it lies ${others.join(", ")}`;
  const file = lstatSync(binary);
  if (!file.isFile()) return "it is not a regular file";
  const open = whoElseMayWrite(file, owners);
  if (open) return `it ${open}`;
  return difference(asset.binary, file.size, () => digestOf(binary));
}

// Who may write there could change the binary once it was checked. On Windows the mode tells nothing.
function whoElseMayWrite({ uid, mode }, owners) {
  if (process.platform === "win32") return undefined;
  if (!owners.includes(uid)) return `belongs to user ${uid}`;
  if (mode & 0o022) return `may be written by others (mode ${(mode & 0o777).toString(8)})`;
}

// What tells a file from the expected one, or nothing. One of another size is not worth hashing.
export function difference(expected, size, digest) {
  if (size !== expected.size) return `it has ${size} bytes instead of ${expected.size}`;
  const found = digest();
  if (found !== expected.sha256) return `its SHA-256 is ${found} instead of ${expected.sha256}`;
}

// In pieces, through one buffer: that is quicker than reading it all into new memory.
export function digestOf(path) {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(256 * 1024);
  const file = openSync(path);
  try {
    for (let length; (length = readSync(file, buffer)) > 0;) hash.update(buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
