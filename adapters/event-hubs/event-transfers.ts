import type { Sender } from "rhea";
import type { RawTelemetry } from "../nats/partition-log.ts";
import type { EventEncoder } from "./event-encoder.ts";
import { type LinkParts, linkPartsOf, onSessionFlow } from "./session-window.ts";

/*
 * Sends events over a link. rhea takes 10 µs to make one transfer frame, most of what an event costs, so the frames are
 * written here, straight around the event's bytes. What rhea counts is counted along: ids, credit and the session's window,
 * so its own frames and these can take turns. Where rhea has deliveries of its own under way in the session (ids must leave
 * in order), and for an event that is larger than a frame, rhea sends the event.
 */

const slabBytes = 262_144;
/** What may be sent before others get their turn. */
const turnBytes = 65_536;

// AMQP 1.0 part 2, section 2.7.5, laid out as rhea does it: size, doff, type and channel; descriptor and list32 of six fields;
// handle, delivery-id, delivery-tag (the four bytes of the id), message-format 0, settled, more.
const template = Buffer.concat([
  Buffer.from([0, 0, 0, 0, 2, 0, 0, 0]),
  Buffer.from([0x00, 0x53, 0x14, 0xd0, 0, 0, 0, 23, 0, 0, 0, 6]),
  Buffer.from([0x70, 0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0xa0, 4, 0, 0, 0, 0, 0x43, 0x41, 0x42]),
]);
const frameStart = template.length;
const channelAt = 6;
const handleAt = 21;
const deliveryIdAt = 26;
const deliveryTagAt = 32;
const settledAt = 37;
const settledCode = 0x41;
const unsettledCode = 0x42;

/** Where frames are written, of all links. A slab lives as long as one of its frames waits to leave. */
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/** How a link sends. */
export type TransferOptions = {
  readonly encoder: EventEncoder;
  /** False when the client wants to settle events itself. What it says of them then changes nothing. */
  readonly settled: boolean;
  /** Called when there may be room again. */
  readonly onRoom: () => void;
};

/** The events' way out over one link. */
export class EventTransfers {
  readonly #sender: Sender;
  readonly #parts: LinkParts;
  readonly #encoder: EventEncoder;
  readonly #start: Buffer;
  readonly #onRoom: () => void;
  #stopListening = (): void => {};
  /** Where the frames of this turn that have not left begin in the slab, and end. */
  #unsentFrom = 0;
  #unsentTo = 0;
  /** The link's delivery count once everything that rhea was given has left: until then that has used no credit. */
  #count = 0;

  constructor(sender: Sender, { encoder, settled, onRoom }: TransferOptions) {
    this.#sender = sender;
    this.#parts = linkPartsOf(sender);
    this.#encoder = encoder;
    this.#onRoom = onRoom;
    const { channel, link } = this.#parts;
    link.local.attach.snd_settle_mode = settled ? 1 : 0;
    this.#start = Buffer.from(template);
    this.#start.writeUInt16BE(channel, channelAt);
    this.#start.writeUInt32BE(link.local.handle, handleAt);
    this.#start[settledAt] = settled ? settledCode : unsettledCode;
  }

  /** Begins to listen for room. */
  open(): void {
    this.#sender.on("sendable", this.#onRoom);
    this.#stopListening = onSessionFlow(this.#sender.session, this.#parts.window, this.#onRoom);
  }

  /** Listens no more. */
  close(): void {
    this.#stopListening();
    this.#sender.removeListener("sendable", this.#onRoom);
  }

  /** Whether an event may be sent: the link has credit, and the session a window for it. */
  hasRoom(): boolean {
    const { link, window } = this.#parts;
    this.#count = Math.max(this.#count, link.delivery_count);
    // The credit of a client that sends nonsense is no number.
    if (!(link.credit > this.#count - link.delivery_count)) return false;
    return this.#isIdle() ? window.transfer_window() > 0 : this.#sender.sendable();
  }

  /**
   * Sends events from the one at `from` on, as long as there is room, and 64 KiB of them at most. `annotations` are the
   * delivery annotations of all of them. Returns how many went.
   */
  send(events: readonly RawTelemetry[], from: number, annotations: Buffer): number {
    let next = from;
    let bytes = 0;
    while (bytes < turnBytes && this.hasRoom()) {
      const event = events[next];
      if (event === undefined) break;
      const size = annotations.length + this.#encoder.prepare(event);
      const fits = frameStart + size <= this.#parts.maxFrameBytes;
      if (fits && this.#isIdle()) this.#writeFrame(size, annotations);
      else this.#handOver(size, annotations);
      next += 1;
      bytes += frameStart + size;
    }
    this.#flush();
    return next - from;
  }

  /** Gives up all credit, as a client that drains the link asks for. */
  drain(): void {
    const { link, register } = this.#parts;
    // rhea counts the credit away one by one, so a client that gave billions would stop the hub for as long.
    if (link.credit > 1) {
      link.delivery_count = (link.delivery_count + link.credit - 1) >>> 0;
      link.credit = 1;
    }
    this.#count = link.delivery_count;
    this.#sender.set_drained(true);
    register();
  }

  get hasCredit(): boolean {
    return this.#parts.link.credit > 0;
  }

  /** Whether rhea has nothing of its own under way in the session. */
  #isIdle(): boolean {
    const { deliveries, next_pending_delivery, next_delivery_id } = this.#parts.window;
    return deliveries.size === 0 && next_pending_delivery === next_delivery_id;
  }

  #writeFrame(size: number, annotations: Buffer): void {
    const { link, window } = this.#parts;
    const frameSize = frameStart + size;
    const at = this.#room(frameSize);
    const id = window.next_delivery_id;
    slab.set(this.#start, at);
    slab.writeUInt32BE(frameSize, at);
    slab.writeUInt32BE(id, at + deliveryIdAt);
    slab.writeUInt32BE(id, at + deliveryTagAt);
    slab.set(annotations, at + frameStart);
    this.#encoder.write(slab, at + frameStart + annotations.length);
    window.next_delivery_id = id + 1;
    window.next_pending_delivery = id + 1;
    window.next_transfer_id += 1;
    link.delivery_count += 1;
    link.credit -= 1;
  }

  /** Where a frame may be written. The frames of a turn lie one after another and leave in one write. */
  #room(frameSize: number): number {
    if (slabUsed + frameSize > slab.length) {
      this.#flush();
      slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, frameSize));
      slabUsed = 0;
    }
    if (this.#unsentFrom === this.#unsentTo) this.#unsentFrom = slabUsed;
    const at = slabUsed;
    slabUsed += frameSize;
    this.#unsentTo = slabUsed;
    return at;
  }

  #flush(): void {
    if (this.#unsentFrom < this.#unsentTo) this.#parts.write(slab.subarray(this.#unsentFrom, this.#unsentTo));
    this.#unsentFrom = this.#unsentTo;
  }

  #handOver(size: number, annotations: Buffer): void {
    this.#flush();
    const message = Buffer.allocUnsafeSlow(size);
    message.set(annotations);
    this.#encoder.write(message, annotations.length);
    this.#count += 1;
    this.#sender.send(message, `${this.#count}`, 0);
    // rhea says nothing when a delivery has left.
    setImmediate(this.#onRoom);
  }
}
