// What cargo xtask bench asks: how soon the page can be used on a CPU that is four times slower than this one, and how
// long a verdict takes on either. Prints milliseconds, as JSON: the medians of several runs.

import { browser, closeBrowser, stage } from "./stage.mjs";

const RUNS = 9;
const SLOWER = 4;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

// From the start of the navigation until the page says that it is ready, by the trace.
async function timeToReady() {
  const context = await (await browser()).newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", { traceConfig: { includedCategories: ["blink.user_timing"] } });
  await page.goto(stage.url);
  await page.locator("html[data-state=ready]").waitFor({ state: "attached" });
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await context.close();
  const mark = events.find(({ name }) => name === "asc-auth:ready");
  const start = events.find(({ name, args, pid }) =>
    name === "navigationStart" && pid === mark.pid && args.data?.documentLoaderURL === stage.url);
  return (mark.ts - start.ts) / 1000;
}

// The longest that the page works on any key of a key ID that is typed, the whole form filled in: from the browser's
// handing the key over until the verdict is laid out.
async function timeToVerdict(rate) {
  const context = await (await browser()).newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await page.goto(stage.url);
  await page.locator("html[data-state=ready]").waitFor({ state: "attached" });
  await page.fill("#issuer-id", stage.team.issuerId);
  await page.fill("#key", stage.team.pem);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
  await page.evaluate(() => {
    globalThis.times = [];
    let began;
    addEventListener("input", () => (began = performance.now()), { capture: true });
    // The last of all listeners. Asking for a height lays out what has changed.
    addEventListener("input", () => document.body.offsetHeight && globalThis.times.push(performance.now() - began));
  });
  await page.focus("#key-id");
  for (const key of stage.team.keyId) await page.keyboard.press(key);
  const times = await page.evaluate(() => globalThis.times);
  await context.close();
  if (times.length !== stage.team.keyId.length) throw new Error(`${times.length} keys were seen`);
  return Math.max(...times);
}

async function medianOf(measure) {
  await measure(); // The first loads what the others find.
  const times = [];
  while (times.length < RUNS) times.push(await measure());
  return median(times);
}

const measured = {
  ready: await medianOf(timeToReady),
  verdict: await medianOf(() => timeToVerdict(1)),
  verdictSlower: await medianOf(() => timeToVerdict(SLOWER)),
};
await closeBrowser();
console.log(JSON.stringify(measured));
