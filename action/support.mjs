// What the tests of the download share: archives with any entries, a checkout of the action with a
// release of its own, and its main step as a process.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";

import { targets } from "./release.mjs";

const version = "1.2.3";
const target = targets[`${process.platform} ${process.arch}`];
export const folder = `asc-auth-${version}-${target}`;

// A directory that is gone after the tests of the file.
export function temporary() {
  const path = mkdtempSync(join(tmpdir(), "asc-auth-action-test-"));
  after(() => rmSync(path, { recursive: true }));
  return path;
}

export function digestOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function identityOf(bytes) {
  return { sha256: digestOf(bytes), size: bytes.length };
}

// Entries are { path, content, type, prefix, size }, content in ASCII; `size` is for one that lies.
export function tar(entries) {
  const blocks = entries.flatMap(({ path, content = "", type = "0", prefix = "", size = content.length }) => {
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write("0000755\0", 100);
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
    header.write(`        ${type}`, 148);
    header.write("ustar\x0000", 257);
    header.write(prefix, 345);
    const sum = header.reduce((sum, byte) => sum + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.from(content), Buffer.alloc(-content.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function tarGz(entries) {
  return gzipSync(tar(entries));
}

// Entries are { path, content, mode, method, localPath, size }, content in ASCII; the last two are for one that lies.
export function zip(entries) {
  const locals = [];
  const central = [];
  let at = 0;
  for (const { path, content = "", mode = 0o100755, method = 8, localPath = path, size = content.length } of entries) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(localPath), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(mode * 0x10000, 6);
    tail.writeUInt32LE(at, 10);
    central.push(Buffer.from("PK\x01\x02\x14\x03"), common, tail, Buffer.from(path));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

// A server on loopback that answers with `handler`, and remembers what it was asked for.
export async function serve(handler, server = createServer()) {
  const asked = [];
  server.on("request", (request, response) => {
    asked.push(request.url);
    handler(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address();
  return { server, asked, port, url: `http://127.0.0.1:${port}` };
}

// A checkout of the action whose release.json names `archive` as the release, with `binary` in it.
export function checkout(archive, binary) {
  const root = temporary();
  for (const name of readdirSync(import.meta.dirname).filter((name) => /^[a-z]+\.mjs$/.test(name))) {
    copyFileSync(join(import.meta.dirname, name), join(root, name));
  }
  const asset = { name: `${folder}.tar.gz`, ...identityOf(archive), binary: identityOf(binary) };
  writeFileSync(join(root, "release.json"), JSON.stringify({ version, assets: { [target]: asset } }));
  const cache = join(root, "cache");
  mkdirSync(cache);
  const directory = join(cache, "asc-auth", version, asset.binary.sha256);
  return { root, asset, cache, directory, binary: join(directory, "asc-auth") };
}

// The main step of that checkout, started. No proxy of this machine is in its way.
export function startMain({ root, cache }, env) {
  const state = join(root, "state");
  const child = spawn(process.execPath, [join(root, "main.mjs")], {
    env: { PATH: process.env.PATH, RUNNER_TOOL_CACHE: cache, GITHUB_STATE: state, ...env },
  });
  const step = { child, log: "", state: () => (existsSync(state) ? readFileSync(state, "utf8") : "") };
  child.stdout.on("data", (text) => (step.log += text));
  child.stderr.on("data", (text) => (step.log += text));
  step.ended = once(child, "close").then(([code]) => ({ code, log: step.log, state: step.state() }));
  return step;
}

export function main(action, env) {
  return startMain(action, env).ended;
}
