import { randomBytes } from "node:crypto";
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "nats";
import { HubError } from "../../core/hub-error.ts";
import { onConnectionState } from "./connection-states.ts";
import { isDelivery, numbersAt, placeOf } from "./delivery-subject.ts";
import { isRecord, jetStreamApi } from "./js-api.ts";

/** What to read of a stream. */
export type FeedRequest = {
  readonly nc: NatsConnection;
  readonly stream: string;
  /** Only the messages of this subject. */
  readonly filterSubject?: string;
  readonly afterSequence: number;
  readonly batchSize: number;
  /** How large a batch may be; 16 MiB when not told. It must be more than the largest message of the stream. */
  readonly batchBytes?: number;
  /** Ends after the last message there is; otherwise the feed waits for more, until `signal`. */
  readonly untilCaughtUp: boolean;
  readonly signal?: AbortSignal;
  /** How long a lost server is waited for before HubError `ServiceUnavailable`; Infinity waits for ever. */
  readonly deadlineMs: number;
};

/** A message of a stream. */
export type FeedMessage = { readonly msg: Msg; readonly sequence: number };

const expiresMs = 30_000;
const createTryMs = 3_000;
const heartbeatMs = 1_000;
const silenceMs = 3 * heartbeatMs;
const inactiveMs = 60_000;
const defaultBatchBytes = 16_777_216;

/** One life of the consumer behind a feed. It ends with each lost connection, missed message or long silence. */
type Consumer = {
  readonly name: string;
  /** Where the messages go, and what becomes of each pull: to this and the number of the pull. */
  readonly inbox: string;
  readonly subscription: Subscription;
  pulls: number;
  /** Messages that it has delivered. */
  delivered: number;
  /** Messages that it was asked for and did not deliver yet. */
  outstanding: number;
  heardAt: number;
  /** Where the numbers in its reply subjects begin; 0 before the first. */
  fieldsAt: number;
};

/**
 * Reads a stream in order, in batches, and goes on with what is appended. The next messages are asked for while a batch
 * is worked on, never more than one batch ahead, so the memory is bounded and a slow reader slows the feed. A
 * batch is full as long as more is waiting, and otherwise goes out as soon as a message is in. Each message comes once: after
 * a failure a new consumer starts behind the last one received.
 */
export class StreamFeed {
  readonly #request: FeedRequest;
  #queue: FeedMessage[] = [];
  #last: number;
  #caughtUp = false;
  /** Whether the last pull ended at its limit of bytes: then what is here is a batch. */
  #isLarge = false;
  #consumer: Consumer | undefined;
  #wake = (): void => {};

  constructor(request: FeedRequest) {
    this.#request = request;
    this.#last = request.afterSequence;
  }

