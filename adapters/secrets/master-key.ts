import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

const keySize = 32;
// Base64 of 32 bytes is 44 characters; a line end may follow.
const maxFileSize = 64;

/** `fromEnvironment` is base64 of 32 bytes and outweighs the file. */
export type MasterKeySource = { readonly file: string; readonly fromEnvironment?: string | undefined };

/**
 * The hub's master key: from the environment if it is given there, else from its file, which the first start makes with
 * mode 0600. Nothing that was sealed can be read without it. Throws an Error with a message for the operator, which
 * never holds the key, when the value is not a key or others than the file's owner may read or write the file.
 */
export function loadMasterKey({ file, fromEnvironment }: MasterKeySource): Uint8Array {
  if (fromEnvironment !== undefined) return parseKey(fromEnvironment, "The master key from the environment");
  return readKeyFile(file) ?? createKeyFile(file);
}

function parseKey(text: string, source: string): Uint8Array {
  const base64 = text.trim();
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === keySize && bytes.toString("base64") === base64) return bytes;
  throw new Error(`${source} is not base64 of ${keySize} bytes`);
}

/** The key in the file, or undefined when there is no file. */
function readKeyFile(file: string): Uint8Array | undefined {
  const descriptor = openIfThere(file);
  if (descriptor === undefined) return undefined;
  try {
    const { mode } = fstatSync(descriptor);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error(`${file} is not a regular file`);
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new Error(`${file} has mode ${shown}, so others than its owner can reach the master key: set it to 0600`);
    }
    const buffer = Buffer.alloc(maxFileSize);
    return parseKey(buffer.toString("latin1", 0, readSync(descriptor, buffer)), `The master key in ${file}`);
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    // Without O_NONBLOCK a named pipe in this place would hang the start.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a new key beside the file and links it into place, so that the file is there whole or not at all, and of two
 * starts at once the first one's key is everybody's.
 */
function createKeyFile(file: string): Uint8Array {
  const key = randomBytes(keySize);
  const draft = `${file}.${randomUUID()}`;
  try {
    writeDurably(draft, `${key.toString("base64")}\n`);
    linkSync(draft, file);
    syncFolder(dirname(file));
    return key;
  } catch (error) {
    const winner = codeOf(error) === "EEXIST" ? readKeyFile(file) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    // The umask can only have taken bits away; a key that its owner can't read back would be lost.
    fchmodSync(descriptor, 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
