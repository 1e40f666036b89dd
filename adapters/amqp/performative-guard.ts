import type { AmqpCursor } from "./amqp-cursor.ts";
import { absent, booleanAt, numberAt, passComposite, textAt } from "./composite.ts";
import { FrameViolation, invalidField, misframed, undecodable } from "./frame-violation.ts";
import { GuardedLink, GuardedSession } from "./guarded-link.ts";
import { IncomingDeliveries } from "./incoming-deliveries.ts";
import type { GuardLimits } from "./limits.ts";
import { withoutNullState } from "./null-state.ts";
import { maxFields, performative, performatives } from "./performatives.ts";

/** AMQP 1.0 part 2, 2.7.1. rhea cuts messages to the peer's frames, and never ends with frames that hold nothing. */
const minMaxFrameBytes = 512;
const noIdleTimeout = 0xffff_ffff;

/** What the hub sends that changes what its peer may. */
const noted: ReadonlySet<number> = new Set([
  performative.begin,
  performative.attach,
  performative.flow,
  performative.detach,
  performative.end,
]);

/** Frame header, descriptor, and the typecode, size and count of a long list. */
const rheaFieldsStart = 8 + 3 + 1 + 4 + 4;

/** Checks the performatives of one connection, and knows what sessions and links they have made (AMQP 1.0 part 2, 2.7). */
export class PerformativeGuard {
  readonly #limits: GuardLimits;
  readonly #cursor: AmqpCursor;
  readonly #places = new Int32Array(maxFields);
  readonly #sessions = new Map<number, GuardedSession>();
  /** Sessions by the hub's own channel, once the hub has begun them. */
  readonly #answered = new Map<number, GuardedSession>();
  readonly #deliveries: IncomingDeliveries;
  #isOpen = false;
  /** The peer has closed: nothing that follows counts. */
  isClosed = false;

  constructor(limits: GuardLimits, cursor: AmqpCursor) {
    this.#limits = limits;
    this.#cursor = cursor;
    this.#deliveries = new IncomingDeliveries(limits, cursor, this.#places);
  }

