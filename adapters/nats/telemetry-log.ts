import type { NatsConnection } from "nats";
import type { D2cMessage, MessageProperties, TelemetryStamp } from "../../core/device-to-cloud/message.ts";
import { HubError } from "../../core/hub-error.ts";
import type { TelemetryLog, TelemetrySender } from "../../core/ports.ts";
import { headerBlockStart } from "./header-block.ts";
import { defaultDeadlineMs } from "./js-api.ts";
import type { NatsLog } from "./nats-log.ts";
import { partitionOf } from "./partition.ts";
import type { Outcome } from "./publish-lane.ts";
import { Publisher, type PublishWindow } from "./publisher.ts";
import { telemetrySubjectOf } from "./subjects.ts";
import { idLineStart, propertyLines, stampLines } from "./telemetry-headers.ts";

/** What the telemetry log is made of. */
export type TelemetryLogOptions = {
  /** Best a connection of its own: what others ask of NATS then doesn't wait behind a window of telemetry. */
  readonly nc: NatsConnection;
  readonly hub: string;
  /** The count that the hub's streams have (`ensureStreams`). */
  readonly partitions: number;
  readonly log: NatsLog;
  readonly window?: PublishWindow;
  /** How long a message may wait without any acknowledgement. */
  readonly deadlineMs?: number;
};

type Stored = (error?: HubError) => void;

/** What a node may have on its way to JetStream: 8,192 messages and 64 MiB. */
const defaultWindow: PublishWindow = { messages: 8_192, bytes: 67_108_864 };

/**
 * The telemetry streams. A message is in one of them once `stored` is called without an error; after a lost connection it
 * may be there twice, with the same id (spec/messaging 1.1: at least once).
 */
export function createTelemetryLog(options: TelemetryLogOptions): TelemetryLog & Disposable {
  const { nc, hub, partitions, log, window = defaultWindow, deadlineMs = defaultDeadlineMs } = options;
  const publisher = new Publisher<Stored>({ nc, log, lanes: partitions, window, deadlineMs, settled });
  return {
    open: (stamp) => new Sender({ publisher, hub, partitions, stamp }),
    whenReady: (ready) => publisher.whenReady(ready),
    [Symbol.dispose]: () => publisher[Symbol.dispose](),
  };
}

function settled(stored: Stored, outcome: Outcome): void {
  if (outcome instanceof Uint8Array) stored();
  else if (outcome instanceof HubError) stored(outcome);
  else stored(new HubError("ServiceUnavailable", "The message was not stored", {}, { cause: outcome }));
}

let isoMs = Number.NaN;
let isoText = "";

/** ISO 8601 of a time. Thousands of messages share a millisecond, and the text costs more than the rest of a header. */
function isoTime(now: number): string {
  if (now !== isoMs) {
    isoMs = now;
    isoText = new Date(now).toISOString();
  }
  return isoText;
}

const slabBytes = 262_144;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/**
 * Joins bytes and Latin-1 text in a slab: an allocation for each message costs more than filling it. A slab lives as long as
 * any of its messages waits, so the window bounds them.
 */
function join(start: Uint8Array, end: string): Uint8Array {
  const length = start.length + end.length;
  if (slabUsed + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, length));
    slabUsed = 0;
  }
  const at = slabUsed;
  slabUsed += length;
  slab.set(start, at);
  slab.write(end, at + start.length, "latin1");
  // Not `subarray`, which makes a Buffer, at three times the cost.
  return new Uint8Array(slab.buffer, slab.byteOffset + at, length);
}

type SenderOptions = {
  readonly publisher: Publisher<Stored>;
  readonly hub: string;
  readonly partitions: number;
  readonly stamp: TelemetryStamp;
};

/** Takes the messages of one connection. What repeats is encoded once; a message adds its number and time. */
class Sender implements TelemetrySender {
  readonly #publisher: Publisher<Stored>;
  readonly #lane: number;
  readonly #subject: string;
  readonly #stampLines: string;
  /** The header that ends in the message's number. */
  readonly #idLine: string;
  #properties: MessageProperties | undefined;
  #start: Uint8Array = new Uint8Array();
  #count = 0;

  constructor({ publisher, hub, partitions, stamp }: SenderOptions) {
    this.#publisher = publisher;
    this.#lane = partitionOf(stamp.deviceId, partitions);
    this.#subject = telemetrySubjectOf(hub, this.#lane, stamp);
    this.#stampLines = stampLines(hub, stamp);
    this.#idLine = idLineStart(stamp);
  }

  send({ properties, body }: D2cMessage, stored: Stored): boolean {
    if (properties !== this.#properties) {
      this.#properties = properties;
      this.#start = headerBlockStart(this.#stampLines + propertyLines(properties) + this.#idLine);
    }
    this.#count += 1;
    const acceptedAt = Date.now();
    const headers = join(this.#start, `${this.#count}\r\nce-time: ${isoTime(acceptedAt)}\r\n\r\n`);
    const message = { subject: this.#subject, headers, body, context: stored, acceptedAt, outcome: undefined };
    return this.#publisher.publish(this.#lane, message);
  }
}
