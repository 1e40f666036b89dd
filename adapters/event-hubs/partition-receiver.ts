import { setImmediate as turn } from "node:timers/promises";
import type { Sender } from "rhea";
import type { Clock } from "../../core/ports.ts";
import { amqpErrorOf } from "../amqp/amqp-error.ts";
import type { Peer } from "../amqp/link.ts";
import type { PartitionLog, RawTelemetry } from "../nats/partition-log.ts";
import type { EventEncoder } from "./event-encoder.ts";
import { EventTransfers } from "./event-transfers.ts";
import type { Position } from "./receiver-filter.ts";
import { RuntimeMetric } from "./runtime-metric.ts";
import { startOf } from "./start-position.ts";

/** What a receiver of a partition is made of. */
export type PartitionReceiverOptions = {
  readonly sender: Sender;
  readonly peer: Peer;
  readonly log: PartitionLog;
  readonly clock: Clock;
  readonly encoder: EventEncoder;
  readonly partition: number;
  readonly position: Position;
  /** Whether each event is to tell how far the partition is. */
  readonly withMetric: boolean;
  /** False when the client wants to settle events itself. */
  readonly settled: boolean;
  /** Throws when the receiver may not go on, such as when its consumer group is gone. Asked before each batch. */
  readonly requireStanding: () => void;
};

const noAnnotations = Buffer.alloc(0);

/** Sends a partition's events to one link, from its position on until it is stopped. */
export class PartitionReceiver {
  readonly #options: PartitionReceiverOptions;
  readonly #stopping = new AbortController();
  readonly #transfers: EventTransfers;
  readonly #metric: RuntimeMetric | undefined;
  #wake = (): void => {};
  /** The sequence of the last event that was sent; undefined until the start is known. */
  #sent: number | undefined;
  /** The sequence up to which a client that drains the link gets events; undefined when it does not. */
  #drainTo: number | undefined;
  #isDrainAsked = false;
  #awaitsSocket = false;
  /** Resolves once nothing more is read or sent. */
  ended: Promise<void> = Promise.resolve();

  constructor(options: PartitionReceiverOptions) {
    const { sender, log, partition, clock, encoder, settled, withMetric } = options;
    this.#options = options;
    const { signal } = this.#stopping;
    this.#transfers = new EventTransfers(sender, { encoder, settled, onRoom: () => this.#wake() });
    this.#metric = withMetric ? new RuntimeMetric({ log, partition, clock, signal }) : undefined;
  }

  /** Begins to send; resolves once it is over. */
  run(): Promise<void> {
    this.#options.sender.on("sender_draining", () => void this.#drainAsked());
    this.#transfers.open();
    this.ended = this.#run();
    return this.ended;
  }

  /** Sends nothing more. */
  stop(): void {
    this.#stopping.abort();
    this.#transfers.close();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { sender, peer, log, partition, position, requireStanding } = this.#options;
    const { signal } = this.#stopping;
    try {
      const start = await startOf({ log, partition, position, signal });
      this.#sent = start - 1;
      this.#drainIfDone();
      for await (const events of log.read(partition, start, signal)) {
        requireStanding();
        await this.#send(events);
      }
    } catch (err) {
      if (signal.aborted) return;
      const error = amqpErrorOf(err);
      peer.log.warn({ err, partition, condition: error.condition }, "a receiver of the built-in endpoint ends");
      sender.close(error);
    }
  }

  async #send(events: readonly RawTelemetry[]): Promise<void> {
    const { peer } = this.#options;
    const annotations = (await this.#metric?.annotationsFor(events)) ?? noAnnotations;
    let next = 0;
    while (next < events.length && !this.#stopping.signal.aborted) {
      if (peer.congested) await this.#socketReady();
      else if (this.#transfers.hasRoom()) {
        next += this.#transfers.send(events, next, annotations);
        this.#sent = events[next - 1]?.sequence ?? this.#sent;
        this.#drainIfDone();
        await turn();
      } else await this.#woken();
    }
  }

  async #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  /** Flows of the client may wake it before the socket is ready, which is asked only once all the same. */
  async #socketReady(): Promise<void> {
    if (!this.#awaitsSocket) {
      this.#awaitsSocket = true;
      this.#options.peer.whenWritable(() => {
        this.#awaitsSocket = false;
        this.#wake();
      });
    }
    if (this.#options.peer.congested) await this.#woken();
  }

  /** A drain is answered when the events that were there when it came have gone, or have used all credit. */
  async #drainAsked(): Promise<void> {
    if (this.#isDrainAsked) return;
    this.#isDrainAsked = true;
    const { log, partition } = this.#options;
    try {
      const { isEmpty, lastSequence } = await log.partitionInfo(partition, this.#stopping.signal);
      this.#drainTo = isEmpty ? 0 : lastSequence;
      this.#drainIfDone();
    } catch (err) {
      this.#options.peer.log.warn({ err, partition }, "a drain could not be answered");
    } finally {
      this.#isDrainAsked = false;
    }
  }

  #drainIfDone(): void {
    if (this.#drainTo === undefined || this.#sent === undefined || this.#stopping.signal.aborted) return;
    if (this.#sent < this.#drainTo && this.#transfers.hasCredit) return;
    this.#drainTo = undefined;
    this.#transfers.drain();
  }
}
