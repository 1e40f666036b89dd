import type { Duplex } from "node:stream";
import type { Clock } from "../../core/ports.ts";
import { FrameReader } from "./frame-reader.ts";
import { Outbound, type OutboundOptions } from "./outbound.ts";

/** Why a connection is not read for now. Several may hold it at once. */
export const hold = { connecting: 1, telemetry: 2, subscribing: 4, twin: 8 } as const;
type Hold = (typeof hold)[keyof typeof hold];

/** Whom a transport tells. None of them is called after the transport ended, but `closed`. */
export type TransportEvents = {
  /** A whole packet is in the reader, valid until the call returns. */
  readonly packet: (reader: FrameReader) => void;
  /** What `packet` or the reader threw. */
  readonly failed: (error: unknown) => void;
  /** The peer ended the connection, or it broke. */
  readonly lost: () => void;
  /** The stream is gone. */
  readonly closed: () => void;
};

export type TransportOptions = OutboundOptions & { readonly clock: Clock };

/**
 * One stream to a device: packets in, bytes out. While anything holds it, no packet is handed on and the stream is not
 * read; what was read already waits, at most one chunk of the stream.
 */
export class Transport {
  readonly reader = new FrameReader();
  readonly outbound: Outbound;
  /** When the last whole packet came, in milliseconds since 1970. */
  lastActivity: number;
  readonly #stream: Duplex;
  readonly #events: TransportEvents;
  readonly #clock: Clock;
  #holds = 0;
  #pumping = false;
  #ended = false;

  constructor(stream: Duplex, events: TransportEvents, options: TransportOptions) {
    this.#stream = stream;
    this.#events = events;
    this.#clock = options.clock;
    this.lastActivity = options.clock.now();
    this.outbound = new Outbound(stream, options);
    stream.on("data", this.#onData);
    stream.on("end", this.#onLost);
    stream.on("error", this.#onLost);
    stream.once("close", this.#onClose);
  }

  /** Whether packets of the device wait here, unread: its silence is then not its own. */
  get held(): boolean {
    return this.#holds !== 0;
  }

  /** Hands on no packet before the same hold is released. */
  hold(reason: Hold): void {
    this.#holds |= reason;
    if (!this.#ended) this.#stream.pause();
  }

  release(reason: Hold): void {
    if ((this.#holds & reason) === 0) return;
    this.#holds &= ~reason;
    this.lastActivity = this.#clock.now();
    this.#pump();
  }

  /** Sends what waits, then closes; what still comes in is thrown away. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.outbound.end();
    this.#stream.end();
    this.#stream.resume();
  }

  /** Closes at once. */
  destroy(): void {
    this.#ended = true;
    this.outbound.end();
    this.#stream.destroy();
  }

  #onData = (chunk: Buffer): void => {
    if (this.#ended) return;
    this.reader.push(chunk);
    this.#pump();
  };

  #onLost = (): void => {
    if (!this.#ended) this.#events.lost();
  };

  #onClose = (): void => {
    this.#onLost();
    this.#events.closed();
  };

  #pump(): void {
    if (this.#pumping || this.#ended) return;
    this.#pumping = true;
    try {
      let came = false;
      while (this.#holds === 0 && !this.#ended && this.reader.next()) {
        came = true;
        this.#events.packet(this.reader);
      }
      if (came) this.lastActivity = this.#clock.now();
    } catch (error) {
      if (!this.#ended) this.#events.failed(error);
    } finally {
      this.#pumping = false;
    }
    if (this.#holds === 0 && !this.#ended && this.#stream.isPaused()) this.#stream.resume();
  }
}
