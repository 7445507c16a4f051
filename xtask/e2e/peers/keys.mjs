// Reads every key of a batch with the OpenSSL in Node: keys.mjs BATCH

import { createPrivateKey } from "node:crypto";
import { batch } from "./batch.mjs";

function isRead(der) {
  return ["pkcs8", "sec1"].some((type) => {
    try {
      createPrivateKey({ key: Buffer.from(der, "base64"), format: "der", type });
      return true;
    } catch {
      return false;
    }
  });
}

const others = batch.keys.filter((key) => isRead(key.der) !== key.accepted);
for (const key of others) {
  console.error(`${key.row}: OpenSSL ${key.accepted ? "refuses" : "accepts"} it (${key.why})`);
}
if (others.length > 0) {
  process.exit(1);
}
const read = batch.keys.filter((key) => key.accepted).length;
console.log(`OpenSSL ${process.versions.openssl}: ${read} keys read, ${batch.keys.length - read} refused`);
