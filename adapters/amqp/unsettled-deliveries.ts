import rhea, { type Delivery, type EventContext, type Message, type Sender } from "rhea";
import { amqpErrorOf } from "./amqp-error.ts";

/** How a client may settle what it was sent (AMQP 1.0 part 3, 3.4). */
export type Outcome = (typeof outcomes)[number];
const outcomes = ["accepted", "rejected", "released", "modified"] as const;

/** Whom to tell of outcomes. Resolves to the error if the outcome could not be recorded. */
type OnOutcome<Item> = (item: Item, outcome: Outcome) => Promise<unknown>;

type Unsettled<Item> = { readonly item: Item; readonly lockedUntil: number };

/**
 * The deliveries of one link that the client has yet to settle, each with what it stands for. A client that settles at once
 * needs no answer; one that waits for the hub to settle gets its answer when the outcome is recorded (spec/amqp 6).
 */
export class UnsettledDeliveries<Item> {
  readonly #sender: Sender;
  readonly #onOutcome: OnOutcome<Item>;
  readonly #unsettled = new Map<Delivery, Unsettled<Item>>();

  constructor(sender: Sender, onOutcome: OnOutcome<Item>) {
    this.#sender = sender;
    this.#onOutcome = onOutcome;
    for (const outcome of outcomes) {
      sender.on(outcome, ({ delivery }: EventContext) => delivery && void this.#settled(delivery, outcome));
    }
    // A client that settles without an outcome leaves what it got to its lock.
    sender.on("settled", ({ delivery }: EventContext) => delivery && this.#unsettled.delete(delivery));
  }

  get size(): number {
    return this.#unsettled.size;
  }

  /** Sends a message. Its tag is the lock token, a uuid; `lockedUntil` is in milliseconds since 1970. */
  send(message: Message, lockToken: string, held: Unsettled<Item>): void {
    this.#unsettled.set(this.#sender.send(message, guidBytes(lockToken)), held);
  }

  /** Takes back what the client kept for too long; returns what it stands for. */
  expire(now: number): readonly Item[] {
    const expired: Item[] = [];
    for (const [delivery, { item, lockedUntil }] of this.#unsettled) {
      if (lockedUntil > now) continue;
      this.#unsettled.delete(delivery);
      expired.push(item);
      if (!this.#sender.is_open()) continue;
      delivery.update(true, outcomeOf("released"));
      // rhea would keep a place for it until the client settles too, which it may never do.
      (delivery as { remote_settled: boolean }).remote_settled = true;
    }
    return expired;
  }

  /** The link is gone: returns what was not settled. */
  close(): readonly Item[] {
    const items = Array.from(this.#unsettled.values(), ({ item }) => item);
    this.#unsettled.clear();
    return items;
  }

  async #settled(delivery: Delivery, outcome: Outcome): Promise<void> {
    const held = this.#unsettled.get(delivery);
    if (held === undefined) return;
    this.#unsettled.delete(delivery);
    const error = await this.#onOutcome(held.item, outcome);
    if (delivery.remote_settled || !this.#sender.is_open()) return;
    const state = error === undefined ? outcomeOf(outcome) : outcomeOf("rejected", { error: amqpErrorOf(error) });
    delivery.update(true, state);
  }
}

/** rhea's types leave out the functions that make outcomes. */
type Outcomes = Record<Outcome, (fields?: object) => { described(): unknown }>;

const outcomeOf = (outcome: Outcome, fields?: object): unknown =>
  (rhea.message as unknown as Outcomes)[outcome](fields).described();

/**
 * A uuid in the byte order that .NET makes a Guid of: the first three groups little-endian (spec/amqp 6). A delivery tag
 * of any other form would fail there.
 */
export function guidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
