import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { Http } from "azure-iot-device-http";
import { Client, errors, Message, NoRetry } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";

/** A message that asks for a fault, as the SDKs' own suites make it. */
function faultMessage(operation: string, delaySeconds: number, durationSeconds = 5): InstanceType<typeof Message> {
  const message = new Message("fault");
  message.properties.add("AzIoTHub_FaultOperationType", operation);
  message.properties.add("AzIoTHub_FaultOperationCloseReason", "boom");
  message.properties.add("AzIoTHub_FaultOperationDelayInSecs", String(delaySeconds));
  message.properties.add("AzIoTHub_FaultOperationDurationInSecs", String(durationSeconds));
  return message;
}

/** The reasons in the history for which connections of a device ended, oldest first. */
async function endsOf(hub: TestHub, deviceId: string): Promise<readonly string[]> {
  const { events } = await hub.node.hub.history.page({ deviceId, limit: 100 });
  return events.flatMap(({ event }) => (event.type === "DeviceDisconnected" ? [event.data.reason] : []));
}

const bodies = async (hub: TestHub, deviceId: string): Promise<readonly string[]> =>
  (await readTelemetry(hub, deviceId)).map(({ body }) => Buffer.from(body).toString());

// spec/mqtt 11
suite("fault injection with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope, { faultInjection: true });
    routeHttpsTo(scope, hub);
  });

  for (const operation of ["KillTcp", "ShutDownMqtt"]) {
    test(`a device over MQTT reconnects after ${operation} and goes on sending`, async (t) => {
      const deviceId = `device-${operation}`;
      const client = await openDevice(t, await registerDevice(hub, deviceId));
      await client.sendEvent(faultMessage(operation, 0));
      await waitFor("the fault", async () => (await endsOf(hub, deviceId)).length === 1);
      await client.sendEvent(new Message("after"));
      assert.deepEqual(await endsOf(hub, deviceId), ["FaultInjected"]);
      assert.deepEqual(await bodies(hub, deviceId), ["fault", "after"]);
    });
  }

  test("a device over MQTT that is throttled sends its message again until the hub takes it", async (t) => {
    const client = await openDevice(t, await registerDevice(hub, "throttled"));
    await client.sendEvent(faultMessage("InvokeThrottling", 0, 1));
    await client.sendEvent(new Message("late"));
    assert.ok((await endsOf(hub, "throttled")).every((reason) => reason === "FaultInjected"));
    assert.notEqual((await endsOf(hub, "throttled")).length, 0);
    assert.deepEqual(await bodies(hub, "throttled"), ["fault", "late"]);
  });

  // spec/http-api 11
  test("a request that asks for a fault is refused with its error, the next one is not", async (t) => {
    // Over HTTPS the SDK calls port 443 of the host name: `routeHttpsTo` leads there, so the name goes without port.
    const connectionString = (await registerDevice(hub, "http")).replace(hub.deviceHostName, "localhost");
    const client = Client.fromConnectionString(connectionString, Http);
    t.after(() => client.close());
    client.setRetryPolicy(new NoRetry());
    await assert.rejects(client.sendEvent(faultMessage("InvokeThrottling", 0)), /Too Many Requests/);
    await assert.rejects(client.sendEvent(faultMessage("InvokeMaxMessageQuota", 0)), errors.IotHubQuotaExceededError);
    await assert.rejects(client.sendEvent(faultMessage("InvokeAuthError", 0)), errors.UnauthorizedError);
    await client.sendEvent(new Message("after"));
    assert.deepEqual(await bodies(hub, "http"), ["after"]);
  });
});

suite("fault injection that is off", () => {
  const scope = suiteScope();

  test("such properties are those of any message", async (t) => {
    const hub = await startHub(scope);
    const client = await openDevice(t, await registerDevice(hub, "calm"));
    for (const operation of ["KillTcp", "ShutDownMqtt", "InvokeThrottling", "InvokeAuthError"]) {
      await client.sendEvent(faultMessage(operation, 0));
    }
    await client.sendEvent(new Message("after"));
    assert.deepEqual(await endsOf(hub, "calm"), []);
    const stored = await readTelemetry(hub, "calm");
    assert.equal(stored.length, 5);
    assert.equal(stored[0]?.properties.application.get("AzIoTHub_FaultOperationType"), "KillTcp");
  });
});
