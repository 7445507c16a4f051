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

// Where things are, which proxy to use and whom to trust. Any other variable may be a secret of the
// job, or change what Node runs.
const system = "PATH|HOME|USERPROFILE|TMPDIR|TEMP|TMP|SystemRoot|SystemDrive|windir|LD_LIBRARY_PATH";
const runner = "RUNNER_TOOL_CACHE|RUNNER_TEMP";
const network = "HTTPS?_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR";
const kinds = new RegExp(`^(${system}|${runner}|${network})$`, "i");

// What the download finds in its environment: those, and the word for Node to read HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY.
export function environmentForDownload(env) {
  const kept = Object.entries(env)
    .filter(([name]) => kinds.test(name))
    .map(([name, value]) => [name, isProxy(name) && value ? proxy(name, value) : value]);
  return { ...Object.fromEntries(kept), NODE_USE_ENV_PROXY: "1" };
}

function isProxy(name) {
  return /^https?_proxy$/i.test(name);
}

// The variables that name a proxy, to point at when a download fails: their values may hold a password.
export function proxiesIn(env) {
  return Object.keys(env).filter((name) => isProxy(name) && env[name]);
}

// A host and port alone is http, as it is for curl. Node would end with a stack trace that shows the
// value of a proxy that it can't read, with the password in it.
function proxy(name, value) {
  const address = value.includes("://") ? value : `http://${value}`;
  if (!/^https?:/i.test(address) || !isReadable(address)) {
    throw new Failure(
      "asc-auth: the proxy can't be used",
      `The environment variable ${name} is not the URL of an http or https proxy. Correct it, or give a binary in binary-path.`,
    );
  }
  return address;
}

// A user name or a password with a stray % is one that can't be decoded.
function isReadable(address) {
  try {
    const { username, password } = new URL(address);
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
