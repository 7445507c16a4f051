// Nothing is kept, and a secret stands in the fields that show it and nowhere else.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  browserThatKeepsPages, browserWithProfile, chooseFile, closeBrowser, enter, host, ready, secretsOf, stage, useEverything,
  verdict, visit,
} from "./stage.mjs";

after(closeBrowser);

const context = { permissions: ["clipboard-read", "clipboard-write"] };

// Where in the document any of these texts stands: attributes and text, and apart from them the values of fields.
function whereabouts(page, texts) {
  return page.evaluate((texts) => {
    const holds = (text) => texts.some((secret) => text.includes(secret));
    const [document_, fields] = [[], []];
    for (const element of document.querySelectorAll("*")) {
      const name = element.id || element.tagName;
      for (const { name: attribute, value } of element.attributes) if (holds(value)) document_.push(`${name} ${attribute}`);
      for (const node of element.childNodes) if (node.nodeType !== 1 && holds(node.data)) document_.push(name);
      if (typeof element.value === "string" && holds(element.value)) fields.push(name);
    }
    for (const [name, value] of Object.entries({ title: document.title, address: location.href, state: String(JSON.stringify(history.state)) })) {
      if (holds(value)) document_.push(name);
    }
    return { document: document_, fields };
  }, texts);
}

// Something else than in a new page.
function fieldsThatHoldSomething(page) {
  const usual = { lifetime: "15m", "mint-lifetime": "15m", validate: true };
  return page.evaluate((usual) =>
    [...document.querySelectorAll("input, textarea, select")]
      .filter((field) => (field.type === "checkbox" ? field.checked !== Boolean(usual[field.id]) : field.value !== (usual[field.id] ?? "")))
      .map(({ id }) => id),
    usual,
  );
}

// The files in a folder that hold any of these texts. Browsers write either encoding, and take files away meanwhile.
function holding(folder, texts) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).filter((file) => {
    let bytes;
    try {
      bytes = readFileSync(file);
    } catch {
      return false;
    }
    return texts.some((text) => bytes.includes(text) || bytes.includes(Buffer.from(text, "utf16le")));
  });
}

// As a person does it. Only such a change can be undone.
async function pasteOver(page, id, text) {
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.focus(`#${id}`);
  for (const keys of ["Control+a", "Control+v"]) await page.keyboard.press(keys);
  assert.equal(await page.inputValue(`#${id}`), text);
}

async function nothingComesBack(page, id) {
  await page.focus(`#${id}`);
  for (const keys of ["Control+z", "Control+z", "Control+z", "Control+y", "Control+y", "Control+y"]) {
    await page.keyboard.press(keys);
    assert.deepEqual(await fieldsThatHoldSomething(page), [], keys);
  }
}

test("a secret is in the fields that show it, and in no attribute, text, title or address", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  const found = await whereabouts(page, secretsOf(stage.team, token));
  assert.deepEqual(found, { document: [], fields: ["key", "base64", "token", "inspect-token"] });
});

test("a file's key is in no field", async (t) => {
  const { page } = await visit(t);
  await page.setInputFiles("#key-file", { name: "key", mimeType: "", buffer: Buffer.from(stage.team.pem) });
  await page.locator("#key-verdict[data-tone=good]").waitFor();
  const found = await whereabouts(page, secretsOf({ pem: stage.team.pem }));
  assert.deepEqual(found, { document: [], fields: ["base64"] });
});

test("forget wipes everything at once", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.click("#forget");
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  const secrets = [...secretsOf(stage.team, token), stage.team.keyId, stage.team.issuerId];
  assert.deepEqual(await whereabouts(page, secrets), { document: [], fields: [] });
  for (const id of ["fingerprint", "github-workflow", "gitlab-pipeline", "try", "token-lines", "inspect-lines"]) {
    assert.equal((await page.textContent(`#${id}`)).includes(stage.team.keyId), false, id);
  }
});

for (const id of ["key", "answer", "roles-wanted"]) {
  test(`an undo brings nothing back after forget: ${id}`, async (t) => {
    const { page } = await visit(t, { context });
    const [one, other] = id === "roles-wanted" ? ["builds", "users"] : [stage.individual.pem, stage.team.pem];
    await pasteOver(page, id, one);
    await pasteOver(page, id, other);
    await page.keyboard.press("Control+z");
    assert.equal(await page.inputValue(`#${id}`), one, "nothing can be undone here anyway");
    await pasteOver(page, id, other);
    await page.click("#forget");
    await nothingComesBack(page, id);
  });
}

test("forget takes the focus from no field", async (t) => {
  const { page } = await visit(t);
  await page.fill("#key", stage.team.pem);
  await page.focus("#key");
  // Some browsers give a button that is clicked no focus.
  await page.evaluate(() => document.querySelector("#forget").click());
  assert.equal(await page.evaluate(() => document.activeElement.id), "key");
  await page.keyboard.insertText(stage.team.pem);
  assert.equal((await verdict(page, "key-verdict")).tone, "good");
});

test("forget empties a page whose checker has failed", async (t) => {
  const { page, messages } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.evaluate("wasm_bindgen.check = () => 'no answer'");
  await page.fill("#key-id", stage.individual.keyId);
  await page.locator("html[data-state=failed]").waitFor({ state: "attached" });
  await page.click("#forget");
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  const secrets = [...secretsOf(stage.team, token), stage.team.keyId, stage.team.issuerId];
  assert.deepEqual(await whereabouts(page, secrets), { document: [], fields: [] });
  // Not what was entered.
  assert.deepEqual(messages.splice(0), ["Error: asc-auth: no answer"]);
});

