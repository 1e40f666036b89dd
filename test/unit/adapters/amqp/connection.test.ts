import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionOptions } from "rhea";
import { HubError } from "../../../../core/hub-error.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { startBench, timeout } from "./amqp-client.ts";

const login = (username: string, password: string): Partial<ConnectionOptions> => ({ username, password });
const refuse = () => {
  throw new HubError("IotHubUnauthorizedAccess", "The specified SAS token has an invalid signature.");
};

test("A token put on the connection is answered with an int over the same session", { timeout }, async () => {
  // spec/amqp 4: the Node SDK demands exactly 200
  await using bench = startBench();
  const answer = await bench.client().putToken("hub.example%2Fdevices%2Fdev%2B1");
  assert.equal(answer.correlation_id, "put-1");
  assert.equal(answer.application_properties?.["status-code"], 200);
  assert.equal(bench.hub.credentials[0]?.deviceId, "dev+1");
});

test("A bad token, type or name is answered with its code, and nothing more", { timeout }, async () => {
  await using bench = startBench();
  const client = bench.client();
  const codeOf = async (name: string, put: object = {}) =>
    (await client.putToken(name, put)).application_properties?.["status-code"] as unknown;
  assert.equal(await codeOf("hub.example/devices/dev-1", { type: "jwt" }), 400);
  bench.hub.onAuthenticate = refuse;
  assert.equal(await codeOf("hub.example/devices/dev-1"), 401);
  bench.hub.onAdmit = refuse;
  assert.equal(await codeOf("hub.example"), 401);
  assert.equal(await codeOf("sb://hub.example/hub/$management"), 401);
  assert.ok(!bench.log.some((line) => line.includes('token":"')), "no token in the log");
});

test("PLAIN lets a policy and a device in, and both without put-token", { timeout }, async () => {
  // spec/amqp 2
  await using bench = startBench();
  const policy = bench.client(login("service@sas.root.hub", "token"));
  const events = await policy.attachReceiver("/messages/events/$management");
  assert.equal(events.error?.condition, "amqp:link:redirect");
  const device = bench.client(login("dev-1@sas.hub", "token"));
  assert.equal((await device.attachSender("/devices/dev-1/messages/events")).error, undefined);
  const module = bench.client(login("dev-1/modules/m@sas.hub", "token"));
  assert.equal((await module.attachSender("/devices/dev-1/modules/m/messages/events")).error, undefined);
});

test("A bad PLAIN login gets the outcome for it and no connection", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.onAuthenticate = refuse;
  const error = await bench.client(login("dev-1@sas.hub", "bad")).closed;
  assert.match(error?.description ?? "", /Failed to authenticate: 1/);
  await waitFor("the end", () => bench.listener.connectionCount === 0);
});

test("A PLAIN connection lasts no longer than its token", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.validUntil = bench.clock.now() + 60_000;
  const client = bench.client(login("dev-1@sas.hub", "token"));
  await client.attachSender("/devices/dev-1/messages/events");
  bench.pass(60_000);
  assert.equal((await client.closed)?.condition, "amqp:unauthorized-access");
});

for (const mechanism of ["ANONYMOUS", "MSSBCBS"]) {
  test(`${mechanism} proves nothing: a token must follow`, { timeout }, async () => {
    await using bench = startBench();
    const start = (done: (error: undefined, response: Buffer) => void) => done(undefined, Buffer.from("\0x"));
    const client = bench.client({ sasl_mechanisms: { [mechanism]: () => ({ start }) } } as object);
    assert.equal((await client.attachSender("/devices/dev-1/twin")).error?.condition, "amqp:unauthorized-access");
    await client.putToken("hub.example/devices/dev-1");
    assert.equal((await client.attachSender("/devices/dev-1/twin")).error, undefined);
  });
}

test("A client that proves nothing in time is closed", { timeout }, async () => {
  await using bench = startBench({ provingDeadlineMs: 30_000 });
  const client = bench.client();
  await client.attachSender("nowhere");
  bench.pass(30_000);
  assert.equal((await client.closed)?.condition, "amqp:unauthorized-access");
});

test("A stranger has few sessions and links, and a token lifts the limit", { timeout }, async () => {
  await using bench = startBench({ maxUnprovedSessions: 3, maxUnprovedLinks: 2 });
  const stranger = bench.client();
  for (let count = 0; count < 4; count += 1) stranger.connection.create_session().begin();
  assert.equal((await stranger.closed)?.condition, "amqp:resource-limit-exceeded");
  const device = await bench.proved("dev-1");
  for (let count = 0; count < 3; count += 1) {
    const { error } = await device.attachReceiver("/devices/dev-1/messages/devicebound");
    assert.equal(error, undefined);
  }
});

test("An idle time-out that would keep the hub busy is refused", { timeout }, async () => {
  await using bench = startBench();
  const client = bench.client({ idle_time_out: 10 });
  assert.equal((await client.closed)?.condition, "amqp:not-allowed");
});

test("The built-in endpoint's old name leads to its address", { timeout }, async () => {
  // spec/amqp 10
  await using bench = startBench();
  const client = bench.client();
  await client.putToken("hub.example");
  const { error } = await client.attachReceiver("amqps://hub.example/messages/events/$management");
  assert.deepEqual(error?.info, {
    hostname: "hub.example",
    "network-host": "hub.example",
    port: 5671,
    address: "amqps://hub.example:5671/hub/$management",
  });
});

test("An address that nobody has, and a direction that an endpoint lacks, are not found", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  assert.equal((await client.attachSender("hub/unknown")).error?.condition, "amqp:not-found");
  assert.equal((await client.attachSender("/devices/dev-1/sing")).error?.condition, "amqp:not-found");
  const backwards = await client.attachSender("/devices/dev-1/messages/devicebound");
  assert.equal(backwards.error?.condition, "amqp:not-found");
});

test("A hub that stops says so and records the ends", { timeout }, async () => {
  const bench = startBench();
  const client = await bench.proved("dev-1");
  await client.attachSender("/devices/dev-1/messages/events");
  await bench.listener.close();
  assert.equal((await client.closed)?.condition, "amqp:connection:forced");
  assert.equal(bench.hub.ends[0]?.reason, "HubStopped");
});

test("A broken stream is the end of all its devices", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1", "dev-2");
  await client.attachSender("/devices/dev-1/messages/events");
  await client.attachSender("/devices/dev-2/twin");
  client.stream.end();
  await waitFor("both ends", () => bench.hub.ends.length === 2);
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["DeviceConnectionClosedRemotely", "DeviceConnectionClosedRemotely"],
  );
  await waitFor("the connection's end", () => bench.listener.connectionCount === 0);
});
