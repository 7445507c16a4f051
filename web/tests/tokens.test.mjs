// The token that the page makes is accepted, and one that Apple would refuse is told as the binary tells it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { binary, closeBrowser, enter, fileOf, stage, verdict, visit } from "./stage.mjs";

after(closeBrowser);

const { team, individual } = stage;
const run = promisify(execFile);

async function minted(page) {
  await page.click("#mint");
  await page.locator("#token").waitFor();
  return page.inputValue("#token");
}

// Apple's side: the simulator verifies with another library than the one that signs.
async function answer(token) {
  const headers = { Authorization: `Bearer ${token}` };
  const { status } = await fetch(`${stage.apple}/v1/apps?limit=1`, { headers, signal: AbortSignal.timeout(20_000) });
  return status;
}

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

test("the token of a team key is accepted, and only as it was made", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  const token = await minted(page);
  assert.equal(await answer(token), 200);
  const [header, claims] = token.split(".");
  assert.equal(await answer([header, claims, "A".repeat(86)].join(".")), 401);
});

test("the token of an individual key is accepted", async (t) => {
  const { page } = await visit(t);
  await enter(page, { ...individual, issuerId: "" });
  await page.selectOption("#key-type", "individual");
  assert.equal(await answer(await minted(page)), 200);
});

test("a key that Apple does not know gives a token that it refuses", async (t) => {
  const { page } = await visit(t);
  await enter(page, { ...team, pem: individual.pem });
  assert.equal(await answer(await minted(page)), 401);
});

test("lifetime and scopes are those that were asked for", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  await page.fill("#mint-lifetime", "5m");
  await page.fill("#mint-scope", "GET /v1/apps?limit=1\nGET /v1/builds");
  const token = await minted(page);
  const { iat, exp, scope, aud } = claimsOf(token);
  assert.deepEqual(scope, ["GET /v1/apps?limit=1", "GET /v1/builds"]);
  assert.equal(aud, "appstoreconnect-v1");
  assert.ok(exp - iat >= 300 && exp - iat <= 360, `${exp - iat} s`);
  assert.equal(await answer(token), 200);
});

test("a lifetime that Apple refuses is refused in the binary's words", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  for (const lifetime of ["0s", "21m", "soon", "200d"]) {
    await page.fill("#mint-lifetime", lifetime);
    await page.click("#mint");
    const { title, advice } = await verdict(page, "mint-verdict");
    const given = { ASC_KEY_ID: team.keyId, ASC_ISSUER_ID: team.issuerId, ASC_PRIVATE_KEY: team.pem };
    const { error } = await binary(["token", "--lifetime", lifetime], given);
    assert.deepEqual({ title, advice }, { title: error.title, advice: error.advice }, lifetime);
    assert.equal(await page.inputValue("#token"), "");
  }
});

test("the shell lines try the token, pasted as they are", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  const token = await minted(page);
  const lines = (await page.textContent("#try")).replace("https://api.appstoreconnect.apple.com", stage.apple);
  assert.ok(!lines.includes(token));
  assert.ok(lines.includes(stage.apple), lines);
  // A shell in a terminal, which takes what is pasted line by line. All of it comes at once, the token behind the lines.
  const shell = run("script", ["--quiet", "--command", "sh", "/dev/null"], { timeout: 20_000 });
  shell.child.stdin.end(`${lines}${token}\nexit\n`);
  const { stdout } = await shell;
  assert.match(stdout, /HTTP\/1\.1 200 /);
  assert.doesNotMatch(stdout, /not found/, "the token was taken for a command");
});

// ---- Inspect -------------------------------------------------------------------------------------------------------

function signed(header, claims, pem = team.pem) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part(header)}.${part(claims)}`;
  const key = createPrivateKey(pem);
  return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

// The page and the binary judge some moments apart. So what is told from now on is told in hours, and far from the next one.
const now = Math.floor(Date.now() / 1000);
const DAYS_AGO = now - 2 * 86_400 - 1800;
const IN_AN_HOUR = now + 5430;
const header = { alg: "ES256", kid: team.keyId, typ: "JWT" };
const claims = { iss: team.issuerId, iat: now - 30, exp: now + 900, aud: "appstoreconnect-v1" };
const tokens = {
  "as it should be": signed(header, claims),
  "expired": signed(header, { ...claims, iat: DAYS_AGO - 1000, exp: DAYS_AGO }),
  "too long": signed(header, { ...claims, exp: now + 3600 }),
  "from the future": signed(header, { ...claims, iat: IN_AN_HOUR, exp: IN_AN_HOUR + 900 }),
  "no expiry": signed(header, { ...claims, exp: undefined }),
  "another audience": signed(header, { ...claims, aud: "example" }),
  "a list for an audience": signed(header, { ...claims, aud: ["appstoreconnect-v1"] }),
  "no key ID": signed({ ...header, kid: undefined }, claims),
  "a Team ID for the issuer": signed(header, { ...claims, iss: "ABCDE12345" }),
  "both issuer and subject": signed(header, { ...claims, sub: "user" }),
  "another algorithm": signed({ ...header, alg: "HS256" }, claims),
  "another key": signed(header, claims, individual.pem),
  "a scope that is no GET": signed(header, { ...claims, scope: ["POST /v1/apps"] }),
  "a header": `Authorization: Bearer ${signed(header, claims)}`,
};

test("everything that Apple would refuse in a token is told as the binary tells it", async (t) => {
  const { page } = await visit(t);
  await enter(page, team);
  const refused = [];
  for (const [row, token] of Object.entries(tokens)) {
    await page.fill("#inspect-token", token);
    const expected = await binary(["inspect", token, "--key", fileOf("key", team.pem)]);
    const shown = await page.locator("#inspect-findings > li").evaluateAll((items) =>
      items.map((item) => {
        const title = item.querySelector(".title").cloneNode(true);
        title.querySelector(".badge").remove();
        const [remedy, rule] = [...item.querySelectorAll("p:not(.title)")].map((part) => part.textContent);
        return { rule: rule.replace("Rule: ", ""), what: title.textContent.trim(), remedy };
      }),
    );
    assert.deepEqual(shown, expected.findings.map(({ rule, what, remedy }) => ({ rule, what, remedy })), row);
    const { tone } = await verdict(page, "inspect-verdict");
    assert.equal(tone === "wrong", !expected.acceptable, row);
    if (!expected.acceptable) refused.push(row);
  }
  const accepted = Object.keys(tokens).filter((row) => !refused.includes(row));
  assert.deepEqual(accepted, ["as it should be", "a header"]);
});

test("what is no token is refused in the binary's words", async (t) => {
  const { page } = await visit(t);
  for (const text of ["hello", "a.b", "eyJ.eyJ.x"]) {
    const { error } = await binary(["inspect", text]);
    await page.fill("#inspect-token", text);
    const { title, advice } = await verdict(page, "inspect-verdict");
    if (error) assert.deepEqual({ title, advice }, { title: error.title, advice: error.advice }, text);
    assert.notEqual((await verdict(page, "inspect-verdict")).tone, "good", text);
  }
});

test("without a key the signature is not judged", async (t) => {
  const { page } = await visit(t);
  await page.fill("#inspect-token", tokens["another key"]);
  assert.equal((await verdict(page, "inspect-verdict")).tone, "good");
  await page.fill("#key", team.pem);
  assert.equal((await verdict(page, "inspect-verdict")).tone, "wrong");
});
