import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Client as DeviceClient, Message as SdkMessage } from "azure-iot-device";
import type { Client as BackEnd } from "azure-iothub";
import type { CommandState } from "../../core/cloud-to-device/command-state.ts";
import { Message, Registry } from "../support/azure-sdk.ts";
import { identifiedMessage, openBackEnd, purgeCommands, textIn } from "../support/back-end.ts";
import { registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { connectedTransports, sdkDevices, transports } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

const uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/** What `Client.send` sends reaches the device SDK, and comes to the end that the device says (spec/messaging 6). */
suite("cloud-to-device messages with the SDKs", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let service: BackEnd;

  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    service = await openBackEnd(scope, hub);
  });

  const stateOf = (deviceId: string, messageId: string): Promise<CommandState> =>
    hub.node.hub.commands.state(deviceId, messageId);
  const ended = (deviceId: string, messageId: string): Promise<string> =>
    waitFor(`the end of ${messageId}`, async () => {
      const state = await stateOf(deviceId, messageId);
      return "reason" in state ? state.reason : undefined;
    });

  for (const transport of transports) {
    suite(`over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;
      const isHttps = transport.protocol === "https";

      // spec/messaging 6.2, 6.4
      test("a message arrives with all its properties, and is completed", async (t) => {
        const deviceId = idOf("properties");
        const client = await devices.open(t, await devices.register(deviceId));
        const received = nextMessage(client);
        await service.send(deviceId, messageWithAll());
        const message = await received;
        assert.equal(textIn(message), "hello ü");
        assert.equal(message.messageId, uuid);
        assert.equal(message.correlationId, "correlation");
        assert.equal(message.to, `/devices/${deviceId}/messages/devicebound`);
        const properties = new Map(message.properties.propertyList.map(({ key, value }) => [key, value]));
        // The SDK keeps the whole name of the header (spec/messaging 6.4), which HTTP has in lower case.
        assert.equal(properties.get(isHttps ? "iothub-app-color" : "color"), "red & blue");
        if (!isHttps) {
          assert.equal(message.contentType, "text/plain");
          assert.equal(message.contentEncoding, "utf-8");
          // Over AMQP the SDK takes it out of the properties (spec/mqtt 7).
          assert.equal(properties.get("iothub-ack") ?? message.ack, "full");
        }
        await client.complete(message);
        assert.equal(await ended(deviceId, uuid), "Success");
        assert.deepEqual(hub.node.hub.commands.pending(deviceId), []);
      });

      // spec/messaging 1.1, 6.1
      test("messages that were sent while the device was away come when it listens, empty and large ones too", async (t) => {
        const deviceId = idOf("away");
        const connectionString = await devices.register(deviceId);
        const sizes = [0, 1, 65_000];
        for (const size of sizes) await service.send(deviceId, new Message(Buffer.alloc(size, "x")));
        const client = await devices.open(t, connectionString);
        const lengths: number[] = [];
        client.on("message", (message: SdkMessage) => {
          lengths.push(message.getData() === undefined ? 0 : message.getBytes().length);
          void client.complete(message);
        });
        await waitFor("the messages", () => lengths.length === sizes.length);
        assert.deepEqual(lengths, sizes);
        await waitFor("the empty queue", () => hub.node.hub.commands.pending(deviceId).length === 0);
      });
    });
  }

  // Over MQTT a device can only complete (spec/messaging 6.4).
  for (const transport of transports.filter(({ protocol }) => !protocol.startsWith("mqtt"))) {
    suite(`settled over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      // spec/messaging 6.3
      test("a rejected message is gone", async (t) => {
        const deviceId = idOf("reject");
        const client = await devices.open(t, await devices.register(deviceId));
        const received = nextMessage(client);
        await service.send(deviceId, identifiedMessage("m1"));
        await client.reject(await received);
        assert.equal(await ended(deviceId, "m1"), "Rejected");
      });

      // spec/messaging 6.3: maxDeliveryCount
      test("an abandoned message comes again, and the tenth abandon ends it", { timeout: 60_000 }, async (t) => {
        const deviceId = idOf("abandon");
        const client = await devices.open(t, await devices.register(deviceId));
        let deliveries = 0;
        client.on("message", (message: SdkMessage) => {
          deliveries += 1;
          void client.abandon(message);
        });
        await service.send(deviceId, identifiedMessage("m1"));
        const reason = await waitFor("the end", () => ended(deviceId, "m1").catch(() => undefined), 30_000);
        assert.deepEqual([reason, deliveries], ["DeliveryCountExceeded", 10]);
      });
    });
  }

  for (const transport of connectedTransports) {
    // spec/mqtt 7, spec/amqp 6
    test(`what a device over ${transport.name} left unsettled comes again as soon as it is back`, async (t) => {
      const devices = sdkDevices(transport, () => hub);
      const deviceId = `${transport.protocol}-back`;
      const connectionString = await devices.register(deviceId);
      await service.send(deviceId, identifiedMessage("m1"));
      // A connection of the hub's own making: the SDK over MQTT completes whatever arrives.
      await takeAndLeave(hub, deviceId);
      assert.equal((await stateOf(deviceId, "m1")).state, "Invisible");
      const client = await devices.open(t, connectionString);
      const message = await nextMessage(client);
      assert.equal(message.messageId, "m1");
      await client.complete(message);
      assert.equal(await ended(deviceId, "m1"), "Success");
    });
  }

  suite("from the service SDK", () => {
    // spec/messaging 6.1, 6.5
    test("50 messages that are sent at once keep their order, the 51st is refused, and a purge makes room", async () => {
      await registerDevice(hub, "full");
      const ids = Array.from({ length: 50 }, (_, index) => `m${index}`);
      await Promise.all(ids.map((id) => service.send("full", identifiedMessage(id))));
      assert.deepEqual(
        hub.node.hub.commands.pending("full").map(({ messageId }) => messageId),
        ids,
      );
      await assert.rejects(service.send("full", "one more"), { name: "DeviceMaximumQueueDepthExceededError" });
      const registry = Registry.fromConnectionString(hub.connectionString);
      const device = (await registry.get("full")).responseBody as unknown as { cloudToDeviceMessageCount: number };
      assert.equal(device.cloudToDeviceMessageCount, 50);
      assert.equal(await purgeCommands(hub, "full"), 50);
      await service.send("full", "one more");
    });

    // spec/messaging 6.5, spec/amqp 11
    test("an unknown device, and a message too large, are refused with the SDK's own errors", async () => {
      await registerDevice(hub, "small");
      await assert.rejects(service.send("nobody", "hello"), { name: "DeviceNotFoundError" });
      await registerDevice(hub, "off", { status: "disabled" });
      await assert.rejects(service.send("off", "hello"), { name: "DeviceNotFoundError" });
      await assert.rejects(service.send("small", Buffer.alloc(65_537)), { name: "MessageTooLargeError" });
      assert.deepEqual(hub.node.hub.commands.pending("small"), []);
      await service.send("small", Buffer.alloc(65_536));
    });

    test("an id with characters of its own is found", async (t) => {
      // The SDK over MQTT can't subscribe with some of them.
      const devices = sdkDevices(amqp(), () => hub);
      const deviceId = "c2d-a:b.c+d#e*f?g!h(i)j,k=l@m$n'o%p";
      const client = await devices.open(t, await devices.register(deviceId));
      const received = nextMessage(client);
      await service.send(deviceId, "hello");
      assert.equal(textIn(await received), "hello");
    });
  });
});

