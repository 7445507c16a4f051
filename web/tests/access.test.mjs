// A keyboard alone is enough, axe-core finds nothing, and nothing scrolls sideways on the smallest phone.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, closeBrowser, enter, stage, useEverything, verdict, visit } from "./stage.mjs";

after(closeBrowser);

const { team } = stage;

// What has the focus: its ID or its words, and where it is on the page.
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return null;
    const { left, top, bottom } = element.getBoundingClientRect();
    const name = element.id || element.dataset.copy || element.textContent.trim();
    return { name, left: left + scrollX, top: top + scrollY, bottom: bottom + scrollY };
  });
}

async function tabThrough(page) {
  const stops = [];
  for (let stop; stops.length < 200; stops.push(stop)) {
    await page.keyboard.press("Tab");
    stop = await focused(page);
    if (!stop || stops.some(({ name, top }) => name === stop.name && top === stop.top)) break;
  }
  return stops;
}

for (const width of [390, 1280]) {
  test(`the tab key reaches every control in the order in which it is seen, ${width} pixels wide`, async (t) => {
    const { page } = await visit(t, { context: { viewport: { width, height: 800 } } });
    await enter(page, team);
    await page.click("#mint");
    // The next stop is counted from where the focus was, so the way begins before the page.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute("tabindex");
      scrollTo({ top: 0, behavior: "instant" });
    });
    const stops = await tabThrough(page);
    const names = stops.map(({ name }) => name);
    const controls = await page.evaluate(() =>
      [...document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex='0']")]
        .filter((control) => control.checkVisibility({ visibilityProperty: true }))
        .map((control) => control.id || control.dataset.copy || control.textContent.trim()),
    );
    for (const control of controls) assert.ok(names.includes(control), `${control} can't be reached`);
    for (const [index, stop] of stops.entries()) {
      const before = stops[index - 1];
      if (!before || index === 1) continue; // The skip link is seen only while it has the focus.
      // Below, or beside it in the same row.
      const follows = stop.bottom > before.top && (stop.top >= before.bottom || stop.left > before.left);
      assert.ok(follows, `${before.name} comes before ${stop.name}`);
    }
  });
}

test("a keyboard alone checks a key, makes a token and forgets it", async (t) => {
  const { page } = await visit(t);
  const { keyboard } = page;
  const tabTo = async (id) => {
    for (let presses = 0; (await focused(page))?.name !== id; presses += 1) {
      assert.ok(presses < 200, `${id} can't be reached`);
      await keyboard.press("Tab");
    }
  };
  await tabTo("key-id");
  await keyboard.type(team.keyId);
  await keyboard.press("Tab");
  await keyboard.type(team.issuerId);
  await tabTo("key-type");
  await keyboard.press("ArrowDown");
  assert.equal(await page.inputValue("#key-type"), "team");
  await tabTo("key");
  await keyboard.insertText(team.pem);
  assert.equal((await verdict(page, "conclusion")).tone, "good");
  await tabTo("export-fastlane");
  await keyboard.press("Space");
  assert.match(await page.textContent("#github-workflow"), /fastlane/);
  await tabTo("mint");
  await keyboard.press("Enter");
  assert.match(await page.inputValue("#token"), /^eyJ/);
  await tabTo("forget");
  await keyboard.press("Enter");
  assert.equal(await page.inputValue("#key"), "");
});

test("Enter in a field goes nowhere", async (t) => {
  const { page } = await visit(t);
  for (const id of ["key-id", "issuer-id", "lifetime", "expect-app", "mint-lifetime", "roles-wanted"]) {
    await page.focus(`#${id}`);
    await page.keyboard.press("Enter");
  }
  assert.equal(page.url(), stage.url);
});

const states = {
  "empty": async () => {},
  "filled in": (page) => useEverything(page),
  "full of errors": async (page) => {
    await enter(page, { keyId: team.issuerId, issuerId: team.keyId, pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----" });
    await page.fill("#lifetime", "soon");
    await page.fill("#mint-lifetime", "soon");
    await page.click("#mint");
    await page.fill("#inspect-token", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA");
    await page.fill("#roles-wanted", "fly");
    await page.fill("#answer", '{"errors":[{"status":"403","code":"FORBIDDEN_ERROR","title":"","detail":"The API key in use does not allow this request"}]}');
  },
};

for (const [state, bring] of Object.entries(states)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      test(`axe-core finds nothing: ${state}, ${colorScheme}, ${width} pixels wide`, async (t) => {
        const options = { colorScheme, viewport: { width, height: 800 }, permissions: ["clipboard-write"] };
        const { page } = await visit(t, { context: options, script: axe });
        await bring(page);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`);
        assert.deepEqual(found, []);
        assert.ok(passes.some(({ id }) => id === "color-contrast"), "the contrast was not looked at");
      });
    }
  }

  test(`nothing scrolls sideways: ${state}, 320 pixels wide`, async (t) => {
    const { page } = await visit(t, { context: { viewport: { width: 320, height: 640 }, permissions: ["clipboard-write"] } });
    await bring(page);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body *")]
        .filter((element) => !element.parentElement.closest("pre, .scroll") && element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.id || element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(wide, []);
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 320);
  });
}
