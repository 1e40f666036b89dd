import { randomBytes } from "node:crypto";
import { type NatsConnection, nanos } from "nats";
import { numbersAt, storedTimeMsOf } from "./delivery-subject.ts";
import { headerLinesOf } from "./header-block.ts";
import { isRecord, jetStreamApi } from "./js-api.ts";
import { type FeedMessage, StreamFeed } from "./stream-feed.ts";
import { telemetryStream } from "./subjects.ts";

/** What a telemetry partition holds. Sequences are those of its stream, from 1; times are milliseconds since 1970. */
export type PartitionInfo = {
  readonly createdMs: number;
  /** The first message that is kept; one more than the last when there is none. */
  readonly firstSequence: number;
  /** The last message that was ever stored, kept or not; 0 when none was. */
  readonly lastSequence: number;
  /** When the last message was stored; 0 when none was. */
  readonly lastTimeMs: number;
  readonly isEmpty: boolean;
};

/** A message of a telemetry stream as it is stored. */
export type RawTelemetry = {
  readonly sequence: number;
  /** When JetStream stored it, in milliseconds since 1970. */
  readonly storedTimeMs: number;
  /** The lines of its header block, as `telemetry-headers.ts` makes them. */
  readonly headerLines: string;
  /** The device's bytes. They share memory with the received message. */
  readonly body: Uint8Array;
};

/** Reads the telemetry partitions of a hub, for any number of readers at once. Partitions are counted from 0. */
export type PartitionLog = {
  readonly partitions: number;
  /** Throws HubError `ServiceUnavailable`. */
  partitionInfo(partition: number, signal?: AbortSignal): Promise<PartitionInfo>;
  /**
   * The sequence of the first message stored after this millisecond; one more than the last when there is none. Throws
   * HubError `ServiceUnavailable`.
   */
  sequenceAfterTime(partition: number, timeMs: number, signal?: AbortSignal): Promise<number>;
  /**
   * The messages from a sequence on, in order, and then those to come, until `signal`. When retention has deleted the start,
   * it begins with the first message that is kept. Nothing is fetched but two batches (4 MiB) ahead of the reader. Lost
   * connections are waited for. Throws HubError `ServerError` when the stream ends before the sequence.
   */
  read(partition: number, fromSequence: number, signal: AbortSignal): AsyncIterable<readonly RawTelemetry[]>;
};

/** What the log is made of. `partitions` is the count that the hub's streams have (`ensureStreams`). */
export type PartitionLogOptions = { readonly nc: NatsConnection; readonly hub: string; readonly partitions: number };

const batchSize = 1_000;
// Twice the largest message that a NATS server takes unless told otherwise.
const batchBytes = 2_097_152;
/** JetStream keeps times in 63 bits of nanoseconds. */
const latestMs = Date.UTC(2262, 0, 1);

/** Opens the telemetry partitions of a hub for reading. */
export function createPartitionLog({ nc, hub, partitions }: PartitionLogOptions): PartitionLog {
  const streamOf = (partition: number): string => telemetryStream(hub, partition);
  return {
    partitions,
    partitionInfo: async (partition, signal) => {
      const subject = `$JS.API.STREAM.INFO.${streamOf(partition)}`;
      return infoIn(await jetStreamApi({ nc, subject, signal }));
    },
    sequenceAfterTime: (partition, timeMs, signal) => sequenceFrom(nc, streamOf(partition), timeMs + 1, signal),
    async *read(partition, fromSequence, signal) {
      const feed = new StreamFeed({
        nc,
        stream: streamOf(partition),
        afterSequence: fromSequence - 1,
        batchSize,
        batchBytes,
        untilCaughtUp: false,
        signal,
        deadlineMs: Number.POSITIVE_INFINITY,
      });
      for await (const batch of feed.batches()) yield rawBatch(batch);
    },
  };
}

function rawBatch(batch: readonly FeedMessage[]): readonly RawTelemetry[] {
  // The numbers begin at the same place in all of them, since the names of a feed's consumers are of one length.
  const numbers = numbersAt(batch[0]?.msg.reply ?? "");
  return batch.map(({ msg, sequence }) => {
    const storedTimeMs = storedTimeMsOf(msg.reply ?? "", numbers);
    return { sequence, storedTimeMs, headerLines: headerLinesOf(msg), body: msg.data };
  });
}

function infoIn(answer: Readonly<Record<string, unknown>>): PartitionInfo {
  const { created, state } = answer;
  if (!isRecord(state)) throw new Error("JetStream did not describe a telemetry stream");
  const lastSequence = Number(state.last_seq);
  const isEmpty = state.messages === 0;
  return {
    createdMs: timeOf(created),
    // A stream that never held anything calls its first message 0.
    firstSequence: isEmpty ? lastSequence + 1 : Number(state.first_seq),
    lastSequence,
    lastTimeMs: lastSequence === 0 ? 0 : timeOf(state.last_ts),
    isEmpty,
  };
}

const timeOf = (text: unknown): number => (typeof text === "string" ? Math.floor(Date.parse(text)) : 0);

/**
 * The first message stored at this millisecond or later. JetStream finds it for a consumer that is to start there, and says
 * so in its answer; nothing is ever read from that consumer. (A server before 2.11 knows no other request by time.)
 */
async function sequenceFrom(
  nc: NatsConnection,
  stream: string,
  timeMs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const name = randomBytes(6).toString("hex");
  const config = {
    name,
    deliver_policy: "by_start_time",
    opt_start_time: new Date(Math.max(0, Math.min(timeMs, latestMs))).toISOString(),
    ack_policy: "none",
    inactive_threshold: nanos(1_000),
    mem_storage: true,
    num_replicas: 1,
  };
  const subject = `$JS.API.CONSUMER.CREATE.${stream}.${name}`;
  const payload = { stream_name: stream, config, action: "create" };
  const { delivered } = await jetStreamApi({ nc, subject, payload, signal });
  nc.publish(`$JS.API.CONSUMER.DELETE.${stream}.${name}`);
  if (!isRecord(delivered)) throw new Error("JetStream did not say where the consumer starts");
  return Number(delivered.stream_seq) + 1;
}
