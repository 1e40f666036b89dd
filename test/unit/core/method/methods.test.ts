import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../../../core/events.ts";
import { createRegistry } from "../../../../core/identity/create-registry.ts";
import type { DeviceReply } from "../../../../core/method/live-call.ts";
import { createMethods, type MethodListener, maxMethodsInFlight } from "../../../../core/method/methods.ts";
import { type MemoryHub, memoryHub, refusal } from "../../../support/memory-hub.ts";
import { memoryLive } from "../../../support/memory-live.ts";
import { waitFor } from "../../../support/wait-for.ts";

const service: Actor = { kind: "policy", policy: "service" };
const context = { actor: service, correlationId: "request-1" };

async function bench() {
  const hub = memoryHub();
  const live = memoryLive();
  const errors: unknown[] = [];
  const methods = createMethods({ ...hub, live, onError: (error) => errors.push(error) });
  const replaceTwin = () => Promise.reject(new Error("no twins here"));
  const registry = createRegistry({ ...hub, replaceTwin });
  await registry.putDevice({ deviceId: "dev-1", body: {}, ...context });
  await registry.putModule({ deviceId: "dev-1", moduleId: "mod-1", body: {}, ...context });
  const answering = (deliver: MethodListener["deliver"], moduleId?: string) =>
    methods.listen({
      key: moduleId === undefined ? { deviceId: "dev-1" } : { deviceId: "dev-1", moduleId },
      connectionId: "connection-1",
      deliver,
    });
  const call = (body: Record<string, never> | object = {}, target: object = {}) =>
    methods.invoke({ deviceId: "dev-1", body: { methodName: "m", ...body }, ...context, ...target });
  return { hub, live, methods, registry, answering, call, errors };
}

const methodEvents = ({ events }: MemoryHub) => events.filter(({ key }) => key.aggregate === "method");

// spec/twins-methods-jobs 10
test("A call, its delivery and its answer are events with the caller, the cause and the duration", async () => {
  const { hub, answering, call } = await bench();
  answering(async ({ payload }) => {
    hub.clock.nowMs += 40;
    return { kind: "answered", status: 400, payload };
  });
  assert.deepEqual(await call({ payload: { a: 1 } }), { status: 400, payload: { a: 1 } });

  const [called, delivered, answered, ...others] = methodEvents(hub);
  assert.deepEqual(others, []);
  assert.equal(called?.event.type, "MethodCalled");
  assert.deepEqual(called.key, { aggregate: "method", id: "dev-1" });
  const { requestId, generationId } = called.event.data;
  const call1 = { requestId, generationId };
  assert.equal(generationId, hub.readModel.device("dev-1")?.value.generationId);
  const timeouts = { connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 };
  const at = "2026-03-01T12:00:00.000Z";
  assert.deepEqual(called.event.data, { ...call1, methodName: "m", payload: { a: 1 }, ...timeouts, at });
  assert.deepEqual(delivered?.event, {
    type: "MethodDelivered",
    data: { ...call1, connectionId: "connection-1", nodeId: "node-1", at: "2026-03-01T12:00:00.040Z" },
  });
  assert.deepEqual(answered?.event, {
    type: "MethodAnswered",
    data: { ...call1, status: 400, payload: { a: 1 }, durationMs: 40, at: "2026-03-01T12:00:00.040Z" },
  });
  const actors = [called, delivered, answered].map(({ meta }) => meta.actor);
  assert.deepEqual(actors, [service, { kind: "hub", nodeId: "node-1" }, { kind: "device", deviceId: "dev-1" }]);
  for (const { meta } of [called, delivered, answered]) assert.equal(meta.correlationId, "request-1");
  assert.deepEqual([delivered.meta.causationId, answered.meta.causationId], [called.meta.id, called.meta.id]);
});

// spec/twins-methods-jobs 10
test("The journal holds the call before the device has it, and the answer before the caller has it", async () => {
  const { hub, answering, call } = await bench();
  const order: string[] = [];
  hub.beforeAppend = async (_key, { type }) => {
    await Promise.resolve();
    order.push(type);
  };
  answering(async () => {
    order.push("device");
    return { kind: "answered", status: 200, payload: null };
  });
  await call();
  order.push("caller");
  assert.deepEqual(
    order.filter((what) => what !== "MethodDelivered"),
    ["MethodCalled", "device", "MethodAnswered", "caller"],
  );
});

// spec/http-api 4
test("A module is called on its own", async () => {
  const { hub, answering, call } = await bench();
  answering(async () => ({ kind: "answered", status: 1, payload: "device" }));
  answering(async () => ({ kind: "answered", status: 2, payload: "module" }), "mod-1");
  assert.deepEqual(await call({}, { moduleId: "mod-1" }), { status: 2, payload: "module" });
  const answered = methodEvents(hub).at(-1);
  assert.deepEqual(answered?.key, { aggregate: "method", id: "dev-1", moduleId: "mod-1" });
  assert.deepEqual(answered.meta.actor, { kind: "device", deviceId: "dev-1", moduleId: "mod-1" });
});

// spec/http-api 4: the Node SDK grants no margin
test("The answer is waited for a little less than its caller waits", async () => {
  const { live, call } = await bench();
  await assert.rejects(call({ responseTimeoutInSeconds: 10, connectTimeoutInSeconds: 20 }), refusal("DeviceNotOnline"));
  assert.deepEqual(live.asked[0]?.waits, { connectTimeoutMs: 20_000, responseTimeoutMs: 9_750 });
});

