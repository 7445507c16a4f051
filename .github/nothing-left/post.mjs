// Fails when RUNNER_TEMP still holds a directory of asc-auth's.

import { readdirSync } from "node:fs";

const left = readdirSync(process.env.RUNNER_TEMP).filter((name) => name.startsWith("asc-auth-"));
if (left.length > 0) {
  console.log(`::error title=asc-auth left something::In RUNNER_TEMP: ${left.join(", ")}`);
  process.exitCode = 1;
}
