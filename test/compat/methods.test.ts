import assert from "node:assert/strict";
import { Agent, request } from "node:https";
import { before, suite, test } from "node:test";
import type { DeviceMethodRequest, DeviceMethodResponse } from "azure-iot-device";
import type { DeviceMethodParams, Client as IotHubClient } from "azure-iothub";
import type { RecordedEvent } from "../../core/events.ts";
import { NoRetry, ServiceClient } from "../support/azure-sdk.ts";
import { sasToken } from "../support/device-login.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { type ConnectedTransport, connectedTransports, keyIn, sdkDevices } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

type Handler = (request: DeviceMethodRequest, response: DeviceMethodResponse) => unknown;
type ModuleMethods = { onMethod(name: string, handler: Handler): void };
type Answer = { readonly status: number; readonly payload: unknown };

/** azure-iothub's `invokeDeviceMethod` and azure-iot-device's `onDeviceMethod`, both ends of one hub (spec/twins-methods-jobs 10). */
suite("direct methods", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let service: IotHubClient;

  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    service = ServiceClient.fromConnectionString(hub.connectionString);
    service.setRetryPolicy(new NoRetry());
  });

  async function invoke(deviceId: string, params: DeviceMethodParams, moduleId?: string): Promise<Answer> {
    const called = { connectTimeoutInSeconds: 10, ...params };
    const { result } = await (moduleId === undefined
      ? service.invokeDeviceMethod(deviceId, called)
      : service.invokeDeviceMethod(deviceId, moduleId, called));
    return result as Answer;
  }

  /** What the history has of the methods of a device. */
  async function methodEvents(deviceId: string): Promise<readonly RecordedEvent[]> {
    const { events } = await hub.node.hub.history.page({ deviceId, limit: 1000 });
    return events.filter(({ key }) => key.aggregate === "method");
  }

  for (const transport of connectedTransports) {
    suite(`over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      test("payloads of every kind reach the device, and its answer comes back with its status, whatever it is", async (t) => {
        const deviceId = idOf("echo");
        const device = await devices.open(t, await devices.register(deviceId));
        const seen: unknown[] = [];
        device.onDeviceMethod("echo", ({ methodName, payload }, response) => {
          seen.push([methodName, payload]);
          respond(response, 400, payload);
        });
        const payloads = [null, "", "foo", {}, { a: { b: [1, null] } }, [1], 0, false, "ü".repeat(60_000)];
        for (const payload of payloads) {
          assert.deepEqual(await invoke(deviceId, { methodName: "echo", payload }), { status: 400, payload });
        }
        assert.deepEqual(
          seen,
          payloads.map((payload) => ["echo", payload]),
        );
      });

      test("an answer without a payload is null, and a name is more than letters", async (t) => {
        const deviceId = idOf("names");
        const device = await devices.open(t, await devices.register(deviceId));
        // Over MQTT the SDK escapes some characters of the topic, such as ^ and |, and then does not know the name.
        const names = ["comp1*reboot", "a.b-c_d~e!f", "with&ampersand"];
        for (const [index, name] of names.entries()) {
          device.onDeviceMethod(name, (_request, response) => respond(response, index + 1));
        }
        for (const [index, methodName] of names.entries()) {
          assert.deepEqual(await invoke(deviceId, { methodName }), { status: index + 1, payload: null });
        }
      });

      test("50 calls at once come back to their callers, though the device answers in another order", async (t) => {
        const deviceId = idOf("at-once");
        const device = await devices.open(t, await devices.register(deviceId));
        const waiting: (() => void)[] = [];
        device.onDeviceMethod("later", ({ payload }, response) => {
          waiting.push(() => respond(response, 200, payload));
          if (waiting.length === 50) for (const answer of waiting.reverse()) answer();
        });
        const numbers = Array.from({ length: 50 }, (_, index) => index);
        const answers = await Promise.all(numbers.map((payload) => invoke(deviceId, { methodName: "later", payload })));
        assert.deepEqual(
          answers.map(({ payload }) => payload),
          numbers,
        );
      });

      test("a module's methods are its own", async (t) => {
        const deviceId = idOf("host");
        const device = await devices.open(t, await devices.register(deviceId));
        const module = await devices.open(t, await devices.registerModule(deviceId, "m1"));
        device.onDeviceMethod("who", (_request, response) => respond(response, 200, "device"));
        (module as unknown as ModuleMethods).onMethod("who", (_request, response) => respond(response, 400, "module"));
        assert.deepEqual(await invoke(deviceId, { methodName: "who" }, "m1"), { status: 400, payload: "module" });
        assert.deepEqual(await invoke(deviceId, { methodName: "who" }), { status: 200, payload: "device" });
      });

      // ERR: 404103 also for a device that is connected and has not subscribed
      test("a device that is away, or connected without methods, is not online", async (t) => {
        const deviceId = idOf("away");
        const connectionString = await devices.register(deviceId);
        const call = () => invoke(deviceId, { methodName: "m", connectTimeoutInSeconds: 0 });
        await assert.rejects(call(), notOnline);
        const device = await devices.open(t, connectionString);
        await device.getTwin();
        await assert.rejects(call(), notOnline);
        device.onDeviceMethod("m", (_request, response) => respond(response, 200));
        await invoke(deviceId, { methodName: "m" });
        await device.close();
        await waitFor("the end of the connection", async () => (await call().catch(String)) === "Error: Not found");
      });

      test("a caller that waits for the device gets its answer when it comes", async (t) => {
        const deviceId = idOf("late");
        const connectionString = await devices.register(deviceId);
        const waiting = invoke(deviceId, { methodName: "m", payload: 7, connectTimeoutInSeconds: 60 });
        await waitFor("the call", async () => (await methodEvents(deviceId)).length === 1);
        const device = await devices.open(t, connectionString);
        device.onDeviceMethod("m", ({ payload }, response) => respond(response, 200, payload));
        assert.deepEqual(await waiting, { status: 200, payload: 7 });
      });

      test("the end of the connection is the end of the call", async (t) => {
        const deviceId = idOf("dropped");
        const device = await devices.open(t, await devices.register(deviceId));
        device.onDeviceMethod("drop", () => void device.close());
        await assert.rejects(invoke(deviceId, { methodName: "drop" }), { message: "Not found" });
        const failed = (await methodEvents(deviceId)).at(-1)?.event;
        assert.ok(failed?.type === "MethodFailed" && failed.data.reason === "DeviceConnectionClosedRemotely");
      });

      test("the history tells the whole call", async (t) => {
        const deviceId = idOf("told");
        const device = await devices.open(t, await devices.register(deviceId));
        device.onDeviceMethod("m", (_request, response) => respond(response, 201, { done: true }));
        await invoke(deviceId, { methodName: "m", payload: [1] });
        await waitFor("all events", async () => (await methodEvents(deviceId)).length === 3);
        const events = await methodEvents(deviceId);
        const data = new Map(events.map(({ event }) => [event.type, event.data as Record<string, unknown>]));
        const called = data.get("MethodCalled") ?? {};
        assert.deepEqual([called.methodName, called.payload, called.connectTimeoutInSeconds], ["m", [1], 10]);
        assert.equal(data.get("MethodDelivered")?.connectionId, connectionOf(deviceId));
        const { status, payload, durationMs } = data.get("MethodAnswered") ?? {};
        assert.deepEqual([status, payload], [201, { done: true }]);
        assert.ok(typeof durationMs === "number" && durationMs >= 0 && durationMs < 10_000);
        assert.equal(new Set(events.map(({ meta }) => meta.correlationId)).size, 1);
        const actors = Object.fromEntries(events.map(({ event, meta }) => [event.type, meta.actor]));
        assert.deepEqual(actors.MethodCalled, { kind: "policy", policy: "iothubowner" });
        assert.deepEqual(actors.MethodAnswered, { kind: "device", deviceId });
      });
    });
  }

  const connectionOf = (deviceId: string): string | null =>
    hub.node.hub.twins.get({ deviceId }).connection.connectionId;

  test("a device that does not answer is a gateway time-out, and what it says later goes nowhere", async (t) => {
    // Over all transports at once, as nothing makes the shortest time-out shorter.
    const silentOver = async (transport: ConnectedTransport): Promise<void> => {
      const deviceId = `${transport.protocol}-silent`;
      const devices = sdkDevices(transport, () => hub);
      const device = await devices.open(t, await devices.register(deviceId));
      const late = Promise.withResolvers<DeviceMethodResponse>();
      device.onDeviceMethod("silent", (_request, response) => late.resolve(response));
      device.onDeviceMethod("next", (_request, response) => respond(response, 200, "next"));
      await invoke(deviceId, { methodName: "next" });
      const call = invoke(deviceId, { methodName: "silent", responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 0 });
      await assert.rejects(call, {
        name: "GatewayTimeoutError",
        message: "Timed out waiting for the response from device.",
      });
      respond(await late.promise, 200, "late");
      assert.deepEqual(await invoke(deviceId, { methodName: "next" }), { status: 200, payload: "next" });
    };
    await Promise.all(connectedTransports.map(silentOver));
  });

  test("unknown devices and modules, bad names and time-outs are refused with their own errors", async () => {
    const devices = sdkDevices(transportNamed("mqtt-ws"), () => hub);
    await devices.register("known");
    await assert.rejects(invoke("nobody", { methodName: "m" }), { name: "DeviceNotFoundError" });
    await assert.rejects(invoke("known", { methodName: "m" }, "nobody"), { message: "Not found" });
    await assert.rejects(invoke("known", { methodName: "a/b" }), { name: "ArgumentError" });
    await assert.rejects(invoke("known", { methodName: "m", responseTimeoutInSeconds: 4 }), { name: "ArgumentError" });
    await devices.register("off", { status: "disabled" });
    await assert.rejects(invoke("off", { methodName: "m" }), { name: "DeviceNotFoundError" });
  });

  // spec/mqtt 3, 9: the Node SDK renews its token by a new connection without a SUBSCRIBE
  test("a subscription that survived over MQTT is called without another SUBSCRIBE", async (t) => {
    const devices = sdkDevices(transportNamed("mqtt"), () => hub);
    const device = await devices.open(t, await devices.register("renewing"));
    device.onDeviceMethod("m", (_request, response) => respond(response, 200));
    await invoke("renewing", { methodName: "m" });
    const before = connectionOf("renewing");
    // Other values than the SDK's own make it renew at once.
    await device.setOptions({ tokenRenewal: { tokenValidTimeInSeconds: 1800, tokenRenewalMarginInSeconds: 600 } });
    await waitFor("the new connection", () => connectionOf("renewing") !== before);
    assert.equal((await invoke("renewing", { methodName: "m" })).status, 200);
  });

  // spec/http-api 4.1
  test("a module calls methods of its own device with its own key, and of no other device", async (t) => {
    const devices = sdkDevices(transportNamed("mqtt-ws"), () => hub);
    const device = await devices.open(t, await devices.register("edge"));
    await devices.register("stranger");
    device.onDeviceMethod("m", ({ payload }, response) => respond(response, 200, payload));
    const credentials = `${await devices.registerModule("edge", "caller")};GatewayHostName=localhost`;
    // Only a client that was connected ends the timer of its token.
    const caller = (await devices.open(t, credentials)) as unknown as {
      invokeMethod(deviceId: string, params: DeviceMethodParams): Promise<Answer>;
    };
    const params = { methodName: "m", payload: "hi", responseTimeoutInSeconds: 30, connectTimeoutInSeconds: 10 };
    assert.deepEqual(await caller.invokeMethod("edge", params), { status: 200, payload: "hi" });
    await assert.rejects(caller.invokeMethod("stranger", params), { name: "UnauthorizedError" });
    const called = (await methodEvents("edge")).find(({ event }) => event.type === "MethodCalled");
    assert.deepEqual(called?.meta.actor, { kind: "device", deviceId: "edge", moduleId: "caller" });
  });

  test("a caller that goes away leaves no call behind for a device that comes later", async () => {
    const devices = sdkDevices(transportNamed("mqtt-ws"), () => hub);
    await devices.register("forgotten");
    const leave = startCall(hub, "forgotten");
    await waitFor("the call", async () => (await methodEvents("forgotten")).length === 1);
    leave();
    const failed = await waitFor("its end", async () => (await methodEvents("forgotten"))[1]?.event);
    assert.ok(failed.type === "MethodFailed" && failed.data.reason === "ClientClosedRequest");
  });
});

const notOnline = { message: "Not found" };

function respond(response: DeviceMethodResponse, status: number, payload?: unknown): void {
  response.send(status, payload, () => {});
}

function transportNamed(protocol: string): ConnectedTransport {
  const found = connectedTransports.find((transport) => transport.protocol === protocol);
  if (found === undefined) throw new Error(`no transport ${protocol}`);
  return found;
}

/** Sends a call that waits for the device; the function it returns hangs up. */
function startCall(hub: TestHub, deviceId: string): () => void {
  const key = keyIn(hub.connectionString);
  const agent = new Agent({ keepAlive: false });
  const call = request({
    method: "POST",
    host: "localhost",
    port: hub.node.ports.https,
    path: `/twins/${deviceId}/methods`,
    ca: hub.ca,
    agent,
    headers: {
      authorization: `${sasToken("localhost", key)}&skn=iothubowner`,
      "content-type": "application/json",
    },
  });
  call.on("error", () => {});
  call.end(JSON.stringify({ methodName: "m", connectTimeoutInSeconds: 300 }));
  return () => call.destroy();
}
