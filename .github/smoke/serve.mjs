// Serves a folder on loopback until it is killed, and prints where.

import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const folder = process.argv[2];
const server = createServer((request, response) => {
  const file = createReadStream(join(folder, new URL(request.url, "http://127.0.0.1").pathname));
  file.on("error", () => response.writeHead(404).end());
  file.pipe(response);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
// The step that starts this ends before those that need it.
process.on("SIGHUP", () => {});
