// Prints a new key as one line of base64, as a secret would hold it.

import { generateKeyPairSync } from "node:crypto";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
console.log(Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" })).toString("base64"));
