// What every test has: the page in a real Chromium, the keys that were made for this run, and the binary to compare with.
//
// Whatever a test does, its page must ask the network for nothing but itself, and say nothing in the console: `visit`
// looks when the test ends. Every wait has an end.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { promisify } from "node:util";

// Written by xtask/src/e2e/web/stage.rs.
export const stage = JSON.parse(readFileSync(process.env.WEB_STAGE, "utf8"));

const modules = createRequire(join(stage.modules, "/"));
const { chromium } = modules("playwright-core");

const PATIENCE = 20_000;

// Chromium as it is started for a test. It looks up hosts of its own unless it is told not to.
const LAUNCH = {
  executablePath: stage.chromium,
  headless: true,
  timeout: PATIENCE,
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};

let shared;

// One browser for a file's tests, each in a context of its own. Ended with the process that started it.
export async function browser() {
  shared ??= await chromium.launch(LAUNCH);
  return shared;
}

export async function closeBrowser() {
  await shared?.close();
}

// One that keeps a page in memory for the way back, as it does for people.
export async function browserThatKeepsPages(t) {
  const own = await chromium.launch({ ...LAUNCH, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  t.after(() => own.close());
  return own;
}

// With a profile on disk, as people have it.
export function browserWithProfile(folder) {
  return chromium.launchPersistentContext(folder, LAUNCH);
}

// A new tab with the page in it, ready. `requests` and `messages` are those so far.
// `script` is put into it first.
export async function visit(t, { url = stage.url, context: options = {}, persistent, script } = {}) {
  const context = persistent ?? (await (await browser()).newContext(options));
  context.setDefaultTimeout(PATIENCE);
  const [requests, messages] = [[], []];
  context.on("request", (request) => requests.push(request.url()));
  context.on("console", (message) => messages.push(message.text()));
  const page = await context.newPage();
  page.on("pageerror", (error) => messages.push(String(error)));
  if (script) await page.addInitScript({ content: script });
  await page.goto(url);
  await ready(page);
  t.after(async () => {
    if (!persistent) await context.close();
    assert.deepEqual([...new Set(requests)], [url], "the page made a request");
    assert.deepEqual([...new Set(messages)], [], "the page said something in the console");
  });
  return { page, context, requests, messages };
}

export function ready(page) {
  return page.locator("html[data-state=ready]").waitFor({ state: "attached" });
}

// A host of a test's own, for a page that was changed and for what a page must not reach. `asked` is all it was asked,
// and `reached` comes with the first of it.
export async function host(t, html = "") {
  const asked = [];
  let reach;
  const reached = new Promise((resolve) => (reach = resolve));
  const server = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url}`);
    reach();
    answer.setHeader("Content-Type", "text/html; charset=utf-8");
    answer.setHeader("Access-Control-Allow-Origin", "*");
    answer.end(html);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, reached };
}

// ---- The form ------------------------------------------------------------------------------------------------------

// What stands in a verdict: the words that Rust gave it.
export function verdict(page, id) {
  return page.locator(`#${id}`).evaluate((element) => {
    const text = (part) => part?.textContent.trim() ?? "";
    const title = element.querySelector(".title")?.cloneNode(true);
    title?.querySelector(".badge")?.remove();
    return {
      tone: element.dataset.tone,
      title: text(title),
      facts: [...element.querySelectorAll("dt")].map((label) => ({
        label: text(label),
        text: text(label.nextElementSibling),
      })),
      advice: text(element.querySelector(".advice")),
      causes: [...element.querySelectorAll("ol > li")].map(text),
    };
  });
}

export async function enter(page, { keyId = "", issuerId = "", pem = "" }) {
  await page.fill("#key-id", keyId);
  await page.fill("#issuer-id", issuerId);
  await page.fill("#key", pem);
}

export function chooseFile(page, name, bytes) {
  return page.setInputFiles("#key-file", { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
}

// The whole page, every control of it. It ends with a key in the form, its base64, a token, and one that is inspected.
export async function useEverything(page, key = stage.team) {
  await enter(page, key);
  // Two of the tools read one variable in two ways.
  for (const box of await page.locator("#prepare input[type=checkbox]:not(#export-tauri)").all()) await box.check();
  await page.fill("#lifetime", "10m");
  await page.fill("#scope", "GET /v1/apps");
  await page.fill("#expect-app", "com.example.app");
  await page.fill("#mint-lifetime", "5m");
  await page.click("#mint");
  const token = await page.inputValue("#token");
  await page.fill("#inspect-token", token);
  for (const button of await page.locator("[data-copy]:visible").all()) await button.click();
  await page.fill("#roles-wanted", "builds");
  await page.fill("#answer", '{"errors":[{"status":"401","code":"NOT_AUTHORIZED","title":"","detail":""}]}');
  return { token, base64: await page.inputValue("#base64") };
}

// What a key and a token must not be found as: the lines that tell it, whole or joined, and base64 of it.
export function secretsOf({ pem }, token = "") {
  const lines = pem.split("\n").filter((line) => !line.startsWith("-----"));
  // The first line of every key begins alike; its end is the key's own.
  const own = lines.map((line, index) => (index === 0 ? line.slice(48) : line)).filter((line) => line.length >= 8);
  const base64 = Buffer.from(pem).toString("base64");
  const blocks = base64.slice(100).match(/.{24}/g);
  const signature = token.split(".")[2];
  return [...own, ...blocks, ...(signature ? [token, signature] : [])];
}

// ---- The binary ----------------------------------------------------------------------------------------------------

const run = promisify(execFile);

// Runs asc-auth offline, or against an Apple on loopback, and gives the JSON that it prints, whatever its exit code.
export async function binary(args, variables = {}) {
  const options = {
    env: { HOME: tmpdir(), ASC_BYPASS_KEYCHAIN: "1", ...variables },
    cwd: tmpdir(),
    timeout: PATIENCE,
  };
  const { stdout } = await run(stage.binary, [...args, "--output", "json"], options).catch((failed) => failed);
  return JSON.parse(stdout);
}

export function credential({ keyId, issuerId, pem }) {
  return { ASC_KEY_ID: keyId, ASC_ISSUER_ID: issuerId, ASC_PRIVATE_KEY: pem };
}

export function fileOf(name, bytes) {
  const file = join(mkdtempSync(join(tmpdir(), "key-")), name);
  writeFileSync(file, bytes, { mode: 0o600 });
  return file;
}

export const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
