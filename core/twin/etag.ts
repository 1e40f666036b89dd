import { HubError } from "../hub-error.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The etag of a fresh twin. A twin's etag is the base64 of an 8-byte big-endian counter that starts at 1 and goes up with
 * each write of tags or desired properties (spec/twins-methods-jobs 2).
 */
export const firstEtag = "AAAAAAAAAAE=";

/** The etag that follows `etag`. Throws HubError `ServerError` for a text that is no etag of a twin. */
export const nextEtag = (etag: string): string => encode(BigInt.asUintN(64, decode(etag) + 1n));

// Base64 cuts the 64 bits into 11 groups of 6, the last one filled up with two zero bits, and adds one `=` (RFC 4648 §4).
function encode(counter: bigint): string {
  const digits = Array.from({ length: 11 }, (_, i) =>
    alphabet.charAt(Number(((counter << 2n) >> BigInt(60 - 6 * i)) & 63n)),
  );
  return `${digits.join("")}=`;
}

function decode(etag: string): bigint {
  if (!/^[A-Za-z0-9+/]{11}=$/.test(etag)) throw new HubError("ServerError", "A twin has an etag that is no counter");
  return Array.from(etag.slice(0, 11)).reduce((sum, digit) => (sum << 6n) | BigInt(alphabet.indexOf(digit)), 0n) >> 2n;
}
