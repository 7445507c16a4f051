// Pictures of the page for people to look at, in target/web/screenshots. A test can tell only that they are no blanks.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { browser, chooseFile, closeBrowser, enter, stage, useEverything, visit } from "./stage.mjs";

after(closeBrowser);

mkdirSync(stage.screenshots, { recursive: true });

const states = {
  "filled-in": (page) => useEverything(page),
  "contradictions": async (page) => {
    await enter(page, { keyId: stage.team.issuerId, issuerId: stage.team.keyId });
    await chooseFile(page, "SubscriptionKey_ABCDE12345.p8", stage.team.pem);
    await page.locator("#key-verdict[data-tone=wrong]").waitFor();
    await page.fill("#inspect-token", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.AAAA");
    await page.fill("#roles-wanted", "fly");
  },
  "empty": async () => {},
};

// How many colours a picture has, how bright it is from 0 to 255, and its size.
async function seen(png) {
  const page = await (await browser()).newPage();
  const told = await page.evaluate(async (base64) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    const colours = new Set();
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      sum += data[at] + data[at + 1] + data[at + 2];
    }
    return { colours: colours.size, brightness: sum / (data.length / 4) / 3, width: image.width, height: image.height };
  }, png.toString("base64"));
  await page.close();
  return told;
}

for (const [state, bring] of Object.entries(states)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[390, 844], [1280, 800]]) {
      test(`${state}, ${colorScheme}, ${width} × ${height}`, async (t) => {
        const options = { colorScheme, viewport: { width, height }, permissions: ["clipboard-write"] };
        const { page } = await visit(t, { context: options });
        await bring(page);
        await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
        const path = join(stage.screenshots, `${state}-${colorScheme}-${width}.png`);
        const { colours, brightness, ...size } = await seen(await page.screenshot({ path, fullPage: true }));
        assert.ok(colours > 50, `${colours} colours`);
        assert.equal(size.width, width);
        assert.ok(size.height >= height, `${size.height} pixels high`);
        assert.equal(brightness < 128, colorScheme === "dark", `brightness ${brightness}`);
      });
    }
  }
}
