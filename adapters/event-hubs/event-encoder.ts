import type { RawTelemetry } from "../nats/partition-log.ts";
import { AmqpWriter, writeInt64 } from "./amqp-writer.ts";
import { type EventFrame, EventFrames, tailOf } from "./event-frames.ts";
import { clientSequence } from "./sequences.ts";

/** The annotations that differ from event to event come first, so that their places are known; the offset, a text, is last. */
const start = startOfAnnotations();
const mapSizeAt = 4;
const mapCountAt = 8;
/** The size of a map counts what follows it. */
const sizedFrom = 8;
const offsetName = Buffer.concat([Buffer.from([0xa3, 12]), Buffer.from("x-opt-offset"), Buffer.from([0xa1])]);

/** A data section with a vbin32 (AMQP 1.0 part 3, section 3.2.6). */
const dataCode = 0x00_53_75_b0;
const dataStart = 8;
const timeName = "\r\nce-time: ";

/**
 * Turns stored telemetry into AMQP messages: message annotations, properties, application properties, and the body as one
 * data section (spec/amqp 9). `prepare` a message, make room for it, `write` it. One encoder serves any number of readers.
 */
export class EventEncoder {
  readonly #frames = new EventFrames();
  #timeText = "";
  #timeMs = Number.NaN;
  #event: RawTelemetry = { sequence: 0, storedTimeMs: 0, headerLines: "", body: new Uint8Array() };
  #frame: EventFrame = this.#frames.of("", -1);
  #hubTimeMs = 0;
  #offset = "";
  #annotationsSize = 0;

  /** Takes the event to be written next. Returns how many bytes its message has. */
  prepare(event: RawTelemetry): number {
    const { headerLines, storedTimeMs } = event;
    const tailAt = tailOf(headerLines);
    this.#event = event;
    this.#frame = this.#frames.of(headerLines, tailAt);
    this.#hubTimeMs = this.#timeIn(headerLines, Math.max(0, tailAt)) ?? storedTimeMs;
    this.#offset = `${clientSequence(event.sequence)}`;
    const { stamps, properties } = this.#frame;
    const named = stamps.annotations.length + properties.annotations.length;
    this.#annotationsSize = start.bytes.length + named + offsetName.length + 1 + this.#offset.length;
    const sections = stamps.sections.length + properties.sections.length;
    return this.#annotationsSize + sections + dataStart + event.body.length;
  }

  /** Writes the message of the event that was prepared at `at`. */
  write(bytes: Buffer, at: number): void {
    const { stamps, properties } = this.#frame;
    const { body } = this.#event;
    this.#writeAnnotations(bytes, at);
    let next = at + this.#annotationsSize;
    next = put(bytes, stamps.sections, next);
    next = put(bytes, properties.sections, next);
    bytes.writeUInt32BE(dataCode, next);
    bytes.writeUInt32BE(body.length, next + 4);
    bytes.set(body, next + dataStart);
  }

  #writeAnnotations(bytes: Buffer, at: number): void {
    const { sequence, storedTimeMs } = this.#event;
    const { stamps, properties } = this.#frame;
    const offset = this.#offset;
    bytes.set(start.bytes, at);
    bytes.writeUInt32BE(this.#annotationsSize - sizedFrom, at + mapSizeAt);
    bytes.writeUInt32BE(start.count + stamps.annotationCount + properties.annotationCount, at + mapCountAt);
    writeInt64(bytes, clientSequence(sequence), at + start.sequenceAt);
    writeInt64(bytes, storedTimeMs, at + start.storedTimeAt);
    writeInt64(bytes, this.#hubTimeMs, at + start.hubTimeAt);
    let next = put(bytes, stamps.annotations, at + start.bytes.length);
    next = put(bytes, properties.annotations, next);
    next = put(bytes, offsetName, next);
    bytes[next] = offset.length;
    bytes.write(offset, next + 1, "latin1");
  }

  /** The hub's own stamp, `ce-time`; undefined for a message that no hub wrote. Many in a row have the same. */
  #timeIn(lines: string, tailAt: number): number | undefined {
    const at = lines.indexOf(timeName, tailAt);
    if (at < 0) return undefined;
    const from = at + timeName.length;
    const text = lines.slice(from, lines.indexOf("\r", from));
    if (text !== this.#timeText) {
      this.#timeText = text;
      this.#timeMs = Date.parse(text);
    }
    return Number.isNaN(this.#timeMs) ? undefined : this.#timeMs;
  }
}

function put(bytes: Buffer, part: Buffer, at: number): number {
  if (part.length > 0) bytes.set(part, at);
  return at + part.length;
}

function startOfAnnotations() {
  const writer = new AmqpWriter();
  writer.section(0x72);
  writer.openMap();
  const head = writer.take();
  const numbers = (["x-opt-sequence-number", "x-opt-enqueued-time", "iothub-enqueuedtime"] as const).map((name) => {
    writer.symbol(name);
    if (name === "x-opt-sequence-number") writer.long(0);
    else writer.timestamp(0);
    return writer.take();
  });
  const ends: number[] = [];
  for (const { length } of numbers) ends.push((ends.at(-1) ?? head.length) + length);
  const [sequenceAt = 0, storedTimeAt = 0, hubTimeAt = 0] = ends.map((end) => end - 8);
  // These three and the offset, keys and values.
  return { bytes: Buffer.concat([head, ...numbers]), count: 8, sequenceAt, storedTimeAt, hubTimeAt };
}
