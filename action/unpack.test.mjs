// Archives of both kinds, and those that nobody should unpack.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { tar, tarGz, zip } from "./support.mjs";
import { unpack } from "./unpack.mjs";

const path = "asc-auth-1.2.3-x/asc-auth";
const content = "a binary, ".repeat(1000);
const wanted = { path, content };

function refused(archive, name, message) {
  assert.throws(() => unpack(archive, name, path), { title: "asc-auth: the archive can't be unpacked", message });
}

test("takes the binary out of a .tar.gz with other files in it", () => {
  const archive = tarGz([
    { path: "asc-auth-1.2.3-x/", type: "5" },
    { path: "asc-auth-1.2.3-x/README.md", content: "read me" },
    wanted,
    { path: "asc-auth", prefix: "asc-auth-1.2.3-x/completions" },
  ]);
  assert.equal(unpack(archive, "a.tar.gz", path).toString(), content);
});

test("finds a binary whose folder is in the header's prefix", () => {
  const archive = tarGz([{ path: "asc-auth", prefix: "asc-auth-1.2.3-x", content }]);
  assert.equal(unpack(archive, "a.tar.gz", path).toString(), content);
});

for (const method of [0, 8]) {
  test(`takes the binary out of a .zip (method ${method})`, () => {
    const archive = zip([
      { path: "asc-auth-1.2.3-x/", mode: 0o40755, method: 0 },
      { path: "asc-auth-1.2.3-x/README.md", content: "read me" },
      { ...wanted, method },
    ]);
    assert.equal(unpack(archive, "a.zip", path).toString(), content);
  });
}

for (const [what, entries, message] of [
  ["without the binary", [{ path: "asc-auth-1.2.3-x/README.md" }], /holds 0 files asc-auth-1\.2\.3-x\/asc-auth/],
  ["with two of them", [wanted, wanted], /holds 2 files/],
  ["with a folder of its name", [{ path, type: "5" }], /holds 0 files/],
  ["with a symbolic link in its place", [{ path, type: "2" }], /asc-auth is neither a file nor a folder/],
  ["with a hard link in its place", [{ path, type: "1" }], /neither a file nor a folder/],
  ["with a link beside it", [wanted, { path: "asc-auth-1.2.3-x/docs", type: "2" }], /docs is neither/],
  ...["L", "K", "x", "g", "S"].map((type) => [
    `with an extended header of type ${type}`,
    [{ path: "asc-auth-1.2.3-x/next", type }, wanted],
    /next is neither a file nor a folder/,
  ]),
  [
    "with another name for it in an extended header",
    [{ path: "asc-auth-1.2.3-x/x", type: "x", content }, wanted],
    /neither/,
  ],
  [
    "with a path that climbs out",
    [wanted, { path: "asc-auth-1.2.3-x/../../etc/passwd" }],
    /passwd" lies outside asc-auth-1\.2\.3-x/,
  ],
  ["with an absolute path", [wanted, { path: "/etc/passwd" }], /"\/etc\/passwd" lies outside/],
  ["with a path for Windows", [wanted, { path: "asc-auth-1.2.3-x/..\\..\\x" }], /lies outside/],
  ["with a file of another folder", [wanted, { path: "elsewhere/x" }], /lies outside/],
  ["whose binary claims to be longer", [{ ...wanted, size: 1e6 }], /ends too early/],
  ["whose binary claims to be shorter", [{ ...wanted, size: 512 }], /no number where one must be|wrong checksum/],
]) {
  test(`a tar ${what} is refused`, () => refused(tarGz(entries), "a.tar.gz", message));
}

test("a tar whose header was changed is refused", () => {
  const changed = tar([wanted]);
  changed.write("x", 5);
  refused(gzipSync(changed), "a.tar.gz", /wrong checksum/);
});

test("a tar without its end is refused", () => {
  refused(gzipSync(tar([wanted]).subarray(0, -1024)), "a.tar.gz", /ends too early/);
});

test("a .tar.gz that unpacks to far more than a release is refused", () => {
  refused(gzipSync(Buffer.alloc(65 * 1024 * 1024)), "a.tar.gz", /larger than/);
});

test("a .zip that unpacks to far more than a release is refused", () => {
  refused(zip([{ path, content: "0".repeat(65 * 1024 * 1024) }]), "a.zip", /larger than/);
});

test("what is no archive is refused", () => {
  refused(Buffer.from("no archive at all, not even a short one"), "a.tar.gz", /incorrect header/);
  refused(Buffer.from("no archive at all, not even a short one"), "a.zip", /not the zip/);
  refused(Buffer.from("PK"), "a.zip", /ends too early/);
});

for (const [what, entries, message] of [
  ["without the binary", [{ path: "asc-auth-1.2.3-x/README.md" }], /holds 0 files/],
  ["with two of them", [wanted, wanted], /holds 2 files/],
  ["with a link in its place", [{ ...wanted, mode: 0o120777 }], /neither a file nor a folder/],
  ["with a path that climbs out", [wanted, { path: "asc-auth-1.2.3-x/../x" }], /lies outside/],
  ["with a drive's letter", [wanted, { path: "asc-auth-1.2.3-x/C:x" }], /lies outside/],
  [
    "whose binary has another name in its place",
    [{ ...wanted, localPath: "asc-auth-1.2.3-x/asc-evil" }],
    /is called asc-auth-1\.2\.3-x\/asc-evil where its content is/,
  ],
  ["whose binary claims to be shorter", [{ ...wanted, size: 10 }], /has 10000 bytes instead of 10\./],
  ["whose binary claims to be longer", [{ ...wanted, size: 1e6 }], /has 10000 bytes instead of 1000000/],
  ["whose binary is compressed in another way", [{ ...wanted, method: 12 }], /not known here/],
]) {
  test(`a zip ${what} is refused`, () => refused(zip(entries), "a.zip", message));
}

test("a zip that was cut off is refused", () => {
  refused(zip([wanted]).subarray(0, -1), "a.zip", /not the zip/);
});
