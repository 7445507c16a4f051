// The whole download as the runner sees it: the main step with a cold cache, its processes, and a
// server on loopback.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { checkout, digestOf, folder, main, serve, startMain, tarGz, temporary } from "./support.mjs";

const script = "#!/bin/sh\necho run with $1\n";
const good = tarGz([
  { path: `${folder}/README.md`, content: "read me" },
  { path: `${folder}/asc-auth`, content: script },
]);

// A cold cache, a release with this archive, and a server that has `answer`: bytes, or a handler.
async function cold({ archive = good, binary = script, answer = archive, server: given } = {}) {
  const action = checkout(archive, Buffer.from(binary));
  const server = await serve(
    typeof answer === "function" ? answer : (request, response) => response.end(answer),
    given,
  );
  const env = { "INPUT_DOWNLOAD-BASE-URL": server.url };
  const files = () => readdirSync(action.cache, { recursive: true });
  return { ...action, ...server, env, files, ended: (more) => main(action, { ...env, ...more }) };
}

test("what is made in the cache can be read by all and written by none but its owner", async () => {
  for (const umask of [0o000, 0o077]) {
    const { ended, cache, directory, binary } = await cold();
    const before = process.umask(umask);
    const step = ended();
    process.umask(before);
    assert.equal((await step).code, 0);
    const made = [binary, directory, join(directory, ".."), join(cache, "asc-auth")];
    for (const path of made) assert.equal(lstatSync(path).mode & 0o777, 0o755, path);
  }
});

test("a cold cache is filled, and the binary is run", async () => {
  const { ended, url, asset, asked, directory, binary, files } = await cold();
  const { code, log, state } = await ended();
  assert.equal(log, `asc-auth: downloading ${url}/v1.2.3/${asset.name}\nrun with setup\n`);
  assert.equal(code, 0);
  assert.equal(state, `binary=${binary}\nsha256=${asset.binary.sha256}\n`);
  assert.deepEqual(asked, [`/v1.2.3/${asset.name}`]);
  assert.equal(readFileSync(binary, "utf8"), script);
  assert.equal(lstatSync(binary).mode & 0o700, 0o700);
  assert.equal(lstatSync(directory).mode & 0o777, 0o755);
  assert.deepEqual(readdirSync(directory), ["asc-auth"]);
  assert.equal(files().length, 4);

  assert.equal((await ended()).log, "run with setup\n");
  assert.equal(asked.length, 1);
});

test("a directory that lost its file is filled again", async () => {
  const { ended, directory } = await cold();
  mkdirSync(directory, { recursive: true });
  assert.equal((await ended()).code, 0);
});

for (const [what, { message, ...stage }] of [
  [
    "has another digest",
    {
      answer: Buffer.from(good).fill(0, 20, 21),
      message:
        /the download is not the release::http:\S+: its SHA-256 is [0-9a-f]{64} instead of [0-9a-f]{64}, which action\/release\.json names\. It was not run\./,
    },
  ],
  [
    "is too long",
    { answer: Buffer.concat([good, Buffer.alloc(1)]), message: /has \d+ bytes instead of \d+\. Nothing was run\./ },
  ],
  ["is a web page", { answer: Buffer.from("<html>"), message: /a web page/ }],
  ["is not there", { answer: (request, response) => response.writeHead(404).end(), message: /HTTP 404/ }],
  [
    "holds a link in the binary's place",
    {
      archive: tarGz([{ path: `${folder}/asc-auth`, type: "2" }]),
      message: /the archive can't be unpacked::.*neither a file nor a folder/,
    },
  ],
  [
    "holds another binary than the manifest says",
    {
      binary: script.replace("with", "evil"),
      message: /the download is not the release::asc-auth-\S+ in http:\S+: its SHA-256 is/,
    },
  ],
]) {
  test(`an archive that ${what}: one annotation, nothing is run, nothing is left`, async () => {
    const { ended, files } = await cold(stage);
    const { code, log, state } = await ended();
    assert.equal(code, 1);
    assert.match(log, /^asc-auth: downloading [^\n]*\n::error title=[^\n:]*::[^\n]*\n$/);
    assert.match(log, message);
    assert.equal(state, "");
    assert.deepEqual(files(), []);
  });
}

test("a cache that can't be written is named, and nothing is run", async () => {
  const { ended, cache, directory } = await cold();
  symlinkSync("nowhere/at/all", join(cache, "asc-auth"));
  const { code, log } = await ended();
  assert.equal(code, 1);
  assert.match(log, /::error title=asc-auth%3A the tool cache can't be written::/);
  assert.ok(log.includes(directory));
  assert.doesNotMatch(log, /run with/);
});

test("two at once both run the one binary", async () => {
  const waiting = [];
  const { ended, files, directory, asked } = await cold({
    // Neither gets its archive before the other has found the cache cold.
    answer: (request, response) => {
      waiting.push(response);
      if (waiting.length === 2) waiting.forEach((response) => response.end(good));
    },
  });
  for (const { code, log } of await Promise.all([ended(), ended()])) {
    assert.match(log, /\nrun with setup\n$/);
    assert.equal(code, 0);
  }
  assert.equal(asked.length, 2);
  assert.deepEqual(readdirSync(directory), ["asc-auth"]);
  assert.equal(files().length, 4);
});

test("what another job put there meanwhile is checked before it is used", async () => {
  const { ended, directory } = await cold({
    answer: (request, response) => {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, "asc-auth"), "evil");
      response.end(good);
    },
  });
  const { code, log } = await ended();
  assert.equal(code, 1);
  assert.match(log, /the tool cache was changed::.*it has 4 bytes instead of 27\. It was not run\./);
  assert.deepEqual(readdirSync(join(directory, "..")), [digestOf(script)]);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  test(`${signal} during the download ends the step with ${code}, and nothing is left`, async () => {
    let begun;
    const half = new Promise((done) => (begun = done));
    const stage = await cold({
      answer: (request, response) => {
        response.writeHead(200, { "content-length": good.length });
        response.write(good.subarray(0, 100), begun);
      },
    });
    const step = startMain(stage, stage.env);
    await half;
    step.child.kill(signal);
    const ended = await step.ended;
    assert.equal(ended.code, code);
    assert.doesNotMatch(ended.log, /run with|::error/);
    assert.deepEqual(stage.files(), []);
  });
}

