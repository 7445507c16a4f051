// The request, to a server on loopback that misbehaves.

import assert from "node:assert/strict";
import { test } from "node:test";

import { download } from "./request.mjs";
import { serve } from "./support.mjs";

const content = Buffer.from("the archive ".repeat(10_000));

// A request to a server with these answers, one after the other, the last one again and again. Pauses
// are noted instead of waited for, and have no jitter.
async function ask(t, ...answers) {
  t.mock.method(Math, "random", () => 0.5);
  const lines = t.mock.method(console, "log", () => {}).mock;
  const server = await serve((request, response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer(response, request);
  });
  const pauses = [];
  const seams = { timeLimit: 10_000, pause: async (milliseconds) => void pauses.push(milliseconds) };
  const ended = (limits) => download(`${server.url}/v1/a.tar.gz`, content.length, { ...seams, ...limits });
  return { ...server, pauses, ended, log: () => lines.calls.map(({ arguments: [line] }) => line).join("\n") };
}

const good = (response) => response.end(content);
const status =
  (code, headers = {}) =>
  (response) =>
    response.writeHead(code, headers).end("no");
const reset = (response) => response.socket.resetAndDestroy();
const truncated = (response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, 1000), () => response.socket.destroy());
};
const short = (response) => {
  response.writeHead(200, { connection: "close" }).end(content.subarray(0, 1000));
};
const stalled = (response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, 1000));
};

test("gives the bytes", async (t) => {
  const { ended, asked, pauses } = await ask(t, good);
  assert.deepEqual(await ended(), content);
  assert.deepEqual(asked, ["/v1/a.tar.gz"]);
  assert.deepEqual(pauses, []);
});

for (const [what, answer] of [
  ["HTTP 429", status(429)],
  ["HTTP 408", status(408)],
  ["HTTP 500", status(500)],
  ["a connection that is reset", reset],
  ["a body that breaks off", truncated],
  ["a body that ends too early", short],
]) {
  test(`tries again after ${what}`, async (t) => {
    const { ended, asked, pauses, log } = await ask(t, answer, good);
    assert.deepEqual(await ended(), content);
    assert.equal(asked.length, 2);
    assert.deepEqual(pauses, [1000]);
    assert.match(log(), /^asc-auth: the download \S[^\n]*; trying again in 1\.0 s$/);
  });
}

test("gives up after three retries, with longer pauses each time", async (t) => {
  const { ended, asked, pauses } = await ask(t, status(503));
  await assert.rejects(ended(), {
    title: "asc-auth: the download failed",
    message:
      /a\.tar\.gz: the download was answered with HTTP 503, and so did 3 more attempts\. Nothing was run\. Check .* download-base-url, .* binary-path\.$/,
  });
  assert.equal(asked.length, 4);
  assert.deepEqual(pauses, [1000, 2000, 4000]);
});

test("jitter makes a pause up to a half shorter or longer", async (t) => {
  const { ended, pauses } = await ask(t, status(503));
  t.mock.method(Math, "random", () => 0);
  await assert.rejects(ended());
  t.mock.method(Math, "random", () => 1);
  await assert.rejects(ended());
  assert.deepEqual(pauses, [500, 1000, 2000, 1500, 3000, 6000]);
});

for (const [wish, pause] of [
  ["7", 7000],
  ["0", 1000],
  ["3600", 30_000],
  ["Fri, 01 Jan 2100 00:00:00 GMT", 30_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 1000],
  ["soon", 1000],
]) {
  test(`waits ${pause / 1000} s when Retry-After is "${wish}"`, async (t) => {
    const { ended, pauses } = await ask(t, status(429, { "retry-after": wish }), good);
    assert.deepEqual(await ended(), content);
    assert.deepEqual(pauses, [pause]);
  });
}

test("a body that stalls meets the time limit, and is tried again", async (t) => {
  const { ended, asked } = await ask(t, stalled);
  await assert.rejects(ended({ timeLimit: 50 }), { message: /the download took too long, and so did 3 more attempts/ });
  assert.equal(asked.length, 4);
});

test("a refused connection is tried again, and named", async (t) => {
  const { ended, server, pauses } = await ask(t, good);
  server.close();
  await assert.rejects(ended(), { message: /the download broke \(ECONNREFUSED\), and so did 3 more attempts/ });
  assert.equal(pauses.length, 3);
});

for (const [what, answer, message] of [
  ["HTTP 404", status(404), /the download was answered with HTTP 404\./],
  ["HTTP 403", status(403), /HTTP 403\./],
  ["HTTP 204", (response) => response.writeHead(204).end(), /HTTP 204\./],
  [
    "a web page",
    (response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("hello"),
    /with a web page/,
  ],
  ["a web page that does not say so", (response) => response.end("<!doctype html>"), /with a web page/],
  ["a web page of unknown length", (response) => response.write("<html>"), /with a web page/],
  ["another length", (response) => response.end("no"), /has 2 bytes instead of 120000\./],
  [
    "more bytes than that",
    (response) => (response.write(content), response.end("x")),
    /has more than the 120000 bytes/,
  ],
  [
    "a redirect to plain http",
    status(302, { location: "http://example.com/a?signature=x" }),
    /redirected to http:\/\/example\.com, which is not https\./,
  ],
  ["a redirect to a file", status(302, { location: "file:///etc/passwd" }), /redirected to file:\/\/,/],
  [
    "a redirect with a password",
    status(302, { location: "https://user:hunter2@127.0.0.1:1/x?sig=SIGNED" }),
    /redirected to 127\.0\.0\.1:1 with a user name or a password\./,
  ],
  ["a file that is said to be encoded", status(200, { "content-encoding": "gzip" }), /with a Content-Encoding/],
  ["a redirect to nowhere", status(302, { location: "http://" }), /redirected to what is no URL\./],
  ["a redirect without end", status(302, { location: "/again" }), /redirected more than 5 times\./],
  ["a redirect that names no place", status(302), /HTTP 302\./],
]) {
  test(`${what} is told at once`, async (t) => {
    const { ended, pauses } = await ask(t, answer);
    await assert.rejects(ended(), (error) => {
      assert.equal(error.title, "asc-auth: the download failed");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /signature|hunter2|SIGNED/);
      return true;
    });
    assert.deepEqual(pauses, []);
  });
}

for (const code of [301, 302, 303, 307, 308]) {
  test(`follows a redirect with HTTP ${code}`, async (t) => {
    const other = await serve((request, response) => good(response));
    const { ended } = await ask(t, status(code, { location: `${other.url}/elsewhere?signature=x` }));
    assert.deepEqual(await ended(), content);
    assert.deepEqual(other.asked, ["/elsewhere?signature=x"]);
  });
}
