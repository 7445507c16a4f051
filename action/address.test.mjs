// Where the download goes, and what it takes along.

import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, environmentForDownload } from "./address.mjs";

const release = { version: "1.2.3", asset: { name: "asc-auth-1.2.3-x.tar.gz" } };

for (const [base, address] of [
  [undefined, "https://github.com/org/asc-auth/releases/download/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  [" ", "https://github.com/org/asc-auth/releases/download/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["https://mirror.example", "https://mirror.example/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["https://mirror.example/a/b//\n", "https://mirror.example/a/b/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["http://localhost:8080/a", "http://localhost:8080/a/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["http://[::1]:8080", "http://[::1]:8080/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
  ["https://mirror.example/a\n::error::b", "https://mirror.example/a::error::b/v1.2.3/asc-auth-1.2.3-x.tar.gz"],
]) {
  test(`${JSON.stringify(base)} leads to ${address}`, () => assert.equal(addressOf(release, base), address));
}

for (const [base, message] of [
  ["mirror.example/secret", /not a URL/],
  ["http://mirror.example/secret", /neither https nor, on a loopback host, http/],
  ["http://127.0.0.1.example/secret", /neither https nor/],
  ["http://localhost.example/secret", /neither https nor/],
  ["file:///secret", /neither https nor/],
  ["https://secret@mirror.example", /a user name or a password/],
  ["https://:secret@mirror.example", /a user name or a password/],
  ["https://mirror.example/?secret", /a query or a fragment/],
  ["https://mirror.example/#secret", /a query or a fragment/],
  ["https://mirror.example/?", /a query or a fragment/],
]) {
  test(`${base} is refused, and not shown`, () => {
    assert.throws(
      () => addressOf(release, base),
      (error) => {
        assert.equal(error.title, "asc-auth: download-base-url can't be used");
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test("the environment keeps proxies and certificates, and drops inputs and the credential", () => {
  const kept = {
    PATH: "/bin",
    HTTPS_PROXY: "http://proxy:3128",
    NO_PROXY: "*",
    http_proxy: "",
    NODE_EXTRA_CA_CERTS: "/ca",
  };
  const dropped = { "INPUT_PRIVATE-KEY": "key", ASC_PRIVATE_KEY: "key", ASC_KEY_ID: "id", asc_private_key_b64: "key" };
  assert.deepEqual(environmentForDownload({ ...kept, ...dropped }), { ...kept, NODE_USE_ENV_PROXY: "1" });
});

test("a proxy without a scheme is http, as for curl", () => {
  assert.equal(
    environmentForDownload({ https_proxy: "user:pass@proxy:3128" }).https_proxy,
    "http://user:pass@proxy:3128",
  );
});

for (const value of ["socks5://user:secret@proxy", "http://user:secret@[proxy", "http:// secret"]) {
  test(`a proxy such as ${value} is named by its variable, and not shown`, () => {
    assert.throws(
      () => environmentForDownload({ HTTPS_PROXY: value }),
      (error) => {
        assert.match(error.message, /HTTPS_PROXY is not the URL of an http or https proxy/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}
