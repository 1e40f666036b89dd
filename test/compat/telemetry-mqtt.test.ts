import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { Message } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";

/** Telemetry of the device SDK over MQTT, read back from the streams (spec/mqtt 6, spec/messaging 1). */
suite("telemetry over MQTT with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  test("1,000 messages are stored once each, in order, with all their properties", async (t) => {
    const client = await openDevice(t, await registerDevice(hub, "sender"));
    const sent = Array.from({ length: 1000 }, (_, index) => {
      const message = new Message(JSON.stringify({ index }));
      message.messageId = `message-${index}`;
      message.correlationId = `correlation-${index}`;
      message.contentType = "application/json";
      message.contentEncoding = "utf-8";
      message.properties.add("index", String(index));
      message.properties.add("a name", "ü & = / + % $");
      return message;
    });
    await Promise.all(sent.map((message) => client.sendEvent(message)));

    const stored = await readTelemetry(hub, "sender");
    assert.equal(stored.length, 1000);
    for (const [index, { body, properties, stamp }] of stored.entries()) {
      assert.equal(Buffer.from(body).toString(), JSON.stringify({ index }));
      assert.deepEqual(properties.system, {
        "message-id": `message-${index}`,
        "correlation-id": `correlation-${index}`,
        "content-type": "application/json",
        "content-encoding": "utf-8",
      });
      assert.deepEqual(
        [...properties.application],
        [
          ["index", String(index)],
          ["a name", "ü & = / + % $"],
        ],
      );
      assert.equal(stamp.deviceId, "sender");
      assert.equal(stamp.authMethod, '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
    }
  });

  test("an empty body and a body of 256 KiB less its properties are stored as they are", async (t) => {
    const client = await openDevice(t, await registerDevice(hub, "sizes"));
    await client.sendEvent(new Message(""));
    await client.sendEvent(new Message(Buffer.alloc(262_144, 7)));
    const [empty, full] = await readTelemetry(hub, "sizes");
    assert.equal(empty?.body.length, 0);
    assert.equal(full?.body.length, 262_144);
    assert.ok(full?.body.every((byte) => byte === 7));
  });

  test("a module's telemetry and its outputs are stamped with the module", async (t) => {
    await registerDevice(hub, "edge-host");
    const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
    const { module } = await hub.node.hub.registry.putModule({
      deviceId: "edge-host",
      moduleId: "m",
      body: {},
      ...context,
    });
    const key = module.fields.authentication.symmetricKey.primaryKey;
    const connectionString = `HostName=${hub.deviceHostName};DeviceId=edge-host;ModuleId=m;SharedAccessKey=${key}`;
    const client = await openDevice(t, connectionString);
    await client.sendEvent(new Message("plain"));
    const output = client as unknown as {
      sendOutputEvent(name: string, message: InstanceType<typeof Message>): Promise<unknown>;
    };
    await output.sendOutputEvent("alerts", new Message("hot"));
    const [plain, alert] = await readTelemetry(hub, "edge-host");
    assert.equal(plain?.stamp.moduleId, "m");
    assert.equal(alert?.properties.application.get("iothub-outputname"), "alerts");
  });
});
