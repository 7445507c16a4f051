// Appends one line: everything in RUNNER_TEMP by path, with the names of the files in each directory.

import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const temp = process.env.RUNNER_TEMP;
const found = readdirSync(temp, { withFileTypes: true }).map((entry) => {
  const path = join(temp, entry.name);
  return [path, entry.isDirectory() ? readdirSync(path) : []];
});
appendFileSync(process.env.INPUT_REPORT, `${JSON.stringify(Object.fromEntries(found))}\n`);
