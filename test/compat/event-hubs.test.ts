import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  EventHubConsumerClient,
  earliestEventPosition,
  latestEventPosition,
  type ReceivedEventData,
} from "@azure/event-hubs";
import WebSocket from "ws";
import { Message } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { endsOf, type ReadOptions, readWith, storeManyNumbers, storeNumbers } from "../support/event-hubs.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

/** The real `@azure/event-hubs` against the built-in endpoint, with the connection string that the hub prints (spec/amqp 9). */
suite("the Event Hubs SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  const connectionString = (): string => hub.node.variables.get("EVENTHUB_CONNECTION_STRING") ?? "";

  /** A client that doesn't try again: what fails is to be seen. */
  function clientFor(t: { after(undo: () => unknown): void }, { group = "$Default", options = {} } = {}) {
    const client = new EventHubConsumerClient(group, connectionString(), {
      retryOptions: { maxRetries: 0 },
      ...options,
    });
    t.after(() => client.close());
    return client;
  }

  const store = (deviceId: string, numbers: readonly number[]) => storeNumbers(hub, deviceId, numbers);

  /** The partition of a device that nobody else uses, and its properties. */
  async function placeOf(client: EventHubConsumerClient, deviceId: string) {
    await store(deviceId, [-1]);
    for (const id of await client.getPartitionIds()) {
      await using reading = readWith(client, { partition: id });
      const { lastEnqueuedSequenceNumber: last, isEmpty } = await client.getPartitionProperties(id);
      if (isEmpty) continue;
      const events = (): readonly ReceivedEventData[] => reading.events.get(id) ?? [];
      await waitFor("the partition's end", () => events().at(-1)?.sequenceNumber === last);
      if (events().some((event) => isOf(event, deviceId))) return { id, last };
    }
    throw new Error(`${deviceId} is nowhere`);
  }

  const isOf = ({ systemProperties }: ReceivedEventData, deviceId: string): boolean =>
    systemProperties?.["iothub-connection-device-id"] === deviceId;
  const numbersOf = (events: readonly ReceivedEventData[] | undefined, deviceId: string): readonly unknown[] =>
    (events ?? []).filter((event) => isOf(event, deviceId)).map(({ body }) => body as unknown);

  test("the hub and its partitions are described", async (t) => {
    const client = clientFor(t);
    const { name, partitionIds, createdOn, isGeoDrEnabled } = await client.getEventHubProperties();
    assert.deepEqual([name, partitionIds, isGeoDrEnabled], ["twinstream", ["0", "1", "2", "3"], false]);
    assert.ok(createdOn.getTime() <= Date.now() && createdOn.getTime() > Date.now() - 600_000);
    const { id, last } = await placeOf(client, "described");
    const partition = await client.getPartitionProperties(id);
    assert.deepEqual(
      [partition.partitionId, partition.eventHubName, partition.isEmpty, partition.beginningSequenceNumber],
      [id, "twinstream", false, 0],
    );
    assert.equal(partition.lastEnqueuedOffset, `${last}`);
    assert.ok(Math.abs(partition.lastEnqueuedOnUtc.getTime() - Date.now()) < 600_000);
    await assert.rejects(client.getPartitionProperties("9"), /The specified partition is invalid/);
  });

  // spec/messaging 1.3, 1.5
  test("what a device sends is read with all its properties", async (t) => {
    const deviceId = "thermostat";
    const device = await openDevice(t, await registerDevice(hub, deviceId));
    const message = new Message(JSON.stringify({ temperature: 21.5 }));
    message.messageId = "m-1";
    message.correlationId = "c-1";
    message.contentType = "application/json";
    message.contentEncoding = "utf-8";
    message.properties.add("level", "ü & high");
    await using reading = readWith(clientFor(t));
    await device.sendEvent(message);
    const event = await waitFor("the event", () =>
      [...reading.events.values()].flat().find((one) => isOf(one, deviceId)),
    );
    assert.deepEqual(event.body, { temperature: 21.5 });
    assert.deepEqual(event.properties, { level: "ü & high" });
    assert.deepEqual([event.messageId, event.correlationId, event.contentType], ["m-1", "c-1", "application/json"]);
    assert.equal(event.offset, `${event.sequenceNumber}`);
    assert.ok(Math.abs(event.enqueuedTimeUtc.getTime() - Date.now()) < 60_000);
    const { "iothub-enqueuedtime": enqueued, ...system } = event.systemProperties ?? {};
    assert.ok(typeof enqueued === "number" && enqueued <= event.enqueuedTimeUtc.getTime());
    const { registry } = hub.node.hub;
    const { generationId } = registry.getDevice(deviceId).device;
    assert.deepEqual(system, {
      "iothub-connection-device-id": deviceId,
      "iothub-connection-auth-method": '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}',
      "iothub-connection-auth-generation-id": generationId,
      "iothub-message-source": "Telemetry",
      messageId: "m-1",
      correlationId: "c-1",
      contentType: "application/json",
      contentEncoding: "utf-8",
    });
  });

  test("a reader begins where it is told: earliest, latest, after a sequence number, an offset or a time", async (t) => {
    const client = clientFor(t);
    const deviceId = "positions";
    const { id, last } = await placeOf(client, deviceId);
    await store(deviceId, [0, 1]);
    const between = Date.now();
    await waitFor("another millisecond", () => Date.now() > between + 1);
    await store(deviceId, [2, 3]);
    const from = (startPosition: ReadOptions["startPosition"]) =>
      readWith(clientFor(t), { partition: id, ...(startPosition === undefined ? {} : { startPosition }) });
    await using earliest = from(earliestEventPosition);
    await using latest = from(latestEventPosition);
    await using after = from({ sequenceNumber: last + 1 });
    await using at = from({ sequenceNumber: last + 1, isInclusive: true });
    await using offset = from({ offset: `${last + 2}` });
    const readings: readonly (readonly [typeof earliest, readonly number[]])[] = [
      [earliest, [-1, 0, 1, 2, 3, 4]],
      [latest, [4]],
      [after, [1, 2, 3, 4]],
      [at, [0, 1, 2, 3, 4]],
      [offset, [2, 3, 4]],
    ];
    for (const [reading] of readings) await reading.opened(id);
    // The client tells of a partition before it attaches, so an event of the other readers shows that all are there.
    await waitFor("the readers", () => earliest.count > 4 && after.count >= 3 && at.count >= 4 && offset.count >= 2);
    await settled(latest, () => store(deviceId, [4]));
    for (const [reading, numbers] of readings) {
      await waitFor("the last event", () => numbersOf(reading.events.get(id), deviceId).includes(4));
      assert.deepEqual([...new Set(numbersOf(reading.events.get(id), deviceId))], numbers);
      assert.deepEqual(reading.errors, []);
    }
    await using sixth = from(earliestEventPosition);
    await waitFor("the refusal", () => sixth.errors.length > 0);
    assert.equal((sixth.errors[0] as { code?: string }).code, "QuotaExceededError");
    await offset[Symbol.asyncDispose]();
    await sixth[Symbol.asyncDispose]();
    await using inTime = from({ enqueuedOn: between });
    await waitFor("the events after the time", () => numbersOf(inTime.events.get(id), deviceId).includes(3));
    assert.deepEqual(numbersOf(inTime.events.get(id), deviceId).slice(0, 2), [2, 3]);
  });

  /** Stores again and again until a reader that begins with the latest event is known to be there. */
  async function settled(reading: ReturnType<typeof readWith>, again: () => Promise<void>): Promise<void> {
    await waitFor("the latest event", async () => {
      await again();
      return reading.count > 0;
    });
  }

  test("100,000 events come once each and in order while more are stored, to two groups and after a restart", async (t) => {
    const actor = { kind: "policy", policy: "iothubowner" } as const;
    await hub.node.hub.consumerGroups.create({ name: "second", actor, correlationId: "test" });
    const devices = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    const total = 100_000;
    const each = total / devices.length;
    const storing = storeManyNumbers(hub, devices, each);
    const first = clientFor(t);
    const second = clientFor(t, { group: "second" });
    const isMine = (event: ReceivedEventData) =>
      String(event.systemProperties?.["iothub-connection-device-id"]).startsWith("many-");
    const mine = (reading: ReturnType<typeof readWith>) => [...reading.events.values()].flat().filter(isMine);
    const one = readWith(first);
    await using two = readWith(second);
    await waitFor("half of them", () => one.count > total / 2, 60_000);
    await one[Symbol.asyncDispose]();
    const stored = new Map([...one.events].map(([id, events]) => [id, events.at(-1)?.sequenceNumber ?? -1]));
    const startPosition = Object.fromEntries(
      ["0", "1", "2", "3"].map((id) => [id, { sequenceNumber: stored.get(id) ?? -1 }]),
    );
    await using rest = readWith(clientFor(t), { startPosition });
    await storing;
    const isAllRead = async (...readings: readonly ReturnType<typeof readWith>[]): Promise<boolean> => {
      const ends = await endsOf(first);
      return readings.every(({ events }) =>
        Object.entries(ends).every(([id, end]) => events.get(id)?.at(-1)?.sequenceNumber === end.sequenceNumber),
      );
    };
    await waitFor("the ends of all partitions", () => isAllRead(rest, two), 60_000);
    for (const events of [[...mine(one), ...mine(rest)], mine(two)]) {
      const seen = new Map<string, number>();
      for (const { systemProperties, body } of events) {
        const deviceId = String(systemProperties?.["iothub-connection-device-id"]);
        assert.equal(body, (seen.get(deviceId) ?? -1) + 1, deviceId);
        seen.set(deviceId, Number(body));
      }
      assert.deepEqual(
        [...seen.values()],
        devices.map(() => each - 1),
      );
    }
    assert.deepEqual([...one.errors, ...two.errors, ...rest.errors], []);
  });

  // spec/amqp 9: epoch rules
  test("a reader with a higher owner level takes a partition over", async (t) => {
    const low = readWith(clientFor(t), { partition: "0", ownerLevel: 1 });
    const client = clientFor(t);
    await store("owners", [0]);
    await low.opened("0");
    await waitFor("the first reader's link", async () => {
      await using shared = readWith(clientFor(t), { partition: "0" });
      return await waitFor("an answer", () => shared.errors.length > 0 || shared.count > 0).then(
        () => shared.errors.length > 0,
      );
    });
    await using high = readWith(client, { partition: "0", ownerLevel: 2 });
    await waitFor("the first reader's end", () => low.errors.length > 0);
    assert.deepEqual(
      low.errors.map((error) => (error as { code?: string }).code),
      ["ReceiverDisconnectedError"],
    );
    assert.deepEqual(low.closed, ["OwnershipLost"]);
    await using again = readWith(clientFor(t), { partition: "0", ownerLevel: 1 });
    await waitFor("the refusal", () => again.errors.length > 0);
    assert.match(again.errors[0]?.message ?? "", /higher epoch '2' already exists/);
    assert.deepEqual(high.errors, []);
    await low[Symbol.asyncDispose]();
  });

  test("last enqueued event properties are tracked on request", async (t) => {
    const client = clientFor(t);
    const { id } = await placeOf(client, "tracked");
    const { lastEnqueuedSequenceNumber: end } = await client.getPartitionProperties(id);
    const seen: (number | undefined)[] = [];
    const subscription = client.subscribe(
      id,
      {
        processEvents: async (_events, { lastEnqueuedEventProperties: last }) => void seen.push(last?.sequenceNumber),
        processError: async (error) => assert.fail(error),
      },
      { startPosition: { sequenceNumber: end, isInclusive: true }, trackLastEnqueuedEventProperties: true },
    );
    t.after(() => subscription.close());
    await waitFor("the metric", () => seen.includes(end));
  });

  // spec/amqp 9, 11
  test("an unknown group and a wrong key are refused with the SDK's own errors", async (t) => {
    await using nobody = readWith(clientFor(t, { group: "nobody" }), { partition: "0" });
    await waitFor("the refusal", () => nobody.errors.length > 0);
    assert.equal((nobody.errors[0] as { code?: string }).code, "MessagingEntityNotFoundError");
    const wrong = connectionString().replace(
      /SharedAccessKey=[^;]*/,
      `SharedAccessKey=${Buffer.alloc(32).toString("base64")}`,
    );
    const stranger = new EventHubConsumerClient("$Default", wrong, { retryOptions: { maxRetries: 0 } });
    t.after(() => stranger.close());
    await assert.rejects(stranger.getPartitionIds(), { code: "UnauthorizedError" });
    const registryRead = connectionString().replace(/SharedAccessKeyName=[^;]*/, "SharedAccessKeyName=registryRead");
    const reader = new EventHubConsumerClient("$Default", registryRead, { retryOptions: { maxRetries: 0 } });
    t.after(() => reader.close());
    await assert.rejects(reader.getPartitionIds(), { code: "UnauthorizedError" });
  });

  // spec/amqp 1: wss://{host}:{port of Endpoint}/$servicebus/websocket
  test("the endpoint is read over WebSockets too", async (t) => {
    const { https } = hub.node.ports;
    const overWebSockets = connectionString().replace(/localhost(?::\d+)?/, `localhost:${https}`);
    const client = new EventHubConsumerClient("$Default", overWebSockets, {
      webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions: { ca: hub.ca } },
      retryOptions: { maxRetries: 0 },
    });
    t.after(() => client.close());
    assert.equal((await client.getPartitionIds()).length, 4);
    const startPosition = await endsOf(client);
    await store("over-websockets", [0]);
    await using reading = readWith(client, { startPosition });
    await waitFor("the event", () =>
      [...reading.events.values()].flat().some((event) => isOf(event, "over-websockets")),
    );
  });
});
