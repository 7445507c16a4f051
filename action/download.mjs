// Downloads the release into the tool cache: `node download.mjs URL`, started by main.mjs when the
// cache has nothing. A program of its own, so that Node reads the proxies for it and no secret is in
// its environment.
//
// Nothing is unpacked whose digest was not compared, and nothing unfinished is left behind, unless
// this program is killed outright while it writes: then a directory download-* is, which nothing runs.

import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants as os } from "node:os";
import { dirname, join } from "node:path";

import { Failure, annotation } from "./failure.mjs";
import { difference, findRelease, isCached } from "./release.mjs";
import { download } from "./request.mjs";
import { unpack } from "./unpack.mjs";

function check(expected, bytes, what) {
  const problem = difference(expected, bytes.length, () => createHash("sha256").update(bytes).digest("hex"));
  if (problem) {
    throw new Failure(
      "asc-auth: the download is not the release",
      `${what}: ${problem}, which action/release.json names. It was not run. Find out what changed it on its way, ` +
        "name another mirror in the input download-base-url, or give a binary in binary-path.",
    );
  }
}

// The directory appears under its name only when it is complete, so that two jobs at once do no harm:
// who comes second uses what is there, if it is the same. All of it is one step for a signal handler.
function store(release, binary) {
  const { directory } = release;
  let fresh;
  try {
    mkdirSync(dirname(directory), { recursive: true });
    fresh = mkdtempSync(join(dirname(directory), "download-"));
    writeFileSync(join(fresh, release.executable), binary, { mode: 0o755, flag: "wx", flush: true });
    chmodSync(fresh, 0o755);
    rename(fresh, directory);
  } catch (error) {
    if (fresh) rmSync(fresh, { recursive: true, force: true });
    if (isCached(release)) return;
    throw new Failure(
      "asc-auth: the tool cache can't be written",
      `${directory}: ${error.message}. Check that this user may write there and that there is room.`,
    );
  }
}

// On Windows a virus scanner that has the file open makes this fail for a moment.
function rename(from, to) {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return renameSync(from, to);
    } catch (error) {
      if (process.platform !== "win32" || existsSync(to) || attempts === 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

// Every user of the cache may read what is made here, and nobody else may write to it.
process.umask(0o022);

// On a signal it ends between two steps of its work, never within one.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => process.exit(128 + os.signals[signal]));
}

try {
  const release = findRelease(process.env);
  const [url] = process.argv.slice(2);
  console.log(`asc-auth: downloading ${url}`);
  const archive = await download(url, release.asset.size);
  check(release.asset, archive, url);
  const binary = unpack(archive, release.asset.name, release.packed);
  check(release.asset.binary, binary, `${release.packed} in ${url}`);
  store(release, binary);
} catch (error) {
  console.log(annotation("error", error));
  process.exitCode = 1;
}
