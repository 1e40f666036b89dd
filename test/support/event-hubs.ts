import {
  type CloseReason,
  type EventHubConsumerClient,
  type EventPosition,
  earliestEventPosition,
  type ReceivedEventData,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionEventHandlers,
} from "@azure/event-hubs";
import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import type { TelemetrySender } from "../../core/ports.ts";
import type { TestHub } from "./hub.ts";
import { waitFor } from "./wait-for.ts";

/** What a subscription of the real client has seen. */
export type Reading = AsyncDisposable & {
  /** Events by partition, in the order in which they came. */
  readonly events: ReadonlyMap<string, readonly ReceivedEventData[]>;
  readonly errors: readonly Error[];
  /** Why partitions were closed. */
  readonly closed: readonly CloseReason[];
  readonly count: number;
  /** Resolves once so many events are here. */
  has(count: number): Promise<void>;
  /** Resolves once these partitions are being read. */
  opened(...partitions: readonly string[]): Promise<void>;
};

/** What to read: all partitions unless one is named, from the earliest event unless told otherwise. */
export type ReadOptions = SubscribeOptions & { readonly partition?: string };

/** The positions behind what is in the partitions now. */
export async function endsOf(client: EventHubConsumerClient): Promise<Record<string, EventPosition>> {
  const ids = await client.getPartitionIds();
  const ends = ids.map(async (id): Promise<[string, EventPosition]> => {
    const { lastEnqueuedSequenceNumber: sequenceNumber } = await client.getPartitionProperties(id);
    return [id, { sequenceNumber }];
  });
  return Object.fromEntries(await Promise.all(ends));
}

/** Subscribes with the real client. */
export function readWith(client: EventHubConsumerClient, { partition, ...options }: ReadOptions = {}): Reading {
  const events = new Map<string, ReceivedEventData[]>();
  const errors: Error[] = [];
  const closed: CloseReason[] = [];
  const reading = new Set<string>();
  let count = 0;
  const handlers: SubscriptionEventHandlers = {
    processInitialize: async ({ partitionId }) => void reading.add(partitionId),
    processEvents: async (some, { partitionId }) => {
      const before = events.get(partitionId) ?? [];
      // A subscription may run for hundreds of thousands of events.
      before.push(...some);
      events.set(partitionId, before);
      count += some.length;
    },
    processError: async (error) => void errors.push(error),
    processClose: async (reason) => void closed.push(reason),
  };
  const settings = { startPosition: earliestEventPosition, maxBatchSize: 1_000, maxWaitTimeInSeconds: 1, ...options };
  const subscription: Subscription =
    partition === undefined ? client.subscribe(handlers, settings) : client.subscribe(partition, handlers, settings);
  return {
    events,
    errors,
    closed,
    get count() {
      return count;
    },
    has: async (wanted) => void (await waitFor(`${wanted} events`, () => count >= wanted, 60_000)),
    opened: async (...partitions) =>
      void (await waitFor("the partitions", () => partitions.every((id) => reading.has(id)), 30_000)),
    [Symbol.asyncDispose]: () => subscription.close(),
  };
}

const noProperties = { system: {}, application: new Map<string, string>() };
const numbered = (number: number): D2cMessage => ({ properties: noProperties, body: Buffer.from(`${number}`) });
let connections = 0;

/** Telemetry of a device, without the protocol that a device would speak. */
function senderOf({ node }: TestHub, deviceId: string): TelemetrySender {
  connections += 1;
  const principal = { deviceId, generationId: "1", authMethod: "{}", validUntil: Number.MAX_SAFE_INTEGER };
  return node.hub.telemetry.open({ principal, connectionId: `c-${connections}` });
}

/** Stores telemetry of a device whose bodies are these numbers. */
export async function storeNumbers(hub: TestHub, deviceId: string, numbers: readonly number[]): Promise<void> {
  const sender = senderOf(hub, deviceId);
  const storeOne = (number: number): Promise<void> =>
    new Promise((resolve, reject) => {
      sender.send(numbered(number), (error) => (error === undefined ? resolve() : reject(error)));
    });
  await Promise.all(numbers.map(storeOne));
}

/** Stores telemetry of all these devices in turns, numbered from 0, as fast as the hub takes it. */
export async function storeManyNumbers(hub: TestHub, devices: readonly string[], each: number): Promise<void> {
  const senders = devices.map((deviceId) => senderOf(hub, deviceId));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let waiting = devices.length * each;
  const stored = (error?: Error): void => {
    waiting -= 1;
    if (error !== undefined) reject(error);
    else if (waiting === 0) resolve();
  };
  for (let number = 0; number < each; number += 1) {
    for (const sender of senders) {
      if (sender.send(numbered(number), stored)) continue;
      await new Promise<void>((ready) => hub.node.hub.telemetry.whenReady(ready));
    }
  }
  await promise;
}
