import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createLive } from "../../../../adapters/nats/live.ts";
import type { DeviceReply, LiveCall } from "../../../../core/method/live-call.ts";
import type { LiveWaits } from "../../../../core/ports.ts";
import { silentLog, startNats, until } from "../../../support/nats.ts";
import type { Scope } from "../../../support/suite-scope.ts";

const key = { deviceId: "dev.1 *>" };
const answered: DeviceReply = { kind: "answered", status: 200, payload: { ü: ["\ud800", "\u0000", 1e-7] } };
const atOnce: LiveWaits = { connectTimeoutMs: 0, responseTimeoutMs: 20_000 };

const callOf = (change: Partial<LiveCall> = {}): LiveCall => ({
  requestId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  generationId: "1",
  methodName: "reboot",
  payload: null,
  correlationId: "request-1",
  callEventId: "event-1",
  ...change,
});

/** Two nodes of a hub, on connections of their own to one server. */
async function twoNodes(t: Scope) {
  const nats = await startNats(t);
  const node = async () => {
    const nc = await nats.connect();
    return { nc, live: createLive({ nc, hub: "Hub-1", log: silentLog }) };
  };
  return { nats, here: await node(), there: await node() };
}

test("a call reaches the connection on the other node, and its answer comes back as it was", async (t) => {
  const { here, there } = await twoNodes(t);
  const calls: LiveCall[] = [];
  const service = there.live.serve(key, async (call) => {
    calls.push(call);
    return answered;
  });
  await service.ready;
  const call = callOf({ payload: { a: [null, "ü\u0000\r\n", { "": -0.5 }] } });
  assert.deepEqual(await here.live.request(key, call, atOnce), answered);
  assert.deepEqual(await there.live.request(key, callOf(), atOnce), answered);
  assert.deepEqual(calls, [call, callOf()]);
});

test("a payload of 128 KiB goes both ways", async (t) => {
  const { here, there } = await twoNodes(t);
  const payload = "\u0001".repeat(131_070);
  await there.live.serve(key, async (call) => ({ kind: "answered", status: 1, payload: call.payload })).ready;
  const outcome = await here.live.request(key, callOf({ payload }), atOnce);
  assert.deepEqual(outcome, { kind: "answered", status: 1, payload });
});

test("nobody there is known at once; a module is not its device", async (t) => {
  const { here, there } = await twoNodes(t);
  assert.deepEqual(await here.live.request(key, callOf(), atOnce), { kind: "notOnline" });
  const service = there.live.serve(key, async () => answered);
  await service.ready;
  assert.deepEqual(await here.live.request({ ...key, moduleId: "m" }, callOf(), atOnce), { kind: "notOnline" });
  service.stop();
  service.stop();
  await there.nc.flush();
  assert.deepEqual(await here.live.request(key, callOf(), atOnce), { kind: "notOnline" });
});

test("a call that meets the end of a connection is told so, and does not wait for nothing", async (t) => {
  const { here, there } = await twoNodes(t);
  for (let round = 0; round < 50; round += 1) {
    const service = there.live.serve(key, async () => answered);
    await service.ready;
    const calls = Array.from({ length: 5 }, () => here.live.request(key, callOf(), atOnce));
    await turn();
    service.stop();
    for (const { kind } of await Promise.all(calls)) assert.ok(kind === "answered" || kind === "notOnline", kind);
  }
});

test("who waits for the device calls it once it is there, on any node", async (t) => {
  const { here, there } = await twoNodes(t);
  const waits = { ...atOnce, connectTimeoutMs: 300_000 };
  let calls = 0;
  const waiting = Array.from({ length: 20 }, () => here.live.request(key, callOf(), waits));
  await here.nc.flush();
  const startedAt = performance.now();
  there.live.serve(key, async () => {
    calls += 1;
    return answered;
  });
  for (const outcome of await Promise.all(waiting)) assert.deepEqual(outcome, answered);
  assert.equal(calls, 20);
  assert.ok(performance.now() - startedAt < 900, "the notice came, and not the next try");
});

test("the wait for the device ends with its time, or with its caller", async (t) => {
  const { here } = await twoNodes(t);
  const ends = { ...atOnce, connectTimeoutMs: 50 };
  assert.deepEqual(await here.live.request(key, callOf(), ends), { kind: "notOnline" });
  const gone = new AbortController();
  const waiting = here.live.request(key, callOf(), { ...atOnce, connectTimeoutMs: 300_000, signal: gone.signal });
  await here.nc.flush();
  gone.abort();
  assert.deepEqual(await waiting, { kind: "canceled" });
});

test("no answer in time is the end for both sides", async (t) => {
  const { here, there } = await twoNodes(t);
  let aborted = false;
  await there.live.serve(key, async (_call, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted = true;
    return { kind: "timedOut" };
  }).ready;
  const outcome = await here.live.request(key, callOf(), { connectTimeoutMs: 0, responseTimeoutMs: 50 });
  assert.deepEqual(outcome, { kind: "timedOut" });
  await until(() => aborted);
});

test("of two connections that take over from each other one gets the call", async (t) => {
  const { here, there } = await twoNodes(t);
  let calls = 0;
  const handler = async () => {
    calls += 1;
    return answered;
  };
  await Promise.all([here.live.serve(key, handler).ready, there.live.serve(key, handler).ready]);
  for (let round = 1; round <= 20; round += 1) {
    assert.deepEqual(await here.live.request(key, callOf(), atOnce), answered);
    assert.equal(calls, round);
  }
});

test("a handler that fails is a connection that ended, and strange messages are nobody's call", async (t) => {
  const { nats, here, there } = await twoNodes(t);
  let calls = 0;
  await there.live.serve({ deviceId: "d" }, async () => {
    calls += 1;
    throw new Error("broken");
  }).ready;
  const stranger = await nats.connect("stranger");
  for (const text of ["", "{", "null", "[]", '{"call":{}}', '{"call":null,"timeoutMs":1}']) {
    stranger.publish("hub-1.live.d", text, { reply: "nowhere" });
  }
  await stranger.flush();
  const outcome = await here.live.request({ deviceId: "d" }, callOf(), atOnce);
  assert.deepEqual(outcome, { kind: "closed", reason: "ServerError" });
  assert.equal(calls, 1);
});

test("connections are reached again after the server was killed, and a waiting caller goes on waiting", async (t) => {
  const { nats, here, there } = await twoNodes(t);
  const service = there.live.serve(key, async () => answered);
  await service.ready;
  const other = { deviceId: "late" };
  const waiting = here.live.request(other, callOf(), { ...atOnce, connectTimeoutMs: 300_000 });
  // A call that is on its way when the server dies has an unknown fate; this one has been asked for, and is not.
  for (let round = 0; round < 5; round += 1) await here.nc.flush();
  await nats.killAndRestart();
  const soon = { connectTimeoutMs: 0, responseTimeoutMs: 200 };
  await until(async () => (await here.live.request(key, callOf(), soon)).kind === "answered");
  there.live.serve(other, async () => answered);
  assert.deepEqual(await waiting, answered);
});
