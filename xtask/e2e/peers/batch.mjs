// What the peers in JavaScript have in common: a batch, and how one disagrees with it.

import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";

export const batch = JSON.parse(readFileSync(process.argv[2], "utf8"));

export function publicKeys() {
  const read = (key) => createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
  return batch.public_keys.map(read);
}

// Ends with 1 if a token is refused or a spoilt one accepted.
export async function judgeTokens(name, isGood) {
  for (const [kind, wanted] of [["tokens", true], ["spoilt", false]]) {
    for (const [signer, token] of batch[kind]) {
      if ((await isGood(signer, token)) !== wanted) {
        console.error(`${wanted ? "refused" : "accepted"}: ${token}`);
        process.exit(1);
      }
    }
  }
  console.log(`${name}: ${batch.tokens.length} accepted, ${batch.spoilt.length} refused`);
}
