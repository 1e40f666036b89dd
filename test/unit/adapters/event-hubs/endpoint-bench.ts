import { duplexPair } from "node:stream";
import pino from "pino";
import type { EventContext, Message, Receiver } from "rhea";
import type { AmqpLimits } from "../../../../adapters/amqp/limits.ts";
import { createAmqpListener } from "../../../../adapters/amqp/listener.ts";
import { createRedirect } from "../../../../adapters/amqp/redirect.ts";
import { createEventHubsEndpoint, type EventHubsEndpoint } from "../../../../adapters/event-hubs/endpoint.ts";
import { ScriptedHub } from "../../../support/scripted-hub.ts";
import { AmqpClient } from "../amqp/amqp-client.ts";
import { ManualClock } from "../mqtt/mqtt-client.ts";
import { MemoryLog } from "./memory-log.ts";

/** The endpoint behind a listener, over telemetry in memory. */
export type EndpointBench = AsyncDisposable & {
  readonly hub: ScriptedHub;
  readonly log: MemoryLog;
  readonly endpoint: EventHubsEndpoint;
  /** Consumer groups that exist. */
  readonly groups: Set<string>;
  /** A client that has put a token for the entity. */
  client(options?: object): Promise<AmqpClient>;
};

export function startEndpoint(limits: Partial<AmqpLimits> = {}): EndpointBench {
  const hub = new ScriptedHub();
  const log = new MemoryLog();
  const clock = new ManualClock();
  const groups = new Set(["$default"]);
  const groupExists = (name: string): boolean => groups.has(name.toLowerCase());
  const endpoint = createEventHubsEndpoint({ hub: hub.hub, entity: "hub-1", log, clock, groupExists });
  const listener = createAmqpListener({
    hub: hub.hub,
    log: pino({ level: "silent" }),
    clock,
    limits,
    containerId: "hub-1",
    eventHubs: endpoint.attach,
    redirect: createRedirect({ entity: "hub-1", hostName: "hub.example", port: 5671 }),
  });
  return {
    hub,
    log,
    endpoint,
    groups,
    async client(options = {}) {
      const [ours, theirs] = duplexPair();
      listener.accept(theirs, { protocol: "amqp", remoteAddress: "192.0.2.1" });
      const client = new AmqpClient(ours, options);
      await client.putToken("sb://hub.example/hub-1");
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await endpoint.close();
      await listener.close();
    },
  };
}

/** The address of a partition's receiver. */
export const addressOf = (partition: number | string, group = "$Default"): string =>
  `hub-1/ConsumerGroups/${group}/Partitions/${partition}`;

/** A receiver of a partition, with credit only when the test gives some. */
export async function receive(client: AmqpClient, options: object = {}, address = addressOf(0)) {
  const session = client.connection.create_session();
  session.begin();
  const settings = { credit_window: 0, autoaccept: false, ...options };
  const { link, error } = await client.attachReceiver(address, settings, session);
  return { link, error, inbox: new Inbox(link) };
}

/** The events of a link, as they come. */
export class Inbox {
  readonly #waiting: Message[] = [];
  #wake = (): void => {};

  constructor(receiver: Receiver) {
    receiver.on("message", ({ message }: EventContext) => {
      if (message !== undefined) this.#waiting.push(message);
      this.#wake();
    });
  }

  /** Events that are here and were not taken. */
  get size(): number {
    return this.#waiting.length;
  }

  /** The next events, once so many are here. */
  async take(count: number): Promise<readonly Message[]> {
    while (this.#waiting.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#waiting.splice(0, count);
  }
}

/** The body of an event as text. */
export const textOf = ({ body }: Message): string => (body as { readonly content: Buffer }).content.toString();

/** Lets everything that is under way come to rest. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}
