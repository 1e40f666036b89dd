import { readFileSync } from "node:fs";
import tls from "node:tls";
import type { EventHubConsumerClient, EventPosition, ReceivedEventData } from "@azure/event-hubs";
import type { D2cSystemProperty } from "../../core/device-to-cloud/message.ts";
import { CommandError } from "./command.ts";
import type { ShownMessage } from "./telemetry-lines.ts";

/** What to read of an Event Hubs-compatible endpoint. */
export type FollowEventHubs = {
  readonly connectionString: string;
  /** The CA to trust besides the usual ones. */
  readonly caFile: string | undefined;
  readonly consumerGroup: string;
  /** `earliest`, `latest`, a sequence number, or an ISO 8601 time. */
  readonly from: string;
  /** Of this device and its modules only. */
  readonly deviceId: string | undefined;
  readonly signal: AbortSignal;
  readonly onMessage: (message: ShownMessage) => void;
};

const retryOptions = { maxRetries: 3, retryDelayInMs: 1_000 };

/**
 * Shows telemetry through the endpoint until `signal`, with the SDK that back ends use. It connects again by itself when the
 * connection is lost. Throws CommandError when it can't read, such as with a wrong key or an unknown group.
 */
export async function followEventHubs(request: FollowEventHubs): Promise<void> {
  const { connectionString, caFile, consumerGroup, from, deviceId, signal, onMessage } = request;
  const begin = beginningAt(from);
  // The SDK takes a while to load, and has no option for a CA.
  if (caFile !== undefined)
    tls.setDefaultCACertificates([...tls.getCACertificates("default"), readFileSync(caFile, "utf8")]);
  const { EventHubConsumerClient: Client } = await import("@azure/event-hubs");
  const client = clientOf(() => new Client(consumerGroup, connectionString, { retryOptions }));
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  try {
    const startPosition = await begin(client).catch(refuse);
    const subscription = client.subscribe(
      {
        processEvents: async (events) => {
          for (const event of events) if (deviceId === undefined || idOf(event) === deviceId) onMessage(shown(event));
        },
        processError: async (error) => {
          if (!("retryable" in error && error.retryable === true)) reject(refused(error));
        },
      },
      { startPosition, skipParsingBodyAsJson: true, maxBatchSize: 100, maxWaitTimeInSeconds: 1 },
    );
    try {
      await over;
    } finally {
      await subscription.close();
    }
  } finally {
    await client.close();
  }
}

const refused = (cause: unknown): CommandError =>
  new CommandError(`the endpoint refuses: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

const refuse = (cause: unknown): never => {
  throw refused(cause);
};

/** The SDK throws for a connection string that is none. */
function clientOf(make: () => EventHubConsumerClient): EventHubConsumerClient {
  try {
    return make();
  } catch (cause) {
    throw new CommandError("EVENTHUB_CONNECTION_STRING is no connection string of Event Hubs", { cause });
  }
}

type Positions = EventPosition | Record<string, EventPosition>;

/** How to begin there. Throws CommandError for a text that says nothing. */
function beginningAt(from: string): (client: EventHubConsumerClient) => Promise<Positions> {
  if (from === "earliest") return async () => ({ offset: "-1" });
  if (from === "latest") return (client) => eachPartition(client, ({ last }) => last + 1);
  if (/^\d{1,15}$/.test(from)) {
    // A partition that has not come so far would refuse the number.
    return (client) => eachPartition(client, ({ last }) => Math.min(Number(from), last + 1));
  }
  const time = new Date(from);
  if (!/^\d{4}-/.test(from) || Number.isNaN(time.getTime())) {
    throw new CommandError(`--from is "${from}", but must be earliest, latest, a sequence number or a time`);
  }
  return async () => ({ enqueuedOn: time });
}

/** Positions by partition: `latest` by number, since only numbers make sure that nothing is missed while links open. */
async function eachPartition(
  client: EventHubConsumerClient,
  first: (partition: { readonly last: number }) => number,
): Promise<Positions> {
  const ids = await client.getPartitionIds();
  const positions = ids.map(async (id): Promise<[string, EventPosition]> => {
    const { lastEnqueuedSequenceNumber: last } = await client.getPartitionProperties(id);
    return [id, { sequenceNumber: first({ last }), isInclusive: true }];
  });
  return Object.fromEntries(await Promise.all(positions));
}

const idOf = ({ systemProperties }: ReceivedEventData): unknown => systemProperties?.["iothub-connection-device-id"];

/** An event in the hub's own terms. */
function shown(event: ReceivedEventData): ShownMessage {
  const stamps: Readonly<Record<string, unknown>> = event.systemProperties ?? {};
  const own: Readonly<Record<string, unknown>> = event.properties ?? {};
  const body: unknown = event.body;
  const text = (name: string): string | undefined => textOf(stamps[name]);
  const moduleId = text("iothub-connection-module-id");
  const system: Partial<Record<D2cSystemProperty, string>> = {};
  for (const [name, key] of systemKeys) {
    const value = text(key);
    if (value !== undefined) system[name] = value;
  }
  const expiry = stamps.absoluteExpiryTime;
  if (typeof expiry === "number") system["absolute-expiry-time"] = new Date(expiry).toISOString();
  const application = new Map(Object.entries(own).map(([name, value]) => [name, textOf(value) ?? ""]));
  const enqueued = stamps["iothub-enqueuedtime"];
  return {
    stamp: { deviceId: text("iothub-connection-device-id") ?? "", ...(moduleId === undefined ? {} : { moduleId }) },
    properties: { system, application },
    enqueuedTime: (typeof enqueued === "number" ? new Date(enqueued) : event.enqueuedTimeUtc).toISOString(),
    // A data section, as every event of the hub has it.
    body: body instanceof Uint8Array ? body : new Uint8Array(),
  };
}

/** Under which names the SDK has the texts that a device may set. */
const systemKeys: readonly (readonly [D2cSystemProperty, string])[] = [
  ["message-id", "messageId"],
  ["correlation-id", "correlationId"],
  ["user-id", "userId"],
  ["to", "to"],
  ["content-type", "contentType"],
  ["content-encoding", "contentEncoding"],
  ["iothub-interface-id", "iothub-interface-id"],
  ["dt-subject", "dt-subject"],
];

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return typeof value === "string" ? value : JSON.stringify(value);
}
