import type { Subscription } from "../../core/connection/connection.ts";
import type { IdentityKey } from "../../core/events.ts";
import { percentDecode } from "./percent-encoding.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { isAllowedFilter, isCommandFilter, maxSubscriptions, methodCalls, methodOf } from "./topic-filters.ts";

type Granted = Subscription["qos"];

/** The topic filters that one connection has subscribed to, with the QoS granted. */
export class Subscriptions {
  readonly #identity: IdentityKey;
  #granted: ReadonlyMap<string, Granted>;

  constructor(identity: IdentityKey, survived: readonly Subscription[]) {
    this.#identity = identity;
    this.#granted = new Map(survived.map(({ filter, qos }) => [filter, qos]));
  }

  /** The QoS of a filter; undefined when the device did not subscribe to it. */
  qosOf(filter: string): Granted | undefined {
    return this.#granted.get(filter);
  }

  /** The QoS of cloud-to-device messages; undefined when the device did not subscribe to them. */
  get commandsQos(): Granted | undefined {
    const filter = [...this.#granted.keys()].find((each) => isCommandFilter(each, this.#identity));
    return filter === undefined ? undefined : this.#granted.get(filter);
  }

  /** Whether the device takes calls of methods, be it of single ones. */
  get takesMethods(): boolean {
    return this.#granted.has(methodCalls) || this.#methodNames().length > 0;
  }

  /** Whether the device takes calls of this method. */
  takesMethod(name: string): boolean {
    return this.#granted.has(methodCalls) || this.#methodNames().some((each) => percentDecode(each) === name);
  }

  #methodNames(): readonly string[] {
    return [...this.#granted.keys()].flatMap((filter) => methodOf(filter) ?? []);
  }

  /**
   * What the set would be with these filters added; the same filter again takes the new QoS ([MQTT-3.8.4-3]). Throws
   * ProtocolViolation for a filter that is not offered or one too many: IoT Hub closes the connection rather than
   * answer 0x80, which SDKs overlook (spec/mqtt 3).
   */
  with(filters: readonly { readonly topic: string; readonly qos: number }[]): readonly Subscription[] {
    const granted = new Map(this.#granted);
    for (const { topic, qos } of filters) {
      if (!isAllowedFilter(topic, this.#identity)) throw new ProtocolViolation("unsupported topic filter");
      granted.set(topic, grantedQos(qos));
      if (granted.size > maxSubscriptions) throw new ProtocolViolation("too many subscriptions");
    }
    return toList(granted);
  }

  /** What the set would be without these filters. */
  without(filters: readonly string[]): readonly Subscription[] {
    const granted = new Map(this.#granted);
    for (const filter of filters) granted.delete(filter);
    return toList(granted);
  }

  /** Makes a set the present one, once the hub holds it. */
  replace(subscriptions: readonly Subscription[]): void {
    this.#granted = new Map(subscriptions.map(({ filter, qos }) => [filter, qos]));
  }
}

/** QoS 2 is granted as 1 (spec/mqtt 3). */
export const grantedQos = (asked: number): Granted => (asked === 0 ? 0 : 1);

const toList = (granted: ReadonlyMap<string, Granted>): readonly Subscription[] =>
  Array.from(granted, ([filter, qos]) => ({ filter, qos }));
