import type { PartitionInfo, PartitionLog, RawTelemetry } from "../../../../adapters/nats/partition-log.ts";
import { HubError } from "../../../../core/hub-error.ts";

/** When the first event of a `MemoryLog` is stored; each one follows a second after the one before. */
export const firstTimeMs = Date.parse("2026-02-01T00:00:00.000Z");
export const createdMs = Date.parse("2026-01-01T00:00:00.000Z");

/** The header lines of an event as the hub writes them. */
export const headerLines = (number: number, more = ""): string =>
  `iothub-connection-device-id: dev-1\r\n${more}ce-id: connection-${number}\r\nce-time: 2026-01-31T23:59:59.500Z\r\n\r\n`;

/** Telemetry partitions in memory, in the place of JetStream's. */
export class MemoryLog implements PartitionLog {
  readonly partitions: number;
  readonly #events: RawTelemetry[][];
  readonly #wakers = new Set<() => void>();
  /** Batches that were read of each partition. */
  readonly batches: number[];
  /** Readers that have not ended. */
  readers = 0;
  batchSize = 100;
  /** Sequences up to this one are deleted. */
  deletedTo = 0;
  isReachable = true;

  constructor(partitions = 2) {
    this.partitions = partitions;
    this.#events = Array.from({ length: partitions }, () => []);
    this.batches = Array.from({ length: partitions }, () => 0);
  }

  /** Stores events with these bodies. */
  append(partition: number, ...bodies: readonly (string | Uint8Array)[]): void {
    const events = this.#of(partition);
    for (const body of bodies) {
      const sequence = events.length + 1;
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      events.push({ sequence, storedTimeMs: timeOf(sequence), headerLines: headerLines(sequence), body: bytes });
    }
    for (const wake of this.#wakers) wake();
  }

  async partitionInfo(partition: number): Promise<PartitionInfo> {
    if (!this.isReachable) throw new HubError("ServiceUnavailable", "The journal cannot be reached");
    const { length } = this.#of(partition);
    const first = Math.min(this.deletedTo, length) + 1;
    return {
      createdMs,
      firstSequence: first,
      lastSequence: length,
      lastTimeMs: length === 0 ? 0 : timeOf(length),
      isEmpty: first > length,
    };
  }

  async sequenceAfterTime(partition: number, timeMs: number): Promise<number> {
    const events = this.#of(partition);
    return events.find(({ storedTimeMs }) => storedTimeMs > timeMs)?.sequence ?? events.length + 1;
  }

  async *read(partition: number, from: number, signal: AbortSignal): AsyncGenerator<readonly RawTelemetry[]> {
    this.readers += 1;
    let next = Math.max(from, this.deletedTo + 1);
    try {
      while (!signal.aborted) {
        const batch = this.#of(partition).slice(next - 1, next - 1 + this.batchSize);
        if (batch.length > 0) {
          this.batches[partition] = (this.batches[partition] ?? 0) + 1;
          next += batch.length;
          yield batch;
        } else await this.#appended(signal);
      }
    } finally {
      this.readers -= 1;
    }
  }

  async #appended(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakers.add(resolve);
    signal.addEventListener("abort", () => resolve());
    await promise;
    this.#wakers.delete(resolve);
  }

  #of(partition: number): RawTelemetry[] {
    const events = this.#events[partition];
    if (events === undefined) throw new Error(`no partition ${partition}`);
    return events;
  }
}

const timeOf = (sequence: number): number => firstTimeMs + (sequence - 1) * 1_000;
