import { AmqpCursor } from "./amqp-cursor.ts";
import { misframed } from "./frame-violation.ts";
import type { GuardLimits } from "./limits.ts";
import { PerformativeGuard } from "./performative-guard.ts";
import { passSaslInit, wasAccepted } from "./sasl-frames.ts";

export { FrameViolation } from "./frame-violation.ts";

/** Protocol headers (AMQP 1.0 part 2, 2.2; part 5, 5.3.1). */
const amqpHeader = Buffer.from("AMQP\0\x01\0\0", "latin1");
const saslHeader = Buffer.from("AMQP\x03\x01\0\0", "latin1");

const frameHeaderBytes = 8;
const sizeBytes = 4;
/** AMQP allows 512; a token in the initial response of PLAIN is longer. */
const maxSaslFrameBytes = 4_096;

/** What may come next: a header, SASL's one frame, nothing before the outcome of SASL, a header after it, frames. */
type Phase = "start" | "sasl" | "outcome" | "header" | "frames" | "over";

/**
 * Stands before rhea, which trusts its peer: cuts the bytes of one connection into frames and lets none through that could
 * hang rhea, make it keep more than the limits say, make it print, or end in any error but a close (AMQP 1.0 parts
 * 1 to 3, 5).
 */
export class FrameGuard {
  readonly #limits: GuardLimits;
  readonly #cursor = new AmqpCursor();
  readonly #performatives: PerformativeGuard;
  #phase: Phase = "start";
  /** The beginning of a frame whose end has not come yet. */
  #carry: Buffer = empty;
  #carried = 0;

  constructor(limits: GuardLimits) {
    this.#limits = limits;
    this.#performatives = new PerformativeGuard(limits, this.#cursor);
  }

  /**
   * Checks the next bytes of the peer's and returns those that rhea may have, in whole frames; it keeps an unfinished one.
   * The bytes are the guard's from then on. Throws FrameViolation, and returns nothing more once it has or the peer has
   * closed.
   */
  push(chunk: Buffer): readonly Buffer[] {
    try {
      return this.#cut(chunk);
    } catch (error) {
      this.#phase = "over";
      this.#carry = empty;
      throw error;
    }
  }

  /**
   * Takes note of what the hub writes, whole frames or a header a call: the outcome of SASL, and the credit that peers have.
   */
  sent(bytes: Buffer): void {
    if (this.#phase === "frames") {
      for (let start = 0; start < bytes.length; start += bytes.readUInt32BE(start)) {
        this.#performatives.sent(bytes, start);
      }
    } else if (this.#phase === "outcome" && wasAccepted(bytes, this.#cursor)) this.#phase = "header";
  }

  #cut(chunk: Buffer): readonly Buffer[] {
    const pieces: Buffer[] = [];
    let position = this.#carried === 0 ? 0 : this.#complete(chunk, pieces);
    let runStart = position;
    while (position < chunk.length && this.#phase !== "over") {
      const length = this.#measure(chunk, position, chunk.length);
      const end = position + length;
      if (length === 0 || end > chunk.length) break;
      const replacement = this.#check(chunk, position, end);
      if (replacement !== undefined) {
        if (runStart < position) pieces.push(chunk.subarray(runStart, position));
        pieces.push(replacement);
        runStart = end;
      }
      position = end;
    }
    if (runStart < position) pieces.push(chunk.subarray(runStart, position));
    if (this.#phase !== "over" && position < chunk.length) this.#append(chunk, position, chunk.length);
    return pieces;
  }

  /** Takes from the chunk what the carried frame lacks, and returns how much that was. */
  #complete(chunk: Buffer, pieces: Buffer[]): number {
    let taken = 0;
    while (this.#carried < frameHeaderBytes && taken < chunk.length) {
      this.#append(chunk, taken, taken + 1);
      taken += 1;
      const length = this.#measure(this.#carry, 0, this.#carried);
      if (length !== 0 && this.#carried === length) return this.#serve(pieces, taken);
    }
    const missing = this.#measure(this.#carry, 0, this.#carried) - this.#carried;
    const end = Math.min(chunk.length, taken + Math.max(0, missing));
    this.#append(chunk, taken, end);
    return end - taken < missing || missing < 0 ? end : this.#serve(pieces, end);
  }

  #serve(pieces: Buffer[], taken: number): number {
    const frame = this.#carry.subarray(0, this.#carried);
    this.#carry = empty;
    this.#carried = 0;
    pieces.push(this.#check(frame, 0, frame.length) ?? frame);
    return taken;
  }

  /** Room grows with what has come, never with what was announced: an announcement costs a peer nothing. */
  #append(chunk: Buffer, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(
        Math.max(2 * frameHeaderBytes, needed, Math.min(2 * needed, this.#limits.maxFrameBytes)),
      );
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, from, to);
    this.#carried = needed;
  }

