// The page judges keys and IDs as the binary does, in the same words.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { binary, chooseFile, closeBrowser, credential, enter, fileOf, stage, verdict, visit } from "./stage.mjs";

after(closeBrowser);

const { team } = stage;
const bytesOf = ({ base64 }) => Buffer.from(base64, "base64");

// Types the form if it is one that can be typed, and drops it as a file of a name that says nothing. The verdict on the
// key must be the same.
async function judged(page, form) {
  await page.click("#forget");
  await enter(page, { ...team, pem: "" });
  await chooseFile(page, "key", bytesOf(form));
  await page.locator("#key-verdict:not([data-tone=waiting])").waitFor();
  const dropped = await verdict(page, "key-verdict");
  if (form.isText) {
    await page.fill("#key", bytesOf(form).toString());
    assert.deepEqual(await verdict(page, "key-verdict"), dropped, `${form.row}, typed`);
  }
  return dropped;
}

test("every form of a key that is accepted is told as the binary tells it", async (t) => {
  const { page } = await visit(t);
  for (const form of stage.accepted) {
    const said = await binary(["doctor"], { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: fileOf("key", bytesOf(form)) });
    const { lines } = said.checks.find(({ name }) => name === "environment");
    const line = lines.find((line) => line.startsWith(".p8: "));
    const { found, kind } = /^\.p8: (?<found>.*), from ASC_PRIVATE_KEY_PATH.*: (?<kind>.*)$/.exec(line).groups;
    const { tone, title } = await judged(page, form);
    assert.deepEqual({ tone, title }, { tone: "good", title: `${found}: ${kind}` }, form.row);
    assert.equal((await verdict(page, "conclusion")).tone, "good", form.row);
  }
});

test("every form that is no key is refused in the binary's words", async (t) => {
  const { page } = await visit(t);
  for (const form of stage.refused) {
    const path = fileOf("key", bytesOf(form));
    const { error } = await binary(["token"], { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: path });
    const { title, advice, causes } = error;
    const said = await judged(page, form);
    assert.deepEqual(said, { tone: "wrong", title, facts: [], advice, causes }, form.row);
    assert.equal((await verdict(page, "conclusion")).tone, "wrong", form.row);
  }
});

test("a key that was not given is missing, and not wrong", async (t) => {
  const { page } = await visit(t);
  const path = fileOf("key", " \n");
  const { error } = await binary(["token"], { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: path });
  for (const blank of ["", " \n\t", '""']) {
    await enter(page, { ...team, pem: blank });
    const { tone, advice } = await verdict(page, "key-verdict");
    assert.deepEqual({ tone, advice }, { tone: "waiting", advice: error.advice });
    assert.equal((await verdict(page, "conclusion")).tone, "waiting");
  }
});

test("a file larger than any key is refused", async (t) => {
  const { page } = await visit(t);
  await chooseFile(page, "key", Buffer.alloc(70_000, "A"));
  await page.locator("#key-verdict[data-tone=wrong]").waitFor();
  const path = fileOf("key", Buffer.alloc(70_000, "A"));
  const { error } = await binary(["token"], { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: path });
  assert.equal((await verdict(page, "key-verdict")).title, error.title);
});

test("text larger than any key is cut off, and refused", async (t) => {
  const { page } = await visit(t);
  const path = fileOf("key", Buffer.alloc(70_000, "A"));
  const { error } = await binary(["token"], { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: path });
  for (const id of ["key", "inspect-token", "answer"]) {
    await page.focus(`#${id}`);
    await page.keyboard.insertText("A".repeat(3_000_000));
    assert.equal((await page.inputValue(`#${id}`)).length, 64 * 1024 + 1, id);
  }
  assert.equal((await verdict(page, "key-verdict")).title, error.title);
  const endless = page.locator("input[type=text]:not([maxlength]), textarea:not([readonly], [maxlength])");
  assert.equal(await endless.count(), 0);
});

