import type { NatsConnection } from "nats";
import type { StoredTelemetry, TelemetryHistory, TelemetryPart, TelemetryQuery } from "../../core/ports.ts";
import { defaultDeadlineMs } from "./js-api.ts";
import { partitionOf } from "./partition.ts";
import type { PartitionLog } from "./partition-log.ts";
import { type FeedMessage, StreamFeed } from "./stream-feed.ts";
import { telemetryStream, telemetrySubjectOf } from "./subjects.ts";
import { decodeTelemetry } from "./telemetry-headers.ts";

/** What the look-up is made of. */
export type TelemetryHistoryOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  readonly partitionLog: PartitionLog;
};

/** A part ends at so many bytes of messages, which bounds the memory; it has one message at least. */
const mostBytes = 4_194_304;
/** A message is stored this long after the hub took it at most, give or take the clocks. */
const storeDelayMs = 60_000;
/** Backwards the stream is searched in steps, each four times as long as the one before, up to so many messages in all. */
const firstStep = 1_024;
const mostSearched = 1_000_000;

/**
 * Looks stored telemetry up: a partition's stream is read from where the time asked for begins, and the server picks the
 * device's messages out of it. Backwards, which JetStream can't read, it is read forwards in steps.
 */
export function createTelemetryHistory({ nc, hub, partitionLog }: TelemetryHistoryOptions): TelemetryHistory {
  return {
    async find(query) {
      const partition = partitionOf(query.deviceId, partitionLog.partitions);
      const range = await rangeOf(partitionLog, partition, query);
      if (range.first > range.last) return { messages: [] };
      const source = { nc, stream: telemetryStream(hub, partition), partition };
      const subjects = subjectsOf(hub, partition, query);
      const read: ReadRange = (part) =>
        inOrder(subjects.map((filterSubject) => messagesOf(source, filterSubject, part)));
      return query.descending ? await findBackwards(read, range, query) : await find(read, range, query);
    },
  };
}

type Range = { readonly first: number; readonly last: number };
type ReadRange = (range: Range) => AsyncIterable<StoredTelemetry>;

/** Where in the partition the messages asked for can be. */
async function rangeOf(log: PartitionLog, partition: number, query: TelemetryQuery): Promise<Range> {
  const { from, to, afterSequence, descending } = query;
  const { firstSequence, lastSequence } = await log.partitionInfo(partition);
  const [fromTime, toTime] = await Promise.all([
    from === undefined ? 1 : log.sequenceAfterTime(partition, Date.parse(from) - 1),
    to === undefined ? lastSequence : log.sequenceAfterTime(partition, Date.parse(to) + storeDelayMs),
  ]);
  const after = descending || afterSequence === undefined ? 1 : afterSequence + 1;
  const before = descending && afterSequence !== undefined ? afterSequence - 1 : lastSequence;
  return { first: Math.max(firstSequence, fromTime, after), last: Math.min(lastSequence, toTime, before) };
}

async function find(read: ReadRange, range: Range, query: TelemetryQuery): Promise<TelemetryPart> {
  const messages: StoredTelemetry[] = [];
  let bytes = 0;
  for await (const message of read(range)) {
    if (!isInTime(message, query)) continue;
    messages.push(message);
    bytes += message.body.length;
    if (messages.length >= query.limit || bytes >= mostBytes) {
      return message.sequence < range.last ? { messages, next: message.sequence } : { messages };
    }
  }
  return { messages };
}

async function findBackwards(read: ReadRange, range: Range, query: TelemetryQuery): Promise<TelemetryPart> {
  const found: StoredTelemetry[] = [];
  let bytes = 0;
  let { last } = range;
  for (let step = firstStep; last >= range.first && range.last - last < mostSearched; step *= 4) {
    const first = Math.max(range.first, last - step + 1);
    const part = await lastOf(read({ first, last }), query, mostBytes - bytes);
    for (const message of part.reverse()) {
      found.push(message);
      bytes += message.body.length;
      const isEnough = found.length >= query.limit || bytes >= mostBytes;
      if (isEnough)
        return message.sequence > range.first ? { messages: found, next: message.sequence } : { messages: found };
    }
    last = first - 1;
  }
  return last >= range.first ? { messages: found, next: last + 1 } : { messages: found };
}

/** The last messages of those that are read; of what comes before them nothing is kept. */
async function lastOf(
  messages: AsyncIterable<StoredTelemetry>,
  query: TelemetryQuery,
  bytesLeft: number,
): Promise<StoredTelemetry[]> {
  const kept: StoredTelemetry[] = [];
  let bytes = 0;
  for await (const message of messages) {
    if (!isInTime(message, query)) continue;
    kept.push(message);
    bytes += message.body.length;
    while (kept.length > 1 && (kept.length > query.limit || bytes - (kept[0]?.body.length ?? 0) >= bytesLeft)) {
      bytes -= kept.shift()?.body.length ?? 0;
    }
  }
  return kept;
}

const isInTime = ({ time }: StoredTelemetry, { from, to }: TelemetryQuery): boolean =>
  (from === undefined || time >= from) && (to === undefined || time <= to);

function subjectsOf(hub: string, partition: number, { deviceId, moduleId }: TelemetryQuery): readonly string[] {
  const device = telemetrySubjectOf(hub, partition, { deviceId });
  if (moduleId === undefined) return [device, `${device}.*`];
  return [moduleId === "" ? device : telemetrySubjectOf(hub, partition, { deviceId, moduleId })];
}

/**
 * Merges the messages of a device and of its modules. One consumer with both filters would do it, but nats-server 2.10.27 leaves
 * out messages where one of several filters and a first sequence are given.
 */
async function* inOrder(
  sources: readonly AsyncGenerator<StoredTelemetry, void, void>[],
): AsyncGenerator<StoredTelemetry, void, void> {
  try {
    const heads = await Promise.all(sources.map(async (source) => ({ source, head: await source.next() })));
    for (;;) {
      let least: { readonly from: (typeof heads)[number]; readonly message: StoredTelemetry } | undefined;
      for (const from of heads) {
        if (from.head.done === true) continue;
        const message = from.head.value;
        if (least === undefined || message.sequence < least.message.sequence) least = { from, message };
      }
      if (least === undefined) return;
      yield least.message;
      least.from.head = await least.from.source.next();
    }
  } finally {
    await Promise.all(sources.map((source) => source.return()));
  }
}

type Source = { readonly nc: NatsConnection; readonly stream: string; readonly partition: number };

async function* messagesOf(
  { nc, stream, partition }: Source,
  filterSubject: string,
  { first, last }: Range,
): AsyncGenerator<StoredTelemetry, void, void> {
  const bounds = { batchSize: 256, batchBytes: mostBytes, untilCaughtUp: true, deadlineMs: defaultDeadlineMs };
  const feed = new StreamFeed({ nc, stream, filterSubject, afterSequence: first - 1, ...bounds });
  for await (const batch of feed.batches()) {
    for (const message of batch) {
      if (message.sequence > last) return;
      yield storedMessage(message, partition);
    }
  }
}

function storedMessage({ msg, sequence }: FeedMessage, partition: number): StoredTelemetry {
  const { stamp, properties, enqueuedTime: time, body } = decodeTelemetry(msg);
  // A copy, since the received bytes are part of a socket's buffer, of which a few messages would keep all.
  return { partition, sequence, stamp, properties, time, body: body.slice() };
}
