// Nothing is kept, and a secret stands in the fields that show it and nowhere else.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { browserWithProfile, closeBrowser, ready, secretsOf, stage, useEverything, visit } from "./stage.mjs";

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

function fieldsThatHoldSomething(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("input, textarea, select")]
      .filter((field) => (field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== (field.defaultValue ?? "")))
      .map(({ id }) => id),
  );
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
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = (texts) =>
    files.map(({ parentPath, name }) => join(parentPath, name)).filter((file) => {
      const bytes = readFileSync(file);
      // Browsers write either.
      return texts.some((text) => bytes.includes(text) || bytes.includes(Buffer.from(text, "utf16le")));
    });
  assert.notDeepEqual(holding([stage.url]), [], "the profile is another one: the page's address is not in it");
  assert.deepEqual(holding([...secretsOf(stage.team, token), stage.team.keyId, stage.team.issuerId]), []);
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

// A browser may keep the whole page as it is for the way back. It tells the page before.
test("a page that is kept for the way back is wiped first", async (t) => {
  const { page } = await visit(t, { context });
  const { token } = await useEverything(page);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  assert.deepEqual(await fieldsThatHoldSomething(page), []);
  assert.deepEqual(await whereabouts(page, secretsOf(stage.team, token)), { document: [], fields: [] });
});
