// Takes the one binary out of a release's archive, in memory: a .tar.gz, or a .zip on Windows.
//
// The archive's digest was compared before. All the same nothing here writes to disk, and an archive
// that holds anything but regular files and folders under the release's own folder is refused: no links,
// no path outside, no second entry of a name that was asked for, no size that lies.

import { gunzipSync, inflateRawSync } from "node:zlib";

import { Failure } from "./failure.mjs";

const block = 512;
// More than a release unpacks to; and in large pieces, which halves the time that it takes.
const limits = { maxOutputLength: 64 * 1024 * 1024, chunkSize: 1024 * 1024 };

// The content of the file `path` in the archive. The archive's own name says what kind it is.
export function unpack(archive, name, path) {
  const entries = name.endsWith(".zip") ? zipEntries : tarEntries;
  try {
    return only(path, entries(archive));
  } catch (error) {
    throw new Failure(
      "asc-auth: the archive can't be unpacked",
      `${name}: ${error.message}. Nothing was run. Please report it, and give a binary in the input binary-path until then.`,
    );
  }
}

function only(path, entries) {
  const [folder] = path.split("/");
  const found = [];
  for (const entry of entries) {
    const steps = entry.path.replace(/\/$/, "").split("/");
    if (steps[0] !== folder || steps.some((step) => ["", ".", ".."].includes(step)) || /[\\:\0]/.test(entry.path)) {
      throw new Error(`${JSON.stringify(entry.path)} lies outside ${folder}`);
    }
    if (!entry.isFile && !entry.isFolder) throw new Error(`${entry.path} is neither a file nor a folder`);
    if (entry.isFile && entry.path === path) found.push(entry);
  }
  if (found.length !== 1) throw new Error(`it holds ${found.length} files ${path} instead of one`);
  return found[0].content();
}

// POSIX, pax: the ustar interchange format.
function* tarEntries(archive) {
  const tar = gunzipSync(archive, limits);
  for (let at = 0; ;) {
    const header = part(tar, at, block);
    if (header.every((byte) => byte === 0)) return;
    const text = (start, length) => header.toString("utf8", start, start + length).replace(/\0.*$/s, "");
    const octal = (start, length) => {
      const digits = text(start, length).trim();
      if (!/^[0-7]+$/.test(digits)) throw new Error("a header of the tar holds no number where one must be");
      return parseInt(digits, 8);
    };
    // The sum counts its own field as spaces.
    const sum = header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
    if (octal(148, 8) !== sum) throw new Error("a header of the tar has a wrong checksum");
    const prefix = text(345, 155);
    const path = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
    const type = text(156, 1);
    const size = octal(124, 12);
    const content = part(tar, at + block, size);
    yield { path, isFile: type === "0" || type === "", isFolder: type === "5", content: () => content };
    at += block + Math.ceil(size / block) * block;
  }
}

// PKWARE, APPNOTE.TXT: the central directory, which says where each file begins.
function* zipEntries(zip) {
  // Without a comment, the end of the central directory is the end of the file.
  const end = part(zip, zip.length - 22, 22);
  signed(end, 0x06054b50);
  let at = end.readUInt32LE(16);
  for (let left = end.readUInt16LE(10); left > 0; left -= 1) {
    const header = part(zip, at, 46);
    signed(header, 0x02014b50);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => header.readUInt16LE(offset));
    const path = part(zip, at + 46, nameLength).toString();
    // The upper half of the attributes is the mode, if a Unix program wrote it.
    const type = (header.readUInt32LE(38) >>> 16) & 0o170000;
    const isFolder = path.endsWith("/");
    yield {
      path,
      isFile: !isFolder && (type === 0 || type === 0o100000),
      isFolder: isFolder && (type === 0 || type === 0o040000),
      content: () => zipContent(zip, header, path),
    };
    at += 46 + nameLength + extraLength + commentLength;
  }
}

function zipContent(zip, header, path) {
  const method = header.readUInt16LE(10);
  const [packedSize, size, at] = [20, 24, 42].map((offset) => header.readUInt32LE(offset));
  const local = part(zip, at, 30);
  signed(local, 0x04034b50);
  const [nameLength, extraLength] = [26, 28].map((offset) => local.readUInt16LE(offset));
  const localPath = part(zip, at + 30, nameLength).toString();
  if (localPath !== path) throw new Error(`${path} is called ${localPath} where its content is`);
  const packed = part(zip, at + 30 + nameLength + extraLength, packedSize);
  if (method !== 0 && method !== 8) throw new Error(`${path} is compressed in a way that is not known here`);
  const content = method === 0 ? packed : inflateRawSync(packed, limits);
  if (content.length !== size) throw new Error(`${path} has ${content.length} bytes instead of ${size}`);
  return content;
}

function signed(bytes, signature) {
  if (bytes.readUInt32LE(0) !== signature) throw new Error("it is not the zip that it should be");
}

// So many bytes from there, all of them.
function part(bytes, at, length) {
  if (at < 0 || at + length > bytes.length) throw new Error("it ends too early");
  return bytes.subarray(at, at + length);
}
