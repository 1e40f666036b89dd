import { randomBytes } from "node:crypto";
import type { Msg, NatsConnection, Subscription } from "nats";
import { HubError } from "../../core/hub-error.ts";
import { type ConnectionState, onConnectionState } from "./connection-states.ts";
import { EncodedHeaders } from "./header-block.ts";
import type { NatsLog } from "./nats-log.ts";
import { readPublishAnswer } from "./pub-ack.ts";
import { type Outcome, type Outgoing, PublishLane } from "./publish-lane.ts";

/** How much may be on its way at once: messages, and bytes of headers and bodies. */
export type PublishWindow = { readonly messages: number; readonly bytes: number };

/** What a publisher is made of. `settled` is called with each message's context, in order within a lane. */
export type PublisherOptions<C> = {
  readonly nc: NatsConnection;
  readonly log: NatsLog;
  /** One lane for each stream that is written to. */
  readonly lanes: number;
  readonly window: PublishWindow;
  readonly deadlineMs: number;
  readonly settled: (context: C, outcome: Outcome) => void;
};

const sweepEveryMs = 100;
const nothing = new Uint8Array();

/**
 * How far over the window senders may get that have not heard yet that it is full. Each of thousands of connections may
 * send once before it hears; who goes on regardless is refused.
 */
const overload = { messages: 8, bytes: 4 } as const;

/**
 * Publishes into streams, pipelined: nothing waits for an acknowledgement, and one subscription takes them all, the
 * message's number and lane in the reply subject. So there is no promise and no timer for a message. What a lost connection
 * leaves without an answer is sent again, in order and before anything newer.
 */
export class Publisher<C> {
  readonly #options: PublisherOptions<C>;
  readonly #lanes: readonly PublishLane<C>[];
  readonly #replyPrefix: string;
  readonly #acks: Subscription;
  readonly #sweeper: NodeJS.Timeout;
  readonly #stopListening: () => void;
  readonly #encoded = new EncodedHeaders();
  readonly #publishOptions: { readonly headers: EncodedHeaders; reply: string };
  #waiting: (() => void)[] = [];
  #messages = 0;
  #bytes = 0;
  #connected = true;
  #disposed = false;
  #flushScheduled = false;

  constructor(options: PublisherOptions<C>) {
    this.#options = options;
    const { nc, lanes, window, deadlineMs } = options;
    // Shorter than nats.js makes them, since every message and every acknowledgement carries it.
    const inbox = `_INBOX.${randomBytes(6).toString("base64url")}`;
    this.#replyPrefix = `${inbox}.`;
    this.#publishOptions = { headers: this.#encoded, reply: "" };
    this.#lanes = Array.from({ length: lanes }, (_, lane) => {
      const transmit = (message: Outgoing<C>, number: number) => this.#transmit(message, number * lanes + lane);
      return new PublishLane({ maxInFlight: window.messages, deadlineMs, transmit, settled: this.#settled });
    });
    this.#acks = nc.subscribe(`${inbox}.*`, { callback: this.#answered });
    this.#sweeper = setInterval(() => this.#eachLane((lane) => lane.sweep(Date.now())), sweepEveryMs).unref();
    this.#stopListening = onConnectionState(nc, this.#connectionChanged);
  }

  /**
   * Takes a message for a lane. Its bytes must not change until it is settled: it may have to be sent again. False means
   * that the window is full; the message is taken all the same, but no more should come before `whenReady` calls. A message
   * too large for the server, or one of a sender that did not stop, is settled with a HubError: `MessageTooLarge` or
   * `ThrottlingException`.
   */
  publish(lane: number, message: Outgoing<C>): boolean {
    const size = message.headers.length + message.body.length;
    const refusal = this.#refusalOf(size);
    this.#messages += 1;
    if (refusal === undefined) {
      this.#bytes += size;
      this.#lanes[lane]?.add(message);
      this.#scheduleFlush();
    } else this.#lanes[lane]?.add({ ...message, headers: nothing, body: nothing, outcome: refusal });
    return this.#messages < this.#options.window.messages && this.#bytes < this.#options.window.bytes;
  }