const amqp = () => connectedTransports.find(({ protocol }) => protocol === "amqp") ?? assert.fail("no AMQP");

/** The next message that the device SDK tells its application of. Without a listener it would detach, so one stays. */
const nextMessage = (client: DeviceClient): Promise<SdkMessage> =>
  new Promise((resolve, reject) => {
    client.on("error", reject);
    client.on("message", resolve);
  });

function messageWithAll(): SdkMessage {
  const message = identifiedMessage(uuid, "full");
  message.data = "hello ü";
  message.correlationId = "correlation";
  message.contentType = "text/plain" as never;
  message.contentEncoding = "utf-8";
  message.properties.add("color", "red & blue");
  return message;
}

/** The device connects, gets its message, and is gone without a word of it. */
async function takeAndLeave({ node: { hub } }: TestHub, deviceId: string): Promise<void> {
  const { generationId } = hub.registry.getDevice(deviceId).device;
  const connectionId = "left";
  const session = {
    connectionId,
    key: { deviceId },
    close: () => {},
    desiredChanged: () => {},
    commandReady: () => {},
  };
  const principal = { deviceId, generationId, authMethod: "{}", validUntil: Number.POSITIVE_INFINITY };
  await hub.connections.connect({ principal, protocol: "mqtt", cleanSession: true, session });
  const actor = { kind: "device", deviceId } as const;
  const asked = { deviceId, connectionId, protocol: "mqtt", actor, correlationId: connectionId } as const;
  assert.equal((await hub.commands.receive(asked))?.messageId, "m1");
  await hub.connections.disconnect(session, "DeviceConnectionClosedRemotely", Date.now());
}
