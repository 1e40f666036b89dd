import type { AmqpCursor } from "./amqp-cursor.ts";
import { absent, booleanAt, numberAt, textBounds } from "./composite.ts";
import { FrameViolation, invalidField } from "./frame-violation.ts";
import type { GuardedLink, GuardedSession } from "./guarded-link.ts";
import type { GuardLimits } from "./limits.ts";
import { passMessage } from "./message-sections.ts";

/** The format of one message, and that of a batch (spec/amqp 6). rhea and the hub read no other. */
const messageFormat = 0;
const batchFormat = 0x8001_3700;

const maxTagBytes = 32;

/** The fields of a transfer (AMQP 1.0 part 2, 2.7.5). */
const field = { handle: 0, id: 1, tag: 2, format: 3, more: 5, resume: 8, aborted: 9 } as const;

/** Checks the transfers of one connection, and the messages in them, which rhea keeps until their last frame. */
export class IncomingDeliveries {
  readonly #limits: GuardLimits;
  readonly #cursor: AmqpCursor;
  readonly #places: Int32Array;
  /** What the links hold of incomplete deliveries. */
  #heldBytes = 0;

  constructor(limits: GuardLimits, cursor: AmqpCursor, places: Int32Array) {
    this.#limits = limits;
    this.#cursor = cursor;
    this.#places = places;
  }

  /** Checks the transfer whose fields are at the places; the cursor stands before its payload. Throws FrameViolation. */
  transfer(session: GuardedSession): void {
    const { bytes, position, end } = this.#cursor;
    const places = this.#places;
    const link = session.link(numberAt(bytes, places[field.handle], 0));
    if (!link.peerSends) throw new FrameViolation("amqp:not-allowed", "A transfer came on a link that receives");
    if (booleanAt(bytes, places[field.resume]) || booleanAt(bytes, places[field.aborted])) {
      // rhea would take what has come of an aborted delivery for the whole.
      throw new FrameViolation("amqp:not-implemented", "Deliveries can't be resumed or aborted");
    }
    const isFirst = link.incomplete === undefined;
    const format = isFirst ? this.#begin(link) : this.#continue(link);
    const more = booleanAt(bytes, places[field.more]);
    if (isFirst && !more) this.#checkMessage(format);
    else this.#hold(link, bytes.subarray(position, end));
    if (more) return;
    link.delivered += 1;
    if (!isFirst) this.#complete(link);
  }

  /** Forgets what a link has not completed. */
  drop(link: GuardedLink): void {
    this.#heldBytes -= link.heldBytes;
    link.incomplete = undefined;
  }

  /** Checks the first frame of a delivery and returns its format. */
  #begin(link: GuardedLink): number {
    const { bytes, position, end } = this.#cursor;
    const [id, tag, format] = [this.#places[field.id], this.#places[field.tag], this.#places[field.format]];
    if (id === absent || tag === undefined || tag === absent || format === absent) {
      throw invalidField("The first frame of a delivery lacks its id, tag or format");
    }
    if (textBounds(bytes, tag).length > maxTagBytes) throw invalidField("A delivery tag is too long");
    if (link.delivered >= link.deliveryLimit) {
      throw new FrameViolation("amqp:link:transfer-limit-exceeded", "A transfer came without credit");
    }
    // A message has one section at least, and rhea fails where there is none.
    if (position === end) throw invalidField("A delivery begins without a payload");
    return numberAt(bytes, format, messageFormat);
  }

  /** Checks a later frame of a delivery and returns the delivery's format. */
  #continue({ incomplete }: GuardedLink): number {
    const { bytes } = this.#cursor;
    const { deliveryId = 0, format = 0 } = incomplete ?? {};
    const isSame =
      numberAt(bytes, this.#places[field.id], deliveryId) === deliveryId &&
      numberAt(bytes, this.#places[field.format], format) === format;
    if (!isSame) throw invalidField("A delivery began before the last one was complete");
    return format;
  }

  #hold(link: GuardedLink, payload: Buffer): void {
    const { bytes } = this.#cursor;
    const { maxDeliveryBytes, maxDeliveryFrames, maxIncompleteBytes } = this.#limits;
    this.#heldBytes -= link.heldBytes;
    link.incomplete ??= {
      deliveryId: numberAt(bytes, this.#places[field.id], 0),
      format: numberAt(bytes, this.#places[field.format], messageFormat),
      parts: [],
      bytes: 0,
    };
    const { incomplete } = link;
    incomplete.parts.push(payload);
    incomplete.bytes += payload.length;
    this.#heldBytes += link.heldBytes;
    if (incomplete.bytes > maxDeliveryBytes) {
      throw new FrameViolation("amqp:link:message-size-exceeded", `A message is longer than ${maxDeliveryBytes} bytes`);
    }
    if (incomplete.parts.length > maxDeliveryFrames || this.#heldBytes > maxIncompleteBytes) {
      throw new FrameViolation("amqp:resource-limit-exceeded", "Too much came of messages that are not complete");
    }
  }

  #complete(link: GuardedLink): void {
    const { parts = [], format = messageFormat } = link.incomplete ?? {};
    this.drop(link);
    const whole = Buffer.concat(parts);
    this.#cursor.reset(whole, 0, whole.length);
    this.#checkMessage(format);
  }

  #checkMessage(format: number): void {
    if (format === messageFormat || format === batchFormat) passMessage(this.#cursor, this.#limits.maxDepth);
  }
}
