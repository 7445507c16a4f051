// Verifies every token of a batch with the OpenSSL in Node, which knows nothing of tokens: openssl.mjs BATCH

import { verify } from "node:crypto";
import { judgeTokens, publicKeys } from "./batch.mjs";

const keys = publicKeys();

await judgeTokens(`OpenSSL ${process.versions.openssl}`, (signer, token) => {
  const end = token.lastIndexOf(".");
  const key = { key: keys[signer], dsaEncoding: "ieee-p1363" };
  return verify("sha256", Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), "base64url"));
});