// spec/twins-methods-jobs 10
test("Every way to fail is an event, and the error that IoT Hub has for it", async () => {
  const cases: readonly (readonly [DeviceReply, string])[] = [
    [{ kind: "notOnline" }, "DeviceNotOnline"],
    [{ kind: "timedOut" }, "GatewayTimeout"],
    [{ kind: "closed", reason: "DeviceConnectionClosedRemotely" }, "DeviceConnectionClosedRemotely"],
    [{ kind: "closed", reason: "ClientDisconnected" }, "DeviceConnectionClosedRemotely"],
    [
      { kind: "closed", reason: "ConnectionForcefullyClosedOnNewConnection" },
      "ConnectionForcefullyClosedOnNewConnection",
    ],
    [{ kind: "malformed" }, "GenericBadGateway"],
    [{ kind: "busy" }, "DeviceMaximumInflightMethodExceeded"],
  ];
  for (const [reply, reason] of cases) {
    const { hub, answering, call } = await bench();
    answering(async () => {
      hub.clock.nowMs += 7;
      return reply;
    });
    await assert.rejects(call(), refusal(reason));
    const failed = methodEvents(hub).at(-1);
    assert.equal(failed?.event.type, "MethodFailed");
    assert.equal(failed.event.data.reason, reason);
    assert.equal(failed.event.data.durationMs, 7);
    assert.deepEqual(failed.meta.actor, { kind: "hub", nodeId: "node-1" });
  }
});

test("A device that nobody serves is not online, with IoT Hub's text", async () => {
  const { hub, answering, call } = await bench();
  const service = answering(async () => ({ kind: "answered", status: 200, payload: null }));
  service.stop();
  await assert.rejects(call(), refusal("DeviceNotOnline", "Timed out waiting for device to connect."));
  assert.deepEqual(
    methodEvents(hub).map(({ event }) => event.type),
    ["MethodCalled", "MethodFailed"],
  );
});

// spec/twins-methods-jobs 10
test("Unknown and disabled devices and unknown modules are not found, and no call is recorded", async () => {
  const { hub, registry, methods, call } = await bench();
  const unknown = { deviceId: "nobody", body: { methodName: "m" }, ...context };
  await assert.rejects(methods.invoke(unknown), refusal("DeviceNotFound"));
  await assert.rejects(methods.invoke({ ...unknown, moduleId: "mod-1" }), refusal("DeviceNotFound"));
  await assert.rejects(call({}, { moduleId: "nobody" }), refusal("ModuleNotFound"));
  await assert.rejects(call({ methodName: "a/b" }), refusal("ArgumentInvalid"));
  await registry.putDevice({ deviceId: "dev-1", body: { status: "disabled" }, ifMatch: "*", ...context });
  await assert.rejects(call(), refusal("DeviceNotFound"));
  await assert.rejects(call({}, { moduleId: "mod-1" }), refusal("DeviceNotFound"));
  assert.deepEqual(methodEvents(hub), []);
});

// spec/http-api 4.1
test("A module calls its own device, that one's modules and devices below it, and nobody else", async () => {
  const { hub, registry, methods, answering } = await bench();
  answering(async () => ({ kind: "answered", status: 200, payload: null }));
  const edge = await registry.putDevice({ deviceId: "edge", body: { capabilities: { iotEdge: true } }, ...context });
  const { deviceScope } = edge.device.fields;
  await registry.putDevice({ deviceId: "leaf", body: { deviceScope }, ...context });
  const from = (deviceId: string, target: string) =>
    methods.invoke({
      deviceId: target,
      body: { methodName: "m" },
      actor: { kind: "device", deviceId, moduleId: "caller" },
      correlationId: "request-1",
    });
  assert.equal((await from("dev-1", "dev-1")).status, 200);
  await assert.rejects(from("edge", "leaf"), refusal("DeviceNotOnline"));
  await assert.rejects(from("dev-1", "leaf"), refusal("IotHubUnauthorizedAccess"));
  await assert.rejects(from("edge", "dev-1"), refusal("IotHubUnauthorizedAccess"));
  await assert.rejects(from("edge", "nobody"), refusal("IotHubUnauthorizedAccess"));
  const answered = methodEvents(hub).find(({ event }) => event.type === "MethodCalled");
  assert.deepEqual(answered?.meta.actor, { kind: "device", deviceId: "dev-1", moduleId: "caller" });
});

// spec/twins-methods-jobs 10: 403800; the number is the hub's own
test("A connection has so many calls in flight and no more; an answer makes room", async () => {
  const { answering, call } = await bench();
  const waiting: ((reply: DeviceReply) => void)[] = [];
  answering(async () => await new Promise((resolve) => waiting.push(resolve)));
  const calls = Array.from({ length: maxMethodsInFlight }, () => call());
  await waitFor("all of them", () => waiting.length === maxMethodsInFlight);
  await assert.rejects(call(), refusal("DeviceMaximumInflightMethodExceeded"));
  waiting.shift()?.({ kind: "answered", status: 200, payload: null });
  await calls[0];
  const another = call();
  await waitFor("another one", () => waiting.length === maxMethodsInFlight);
  for (const reply of waiting) reply({ kind: "answered", status: 200, payload: null });
  await Promise.all([...calls, another]);
});

test("A delivery that can't be recorded is reported, and the call goes on", async () => {
  const { hub, answering, call, errors } = await bench();
  const failure = new Error("the journal is out of reach");
  hub.beforeAppend = (_key, { type }) => {
    if (type === "MethodDelivered") throw failure;
  };
  answering(async () => ({ kind: "answered", status: 200, payload: null }));
  assert.equal((await call()).status, 200);
  assert.deepEqual(errors, [failure]);
});

test("Without the journal no device is called", async () => {
  const { hub, live, call } = await bench();
  hub.beforeAppend = () => {
    throw new Error("the journal is out of reach");
  };
  await assert.rejects(call(), /out of reach/);
  assert.deepEqual(live.asked, []);
});
