import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type Msg,
  type NatsConnection,
  nanos,
  ReplayPolicy,
} from "nats";
import type { RecordedEvent } from "../../core/events.ts";
import type { LockedBatch } from "../../core/record-batch.ts";
import { numbersAt, placeOf } from "./delivery-subject.ts";
import { decodeEvent } from "./event-codec.ts";
import { bodyTextOf, headerLinesOf } from "./header-block.ts";
import { JetStreamError, jetStreamApi } from "./js-api.ts";
import type { NatsLog } from "./nats-log.ts";
import { type PullRequest, pullMessages } from "./pull-messages.ts";
import { journalStream } from "./subjects.ts";
import type { EventVersions } from "./upcast.ts";

/** What a queue is made of. */
export type JournalQueueOptions<Record> = {
  readonly nc: NatsConnection;
  readonly hub: string;
  /** The name of the consumer, which all nodes share. */
  readonly name: string;
  /** Whose events there are records of: what comes behind the hub's name in their subjects, such as `command.>`. */
  readonly subjects: string;
  readonly versions: EventVersions;
  readonly log: NatsLog;
  /** The records of an event; none for most. */
  readonly recordsOf: (event: RecordedEvent) => Promise<readonly Record[]>;
  /** How long a record waits for a reader, in milliseconds. */
  readonly ttlMs: number;
  /** How long a reader may keep a batch, in milliseconds. */
  readonly lockMs: number;
  /** How often a record may come again; for ever when absent. */
  readonly maxDeliveryCount?: number;
  /** A batch is full with so many records; the records of one event stay together, so it may hold more. */
  readonly batchRecords: number;
  /** A batch that is not full goes out so long after the one before, in milliseconds. */
  readonly batchIntervalMs: number;
};

const consumerNotFound = 10_014;
const idleWaitMs = 30_000;
const retryDelayMs = 100;
const ackTimeoutMs = 5_000;

/** A queue over the journal: a `RecordQueue` whose batches can be kept longer than their lock. */
export type JournalQueue<Record> = {
  receive(signal: AbortSignal): Promise<LockedBatch<Record> | undefined>;
  take(): Promise<LockedBatch<Record> | undefined>;
};

/**
 * Makes a queue out of the journal itself: one durable consumer reads the events of an aggregate, and each node takes from it
 * what its readers wait for. So a record is as durable as the event that it is of, and no second store has to agree.
 *
 * A consumer that nobody has read for as long as records live ends by itself: all that it would still give is too old. The
 * next reader's begins that long ago, so it never goes through the whole past.
 */
export function createJournalQueue<Record>(options: JournalQueueOptions<Record>): JournalQueue<Record> {
  const { batchRecords, batchIntervalMs } = options;
  let lastBatchAt = 0;
  const batchOf = (gathered: Gathered<Record>): LockedBatch<Record> => {
    lastBatchAt = Date.now();
    return gathered.handOver();
  };
  return {
    async receive(signal) {
      const gathered = new Gathered<Record>(options.nc);
      try {
        for (;;) {
          await drain(options, gathered, signal);
          const restMs = gathered.count === 0 ? idleWaitMs : lastBatchAt + batchIntervalMs - Date.now();
          if (signal.aborted) break;
          if (gathered.count >= batchRecords || restMs <= 0) return batchOf(gathered);
          await pull(options, gathered, { batch: 1, waitMs: restMs, signal });
        }
      } catch (error) {
        gathered.putBack();
        if (!signal.aborted) throw error;
      }
      gathered.putBack();
      return undefined;
    },
    async take() {
      const gathered = new Gathered<Record>(options.nc);
      try {
        await drain(options, gathered);
      } catch (error) {
        gathered.putBack();
        throw error;
      }
      return gathered.count === 0 ? undefined : batchOf(gathered);
    },
  };
}

/** What a batch is made of, while it is not full. */
class Gathered<Record> {
  readonly #nc: NatsConnection;
  #messages: Msg[] = [];
  #records: Record[] = [];

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  get count(): number {
    return this.#records.length;
  }

  add(message: Msg, records: readonly Record[]): void {
    this.#messages.push(message);
    this.#records.push(...records);
  }

