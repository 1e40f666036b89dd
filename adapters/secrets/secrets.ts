import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { HubError } from "../../core/hub-error.ts";
import type { Secrets } from "../../core/ports.ts";

const version = "v1.";
const ivSize = 12;
const tagSize = 16;
const symmetricKeySize = 32;

/**
 * Makes the cryptography of a hub. `masterKey` is 32 bytes. A sealed text is `v1.` and the base64url of IV, tag and
 * ciphertext of AES-256-GCM; the IV is 96 random bits, fresh for each text (NIST SP 800-38D §8.2.2).
 */
export function createSecrets(masterKey: Uint8Array): Secrets {
  // Node takes a key object four times as fast as the bytes of a key, here and in `sign`.
  const master = createSecretKey(masterKey);
  return {
    seal: (plain) => seal(master, plain),
    open: (sealed) => open(master, sealed),
    generateKey: () => randomBytes(symmetricKeySize).toString("base64"),
    sign: (key, text) => createHmac("sha256", createSecretKey(key, "base64")).update(text).digest("base64"),
    signWithKeyText: (key, text) => createHmac("sha256", key).update(text).digest("base64"),
    digest: (text) => hash("sha256", text, "hex"),
    equal: (a, b) => timingSafeEqual(digest(a), digest(b)),
  };
}

/** Texts of any length compare in constant time by digests of one length. */
const digest = (text: string): Uint8Array => hash("sha256", text, "buffer");

function seal(master: KeyObject, plain: string): string {
  const iv = randomBytes(ivSize);
  const cipher = createCipheriv("aes-256-gcm", master, iv);
  const ciphertext = [cipher.update(plain, "utf8"), cipher.final()];
  return version + Buffer.concat([iv, cipher.getAuthTag(), ...ciphertext]).toString("base64url");
}

function open(master: KeyObject, sealed: string): string {
  const bytes = Buffer.from(sealed.slice(version.length), "base64url");
  if (!sealed.startsWith(version) || bytes.length < ivSize + tagSize) throw notOurs();
  const options = { authTagLength: tagSize };
  const decipher = createDecipheriv("aes-256-gcm", master, bytes.subarray(0, ivSize), options);
  decipher.setAuthTag(bytes.subarray(ivSize, ivSize + tagSize));
  try {
    const plain = decipher.update(bytes.subarray(ivSize + tagSize));
    return Buffer.concat([plain, decipher.final()]).toString("utf8");
  } catch (cause) {
    throw notOurs({ cause });
  }
}

const notOurs = (options?: ErrorOptions): HubError =>
  new HubError("ServerError", "A stored secret was not sealed under this hub's master key", {}, options);
