// One file over HTTP, into memory: with a time limit, a size that is known before, and three retries.
//
// What may pass by itself is tried again: a busy server, a connection that breaks. What won't is told at
// once. A redirect is followed, as GitHub's releases need it, but never from https to http.

import { setTimeout as sleep } from "node:timers/promises";

import { isAllowed, proxiesIn } from "./address.mjs";
import { Failure } from "./failure.mjs";

const retries = 3;
const longestWish = 30_000; // Of a server's Retry-After.
const mostRedirects = 5;
const aWebPage = "was answered with a web page, of a login or of a proxy most likely";

// What is worth another attempt, and the pause that the server asked for, in milliseconds.
class Transient extends Error {
  constructor(message, wish = 0) {
    super(message);
    this.wish = wish;
  }
}

// The bytes at `url`, which are `size` many. The time limit is for each attempt, body and all.
export async function download(url, size, { timeLimit = 60_000, pause = sleep } = {}) {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt(url, size, AbortSignal.timeout(timeLimit));
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      if (failures === retries) throw failed(url, `${error.message}, and so did ${retries} more attempts`);
      const milliseconds = pauseAfter(failures, error.wish);
      console.log(`asc-auth: the download ${error.message}; trying again in ${(milliseconds / 1000).toFixed(1)} s`);
      await pause(milliseconds);
    }
  }
}

// Doubles from one second. Up to a half of it more or less, so that jobs that failed together don't
// come back together.
function pauseAfter(failures, wish) {
  return Math.max(1000 * 2 ** failures * (0.5 + Math.random()), Math.min(wish, longestWish));
}

async function attempt(url, size, signal) {
  const response = await answer(url, signal);
  const { status, headers } = response;
  if (status !== 200) {
    await response.body?.cancel();
    const message = `was answered with HTTP ${status}`;
    if (status === 408 || status === 429 || status >= 500) throw new Transient(message, wishOf(headers));
    throw failed(url, message);
  }
  // `fetch` would undo it, and what comes out is not the archive.
  if ((headers.get("content-encoding") ?? "identity") !== "identity") {
    await response.body.cancel();
    throw failed(url, "was answered with a Content-Encoding: the mirror must send the archive as the file that it is");
  }
  if (headers.get("content-type")?.startsWith("text/html")) {
    await response.body.cancel();
    throw failed(url, aWebPage);
  }
  return await bodyOf(url, response, size);
}

async function answer(url, signal) {
  let from = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const options = { redirect: "manual", signal, headers: { "accept-encoding": "identity" } };
    const response = await fetch(from, options).catch((error) => throwBroken(url, error));
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    from = redirected(url, from, location);
  }
  throw failed(url, `was redirected more than ${mostRedirects} times`);
}

// Of the new address only the host is told: the rest may be signed.
function redirected(url, from, location) {
  if (!URL.canParse(location, from)) throw failed(url, "was redirected to what is no URL");
  const to = new URL(location, from);
  const isDowngrade = from.protocol === "https:" && to.protocol !== "https:";
  if (to.username || to.password) throw failed(url, `was redirected to ${to.host} with a user name or a password`);
  if (!isDowngrade && isAllowed(to)) return to;
  throw failed(url, `was redirected to ${to.protocol}//${to.host}, which is not https`);
}

async function bodyOf(url, { headers, body }, size) {
  const announced = Number(headers.get("content-length") ?? size);
  const chunks = [];
  let received = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => throwBroken(url, error));
      if (done) break;
      if (received === 0 && value[0] === "<".charCodeAt()) throw failed(url, aWebPage);
      if (announced !== size) throw failed(url, `has ${announced} bytes instead of ${size}`);
      received += value.length;
      if (received > size) throw failed(url, `has more than the ${size} bytes of the release`);
      chunks.push(value);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (received < size) throw new Transient(`broke off after ${received} of ${size} bytes`);
  return Buffer.concat(chunks);
}

// `fetch` tells little itself; the cause has the code, such as ECONNREFUSED. A message may hold the
// address with all that is in it, and is not shown.
function throwBroken(url, error) {
  const { name, code } = error.cause ?? error;
  if (name === "TimeoutError") throw new Transient("took too long");
  if (code === undefined) throw failed(url, "can't be begun: Node refuses the address, for its port most likely");
  if (/CERT|^UNABLE_TO/.test(code)) {
    throw failed(url, `met a certificate that is not trusted (${code}); NODE_EXTRA_CA_CERTS can name a file of more`);
  }
  // A proxy that does not agree leaves the code 0.
  throw new Transient(code ? `broke (${code})` : "was cancelled");
}

// Milliseconds, from seconds or from a date.
function wishOf(headers) {
  const wish = headers.get("retry-after") ?? "";
  const milliseconds = /^\d+$/.test(wish) ? Number(wish) * 1000 : Date.parse(wish) - Date.now();
  return milliseconds > 0 ? milliseconds : 0;
}

function failed(url, message) {
  const what = ["the network of this runner", ...proxiesIn(process.env).map((name) => `the proxy of ${name}`)];
  return new Failure(
    "asc-auth: the download failed",
    `${url}: the download ${message}. Nothing was run. Check ${what.join(" and ")}, name a mirror in the input ` +
      "download-base-url, or give a binary in binary-path.",
  );
}
