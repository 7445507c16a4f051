// Prints the public half of the P-256 private key in a file: the uncompressed point, in hexadecimal.

import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";

const der = createPublicKey(readFileSync(process.argv[2])).export({ type: "spki", format: "der" });
console.log(der.subarray(-65).toString("hex"));
