import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Client as DeviceClient } from "azure-iot-device";
import { Http } from "azure-iot-device-http";
import { Client, errors, Message } from "../support/azure-sdk.ts";
import { registerDevice } from "../support/device.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";

/** Telemetry of the device SDK over HTTPS, single and in batches (spec/http-api 9.1). */
suite("telemetry over HTTPS with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
    routeHttpsTo(scope, hub);
  });

  test("a message is stored with its properties", async () => {
    const client = clientOf(await registerDevice(hub, "http-1"));
    const message = new Message("hello");
    message.messageId = "m-1";
    message.contentType = "application/json";
    message.properties.add("color", "red");
    await client.sendEvent(message);
    const [stored] = await readTelemetry(hub, "http-1");
    assert.equal(Buffer.from(stored?.body ?? []).toString(), "hello");
    assert.equal(stored?.properties.system["message-id"], "m-1");
    assert.equal(stored?.properties.system["content-type"], "application/json");
    assert.deepEqual([...(stored?.properties.application ?? [])], [["color", "red"]]);
  });

  test("a batch is stored in order, one event a message", async () => {
    const client = clientOf(await registerDevice(hub, "http-2"));
    await client.sendEventBatch(Array.from({ length: 10 }, (_, index) => new Message(String(index))));
    const stored = await readTelemetry(hub, "http-2");
    assert.deepEqual(
      stored.map(({ body }) => Buffer.from(body).toString()),
      "0123456789".split(""),
    );
  });

  test("a message over 256 KiB is refused", async () => {
    const client = clientOf(await registerDevice(hub, "http-3"));
    await assert.rejects(client.sendEvent(new Message(Buffer.alloc(262_145))), errors.MessageTooLargeError);
    assert.deepEqual(await readTelemetry(hub, "http-3"), []);
  });

  test("a wrong key is an UnauthorizedError", async () => {
    const good = await registerDevice(hub, "http-4");
    const client = clientOf(
      good.replace(/SharedAccessKey=.*/, `SharedAccessKey=${Buffer.alloc(32).toString("base64")}`),
    );
    await assert.rejects(client.sendEvent(new Message("x")), errors.UnauthorizedError);
  });

  // Over HTTPS the SDK calls port 443 of the host name: `routeHttpsTo` leads there, so the name goes without port.
  function clientOf(connectionString: string): DeviceClient {
    const client = Client.fromConnectionString(connectionString.replace(hub.deviceHostName, "localhost"), Http);
    scope.after(() => client.close());
    return client;
  }
});
