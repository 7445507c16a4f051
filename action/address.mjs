// Where the release is downloaded from, and what travels there: nothing secret.
//
// The input download-base-url is checked before it is shown or handed on, so that a password in it
// gets into no log and no argument list. The host is never derived from GITHUB_SERVER_URL, which on
// GitHub Enterprise Server names another one.

import { Failure } from "./failure.mjs";

const home = "https://github.com/org/asc-auth/releases/download";

// The URL of the release's archive, as text.
export function addressOf({ version, asset }, base) {
  const given = base?.trim() || home;
  const problem = reasonNotToAsk(given);
  if (problem) {
    throw new Failure(
      "asc-auth: download-base-url can't be used",
      `The input download-base-url: ${problem}. It takes a URL such as ${home}.`,
    );
  }
  // The URL as it was read, in which a line break or a space can't be.
  return `${new URL(given).href.replace(/\/+$/, "")}/v${version}/${asset.name}`;
}

function reasonNotToAsk(text) {
  if (!URL.canParse(text)) return "it is not a URL";
  const url = new URL(text);
  if (url.username || url.password) return "it holds a user name or a password";
  if (/[?#]/.test(text)) return "it holds a query or a fragment";
  if (!isAllowed(url)) return "it is neither https nor, on a loopback host, http";
}

// For what a server redirects to as well.
export function isAllowed({ protocol, hostname }) {
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && isLoopback);
}

// What the download finds in its environment: all but the credential, and the word for Node to read
// HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
export function environmentForDownload(env) {
  const kept = Object.entries(env)
    .filter(([name]) => !/^(INPUT|ASC)_/i.test(name))
    .map(([name, value]) => [name, /^https?_proxy$/i.test(name) && value ? proxy(name, value) : value]);
  return { ...Object.fromEntries(kept), NODE_USE_ENV_PROXY: "1" };
}

// A host and port alone is http, as it is for curl. Node would end with a stack trace that shows the
// value of a proxy that it can't read, with the password in it.
function proxy(name, value) {
  const address = value.includes("://") ? value : `http://${value}`;
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    throw new Failure(
      "asc-auth: the proxy can't be used",
      `The environment variable ${name} is not the URL of an http or https proxy. Correct it, or give a binary in binary-path.`,
    );
  }
  return address;
}
