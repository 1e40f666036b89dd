import type { Writable } from "node:stream";
import { header } from "./frame-reader.ts";

/** Anything that gathers bytes until the end of the tick. */
type Flushable = { flush(): void };

/** Asks for a `flush` at the end of this turn of the event loop. */
export type Schedule = (target: Flushable) => void;

/**
 * Makes the scheduler that all connections of a listener share: one immediate flushes whatever was written since, so the
 * PUBACKs of a batch that the hub stored leave in one write for each connection.
 */
export function createSchedule(): Schedule {
  let waiting: Flushable[] = [];
  const flushAll = () => {
    const due = waiting;
    waiting = [];
    for (const target of due) target.flush();
  };
  return (target) => {
    if (waiting.push(target) === 1) setImmediate(flushAll);
  };
}

export type OutboundOptions = {
  readonly schedule: Schedule;
  /** Bytes that may wait for the peer to read. */
  readonly maxBytes: number;
  /** Called when more wait. */
  readonly onOverflow: () => void;
};

const smallest = 64;
const largestFirst = 4_096;

/** The bytes to one device. What one tick writes leaves together, in order. */
export class Outbound {
  readonly #stream: Writable;
  readonly #options: OutboundOptions;
  /** Held only while something waits: an idle connection costs no buffer. */
  #bytes: Buffer = empty;
  #length = 0;
  #lastLength = 0;
  #scheduled = false;
  #ended = false;

  constructor(stream: Writable, options: OutboundOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** Bytes that wait for the peer to read. */
  get waitingBytes(): number {
    return this.#length + this.#stream.writableLength;
  }

  /** Adds a PUBACK. */
  puback(packetId: number): void {
    if (this.#ended) return;
    const at = this.#reserve(4);
    const bytes = this.#bytes;
    bytes[at] = header.puback;
    bytes[at + 1] = 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
  }

  /** Adds whole packets. */
  write(packets: Uint8Array): void {
    if (this.#ended) return;
    const at = this.#reserve(packets.length);
    this.#bytes.set(packets, at);
  }

  /** Hands what waits to the stream. */
  flush(): void {
    this.#scheduled = false;
    if (this.#length === 0) return;
    this.#stream.write(this.#bytes.subarray(0, this.#length));
    this.#lastLength = this.#length;
    this.#bytes = empty;
    this.#length = 0;
    if (this.#stream.writableLength > this.#options.maxBytes) this.#options.onOverflow();
  }

  /** Hands what waits to the stream and takes nothing more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.flush();
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length = needed;
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#options.schedule(this);
    }
    return at;
  }

  #grow(needed: number): void {
    const first = Math.max(smallest, Math.min(this.#lastLength, largestFirst));
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, first));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const empty = Buffer.alloc(0);