  putBack(): void {
    for (const message of this.#messages.splice(0)) answer(this.#nc, message, "-NAK");
  }

  /** Makes the batch. Its reader's time begins now, however long it took to gather. */
  handOver(): LockedBatch<Record> {
    const nc = this.#nc;
    const messages = this.#messages;
    const extend = (): void => {
      for (const message of messages) answer(nc, message, "+WPI");
    };
    extend();
    let isSettled = false;
    const settle = (): boolean => {
      const isFirst = !isSettled;
      isSettled = true;
      return isFirst;
    };
    return {
      lockToken: randomUUID(),
      records: this.#records,
      async complete() {
        if (!settle()) return;
        await Promise.allSettled(
          messages.map(({ reply = "" }) => nc.request(reply, "+ACK", { timeout: ackTimeoutMs })),
        );
      },
      extend() {
        if (!isSettled) extend();
      },
      abandon() {
        if (settle()) for (const message of messages) answer(nc, message, "-NAK");
      },
    };
  }
}

function answer(nc: NatsConnection, { reply }: Msg, text: "+ACK" | "-NAK" | "+WPI"): void {
  if (reply !== undefined && !nc.isClosed()) nc.publish(reply, text);
}

/** Takes what is there, as far as the batch holds it. */
async function drain<Record>(
  options: JournalQueueOptions<Record>,
  gathered: Gathered<Record>,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const batch = options.batchRecords - gathered.count;
    if (batch <= 0 || signal?.aborted === true) return;
    if ((await pull(options, gathered, { batch, waitMs: 0, signal })) === "nothing") return;
  }
}

type Wanted = Pick<PullRequest, "batch" | "waitMs" | "signal">;

/** Takes some messages; events without records are done with at once. */
async function pull<Record>(
  options: JournalQueueOptions<Record>,
  gathered: Gathered<Record>,
  wanted: Wanted,
): Promise<"something" | "nothing"> {
  const { nc, hub, name } = options;
  const { messages, isGone } = await pullMessages({ nc, stream: journalStream(hub), consumer: name, ...wanted });
  for (const message of messages) await sort(options, gathered, message);
  if (!isGone) return messages.length === 0 ? "nothing" : "something";
  await ensureConsumer(options, wanted.signal);
  // The server may have to come back, or have made the consumer just now.
  await delay(retryDelayMs);
  return "something";
}

async function sort<Record>(
  { nc, versions, log, recordsOf, ttlMs }: JournalQueueOptions<Record>,
  gathered: Gathered<Record>,
  message: Msg,
): Promise<void> {
  const { subject, reply = "" } = message;
  const { sequence } = placeOf(reply, numbersAt(reply));
  let records: readonly Record[];
  try {
    const raw = { subject, sequence, headerLines: headerLinesOf(message), text: bodyTextOf(message) };
    const event = decodeEvent(raw, versions);
    records = Date.parse(event.meta.time) + ttlMs <= Date.now() ? [] : await recordsOf(event);
  } catch (err) {
    // It comes again after its lock, maybe to a newer node that can read it.
    log.warn({ err, sequence }, "an event could not be turned into what back ends are told");
    return;
  }
  if (records.length > 0) gathered.add(message, records);
  else answer(nc, message, "+ACK");
}

/** Makes the consumer if it is not there. Another node may be faster. */
async function ensureConsumer<Record>(
  options: JournalQueueOptions<Record>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { nc, hub, name, subjects, ttlMs, lockMs, maxDeliveryCount = -1 } = options;
  const stream = journalStream(hub);
  try {
    await jetStreamApi({ nc, subject: `$JS.API.CONSUMER.INFO.${stream}.${name}`, signal });
    return;
  } catch (error) {
    if (!(error instanceof JetStreamError) || error.errCode !== consumerNotFound) throw error;
  }
  const config: Partial<ConsumerConfig> = {
    durable_name: name,
    filter_subject: `${hub.toLowerCase()}.${subjects}`,
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(Date.now() - ttlMs).toISOString(),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(lockMs),
    max_deliver: maxDeliveryCount,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(ttlMs),
  };
  const subject = `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${name}`;
  await jetStreamApi({ nc, subject, payload: { stream_name: stream, config }, signal }).catch((error: unknown) => {
    // The other node's begins at another moment, which is all that differs.
    if (!(error instanceof JetStreamError)) throw error;
  });
}
