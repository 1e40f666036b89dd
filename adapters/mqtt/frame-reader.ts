import { maxD2cBytes } from "../../core/device-to-cloud/message.ts";
import { ProtocolViolation } from "./protocol-violation.ts";

/** First bytes of the packets that a client may send: type and flags ([MQTT-2.2.2-1]). PUBLISH takes 0x30 to 0x3b. */
export const header = {
  connect: 0x10,
  puback: 0x40,
  subscribe: 0x82,
  unsubscribe: 0xa2,
  pingreq: 0xc0,
  disconnect: 0xe0,
} as const;

const notAllowed = -1;

/**
 * The longest remaining length that each first byte may announce. A packet is refused by its first bytes, before any of
 * it is kept: the field can announce 256 MB. QoS 2 needs no entry, as PUBLISH with it ends the connection (spec/mqtt 3).
 */
const maxRemaining = new Int32Array(256).fill(notAllowed);
const textLength = 2;
const longestText = 65_535;
/** Topic, packet id and the largest message. */
const longestPublish = textLength + longestText + 2 + maxD2cBytes;
for (let dup = 0; dup <= 8; dup += 8)
  for (let flags = 0; flags <= 3; flags += 1) maxRemaining[0x30 | dup | flags] = longestPublish;
maxRemaining[header.puback] = 2;
maxRemaining[header.subscribe] = 16_384;
maxRemaining[header.unsubscribe] = 16_384;
maxRemaining[header.pingreq] = 0;
maxRemaining[header.disconnect] = 0;

/** A will message of the largest size, and room for client id, user name and token; the peer is not known yet. */
const longestConnect = textLength + longestText + 32_768;

/** The length of the fixed header at most: type and flags, then four bytes of remaining length. */
const longestFixedHeader = 5;

/**
 * Cuts a byte stream into whole MQTT packets (MQTT 3.1.1 §2.2). After `next` returns true, the packet's first byte is
 * `header`, and its variable header and payload are `buffer` from `start` to `end`; the whole packet begins at
 * `packetStart`. The bytes are never overwritten later, so views on them may be kept.
 */
export class FrameReader {
  header = 0;
  buffer: Buffer = empty;
  packetStart = 0;
  start = 0;
  end = 0;
  /** While true, only a CONNECT is taken; afterwards anything but one ([MQTT-3.1.0-1], [MQTT-3.1.0-2]). */
  expectsConnect = true;
  #chunk: Buffer = empty;
  #position = 0;
  /** The beginning of a packet whose end has not come yet. */
  #carry: Buffer = empty;
  #carried = 0;
  #frameLength = 0;

  /** Takes the next bytes of the stream. Those before must have been read: `next` has returned false. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /** Reads the next packet; false when its end has not come. Throws ProtocolViolation. */
  next(): boolean {
    if (this.#carried > 0) return this.#completeCarried();
    const chunk = this.#chunk;
    const length = this.#measure(chunk, this.#position, chunk.length);
    const end = this.#position + length;
    if (length === 0 || end > chunk.length) {
      this.#carryRest(length);
      return false;
    }
    this.#position = end;
    this.#serve(chunk, end);
    return true;
  }

  #serve(buffer: Buffer, end: number): void {
    this.buffer = buffer;
    this.end = end;
  }

  /** The length of the packet at `from` with its fixed header, or 0 when that header is not whole yet. */
  #measure(bytes: Buffer, from: number, to: number): number {
    if (from >= to) return 0;
    const first = bytes[from] ?? 0;
    const limit = this.#limit(first);
    let remaining = 0;
    for (let index = 1; index < longestFixedHeader; index += 1) {
      const byte = from + index < to ? bytes[from + index] : undefined;
      if (byte === undefined) return 0;
      remaining |= (byte & 0x7f) << (7 * (index - 1));
      if (remaining > limit) throw new ProtocolViolation("packet too long");
      if (byte < 0x80) {
        this.header = first;
        this.packetStart = from;
        this.start = from + index + 1;
        return index + 1 + remaining;
      }
    }
    throw new ProtocolViolation("malformed remaining length");
  }

  #limit(first: number): number {
    if (this.expectsConnect) {
      if (first !== header.connect) throw new ProtocolViolation("first packet is not a CONNECT");
      return longestConnect;
    }
    const limit = maxRemaining[first] ?? notAllowed;
    if (limit === notAllowed) throw new ProtocolViolation("packet that a device may not send here");
    return limit;
  }

  #carryRest(frameLength: number): void {
    const rest = this.#chunk.length - this.#position;
    this.start -= this.#position;
    this.packetStart = 0;
    this.#frameLength = frameLength;
    if (rest > 0) this.#append(rest, frameLength);
    // Let go of the chunk: an idle connection should hold nothing.
    this.#chunk = empty;
    this.#position = 0;
  }

  /** Takes from the chunk only what the carried packet lacks, so that the packets after it need no copy. */
  #completeCarried(): boolean {
    while (this.#frameLength === 0 && this.#carried > 0) {
      if (this.#position === this.#chunk.length) return this.#chunkUsedUp();
      this.#append(1, longestFixedHeader);
      this.#frameLength = this.#measure(this.#carry, 0, this.#carried);
    }
    const missing = this.#frameLength - this.#carried;
    this.#append(Math.min(missing, this.#chunk.length - this.#position), this.#frameLength);
    if (this.#carried < this.#frameLength) return this.#chunkUsedUp();
    this.#serve(this.#carry, this.#carried);
    this.#carry = empty;
    this.#carried = 0;
    this.#frameLength = 0;
    return true;
  }

  #chunkUsedUp(): false {
    this.#chunk = empty;
    this.#position = 0;
    return false;
  }

  /** Room grows with what has come, never with what was announced: an announcement costs a peer nothing. */
  #append(count: number, frameLength: number): void {
    const needed = this.#carried + count;
    if (needed > this.#carry.length) {
      const room = Math.max(needed, Math.min(Math.max(frameLength, longestFixedHeader), 2 * needed));
      const grown = Buffer.allocUnsafe(room);
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    this.#chunk.copy(this.#carry, this.#carried, this.#position, this.#position + count);
    this.#carried = needed;
    this.#position += count;
  }
}

const empty = Buffer.alloc(0);
