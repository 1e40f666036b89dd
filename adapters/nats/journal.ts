import type { NatsConnection } from "nats";
import type { AggregateKey, NewEvent, RecordedEvent } from "../../core/events.ts";
import type { AppendResult, Journal } from "../../core/ports.ts";
import { decodeEvent, type RawEvent } from "./event-codec.ts";
import { bodyTextOf, headerLinesOf } from "./header-block.ts";
import { JournalAppender } from "./journal-appender.ts";
import { lastSequenceOf, rawEventsAt } from "./journal-lookup.ts";
import { defaultDeadlineMs } from "./js-api.ts";
import type { NatsLog } from "./nats-log.ts";
import { type FeedMessage, type FeedRequest, StreamFeed } from "./stream-feed.ts";
import { journalStream, subjectOf } from "./subjects.ts";
import { createEventVersions, type EventVersions } from "./upcast.ts";

/** What the journal is made of. Its stream exists (`ensureStreams`). */
export type JournalOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  readonly log: NatsLog;
  /** How long an append or a read waits for a lost server. */
  readonly deadlineMs?: number;
  /** How stored events get today's shape. */
  readonly versions?: EventVersions;
};

/** From where to follow the journal, and what to do with its events. */
export type FollowRequest = {
  /** 0 for the whole journal. */
  readonly afterSequence: number;
  /** The most events that one call of `onBatch` gets: 1,000, if not set. */
  readonly batchSize?: number;
  readonly signal: AbortSignal;
  /** Gets the events in order. The next batch waits for its promise. */
  readonly onBatch: (events: readonly RecordedEvent[]) => void | Promise<void>;
};

/** The journal of a hub in JetStream. */
export type JetStreamJournal = Journal &
  Disposable & {
    /**
     * Gives all events after a sequence, each once, and then those that are appended, as they come. Outlives lost
     * connections and restarts of the server. Resolves after `signal`; throws what `onBatch` throws, and HubError
     * `ServerError` for an event that this hub can't read or a journal that lost what was read before.
     */
    follow(request: FollowRequest): Promise<void>;
    /** The same, undecoded and without end, for who decodes elsewhere and knows where to stop. */
    rawBatches(afterSequence: number): AsyncIterable<readonly RawEvent[]>;
  };

const readBatchSize = 500;
const followBatchSize = 1_000;
const replayBatchSize = 2_000;

type LiveRequest = Pick<FeedRequest, "afterSequence" | "batchSize" | "signal">;

/** Makes the journal over its stream. */
export function createJournal(options: JournalOptions): JetStreamJournal {
  const { nc, hub, log, deadlineMs = defaultDeadlineMs, versions = createEventVersions() } = options;
  const stream = journalStream(hub);
  const appender = new JournalAppender({ nc, hub, log, deadlineMs, versions });
  const lookup = { nc, stream, deadlineMs };
  const decode = (message: FeedMessage): RecordedEvent => decodeEvent(rawEventOf(message), versions);

  async function* read(key: AggregateKey): AsyncGenerator<RecordedEvent, void, void> {
    const filterSubject = subjectOf(hub, key);
    const from = { afterSequence: 0, batchSize: readBatchSize, untilCaughtUp: true };
    const feed = new StreamFeed({ nc, stream, filterSubject, deadlineMs, ...from });
    for await (const batch of feed.batches()) for (const message of batch) yield decode(message);
  }

  async function* scan(afterSequence: number, lastSequence: number): AsyncGenerator<RecordedEvent[], void, void> {
    if (afterSequence >= lastSequence) return;
    const from = { afterSequence, batchSize: readBatchSize, untilCaughtUp: true };
    for await (const batch of new StreamFeed({ nc, stream, deadlineMs, ...from }).batches()) {
      yield batch.filter(({ sequence }) => sequence <= lastSequence).map(decode);
      if ((batch.at(-1)?.sequence ?? 0) >= lastSequence) return;
    }
  }

  const live = (from: LiveRequest): AsyncIterable<readonly FeedMessage[]> =>
    new StreamFeed({ nc, stream, untilCaughtUp: false, deadlineMs: Number.POSITIVE_INFINITY, ...from }).batches();

  async function* rawBatches(afterSequence: number): AsyncGenerator<readonly RawEvent[], void, void> {
    for await (const batch of live({ afterSequence, batchSize: replayBatchSize })) yield batch.map(rawEventOf);
  }

  return {
    append: (key: AggregateKey, event: NewEvent, expectedSequence?: number): Promise<AppendResult> =>
      appender.append(key, event, expectedSequence),
    lastSequence: () => lastSequenceOf(lookup),
    read,
    scan,
    readSequences: async (sequences) => {
      const raw = await rawEventsAt(lookup, sequences);
      return raw.map((event) => decodeEvent(event, versions));
    },
    async follow({ afterSequence, batchSize = followBatchSize, signal, onBatch }) {
      for await (const batch of live({ afterSequence, batchSize, signal })) await onBatch(batch.map(decode));
    },
    rawBatches,
    [Symbol.dispose]: () => appender[Symbol.dispose](),
  };
}

const rawEventOf = ({ msg, sequence }: FeedMessage): RawEvent => ({
  subject: msg.subject,
  sequence,
  headerLines: headerLinesOf(msg),
  text: bodyTextOf(msg),
});
