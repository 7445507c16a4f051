// Which release is run, and when what lies in the tool cache is it.

import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { checkout, main, serve, tarGz } from "./support.mjs";

const script = "#!/bin/sh\necho run with $1\n";

async function release(assets) {
  const { root } = checkout(Buffer.from(""), Buffer.from(""));
  writeFileSync(join(root, "release.json"), JSON.stringify({ version: "1.2.3", assets }));
  return await import(pathToFileURL(join(root, "release.mjs")));
}

for (const [platform, arch, target, executable] of [
  ["linux", "x64", "x86_64-unknown-linux-musl", "asc-auth"],
  ["linux", "arm64", "aarch64-unknown-linux-musl", "asc-auth"],
  ["darwin", "x64", "x86_64-apple-darwin", "asc-auth"],
  ["darwin", "arm64", "aarch64-apple-darwin", "asc-auth"],
  ["win32", "x64", "x86_64-pc-windows-gnu", "asc-auth.exe"],
  ["win32", "arm64", "aarch64-pc-windows-gnullvm", "asc-auth.exe"],
]) {
  test(`${platform} on ${arch} runs the binary for ${target}`, async () => {
    const asset = { name: "archive", sha256: "1", size: 2, binary: { sha256: "3", size: 4 } };
    const { findRelease } = await release({ [target]: asset });
    const found = findRelease({ RUNNER_TOOL_CACHE: "/cache", RUNNER_TEMP: "/temp" }, { platform, arch });
    assert.deepEqual(found, {
      version: "1.2.3",
      asset,
      executable,
      packed: `asc-auth-1.2.3-${target}/${executable}`,
      directory: join("/cache/asc-auth/1.2.3/3"),
      binary: join("/cache/asc-auth/1.2.3/3", executable),
    });
    assert.equal(findRelease({ RUNNER_TEMP: "/temp" }, { platform, arch }).directory, join("/temp/asc-auth/1.2.3/3"));
    assert.throws(() => findRelease({}, { platform, arch }), { title: "asc-auth: no RUNNER_TOOL_CACHE" });
  });
}

for (const [platform, arch] of [
  ["freebsd", "x64"],
  ["linux", "riscv64"],
  ["linux", "x64"],
]) {
  test(`a release without a binary for ${platform} on ${arch} says so, and what to do`, async () => {
    const { findRelease } = await release({});
    assert.throws(() => findRelease({}, { platform, arch }), {
      title: "asc-auth: no binary for this runner",
      message: `Release 1.2.3 has none for ${platform} on ${arch}. Build asc-auth and give its path in the input binary-path.`,
    });
  });
}

test("without a binary-path, a checkout before the first release says so", async () => {
  const action = checkout(tarGz([]), Buffer.from(script));
  writeFileSync(join(action.root, "release.json"), '{ "version": null, "assets": {} }');
  const { code, log, state } = await main(action, { "INPUT_BINARY-PATH": "" });
  assert.equal(code, 1);
  assert.match(log, /^::error title=asc-auth%3A no binary::action\/release\.json names no release yet\./);
  assert.equal(state, "");
});

// A cache that has the binary, and a server that would have another.
async function warm() {
  const action = checkout(tarGz([]), Buffer.from(script));
  mkdirSync(action.directory, { recursive: true });
  writeFileSync(action.binary, script, { mode: 0o755 });
  const server = await serve((request, response) => response.end());
  const ended = () => main(action, { "INPUT_DOWNLOAD-BASE-URL": server.url });
  return { ...action, asked: server.asked, ended };
}

test("a warm cache makes no request", async () => {
  const { ended, asset, binary, asked } = await warm();
  const state = `binary=${binary}\nsha256=${asset.binary.sha256}\n`;
  assert.deepEqual(await ended(), { code: 0, log: "run with setup\n", state });
  assert.deepEqual(asked, []);
});

for (const [what, change, message] of [
  [
    "holds other bytes",
    ({ binary }) => writeFileSync(binary, script.replace("with", "evil")),
    /its SHA-256 is [0-9a-f]{64} instead of/,
  ],
  ["is longer", ({ binary }) => writeFileSync(binary, `${script}\n`), /it has 28 bytes instead of 27/],
  [
    "is a link to the very same bytes",
    ({ root, binary }) => (renameSync(binary, join(root, "moved")), symlinkSync(join(root, "moved"), binary)),
    /it is not a regular file/,
  ],
  ["is a directory", ({ binary }) => (rmSync(binary), mkdirSync(binary)), /it is not a regular file/],
  ["others may write to", ({ binary }) => chmodSync(binary, 0o775), /it may be written by others \(mode 775\)/],
  [
    "others may replace",
    ({ directory }) => chmodSync(join(directory, ".."), 0o777),
    /its place may be written by others \(mode 777\): [^\n]*\/1\.2\.3/,
  ],
  ["has company", ({ directory }) => writeFileSync(join(directory, "xcrun"), ""), /beside it lies xcrun/],
  [
    "is in a directory that is a link",
    ({ root, directory }) => (renameSync(directory, join(root, "moved")), symlinkSync(join(root, "moved"), directory)),
    /its place is not a directory/,
  ],
]) {
  test(`a binary in the cache that ${what} is not run`, async () => {
    const cache = await warm();
    change(cache);
    const { code, log, state } = await cache.ended();
    assert.equal(code, 1);
    assert.match(log, /^::error title=asc-auth%3A the tool cache was changed::[^\n]*It was not run\. Delete [^\n]*\n$/);
    assert.match(log, message);
    assert.ok(log.includes(cache.binary) && log.includes(`Delete ${cache.directory},`));
    assert.equal(state, "");
    assert.deepEqual(cache.asked, []);
  });
}

// Only root can give a file away.
test("a binary in the cache that belongs to somebody else is not run", { skip: process.getuid() !== 0 }, async () => {
  const cache = await warm();
  chownSync(cache.binary, 65534, 65534);
  const { code, log } = await cache.ended();
  assert.equal(code, 1);
  assert.match(log, /the tool cache was changed::[^\n]*it belongs to user 65534/);
});

test("a tool cache with a relative path is found wherever the step runs", async () => {
  const cache = await warm();
  const { code, state } = await main(cache, { RUNNER_TOOL_CACHE: relative(process.cwd(), cache.cache) });
  assert.equal(code, 0);
  assert.ok(state.startsWith(`binary=${cache.binary}\n`));
});

test("a cache that can't be read is named", async () => {
  const cache = await warm();
  rmSync(join(cache.cache, "asc-auth"), { recursive: true });
  writeFileSync(join(cache.cache, "asc-auth"), "");
  const { code, log } = await cache.ended();
  assert.equal(code, 1);
  assert.match(log, /^::error title=asc-auth%3A the tool cache can't be read::[^\n]*\/asc-auth: ENOTDIR/);
});

test("a binary in the cache that lost its mode is named", async () => {
  const cache = await warm();
  chmodSync(cache.binary, 0o644);
  const { code, log } = await cache.ended();
  assert.equal(code, 1);
  assert.match(log, /^::error title=asc-auth%3A the binary can't be run::[^\n]*asc-auth: EACCES/);
});
