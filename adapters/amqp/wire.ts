import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FrameGuard } from "./frame-guard.ts";

/** Whom a wire tells. */
export type WireEvents = {
  /** What the guard or rhea threw over bytes that came in. */
  readonly failed: (error: unknown) => void;
  /** The peer ended the connection, or it broke. */
  readonly lost: () => void;
  /** The stream is gone. */
  readonly closed: () => void;
  /** The peer does not read what it is sent. */
  readonly overflow: () => void;
};

export type WireOptions = {
  readonly guard: FrameGuard;
  readonly events: WireEvents;
  /** Bytes that may wait for the peer to read before its links are asked to wait. */
  readonly congestedBytes: number;
  /** Bytes that may wait for the peer to read at most. */
  readonly maxOutboundBytes: number;
};

/**
 * Stands between a stream and rhea, which takes it for its socket: bytes reach rhea once the guard has looked at them, and
 * the frames of one turn of the event loop leave in one write.
 */
export class Wire extends EventEmitter {
  readonly #stream: Duplex;
  readonly #options: WireOptions;
  #frames: Buffer[] = [];
  #waitingBytes = 0;
  #pauses = 0;
  #ending = false;
  #ended = false;
  #whenWritable: (() => void)[] = [];
  /** Resolves when everything is with the peer's side of the stream, or the stream is gone. */
  readonly finished: Promise<void>;
  /** When the last bytes came, in milliseconds since 1970. */
  lastActivity = Date.now();

  constructor(stream: Duplex, options: WireOptions) {
    super();
    this.#stream = stream;
    this.#options = options;
    const { events } = options;
    this.finished = new Promise((resolve) => stream.once("finish", resolve).once("close", resolve));
    stream.on("data", (chunk: Buffer) => this.#received(chunk));
    // A close follows, and says all there is to say.
    stream.on("error", () => {});
    stream.on("end", () => events.lost());
    stream.on("drain", () => this.#drained());
    stream.on("close", () => {
      this.#ended = true;
      events.lost();
      events.closed();
    });
  }

  /** What rhea may have as its socket: it calls no more of one than is here. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  /** Takes a frame of rhea's. */
  write(frame: Buffer): boolean {
    if (this.#ended) return false;
    this.#options.guard.sent(frame);
    if (this.#frames.push(frame) === 1) setImmediate(() => this.#flush());
    this.#waitingBytes += frame.length;
    return true;
  }

  /**
   * Sends what waits and ends this side, at the end of the turn: rhea ends its socket in the middle of what it was told
   * badly, before the close that says so.
   */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    setImmediate(() => {
      if (this.#ended) return;
      this.#flush();
      this.#ended = true;
      this.#stream.end();
    });
  }

  /** Ends the stream at once. */
  destroy(): void {
    this.#ended = true;
    this.#stream.destroy();
  }

  get congested(): boolean {
    return this.#waitingBytes + this.#stream.writableLength > this.#options.congestedBytes;
  }

  /** Calls `ready` once, when the wire is no longer congested. */
  whenWritable(ready: () => void): void {
    this.#whenWritable.push(ready);
    // Nothing may be in the stream yet, and then nothing drains.
    if (this.#frames.length === 0) this.#drained();
  }

  /** Reads no more until the function returned is called. Several may hold a wire. */
  hold(): () => void {
    this.#pauses += 1;
    this.#stream.pause();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#pauses -= 1;
      if (this.#pauses === 0) this.#stream.resume();
    };
  }

  #received(chunk: Buffer): void {
    if (this.#ended) return;
    this.lastActivity = Date.now();
    try {
      for (const frames of this.#options.guard.push(chunk)) this.emit("data", frames);
    } catch (error) {
      this.#options.events.failed(error);
    }
  }

  #flush(): void {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined || this.#ended) return;
    this.#frames = [];
    this.#waitingBytes = 0;
    this.#stream.write(frames.length === 1 ? first : Buffer.concat(frames));
    if (this.#stream.writableLength > this.#options.maxOutboundBytes) this.#options.events.overflow();
    else if (!this.congested) this.#drained();
  }

  #drained(): void {
    if (this.congested || this.#whenWritable.length === 0) return;
    const waiting = this.#whenWritable;
    this.#whenWritable = [];
    for (const ready of waiting) ready();
  }
}
