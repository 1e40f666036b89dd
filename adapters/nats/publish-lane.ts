import { HubError } from "../../core/hub-error.ts";
import type { JetStreamError } from "./js-api.ts";

/** How a publish ended: JetStream's acknowledgement as it came, its refusal, or the reason why neither came. */
export type Outcome = Uint8Array | JetStreamError | HubError;

/** A message on its way into a stream. `context` is what its sender wants back with the outcome. */
export type Outgoing<C> = {
  readonly subject: string;
  readonly headers: Uint8Array;
  readonly body: Uint8Array;
  readonly context: C;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  outcome: Outcome | undefined;
};

/** What a lane needs of the one who owns it. */
export type LaneOwner<C> = {
  /** How many messages may wait for their acknowledgement. */
  readonly maxInFlight: number;
  /** How long a message may stay while no acknowledgement comes at all. */
  readonly deadlineMs: number;
  /** Puts a message on the wire, its number in the reply subject; false when there is no connection. */
  transmit(message: Outgoing<C>, number: number): boolean;
  settled(message: Outgoing<C>, outcome: Outcome): void;
};

const firstCapacity = 64;
/** How long JetStream is left alone when it says that it can't take messages now. */
const holdMs = 200;
/** After so long without progress, messages or answers must have been lost on the way, as in a change of leaders. */
const resendAfterMs = 5_000;

const tooLate = (): HubError => new HubError("ServiceUnavailable", "The message could not be stored in time");

type Slots<C> = (Outgoing<C> | undefined)[];

const emptySlots = <C>(length: number): Slots<C> => Array.from({ length }, () => undefined);

/**
 * The messages on their way into one stream, in order. Numbers count up for ever; a message lives at its number modulo
 * the capacity, from `head`, the oldest that has no outcome, through `sent`, up to which all are on the wire, to `tail`.
 * Outcomes are passed on in order, so one that overtakes waits for those before it.
 */
export class PublishLane<C> {
  readonly #owner: LaneOwner<C>;
  #slots: Slots<C> = emptySlots(firstCapacity);
  #head = 0;
  #sent = 0;
  #tail = 0;
  #heldUntil = 0;
  /** When the oldest message last changed because JetStream answered, or the lane was last empty. */
  #answeredAt = 0;
  #resentAt = 0;

  constructor(owner: LaneOwner<C>) {
    this.#owner = owner;
  }

  /** Takes a message, to be sent by the next `flush`. One with an outcome is only settled in its turn. */
  add(message: Outgoing<C>): void {
    if (this.#tail - this.#head === this.#slots.length) this.#grow();
    if (this.#tail === this.#head) this.#answeredAt = message.acceptedAt;
    this.#slots[this.#tail & (this.#slots.length - 1)] = message;
    this.#tail += 1;
    if (message.outcome !== undefined) this.#advance(message.acceptedAt);
  }

  /** Sends what was added since, as far as the lane may have it under way. */
  flush(): void {
    if (this.#sent < this.#tail) this.#pump();
  }

  /** Takes the outcome of a message; one that has its outcome already is left alone. */
  settle(number: number, outcome: Outcome, now: number): void {
    const message = this.#message(number);
    if (message === undefined || message.outcome !== undefined) return;
    message.outcome = outcome;
    if (number === this.#head) this.#advance(now);
  }

  /** JetStream can't take messages now: everything that has no outcome is sent again in a moment. */
  hold(now: number): void {
    this.#heldUntil = now + holdMs;
    this.#sent = this.#head;
  }

  /** Sends all that has no outcome again, as after a reconnect. Waits when JetStream asked for it. */
  resend(): void {
    this.#sent = this.#head;
    this.#pump();
  }

  /** Does what time asks for. To be called every 100 ms or so. */
  sweep(now: number): void {
    this.#failExpired(now);
    if (this.#head === this.#tail) return;
    if (this.#heldUntil !== 0 && now >= this.#heldUntil) {
      this.#heldUntil = 0;
      this.#pump();
    } else if (now - Math.max(this.#answeredAt, this.#resentAt) >= resendAfterMs) {
      this.#resentAt = now;
      this.resend();
    }
  }

  /** Gives everything that has no outcome this one. */
  failAll(error: HubError, now: number): void {
    for (let number = this.#head; number < this.#tail; number += 1) {
      const message = this.#message(number);
      if (message !== undefined) message.outcome ??= error;
    }
    this.#advance(now);
  }

  #message(number: number): Outgoing<C> | undefined {
    return number < this.#head || number >= this.#tail ? undefined : this.#slots[number & (this.#slots.length - 1)];
  }

  #pump(): void {
    while (this.#heldUntil === 0 && this.#sent < Math.min(this.#tail, this.#head + this.#owner.maxInFlight)) {
      const number = this.#sent;
      // Before the transmission, which may settle a message at once and so come back here.
      this.#sent += 1;
      const message = this.#message(number);
      if (message === undefined || message.outcome !== undefined || this.#owner.transmit(message, number)) continue;
      this.#sent = number;
      return;
    }
  }

  #advance(now: number): void {
    while (this.#head < this.#tail) {
      const index = this.#head & (this.#slots.length - 1);
      const message = this.#slots[index];
      if (message?.outcome === undefined) break;
      this.#slots[index] = undefined;
      this.#head += 1;
      if (!(message.outcome instanceof HubError)) this.#answeredAt = now;
      this.#owner.settled(message, message.outcome);
    }
    if (this.#sent < this.#head) this.#sent = this.#head;
    if (this.#sent < this.#tail) this.#pump();
  }

  #failExpired(now: number): void {
    let expired = false;
    for (let number = this.#head; number < this.#tail; number += 1) {
      const message = this.#message(number);
      if (message === undefined) break;
      if (now - Math.max(message.acceptedAt, this.#answeredAt) < this.#owner.deadlineMs) break;
      message.outcome ??= tooLate();
      expired = true;
    }
    if (expired) this.#advance(now);
  }

  #grow(): void {
    const larger = emptySlots<C>(this.#slots.length * 2);
    for (let number = this.#head; number < this.#tail; number += 1) {
      larger[number & (larger.length - 1)] = this.#message(number);
    }
    this.#slots = larger;
  }
}