test("no input and no credential is in the environment or the arguments of the download", async () => {
  const { root, ended } = await cold();
  writeFileSync(
    join(root, "download.mjs"),
    "console.log(JSON.stringify([process.env, process.argv])); process.exit(9);",
  );
  const { code, log } = await ended({
    "INPUT_PRIVATE-KEY": "secret",
    ASC_PRIVATE_KEY_B64: "secret",
    NO_PROXY: "example.com",
  });
  assert.equal(code, 9);
  assert.doesNotMatch(log, /secret|INPUT_/);
  assert.match(log, /"NO_PROXY":"example\.com"/);
});

test("a password in download-base-url is in no log", async () => {
  const { ended, port, asked } = await cold();
  const { code, log } = await ended({ "INPUT_DOWNLOAD-BASE-URL": `http://user:secret@127.0.0.1:${port}` });
  assert.equal(code, 1);
  assert.match(log, /^::error title=asc-auth%3A download-base-url can't be used::[^\n]*a user name or a password/);
  assert.doesNotMatch(log, /secret/);
  assert.deepEqual(asked, []);
});

// A proxy that tunnels, which is what Node asks of one.
async function proxy() {
  const proxy = await serve(() => {});
  const tunnels = [];
  proxy.server.on("connect", (request, socket) => {
    tunnels.push(request.url);
    const [host, port] = request.url.split(":");
    const other = connect(port, host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(other).pipe(socket);
    });
    for (const end of [socket, other]) end.on("error", () => {});
  });
  return { ...proxy, tunnels };
}

for (const name of ["HTTP_PROXY", "http_proxy"]) {
  test(`goes through the proxy of ${name}, but not to a host of NO_PROXY`, async () => {
    const { url, tunnels } = await proxy();
    const first = await cold();
    assert.equal((await first.ended({ [name]: url })).code, 0);
    assert.deepEqual(tunnels, [`127.0.0.1:${first.port}`]);
    const second = await cold();
    assert.equal((await second.ended({ [name]: url, NO_PROXY: "127.0.0.1" })).code, 0);
    assert.equal(tunnels.length, 1);
  });
}

test("a proxy may be a host and a port alone", async () => {
  const { port, tunnels } = await proxy();
  const { ended } = await cold();
  assert.equal((await ended({ HTTP_PROXY: `127.0.0.1:${port}` })).code, 0);
  assert.equal(tunnels.length, 1);
});

// An https server with a certificate of its own, or nothing where a machine has no openssl.
function secure(t) {
  const root = temporary();
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(root, name));
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  try {
    execFileSync("openssl", [...request, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  } catch (error) {
    if (error.code === "ENOENT") return t.skip("openssl is not installed");
    throw error;
  }
  return { server: createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }), cert };
}

test("NODE_EXTRA_CA_CERTS makes a mirror's certificate trusted; without it there is one attempt", async (t) => {
  const https = secure(t);
  if (!https) return;
  const { ended, port, asked } = await cold({ server: https.server });
  const env = { "INPUT_DOWNLOAD-BASE-URL": `https://127.0.0.1:${port}` };
  const { code, log } = await ended(env);
  assert.equal(code, 1);
  assert.match(
    log,
    /::error title=asc-auth%3A the download failed::.*a certificate that is not trusted \(\w+\); NODE_EXTRA_CA_CERTS/,
  );
  assert.doesNotMatch(log, /trying again/);
  assert.deepEqual(asked, []);
  assert.equal((await ended({ ...env, NODE_EXTRA_CA_CERTS: https.cert })).code, 0);
});

test("a redirect from https to http is refused, on loopback too", async (t) => {
  const https = secure(t);
  if (!https) return;
  const plain = await serve((request, response) => response.end(good));
  const answer = (request, response) => response.writeHead(302, { location: plain.url }).end();
  const { ended, port } = await cold({ server: https.server, answer });
  const { code, log } = await ended({
    "INPUT_DOWNLOAD-BASE-URL": `https://127.0.0.1:${port}`,
    NODE_EXTRA_CA_CERTS: https.cert,
  });
  assert.equal(code, 1);
  assert.match(log, /was redirected to http:\/\/127\.0\.0\.1:\d+, which is not https/);
  assert.deepEqual(plain.asked, []);
});