// The document as a browser saves it: what was entered stands in it as what the fields begin with.
function saved(page) {
  return page.evaluate(() => {
    const copy = document.documentElement.cloneNode(true);
    for (const field of copy.querySelectorAll("input:not([type=file]), textarea, select")) {
      const { value, checked } = document.getElementById(field.id);
      if (field.type === "checkbox") field.toggleAttribute("checked", checked);
      else if (field.matches("input")) field.setAttribute("value", value);
      else if (field.matches("textarea")) field.textContent = value;
      else for (const option of field.options) option.toggleAttribute("selected", option.value === value);
    }
    return `<!doctype html>\n${copy.outerHTML}`;
  });
}

test("a page that was saved after use works, and shows nothing of it", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.selectOption("#key-type", "team");
  await page.uncheck("#validate");
  await chooseFile(page, "AuthKey_ABCDE12345.p8", stage.team.pem);
  await page.locator("#file-verdict[data-tone=wrong]").waitFor();
  const { url } = await host(t, await saved(page));
  const { page: again } = await visit(t, { url });
  assert.deepEqual(await fieldsThatHoldSomething(again), []);
  const secrets = [...secretsOf(stage.team, token), stage.team.keyId, stage.team.issuerId, "ABCDE12345"];
  assert.deepEqual(await whereabouts(again, secrets), { document: [], fields: [] });
  assert.equal(await again.getAttribute("#key", "placeholder"), (await (await fetch(stage.url)).text()).match(/placeholder="([^"]*)"/)[1]);
  await enter(again, stage.team);
  assert.equal((await verdict(again, "conclusion")).tone, "good");
});

for (const id of ["base64", "token"]) {
  test(`who copies a secret is told that others can read it: ${id}`, async (t) => {
    const { page } = await visit(t, { context });
    await enter(page, stage.team);
    await page.click("#mint");
    const notice = page.locator(`figure:has(#${id}) .notice`);
    assert.equal(await notice.isVisible(), false);
    await page.click(`[data-copy=${id}]`);
    await notice.waitFor();
    assert.match(await page.textContent("#announcer"), /clipboard now holds/);
    await page.click("[data-copy=fingerprint]");
    await notice.waitFor({ state: "hidden" });
    await page.click(`[data-copy=${id}]`);
    await notice.waitFor();
    await page.click("#forget");
    await enter(page, stage.team);
    await page.click("#mint");
    assert.equal(await notice.isVisible(), false);
  });
}

test("the browser is given nothing to store", async (t) => {
  const { page, context: used } = await visit(t, { context });
  await useEverything(page);
  const stored = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
  }));
  assert.deepEqual(stored, { local: 0, session: 0, databases: 0, caches: 0, workers: 0, cookies: "" });
  assert.deepEqual(await used.storageState({ indexedDB: true }), { cookies: [], origins: [] });
});

test("the browser's profile on disk holds no secret", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  const persistent = await browserWithProfile(folder);
  const { page } = await visit(t, { persistent });
  const { token } = await useEverything(page);
  await page.reload();
  await ready(page);
  await useEverything(page);
  await persistent.close();
  assert.notDeepEqual(holding(folder, [stage.url]), [], "the profile is another one: the page's address is not in it");
  assert.deepEqual(holding(folder, [...secretsOf(stage.team, token), stage.team.keyId, stage.team.issuerId]), []);
});

// A browser writes down what it would restore after a crash: with the address, the fields that it may fill in again.
test("the session that a browser would restore holds no file's path and nothing that was ticked", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  const persistent = await browserWithProfile(folder);
  const { page } = await visit(t, { persistent });
  await useEverything(page);
  const file = join(mkdtempSync(join(tmpdir(), "chosen-")), `AuthKey_${stage.team.keyId}.p8`);
  writeFileSync(file, stage.team.pem, { mode: 0o600 });
  await page.setInputFiles("#key-file", file);
  await page.locator("#file-verdict .title").waitFor();
  await page.click('nav a[href="#prepare"]');
  const written = () => holding(join(folder, "Default/Sessions"), [`${stage.url}#prepare`]);
  const end = Date.now() + 20_000;
  while (!written().length && Date.now() < end) await new Promise((later) => setTimeout(later, 200));
  assert.notDeepEqual(written(), [], "the session was not written");
  const told = [file, stage.team.keyId, stage.team.issuerId];
  // So a box's state is written.
  const whileOpen = [...holding(folder, told), ...holding(join(folder, "Default/Sessions"), ["checkbox"])];
  await persistent.close();
  assert.deepEqual(whileOpen, []);
  assert.deepEqual(holding(folder, told), []);
});

test("after a reload the fields are empty", async (t) => {
  const { page } = await visit(t, { context });
  await useEverything(page);
  await page.reload();
  await ready(page);
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
});

test("after leaving and coming back the fields are empty", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.goto("about:blank");
  await page.goBack();
  await ready(page);
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  assert.deepEqual(await whereabouts(page, secretsOf(stage.team, token)), { document: [], fields: [] });
});

test("an undo brings nothing back in a page that was kept for the way back", async (t) => {
  const persistent = await (await browserThatKeepsPages(t)).newContext(context);
  const { page } = await visit(t, { persistent });
  await pasteOver(page, "key", stage.individual.pem);
  await pasteOver(page, "key", stage.team.pem);
  await page.evaluate(() => (globalThis.isKept = true));
  await page.goto("about:blank");
  await page.goBack({ waitUntil: "commit" }); // It is loaded already.
  await ready(page);
  assert.equal(await page.evaluate(() => globalThis.isKept), true, "the page was loaded anew");
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  await nothingComesBack(page, "key");
});

// A browser may keep the whole page as it is for the way back. It tells the page before.
test("a page that is kept for the way back is wiped first", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  assert.deepEqual(await whereabouts(page, secretsOf(stage.team, token)), { document: [], fields: [] });
});
