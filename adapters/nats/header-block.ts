import { type Msg, type MsgHdrs, MsgHdrsImpl } from "nats";
import { percentEncoder } from "./percent-encoding.ts";

/*
 * A NATS header block is `NATS/1.0 CRLF`, lines of `name: value CRLF`, and an empty line. Names are printable ASCII without
 * a colon; clients trim values. Whatever comes from outside is percent-encoded, so no id or property can end a line.
 */

const firstLine = "NATS/1.0\r\n";
const lineFeed = 0x0a;
const space = 0x20;
const encodeChars = percentEncoder("");

/** Encodes a text as a header name. */
export const encodeHeaderName = percentEncoder(" :");

/** Encodes a text as a header value: spaces stay, but for one at an end, which clients would trim. */
export function encodeHeaderValue(text: string): string {
  let value = encodeChars(text);
  if (value.endsWith(" ")) value = `${value.slice(0, -1)}%20`;
  return value.startsWith(" ") ? `%20${value.slice(1)}` : value;
}

/** One line of a header block. The value is encoded here, the name must be one already. */
export const headerLine = (name: string, value: string): string => `${name}: ${encodeHeaderValue(value)}\r\n`;

/** Makes the bytes of a header block of its lines. */
export const headerBlock = (lines: string): Buffer => Buffer.from(`${firstLine}${lines}\r\n`, "latin1");

/** The bytes that a header block with these lines begins with. */
export const headerBlockStart = (lines: string): Buffer => Buffer.from(`${firstLine}${lines}`, "latin1");

/**
 * Headers that are bytes already. nats.js asks nothing of a message's headers but `encode()`, while it is inside `publish`,
 * so one object serves every message of a sender: setting and encoding six headers one by one costs more than all the rest
 * of a publish.
 */
export class EncodedHeaders extends MsgHdrsImpl {
  bytes: Uint8Array = new Uint8Array();

  override encode(): Uint8Array {
    return this.bytes;
  }
}

/**
 * The header lines of a message as nats.js received it, without the first line; empty when it has no headers. nats.js decodes
 * headers into a map of lists at 5 µs a message, which would be most of a replay. The received bytes are in two fields
 * that its types show but its face does not promise: without them, the map serves.
 */
export function headerLinesOf(msg: Msg): string {
  const received = receivedBytes(msg);
  if (received === undefined) return msg.headers === undefined ? "" : linesOf(msg.headers);
  const { bytes, headerLength } = received;
  return bytes.toString("latin1", Math.min(firstLineLength(bytes), headerLength), headerLength);
}

/** The body of a message as text. */
export function bodyTextOf(msg: Msg): string {
  const received = receivedBytes(msg);
  return received === undefined ? msg.string() : received.bytes.toString("utf8", received.headerLength);
}

type Received = { readonly bytes: Buffer; readonly headerLength: number };

function receivedBytes(msg: Msg): Received | undefined {
  if (!("_rdata" in msg && "_msg" in msg)) return undefined;
  const { _rdata: data, _msg: args } = msg;
  if (!(data instanceof Uint8Array) || typeof args !== "object" || args === null || !("hdr" in args)) return undefined;
  const { hdr } = args;
  if (typeof hdr !== "number") return undefined;
  // nats.js gives the part of the socket's buffer, or an array of its own for a message that came in pieces.
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { bytes, headerLength: Math.max(0, hdr) };
}

/** The length of `NATS/1.0`, or of a longer line with a status, and its end. */
const firstLineLength = (bytes: Buffer): number => bytes.indexOf(lineFeed) + 1;

function linesOf(headers: MsgHdrs): string {
  let lines = "";
  for (const [name, values] of headers) lines += values.map((value) => `${name}: ${value}\r\n`).join("");
  return lines;
}

/** Calls `visit` with each name and value of header lines, the value still encoded. */
export function eachHeader(lines: string, visit: (name: string, value: string) => void): void {
  let start = 0;
  while (start < lines.length) {
    const found = lines.indexOf("\r\n", start);
    const end = found < 0 ? lines.length : found;
    const colon = lines.indexOf(":", start);
    if (colon > start && colon < end) {
      const value = lines.charCodeAt(colon + 1) === space ? colon + 2 : colon + 1;
      visit(lines.slice(start, colon), lines.slice(value, end));
    }
    start = end + 2;
  }
}
