import type { Clock } from "../../core/ports.ts";
import type { PartitionLog, RawTelemetry } from "../nats/partition-log.ts";
import { AmqpWriter } from "./amqp-writer.ts";
import { clientSequence } from "./sequences.ts";

/** The capability by which a receiver asks to be told, with each event, how far its partition is (spec/amqp 9). */
export const runtimeMetricCapability = "com.microsoft:enable-receiver-runtime-metric";

const refreshMs = 1_000;

/** What the metric is made of. */
export type RuntimeMetricOptions = {
  readonly log: PartitionLog;
  readonly partition: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Knows the end of a partition, as it was less than a second ago. */
export class RuntimeMetric {
  readonly #options: RuntimeMetricOptions;
  #lastSequence = 0;
  #lastTimeMs = 0;
  #retrievedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RuntimeMetricOptions) {
    this.#options = options;
  }

  /** The delivery annotations for a batch of events, which may itself be news. Throws HubError `ServiceUnavailable`. */
  async annotationsFor(events: readonly RawTelemetry[]): Promise<Buffer> {
    const { log, partition, clock, signal } = this.#options;
    if (clock.now() - this.#retrievedMs >= refreshMs) {
      const { lastSequence, lastTimeMs } = await log.partitionInfo(partition, signal);
      this.#learn(lastSequence, lastTimeMs);
      this.#retrievedMs = clock.now();
    }
    const last = events.at(-1);
    if (last !== undefined) this.#learn(last.sequence, last.storedTimeMs);
    const number = clientSequence(this.#lastSequence);
    const writer = new AmqpWriter();
    writer.section(0x71);
    const map = writer.openMap();
    writer.symbol("last_enqueued_sequence_number");
    writer.long(number);
    writer.symbol("last_enqueued_offset");
    writer.string(`${number}`);
    writer.symbol("last_enqueued_time_utc");
    writer.timestamp(this.#lastTimeMs);
    writer.symbol("runtime_info_retrieval_time_utc");
    writer.timestamp(this.#retrievedMs);
    writer.close(map, 8);
    return writer.take();
  }

  #learn(sequence: number, timeMs: number): void {
    if (sequence <= this.#lastSequence) return;
    this.#lastSequence = sequence;
    this.#lastTimeMs = timeMs;
  }
}