  /**
   * Checks the frame that begins at `start` and whose body the cursor stands before. Returns a frame that rhea should
   * have in its place, if any. Throws FrameViolation.
   */
  check(bytes: Buffer, start: number): Buffer | undefined {
    const cursor = this.#cursor;
    const isEmpty = cursor.position === cursor.end;
    if (!this.#isOpen && isEmpty) throw misframed("A frame came before the open");
    // An empty frame only shows that the peer is there (AMQP 1.0 part 2, 2.4.5).
    if (isEmpty) return undefined;
    const code = cursor.byte() === 0 ? cursor.descriptor() : -1;
    const composite = performatives.get(code);
    if (composite === undefined) throw undecodable("A performative is unknown");
    if (this.#isOpen === (code === performative.open)) throw illegal("A frame is not the one that may come");
    passComposite(cursor, composite, { depth: this.#limits.maxDepth, places: this.#places });
    const channel = bytes.readUInt16BE(start + 6);
    if (code === performative.transfer) {
      this.#deliveries.transfer(this.#session(channel));
      return undefined;
    }
    if (cursor.position !== cursor.end) throw undecodable("Something follows a performative in its frame");
    return this.#act(code, channel, start);
  }

  /** Takes note of a frame of rhea's, which begins every body with a small ulong. */
  sent(bytes: Buffer, start = 0): void {
    const code = bytes[start + 9] === 0x53 ? bytes[start + 10] : undefined;
    if (code === performative.transfer) this.#sentTransfer(bytes, start);
    if (code === undefined || !noted.has(code)) return;
    const composite = performatives.get(code);
    if (composite === undefined) return;
    this.#cursor.reset(bytes, start + 11, start + bytes.readUInt32BE(start));
    passComposite(this.#cursor, composite, { depth: this.#limits.maxDepth, places: this.#places });
    this.#note(bytes, code, bytes.readUInt16BE(start + 6));
  }

  /** There are many of these: the few fields that count are read where rhea puts them. */
  #sentTransfer(frame: Buffer, start: number): void {
    const session = this.#answered.get(frame.readUInt16BE(start + 6));
    if (session === undefined) return;
    const cursor = this.#cursor;
    cursor.reset(frame, start + rheaFieldsStart, frame.length);
    cursor.skip(1);
    const id = cursor.position;
    for (let field = 1; field < 5; field += 1) cursor.skip(1);
    const more = booleanAt(frame, cursor.position);
    if (!more) session.lastSentDelivery = numberAt(frame, id, session.lastSentDelivery);
  }

  #act(code: number, channel: number, start: number): Buffer | undefined {
    switch (code) {
      case performative.open:
        this.#open();
        return undefined;
      case performative.begin:
        this.#begin(channel);
        return undefined;
      case performative.attach:
        this.#attach(this.#session(channel));
        return undefined;
      case performative.flow:
        this.#flow(this.#session(channel));
        return undefined;
      case performative.disposition:
        return this.#disposition(this.#session(channel), start);
      case performative.detach:
        this.#deliveries.drop(this.#session(channel).detach(this.#number(0, 0)));
        return undefined;
      case performative.end:
        for (const link of this.#session(channel).links.values()) this.#deliveries.drop(link);
        this.#sessions.delete(channel);
        return undefined;
      default:
        this.isClosed = true;
        return undefined;
    }
  }

  #number(field: number, otherwise: number): number {
    return numberAt(this.#cursor.bytes, this.#places[field], otherwise);
  }

  #session(channel: number): GuardedSession {
    const session = this.#sessions.get(channel);
    if (session === undefined) throw illegal("No session has begun on the channel");
    return session;
  }

  #open(): void {
    this.#isOpen = true;
    if (this.#number(2, minMaxFrameBytes) < minMaxFrameBytes)
      throw invalidField("The peer takes too short frames only");
    // Half of it, in milliseconds, is more than a timer of Node's can wait: it would not wait at all.
    const place = this.#places[4] ?? absent;
    if (this.#number(4, 0) === noIdleTimeout) this.#cursor.bytes[place + 4] = 0xfe;
  }

  #begin(channel: number): void {
    if (channel > this.#limits.channelMax) throw misframed("A channel is higher than the hub takes");
    if (this.#sessions.has(channel)) throw illegal("The channel has a session");
    if (this.#places[0] !== absent) throw invalidField("A begin answers none of the hub's");
    this.#sessions.set(channel, new GuardedSession());
  }

  #attach(session: GuardedSession): void {
    const handle = this.#number(1, 0);
    if (handle > this.#limits.handleMax) throw misframed("A handle is higher than the hub takes");
    if (this.#number(3, 0) > 2 || this.#number(4, 0) > 1) throw invalidField("A settle mode is unknown");
    const { bytes } = this.#cursor;
    const peerReceives = booleanAt(bytes, this.#places[2]);
    session.attach(handle, new GuardedLink(textAt(bytes, this.#places[0]), !peerReceives));
  }

  #flow(session: GuardedSession): void {
    if (this.#places[4] === absent) return;
    const link = session.link(this.#number(4, 0));
    if (!link.peerSends || !booleanAt(this.#cursor.bytes, this.#places[8])) return;
    // The peer has used up its credit, so none is left; rhea takes over the count that it tells.
    if (this.#number(6, 0) !== 0) throw invalidField("A drained link has credit");
    if (this.#places[5] === absent || this.#places[6] === absent) throw invalidField("A drained link tells no count");
    link.delivered = this.#number(5, 0);
    link.deliveryLimit = link.delivered;
  }

  #disposition(session: GuardedSession, start: number): Buffer | undefined {
    const first = this.#number(1, 0);
    const last = this.#number(2, first);
    // rhea goes through all of them.
    if (last < first || last - first >= this.#limits.maxDispositionRange) {
      throw invalidField("A disposition covers too many deliveries");
    }
    // rhea would forget a delivery that is yet to be sent, and send nothing any more on the session.
    const isOfHub = booleanAt(this.#cursor.bytes, this.#places[0]);
    if (isOfHub && last > session.lastSentDelivery) throw invalidField("A disposition covers what was not sent");
    return this.#places[4] === absent ? withoutNullState(this.#cursor, start) : undefined;
  }

  #note(frame: Buffer, code: number, channel: number): void {
    const places = this.#places;
    if (code === performative.begin) {
      const session = this.#sessions.get(numberAt(frame, places[0], absent));
      if (session !== undefined) this.#answered.set(channel, session);
      return;
    }
    const session = this.#answered.get(channel);
    if (session === undefined) return;
    if (code === performative.attach) {
      const link = session.names.get(textAt(frame, places[0]));
      if (link !== undefined) session.answered.set(numberAt(frame, places[1], 0), link);
    } else if (code === performative.flow) {
      const link = session.answered.get(numberAt(frame, places[4], absent));
      if (link !== undefined) link.deliveryLimit = numberAt(frame, places[5], 0) + numberAt(frame, places[6], 0);
    } else if (code === performative.detach) session.answered.delete(numberAt(frame, places[0], absent));
    else this.#answered.delete(channel);
  }
}

const illegal = (text: string): FrameViolation => new FrameViolation("amqp:illegal-state", text);
