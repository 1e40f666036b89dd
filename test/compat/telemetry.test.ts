import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Message as SdkMessage } from "azure-iot-device";
import type { TelemetryMessage } from "../../adapters/nats/telemetry-headers.ts";
import type { D2cSystemProperty } from "../../core/device-to-cloud/message.ts";
import { errors, Message } from "../support/azure-sdk.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import {
  connectedTransports,
  type DeviceTransport,
  httpsTransport,
  sdkDevices,
  transports,
} from "../support/transports.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

const maxBytes = 262_144;
const uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const expiry = "2031-05-06T07:08:09.123Z";
const created = "2026-05-06T07:08:09.123Z";

/** What the device SDK sends arrives in the streams as it was sent (spec/messaging 1, spec/mqtt 6, spec/amqp 6, spec/http-api 9.1). */
suite("telemetry with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
  });

  for (const transport of transports) {
    suite(`over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      // spec/messaging 1.3
      test("all system and application properties are stored", async (t) => {
        const deviceId = idOf("properties");
        const client = await devices.open(t, await devices.register(deviceId));
        await client.sendEvent(messageWithAll(transport));
        const [stored, ...others] = await readTelemetry(hub, deviceId);
        assert.deepEqual(others, []);
        assert.equal(textOf(stored), "all");
        assert.deepEqual(stored?.properties.system, {
          "message-id": uuid,
          "correlation-id": "correlation",
          "content-type": "application/json",
          "content-encoding": "utf-8",
          "absolute-expiry-time": expiry,
          "iothub-interface-id": "urn:azureiot:Security:SecurityAgent:1",
          "dt-subject": "thermostat1",
          ...(transport.protocol.startsWith("amqp") ? {} : { "user-id": "somebody" }),
          ...addressedTo(transport, deviceId),
        });
        assert.deepEqual(
          [...stored.properties.application],
          [
            ["color", "red"],
            ["a-name", "ü & = / + % $"],
            ["iothub-creation-time-utc", created],
          ],
        );
        assert.equal(stored.stamp.deviceId, deviceId);
        assert.equal(stored.stamp.moduleId, undefined);
        assert.equal(
          stored.stamp.authMethod,
          '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}',
        );
      });

      // spec/messaging 1.1
      test("an empty body, one of 255 KB and one of 256 KiB less its properties are stored as they are", async (t) => {
        const deviceId = idOf("sizes");
        const client = await devices.open(t, await devices.register(deviceId));
        const sizes = [0, 255_000, largestBody(transport, deviceId)];
        for (const size of sizes) await client.sendEvent(new Message(Buffer.alloc(size, 7)));
        const stored = await readTelemetry(hub, deviceId);
        assert.deepEqual(
          stored.map(({ body }) => body.length),
          sizes,
        );
        assert.ok(stored.every(({ body }) => body.every((byte) => byte === 7)));
      });

      // spec/messaging 1.1, spec/amqp 11
      test("a message over 256 KiB is refused, whether its body or its properties are too much", async (t) => {
        const deviceId = idOf("too-large");
        const connectionString = await devices.register(deviceId);
        const client = await devices.open(t, connectionString);
        await assert.rejects(client.sendEvent(new Message(Buffer.alloc(maxBytes + 1))), errors.MessageTooLargeError);
        const message = new Message(Buffer.alloc(largestBody(transport, deviceId) - 1));
        message.properties.add("a", "b");
        // Over MQTT the hub can't refuse but by closing the connection.
        const byHub = transport.protocol.startsWith("mqtt") ? errors.NotConnectedError : errors.MessageTooLargeError;
        await assert.rejects(client.sendEvent(message), byHub);
        assert.deepEqual(await readTelemetry(hub, deviceId), []);
        await client.sendEvent(new Message("small"));
        assert.deepEqual((await readTelemetry(hub, deviceId)).map(textOf), ["small"]);
      });
    });
  }

  for (const transport of connectedTransports) {
    suite(`over a connection by ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      test("1,000 messages are stored once each, in order, with all their properties", async (t) => {
        const deviceId = idOf("sender");
        const client = await devices.open(t, await devices.register(deviceId));
        const sent = Array.from({ length: 1000 }, (_, index) => numbered(index));
        await Promise.all(sent.map((message) => client.sendEvent(message)));
        const stored = await readTelemetry(hub, deviceId);
        assert.equal(stored.length, 1000);
        for (const [index, message] of stored.entries())
          assertNumbered(message, index, addressedTo(transport, deviceId));
      });

      // spec/messaging 1.3, 1.5
      test("a module's telemetry and its outputs are stamped with the module", async (t) => {
        const deviceId = idOf("edge-host");
        await devices.register(deviceId);
        const client = await devices.open(t, await devices.registerModule(deviceId, "m"));
        await client.sendEvent(new Message("plain"));
        const output = client as unknown as { sendOutputEvent(name: string, message: SdkMessage): Promise<unknown> };
        await output.sendOutputEvent("alerts", new Message("hot"));
        const [plain, alert, ...others] = await readTelemetry(hub, deviceId);
        assert.deepEqual(others, []);
        assert.equal(plain?.stamp.moduleId, "m");
        assert.equal(plain.properties.application.get("iothub-outputname"), undefined);
        assert.equal(
          plain.stamp.authMethod,
          '{"scope":"module","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}',
        );
        assert.equal(textOf(alert), "hot");
        assert.equal(alert?.stamp.moduleId, "m");
        assert.equal(alert.properties.application.get("iothub-outputname"), "alerts");
      });
    });
  }

  // spec/http-api 9.1
  suite("in batches over HTTPS", () => {
    const devices = sdkDevices(httpsTransport, () => hub);

    test("1,000 messages are stored once each, in order, with their application properties", async (t) => {
      const client = await devices.open(t, await devices.register("https-batch"));
      const sent = Array.from({ length: 1000 }, (_, index) => numbered(index));
      await client.sendEventBatch(sent.slice(0, 500));
      await client.sendEventBatch(sent.slice(500));
      const stored = await readTelemetry(hub, "https-batch");
      assert.equal(stored.length, 1000);
      for (const [index, message] of stored.entries()) {
        assert.equal(textOf(message), JSON.stringify({ index }));
        assert.deepEqual([...message.properties.application], [...applicationOf(index)]);
      }
    });

    test("a batch over 256 KiB is refused as a whole", async (t) => {
      const client = await devices.open(t, await devices.register("https-large-batch"));
      const half = Buffer.alloc(maxBytes / 2, 7);
      await assert.rejects(
        client.sendEventBatch([new Message(half), new Message(half), new Message("x")]),
        errors.MessageTooLargeError,
      );
      assert.deepEqual(await readTelemetry(hub, "https-large-batch"), []);
    });
  });
});