  /**
   * The batches, oldest first. Throws HubError `ServiceUnavailable` after `deadlineMs` without a server, and `ServerError`
   * when the stream ends before `afterSequence`: then it lost what the reader has seen.
   */
  async *batches(): AsyncGenerator<readonly FeedMessage[], void, void> {
    const { signal, untilCaughtUp, nc } = this.#request;
    const onAbort = (): void => this.#wake();
    signal?.addEventListener("abort", onAbort);
    const watch = setInterval(() => this.#checkSilence(), heartbeatMs).unref();
    const stopListening = onConnectionState(nc, (state) => state !== "lost" && this.#drop());
    try {
      while (signal?.aborted !== true) {
        this.#consumer ??= await this.#open();
        this.#pull(this.#consumer);
        if (this.#isBatchReady()) yield this.#takeBatch(this.#consumer);
        else if (untilCaughtUp && this.#caughtUp) return;
        else await this.#somethingNew();
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    } finally {
      clearInterval(watch);
      signal?.removeEventListener("abort", onAbort);
      stopListening();
      this.#drop();
    }
  }

  #isBatchReady(): boolean {
    const { length } = this.#queue;
    if (length === 0) return false;
    const noMoreComes =
      this.#caughtUp || this.#isLarge || this.#consumer === undefined || this.#consumer.outstanding === 0;
    return length >= this.#request.batchSize || noMoreComes;
  }

  #takeBatch(consumer: Consumer): readonly FeedMessage[] {
    const batch = this.#queue.splice(0, this.#request.batchSize);
    this.#isLarge = false;
    this.#pull(consumer);
    return batch;
  }

  /** Asks for the next messages, unless enough are here or on their way. */
  #pull(consumer: Consumer): void {
    const { nc, stream, batchSize, batchBytes = defaultBatchBytes } = this.#request;
    if (consumer.outstanding > 0 || this.#queue.length >= batchSize || this.#isLarge || nc.isClosed()) return;
    consumer.pulls += 1;
    consumer.outstanding = batchSize;
    consumer.heardAt = Date.now();
    const pull = {
      batch: batchSize,
      max_bytes: batchBytes,
      expires: nanos(expiresMs),
      idle_heartbeat: nanos(heartbeatMs),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer.name}`;
    nc.publish(subject, JSON.stringify(pull), { reply: `${consumer.inbox}.${consumer.pulls}` });
  }

  /**
   * Makes a consumer. A cluster may give it to a server that has just died, and then never answers: so a request that is
   * not answered soon is given up, and the next one asks for another consumer.
   */
  async #open(): Promise<Consumer> {
    const { deadlineMs, signal } = this.#request;
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      await this.#requireAllThatWasSeen();
      try {
        return await this.#createConsumer(Math.min(createTryMs, Math.max(1, deadline - Date.now())));
      } catch (error) {
        const unanswered = error instanceof HubError && error.reason === "ServiceUnavailable";
        const { nc } = this.#request;
        if (!unanswered || nc.isClosed() || signal?.aborted === true || Date.now() >= deadline) throw error;
      }
    }
  }

  async #createConsumer(deadlineMs: number): Promise<Consumer> {
    const { nc, stream, filterSubject, signal } = this.#request;
    // Short, since every message of a replay carries it in its reply subject.
    const name = randomBytes(6).toString("hex");
    const config = {
      name,
      deliver_policy: "by_start_sequence",
      opt_start_seq: this.#last + 1,
      ack_policy: "none",
      replay_policy: "instant",
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
      ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
    };
    const subject = ["$JS.API.CONSUMER.CREATE", stream, name, ...(filterSubject === undefined ? [] : [filterSubject])];
    const payload = { stream_name: stream, config, action: "create" };
    const created = await jetStreamApi({ nc, subject: subject.join("."), payload, deadlineMs, signal });
    this.#caughtUp = created.num_pending === 0;
    const callback = (_error: unknown, msg: Msg): void => this.#received(consumer, msg);
    const inbox = createInbox();
    const subscription = nc.subscribe(`${inbox}.*`, { callback });
    const counts = { pulls: 0, delivered: 0, outstanding: 0, fieldsAt: 0 };
    const consumer: Consumer = { name, inbox, subscription, heardAt: Date.now(), ...counts };
    return consumer;
  }

  /** A power cut may cost a stream its end. A reader that has seen more must not go on as if nothing were. */
  async #requireAllThatWasSeen(): Promise<void> {
    const { nc, stream, deadlineMs, signal } = this.#request;
    if (this.#last === 0) return;
    const info = await jetStreamApi({ nc, subject: `$JS.API.STREAM.INFO.${stream}`, deadlineMs, signal });
    const lastSequence = isRecord(info.state) ? Number(info.state.last_seq) : Number.NaN;
    if (lastSequence >= this.#last) return;
    const detail = { stream, lastSequence, seenSequence: this.#last };
    throw new HubError("ServerError", "The journal has lost events that were read from it before", detail);
  }

  #received(consumer: Consumer, msg: Msg): void {
    if (consumer !== this.#consumer) return;
    consumer.heardAt = Date.now();
    const { reply } = msg;
    if (reply === undefined || !isDelivery(reply)) {
      this.#statusReceived(consumer, msg);
      return;
    }
    if (consumer.fieldsAt === 0) consumer.fieldsAt = numbersAt(reply);
    const { sequence, delivered, pending } = placeOf(reply, consumer.fieldsAt);
    if (delivered !== consumer.delivered + 1) {
      this.#drop();
      return;
    }
    consumer.delivered = delivered;
    consumer.outstanding -= 1;
    this.#last = sequence;
    this.#caughtUp = pending === 0;
    this.#queue.push({ msg, sequence });
    if (this.#isBatchReady()) this.#wake();
  }

  /** A status is about one pull. JetStream also says of a pull that it is complete, when the next may be under way. */
  #statusReceived(consumer: Consumer, { subject, headers }: Msg): void {
    const code = headers?.code;
    const description = headers?.description.toLowerCase() ?? "";
    if (code === 100 || subject !== `${consumer.inbox}.${consumer.pulls}`) return;
    const isFull = code === 409 && /maxbytes|batch completed/.test(description);
    if (!isFull && code !== 408) this.#drop();
    else if (consumer.outstanding > 0) {
      consumer.outstanding = 0;
      this.#isLarge = isFull && this.#queue.length > 0;
      this.#wake();
    }
  }

  #checkSilence(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || consumer.outstanding === 0 || Date.now() - consumer.heardAt < silenceMs) return;
    this.#drop();
  }

  /** Ends this life of the consumer; the next one is made when messages are needed. */
  #drop(): void {
    const { nc, stream } = this.#request;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer !== undefined && !nc.isClosed()) {
      consumer.subscription.unsubscribe();
      nc.publish(`$JS.API.CONSUMER.DELETE.${stream}.${consumer.name}`);
    }
    this.#wake();
  }

  async #somethingNew(): Promise<void> {
    // The signal may have come while the consumer was being made, when nobody waited to be woken.
    if (this.#request.signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
