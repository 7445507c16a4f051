// The roles and the errors are those of the binary's own tables.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { binary, closeBrowser, credential, stage, verdict, visit } from "./stage.mjs";

after(closeBrowser);

const { team } = stage;

// As the page writes what a role reaches.
const REACHES = { full: "yes", limited: "limited", read_only: "read-only", none: "no" };

function table(page) {
  return page.locator("#roles-table").evaluate(({ tHead, tBodies }) => ({
    areas: [...tHead.rows[0].cells].slice(1, -1).map((cell) => cell.textContent),
    roles: [...tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
  }));
}

for (const wish of ["", "builds", "certificates", "builds and certificates", "users"]) {
  test(`the roles for “${wish}” are the binary's`, async (t) => {
    const { page } = await visit(t);
    await page.fill("#roles-wanted", wish);
    const said = await binary(["roles", ...(wish ? ["--can", wish] : [])]);
    const { areas, roles } = await table(page);
    // The binary tells every area of a role; the page those that were asked for.
    const shown = said.areas ?? Object.keys(said.roles[0].reach);
    assert.equal(areas.length, shown.length);
    assert.deepEqual(
      roles,
      said.roles.map(({ name, reach, choose }) => [name, ...shown.map((area) => REACHES[reach[area]]), choose]),
    );
    const notes = await page.locator("#roles-notes > li").allTextContents();
    assert.deepEqual(notes, said.notes);
    if (wish) assert.equal((await verdict(page, "roles-answer")).title, said.roles[0].name);
  });
}

test("a wish that the table does not know is said to be unknown, with what it knows", async (t) => {
  const { page } = await visit(t);
  await page.fill("#roles-wanted", "fly to the moon");
  const { tone, facts } = await verdict(page, "roles-answer");
  assert.equal(tone, "doubtful");
  const { error } = await binary(["roles", "--can", "fly to the moon"]);
  for (const { label, text } of facts) assert.ok(error.advice.includes(label) && error.advice.includes(text), label);
  assert.deepEqual((await table(page)).roles.length > 0, true);
});

// What curl prints of an answer of this Apple, to a request with a token that is right.
function answerOf(apple, token) {
  const args = ["--silent", "--include", "--max-time", "20", "--header", "@-", `${apple}/v1/apps?limit=1`];
  return execFileSync("curl", args, { input: `Authorization: Bearer ${token}\n`, timeout: 20_000 }).toString();
}

for (const [row, apple] of stage.refusing) {
  test(`Apple's answer is explained as the binary explains it: ${row}`, async (t) => {
    const { page } = await visit(t);
    const { token } = await binary(["token"], credential(team));
    const { error } = await binary(["validate", "--timeout", "1s"], { ...credential(team), ASC_API_URL: apple });
    const answer = answerOf(apple, token);
    await page.fill("#answer", answer);
    const said = await verdict(page, "answer-verdict");
    assert.equal(said.tone, "wrong");
    assert.equal(said.title, error.title);
    if (row.startsWith("401")) {
      // The page has not seen the key, nor whom it was sent to: it names the causes that the binary names, and more.
      const causes = error.causes.filter((cause) => !cause.startsWith("the API root is not Apple's"));
      assert.ok(causes.length > 3);
      for (const cause of causes) assert.ok(said.causes.includes(cause), cause);
    } else {
      assert.deepEqual({ advice: said.advice, causes: said.causes }, { advice: error.advice, causes: error.causes });
    }
    // The body alone, as many tools print it, says the same where Apple wrote it.
    const body = answer.slice(answer.indexOf("\r\n\r\n")).trim();
    if (body.startsWith("{")) {
      await page.fill("#answer", body);
      assert.equal((await verdict(page, "answer-verdict")).title, error.title);
    }
  });
}

test("an answer that is no error is not explained", async (t) => {
  const { page } = await visit(t);
  for (const [answer, tone] of [["", "waiting"], ['{"data":[]}', "good"], ["<html></html>", "doubtful"]]) {
    await page.fill("#answer", answer);
    assert.equal((await verdict(page, "answer-verdict")).tone, tone, answer);
  }
});