/** A message with everything that a device may say of it. */
function messageWithAll({ protocol }: DeviceTransport): SdkMessage {
  const message = new Message("all");
  // The SDK sends such an id as an AMQP uuid, which the hub gives back as the text it was.
  message.messageId = uuid;
  message.correlationId = "correlation";
  message.userId = "somebody";
  message.contentType = "application/json";
  message.contentEncoding = "utf-8";
  // Over AMQP the SDK can't encode a Date or a text (spec/amqp 6).
  message.expiryTimeUtc = protocol.startsWith("amqp") ? Date.parse(expiry) : expiry;
  message.setAsSecurityMessage();
  message.properties.add("dt-subject", "thermostat1");
  message.properties.add("color", "red");
  message.properties.add("a-name", "ü & = / + % $");
  message.properties.add("iothub-creation-time-utc", created);
  return message;
}

/** The address that the SDK gives every message over some transports. */
function addressedTo({ protocol }: DeviceTransport, deviceId: string): Partial<Record<D2cSystemProperty, string>> {
  return protocol.startsWith("mqtt") ? {} : { to: `/devices/${deviceId}/messages/events` };
}

/** The length of the largest body that is let in without other properties than the SDK's own. */
const largestBody = (transport: DeviceTransport, deviceId: string): number =>
  maxBytes - (addressedTo(transport, deviceId).to?.length ?? 0);

function numbered(index: number): SdkMessage {
  const message = new Message(JSON.stringify({ index }));
  message.messageId = `message-${index}`;
  message.correlationId = `correlation-${index}`;
  message.contentType = "application/json";
  message.contentEncoding = "utf-8";
  for (const [name, value] of applicationOf(index)) message.properties.add(name, value);
  return message;
}

const applicationOf = (index: number): ReadonlyMap<string, string> =>
  new Map([
    ["index", String(index)],
    ["a name", "ü & = / + % $"],
  ]);

function assertNumbered(
  { body, properties, stamp }: TelemetryMessage,
  index: number,
  address: Partial<Record<D2cSystemProperty, string>>,
): void {
  assert.equal(Buffer.from(body).toString(), JSON.stringify({ index }));
  assert.deepEqual(properties.system, {
    "message-id": `message-${index}`,
    "correlation-id": `correlation-${index}`,
    "content-type": "application/json",
    "content-encoding": "utf-8",
    ...address,
  });
  assert.deepEqual([...properties.application], [...applicationOf(index)]);
  assert.equal(stamp.authMethod, '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
}

const textOf = (message: TelemetryMessage | undefined): string => Buffer.from(message?.body ?? []).toString();