// JSON would not hold it, and with it every other field would be lost.
test("half of a character in one field changes nothing for the others", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  // Playwright would mend it.
  await page.locator("#key-id").evaluate((field) => {
    field.value += "\ud83d";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  assert.equal((await verdict(page, "key-id-verdict")).tone, "wrong");
  assert.equal((await verdict(page, "issuer-id-verdict")).tone, "good");
  await enter(page, team);
  // A system may give such a name; a script can't make a file of it.
  await page.evaluate(() => Object.defineProperty(File.prototype, "name", { get: () => "\ud83d.p8" }));
  await chooseFile(page, "key", team.pem);
  await page.locator("#key[placeholder*=' in use']").waitFor();
  assert.equal((await verdict(page, "conclusion")).tone, "good");
});

test("what is given for an ID is recognised as the binary recognises it", async (t) => {
  const { page } = await visit(t);
  const anyID = [
    "CI upload key", "fastlane", "abcde12345", "1234567890", "987654321", "dev@example.com", "./keys/AuthKey_ABCDE12345.p8",
    "AuthKey_ABCDE12345.p8", "${{ secrets.KEY }}", "$SOME_ISSUER", "Example Inc.", "69a6de70-03db-47e3-e053-5b8c7c11",
    team.pem.replaceAll("\n", "\\n"),
  ];
  const rows = [
    ...[...anyID, "69a6de70-03db-47e3-e053-5b8c7c11a4d1"].map((value) => ["key-id", "ASC_KEY_ID", value]),
    ...[...anyID, "ABCDE12345"].map((value) => ["issuer-id", "ASC_ISSUER_ID", value]),
  ];
  for (const [field, variable, value] of rows) {
    const { error } = await binary(["token"], { ...credential(team), [variable]: value });
    await enter(page, team);
    await page.fill(`#${field}`, value);
    const { title, advice, causes } = error;
    assert.deepEqual(await verdict(page, `${field}-verdict`), { tone: "wrong", title, facts: [], advice, causes }, value);
    assert.equal((await verdict(page, "conclusion")).tone, "wrong", value);
  }
});

test("swapped IDs are named", async (t) => {
  const { page } = await visit(t);
  const swapped = { keyId: team.issuerId, issuerId: team.keyId, pem: team.pem };
  const { error } = await binary(["token"], credential(swapped));
  await enter(page, swapped);
  for (const [index, id] of ["key-id-verdict", "issuer-id-verdict"].entries()) {
    const { tone, title, facts, advice } = await verdict(page, id);
    assert.deepEqual({ tone, title, advice }, { tone: "wrong", title: error.title, advice: error.advice });
    assert.equal(facts[0].text, error.facts[index].text);
  }
});

test("what is invisible around an ID is ignored, and said", async (t) => {
  const { page } = await visit(t);
  for (const [before, behind] of [['"', '"'], ["'", "'"], ["\u00a0", ""], ["", "\u200b"], ["  ", " "]]) {
    const wrapped = (text) => before + text + behind;
    await enter(page, { keyId: wrapped(team.keyId), issuerId: wrapped(team.issuerId), pem: team.pem });
    const given = { ...credential(team), ASC_KEY_ID: wrapped(team.keyId), ASC_ISSUER_ID: wrapped(team.issuerId) };
    const said = await binary(["doctor"], given);
    const { lines } = said.checks.find(({ name }) => name === "environment");
    for (const [id, variable, value] of [["key-id", "ASC_KEY_ID", team.keyId], ["issuer-id", "ASC_ISSUER_ID", team.issuerId]]) {
      const { tone, title, advice } = await verdict(page, `${id}-verdict`);
      assert.deepEqual({ tone, title }, { tone: "note", title: value }, JSON.stringify(before + behind));
      const name = { "key-id": "the key ID", "issuer-id": "the issuer ID" }[id];
      assert.ok(lines.includes(advice.replace(name, variable)), `${advice}: ${lines.join("; ")}`);
    }
    assert.equal((await verdict(page, "conclusion")).tone, "good");
  }
});

test("a file's name that says another key ID or kind is a contradiction", async (t) => {
  const { page } = await visit(t);
  for (const [name, kind] of [["AuthKey_ABCDE12345.p8", "team"], [`ApiKey_${team.keyId}.p8`, "team"]]) {
    const given = { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: fileOf(name, team.pem), ASC_KEY_TYPE: kind };
    const { error } = await binary(["token", "--strict-auth"], given);
    await enter(page, { ...team, pem: "" });
    await page.selectOption("#key-type", kind);
    await chooseFile(page, name, team.pem);
    await page.locator("#file-verdict[data-tone=wrong]").waitFor();
    const { title, advice } = await verdict(page, "file-verdict");
    assert.deepEqual({ title, advice }, { title: error.title, advice: error.advice }, name);
  }
});

test("a file's name gives the key ID, and the kind", async (t) => {
  const { page } = await visit(t);
  await chooseFile(page, `ApiKey_${team.keyId}.p8`, team.pem);
  await page.locator("#conclusion[data-tone=good]").waitFor();
  assert.match((await verdict(page, "key-id-verdict")).title, new RegExp(team.keyId));
  assert.match((await verdict(page, "key-type-verdict")).title, /individual/);
});

test("an In-App Purchase key is refused by its file's name", async (t) => {
  const { page } = await visit(t);
  const name = "SubscriptionKey_ABCDE12345.p8";
  const given = { ...credential(team), ASC_PRIVATE_KEY: "", ASC_PRIVATE_KEY_PATH: fileOf(name, team.pem) };
  const { error } = await binary(["token"], given);
  await chooseFile(page, name, team.pem);
  await page.locator("#key-verdict[data-tone=wrong]").waitFor();
  assert.equal((await verdict(page, "key-verdict")).advice, error.advice);
});

test("the fingerprint is the one that asc-auth and openssl tell", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  const shown = (await page.textContent("#fingerprint")).trim();
  const two = { ...credential(team), ASC_PRIVATE_KEY_PATH: fileOf("key", stage.individual.pem) };
  const { error } = await binary(["token", "--strict-auth"], two);
  assert.ok(error.facts.some(({ text }) => text.includes(shown)), JSON.stringify(error.facts));
  const der = execFileSync("openssl", ["pkey", "-pubout", "-outform", "DER"], { input: team.pem, timeout: 20_000 });
  const digest = execFileSync("openssl", ["dgst", "-sha256", "-hex"], { input: der, timeout: 20_000 }).toString();
  assert.equal(shown, `SHA256:${digest.trim().split(" ").at(-1).slice(0, 16)}…`);
});