  /** The length of the frame or header at `from`; 0 when too little of it is there to know. */
  #measure(bytes: Buffer, from: number, to: number): number {
    switch (this.#phase) {
      case "start":
      case "header":
        return frameHeaderBytes;
      case "outcome":
        throw misframed("Bytes came before the outcome of SASL");
      case "sasl":
        return measure(bytes, from, { to, maxBytes: maxSaslFrameBytes });
      case "frames":
        return measure(bytes, from, { to, maxBytes: this.#limits.maxFrameBytes });
      case "over":
        return 0;
    }
  }

  /** Checks what is between `start` and `end`. Returns what rhea should have in its place, if anything. */
  #check(bytes: Buffer, start: number, end: number): Buffer | undefined {
    switch (this.#phase) {
      case "start":
      case "header":
        this.#phase = this.#afterHeader(bytes, start, end);
        return undefined;
      case "sasl":
        this.#cursor.reset(bytes, bodyStart(bytes, start, { end, type: 1 }), end);
        passSaslInit(this.#cursor, this.#limits.maxDepth);
        this.#phase = "outcome";
        return undefined;
      case "frames":
        this.#cursor.reset(bytes, bodyStart(bytes, start, { end, type: 0 }), end);
        return this.#performative(bytes, start);
      case "outcome":
      case "over":
        return undefined;
    }
  }

  #performative(bytes: Buffer, start: number): Buffer | undefined {
    const replacement = this.#performatives.check(bytes, start);
    if (this.#performatives.isClosed) this.#phase = "over";
    return replacement;
  }

  #afterHeader(bytes: Buffer, start: number, end: number): Phase {
    if (amqpHeader.compare(bytes, start, end) === 0) return "frames";
    if (this.#phase === "start" && saslHeader.compare(bytes, start, end) === 0) return "sasl";
    throw misframed("The protocol header is not one of AMQP 1.0");
  }
}

const empty = Buffer.alloc(0);

function measure(bytes: Buffer, from: number, { to, maxBytes }: { to: number; maxBytes: number }): number {
  if (to - from < sizeBytes) return 0;
  const size = bytes.readUInt32BE(from);
  if (size < frameHeaderBytes) throw misframed("A frame is shorter than its header");
  if (size > maxBytes) throw misframed("A frame is longer than the hub takes");
  return size;
}

/**
 * Where the body of a frame begins (AMQP 1.0 part 2, 2.3):
 *
 *     frame = SIZE(4) DOFF(1) TYPE(1) CHANNEL(2) *extended-header body     ; DOFF in words of four bytes
 */
function bodyStart(bytes: Buffer, start: number, { end, type }: { end: number; type: number }): number {
  const body = start + 4 * (bytes[start + 4] ?? 0);
  if (body < start + frameHeaderBytes || body > end) throw misframed("A frame has a wrong data offset");
  if (bytes[start + 5] !== type) throw misframed("A frame has the wrong type");
  return body;
}
