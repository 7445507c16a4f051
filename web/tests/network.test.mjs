// The page sends nothing: not over http, not from a file, whatever of it is used.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { closeBrowser, host, stage, useEverything, visit } from "./stage.mjs";

after(closeBrowser);

const permissions = ["clipboard-read", "clipboard-write"];

// `visit` looks at what the page asked for when the test ends, and xtask at what its host was asked.

test("over http the page asks for itself and for nothing else", async (t) => {
  const { page, requests } = await visit(t, { context: { permissions } });
  await useEverything(page);
  await page.click("#forget");
  assert.deepEqual(requests, [stage.url]);
});

test("the host sees one request, and none for an icon", async (t) => {
  const html = await (await fetch(stage.url)).text();
  const { url, asked } = await host(t, html);
  const { page } = await visit(t, { url, context: { permissions } });
  await useEverything(page);
  await page.goto("about:blank");
  assert.deepEqual(asked, ["GET /"]);
});

test("from a file the page asks for nothing", async (t) => {
  const url = pathToFileURL(stage.page).href;
  const { page, requests } = await visit(t, { url });
  await useEverything(page);
  await page.click("#forget");
  assert.deepEqual(requests, [url]);
});

test("the page works without a network", async (t) => {
  const { page, context } = await visit(t);
  await context.setOffline(true);
  await useEverything(page);
  assert.notEqual(await page.inputValue("#token"), "");
});

test("the host sends the policy as a header too", async () => {
  const answer = await fetch(stage.url);
  const inPage = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(await answer.text())[1];
  assert.equal(answer.headers.get("content-security-policy"), `${inPage}; frame-ancestors 'none'`);
  assert.match(inPage, /^default-src 'none'; /);
  assert.doesNotMatch(inPage, /connect-src|unsafe-inline|unsafe-eval'(?<!'wasm-unsafe-eval')|https?:|\*/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
});
