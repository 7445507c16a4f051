// Verifies every token of a batch with jose, which has its cryptography from WebCrypto: jose.mjs BATCH MODULES

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { judgeTokens, publicKeys } from "./batch.mjs";

const require = createRequire(join(process.argv[3], "package.json"));
const { errors, jwtVerify } = await import(pathToFileURL(require.resolve("jose")));
const keys = publicKeys();
const rules = {
  algorithms: ["ES256"],
  audience: ["appstoreconnect-v1", "apple-developer-enterprise-v1"],
  typ: "JWT",
};

await judgeTokens("jose", async (signer, token) => {
  try {
    await jwtVerify(token, keys[signer], rules);
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return false;
    }
    throw error;
  }
});
