/*
 * As much of AMQP 1.0 as a load generator needs: values and frames of fixed shape to send, and a look at the fields of
 * those that come back. Parts and sections are those of the OASIS standard.
 */

/** The descriptor code of the outcome `accepted` (part 3, section 3.4.2). */
export const acceptedCode = 0x24;
/** The descriptor codes of a link's ends (part 3, section 3.5). */
export const [sourceCode, targetCode] = [0x28, 0x29];

export const protocolHeader = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0]);
export const nothing = Buffer.from([0x40]);
export const boolean = (value: boolean): Buffer => Buffer.from([value ? 0x41 : 0x42]);

/** A uint or a message format, always in its four-byte form, so that it can be written over. */
export function uint(value: number): Buffer {
  const bytes = Buffer.from([0x70, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([0xb1]), sized(bytes.length), bytes]);
}

/** Binary of at most 255 bytes. */
export const binary = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0xa0, bytes.length]), bytes]);

/** A list with a descriptor, as performatives and the ends of links are. */
export function describedList(code: number, fields: readonly Buffer[]): Buffer {
  const items = Buffer.concat(fields);
  return Buffer.concat([Buffer.from([0x00, 0x53, code, 0xd0]), sized(items.length + 4), sized(fields.length), items]);
}

/** A frame (part 2, section 2.3): size, offset of the data in words, type, channel, performative, payload. */
export function frame(
  channel: number,
  code: number,
  fields: readonly Buffer[],
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const body = Buffer.concat([describedList(code, fields), payload]);
  const header = Buffer.from([0, 0, 0, 0, 2, 0, channel >> 8, channel & 0xff]);
  header.writeUInt32BE(header.length + body.length);
  return Buffer.concat([header, body]);
}

function sized(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame that came in; it is read in place. */
export class IncomingFrame {
  readonly channel: number;
  /** The descriptor code of its performative; undefined for a heartbeat. */
  readonly code: number | undefined;
  readonly #bytes: Buffer;
  readonly #fields: readonly number[];
  readonly #end: number;

  constructor(bytes: Buffer) {
    const start = (bytes[4] ?? 0) * 4;
    this.#bytes = bytes;
    this.channel = bytes.readUInt16BE(6);
    this.code = start < bytes.length ? bytes[start + 2] : undefined;
    this.#fields = this.code === undefined ? [] : itemsOf(bytes, start + 3);
    this.#end = this.code === undefined ? start : start + 3 + sizeAt(bytes, start + 3);
  }

  /** What follows the performative: the message of a transfer. */
  get payload(): Buffer {
    return this.#bytes.subarray(this.#end);
  }

  /** A uint field; `absent` when it is not there. */
  uint(field: number, absent: number): number {
    const at = this.#fields[field];
    if (at === undefined) return absent;
    switch (this.#bytes[at] ?? 0) {
      case 0x43:
        return 0;
      case 0x52:
        return this.#bytes[at + 1] ?? absent;
      case 0x70:
        return this.#bytes.readUInt32BE(at + 1);
      default:
        return absent;
    }
  }

  /** A string field. */
  text(field: number): string {
    const at = this.#fields[field] ?? 0;
    const start = this.#bytes[at] === 0xa1 ? at + 2 : at + 5;
    return this.#bytes.toString("utf8", start, at + sizeAt(this.#bytes, at));
  }

  /** The descriptor code of a field that is a described list, such as an outcome. */
  descriptor(field: number): number | undefined {
    const at = this.#fields[field];
    return at !== undefined && this.#bytes[at] === 0x00 ? this.#bytes[at + 2] : undefined;
  }

  shown(): string {
    return `${this.code?.toString(16)} ${this.#bytes.toString("latin1").replaceAll(/[^ -~]+/g, " ")}`;
  }
}

/** Where the items of a list begin. */
function itemsOf(bytes: Buffer, at: number): readonly number[] {
  const code = bytes[at];
  if (code === 0x45) return [];
  const isShort = code === 0xc0;
  const count = isShort ? (bytes[at + 2] ?? 0) : bytes.readUInt32BE(at + 5);
  const items: number[] = [];
  let next = at + (isShort ? 3 : 9);
  for (let index = 0; index < count; index += 1) {
    items.push(next);
    next += sizeAt(bytes, next);
  }
  return items;
}

/** The bytes of a value with its constructor, whose upper half says how its size is told (part 1, section 1.2). */
function sizeAt(bytes: Buffer, at: number): number {
  const code = bytes[at] ?? 0;
  if (code === 0x00) return 3 + sizeAt(bytes, at + 3);
  const width = code >> 4;
  if (width === 0x4) return 1;
  if (width <= 0x9) return 1 + 2 ** (width - 5);
  // From 0xa on the width alternates: a size of one byte, a size of four.
  return width % 2 === 0 ? 2 + (bytes[at + 1] ?? 0) : 5 + bytes.readUInt32BE(at + 1);
}

/** Cuts what comes in into frames, after the protocol header. */
export class IncomingFrames {
  #rest: Buffer = Buffer.alloc(0);
  #headerSeen = false;

  /** The frames that are whole now. */
  *read(chunk: Buffer): Generator<IncomingFrame> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (!this.#headerSeen && bytes.length >= protocolHeader.length) {
      this.#headerSeen = true;
      at = protocolHeader.length;
    }
    while (this.#headerSeen && bytes.length - at >= 4 && bytes.length - at >= bytes.readUInt32BE(at)) {
      const end = at + bytes.readUInt32BE(at);
      yield new IncomingFrame(bytes.subarray(at, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}