  /** Calls `ready` once, as soon as half of the window is free: at once, when it is. */
  whenReady(ready: () => void): void {
    this.#waiting.push(ready);
    this.#callWaiting();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#connected = false;
    clearInterval(this.#sweeper);
    this.#stopListening();
    this.#acks.unsubscribe();
    const closed = new HubError("ServiceUnavailable", "The hub is stopping");
    this.#eachLane((lane) => lane.failAll(closed, Date.now()));
  }

  /**
   * What all devices sent in one turn of the event loop goes to NATS together: nats.js writes to its socket after every
   * callback of another socket otherwise, and the writes would cost more than the messages.
   */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    this.#eachLane((lane) => lane.flush());
  };

  #refusalOf(size: number): HubError | undefined {
    const { nc, window } = this.#options;
    if (this.#disposed) return new HubError("ServiceUnavailable", "The hub is stopping");
    const limit = nc.info?.max_payload;
    if (limit !== undefined && size > limit) {
      return new HubError("MessageTooLarge", "The message and its properties are too large to be stored", {
        size,
        limit,
      });
    }
    const over = this.#messages >= window.messages * overload.messages || this.#bytes >= window.bytes * overload.bytes;
    return over ? new HubError("ThrottlingException", "Too many messages wait to be stored") : undefined;
  }

  /**
   * `nc.info` is asked besides the events: nats.js forgets it in the very moment in which it throws its buffer away, and
   * the event that tells comes later. What is written in between would be on the wire before what must go first.
   */
  #transmit(message: Outgoing<C>, id: number): boolean {
    const { nc, log } = this.#options;
    if (!this.#connected || nc.info === undefined) return false;
    this.#encoded.bytes = message.headers;
    this.#publishOptions.reply = `${this.#replyPrefix}${id}`;
    try {
      nc.publish(message.subject, message.body, this.#publishOptions);
    } catch (err) {
      // Closed or draining, which ends everything; or, after a reconnect to another server, too large for that one.
      log.warn({ err, subject: message.subject }, "a message cannot be published");
      const error = new HubError("ServiceUnavailable", "The message cannot be stored", {}, { cause: err });
      this.#lane(id)?.settle(this.#number(id), error, Date.now());
    }
    return true;
  }

  readonly #answered = (_error: unknown, msg: Msg): void => {
    const id = Number(msg.subject.slice(this.#replyPrefix.length));
    const answer = readPublishAnswer(msg);
    const lane = this.#lane(id);
    if (answer === undefined) lane?.hold(Date.now());
    else lane?.settle(this.#number(id), answer, Date.now());
  };

  readonly #settled = (message: Outgoing<C>, outcome: Outcome): void => {
    this.#messages -= 1;
    this.#bytes -= message.headers.length + message.body.length;
    try {
      this.#options.settled(message.context, outcome);
    } catch (err) {
      this.#listenerFailed(err);
    }
    if (this.#waiting.length > 0) this.#callWaiting();
  };

  #callWaiting(): void {
    const { messages, bytes } = this.#options.window;
    if (this.#messages * 2 > messages || this.#bytes * 2 > bytes) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ready of waiting) {
      try {
        ready();
      } catch (err) {
        this.#listenerFailed(err);
      }
    }
  }

  /** An error thrown into nats.js would end its reading of the connection. */
  #listenerFailed(err: unknown): void {
    this.#options.log.error({ err }, "a listener of the publisher failed");
  }

  readonly #connectionChanged = (state: ConnectionState): void => {
    this.#connected = state === "restored";
    if (state === "restored") this.#eachLane((lane) => lane.resend());
    else if (state === "closed") this[Symbol.dispose]();
  };

  #eachLane(act: (lane: PublishLane<C>) => void): void {
    for (const lane of this.#lanes) act(lane);
  }

  #lane(id: number): PublishLane<C> | undefined {
    return this.#lanes[id % this.#lanes.length];
  }

  #number(id: number): number {
    return Math.floor(id / this.#lanes.length);
  }
}
