import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../../../core/hub-error.ts";
import { unavailable } from "../../../support/scripted-hub.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { ended, settle, startBench, timeout } from "./amqp-client.ts";

const events = "/devices/dev-1/messages/events";

test("A message is accepted once it is stored, not before", { timeout }, async () => {
  // spec/amqp 6
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender(events);
  bench.hub.storesAtOnce = false;
  const settled = settle(link, { body: "hello", application_properties: { a: "b" } });
  await waitFor("the message", () => bench.hub.sent.length === 1);
  const [sent] = bench.hub.sent;
  assert.deepEqual([...(sent?.properties.application ?? [])], [["a", "b"]]);
  let isSettled = false;
  void settled.then(() => (isSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isSettled, false);
  bench.hub.store(1);
  assert.deepEqual(await settled, { outcome: "accepted" });
});

test("A message that can't be stored is rejected with the error", { timeout }, async () => {
  // spec/amqp 6: released or modified would look like a success
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender(events);
  bench.hub.storesAtOnce = false;
  const settled = settle(link, { body: "lost" });
  await waitFor("the message", () => bench.hub.sent.length === 1);
  bench.hub.store(1, unavailable());
  const { outcome, error } = await settled;
  assert.deepEqual([outcome, error?.condition], ["rejected", "com.microsoft:timeout"]);
});

test("A message that is too large is rejected", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender(events);
  bench.hub.onSend = () => {
    throw new HubError("MessageTooLarge", "too large");
  };
  const { outcome, error } = await settle(link, { body: "x" });
  assert.deepEqual([outcome, error?.condition], ["rejected", "amqp:link:message-size-exceeded"]);
});

test("A link has credit once the hub has recorded the connection", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onConnect = () => promise;
  const sender = client.connection.open_sender({ target: { address: events } });
  await new Promise((opened) => sender.once("sender_open", opened));
  assert.equal(sender.sendable(), false);
  resolve();
  await new Promise((sendable) => sender.once("sendable", sendable));
  assert.equal(bench.hub.connects[0]?.protocol, "amqp");
});

test("A connection that the hub does not record ends its links with the error", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  bench.hub.onConnect = () => Promise.reject(unavailable());
  const { error } = await client.attachSender(events);
  assert.equal(error?.condition, "com.microsoft:timeout");
  assert.deepEqual(bench.hub.ends, []);
});

test("A link to a device without a token on the connection is refused", { timeout }, async () => {
  // spec/amqp 2: links other than $cbs must be refused until a token covers them
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { error } = await client.attachSender("/devices/dev-2/messages/events");
  assert.equal(error?.condition, "amqp:unauthorized-access");
  assert.equal(bench.hub.connects.length, 0);
});

test("Several devices share a connection, and one's end is its own", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1", "dev-2");
  const [one, two] = [await client.attachSender(events), await client.attachSender("/devices/dev-2/messages/events")];
  const gone = ended(one.link, "sender");
  const session = bench.hub.connects.find(({ principal }) => principal.deviceId === "dev-1")?.session;
  session?.close("ConnectionForcefullyClosedOnNewConnection");
  // spec/amqp 5
  assert.equal((await gone).link?.condition, "amqp:link:stolen");
  assert.deepEqual(await settle(two.link, { body: "still here" }), { outcome: "accepted" });
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["ConnectionForcefullyClosedOnNewConnection"],
  );
});

test("The last link's end is the end of the device's connection", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const telemetry = await client.attachSender(events);
  const commands = await client.attachReceiver("/devices/dev-1/messages/devicebound");
  telemetry.link.close();
  await ended(telemetry.link, "sender");
  assert.equal(bench.hub.ends.length, 0);
  commands.link.close();
  await waitFor("the end", () => bench.hub.ends.length === 1);
  assert.equal(bench.hub.ends[0]?.reason, "ClientDisconnected");
});

test("A token that expires without renewal ends the links; a new one in time keeps them", { timeout }, async () => {
  // spec/amqp 4: expiry without renewal drops the links
  await using bench = startBench();
  bench.hub.validUntil = bench.clock.now() + 60_000;
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender(events);
  bench.hub.validUntil = bench.clock.now() + 120_000;
  await client.putToken("hub.example/devices/dev-1");
  bench.pass(60_000);
  assert.deepEqual(await settle(link, { body: "renewed" }), { outcome: "accepted" });
  bench.hub.onAuthenticate = () => {
    throw new HubError("IotHubUnauthorizedAccess", "The specified SAS token is expired");
  };
  const gone = ended(link, "sender");
  bench.pass(60_000);
  assert.equal((await gone).link?.condition, "amqp:unauthorized-access");
  await waitFor("the end", () => bench.hub.ends.length === 1);
  assert.equal(bench.hub.ends[0]?.reason, "TokenExpired");
});

test("While the hub takes no more telemetry, the socket is not read", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const { link } = await client.attachSender(events);
  bench.hub.takesMore = false;
  assert.deepEqual(await settle(link, { body: "1" }), { outcome: "accepted" });
  let second: object | undefined;
  const settled = settle(link, { body: "2" }).then((outcome) => (second = outcome));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(bench.hub.sent.length, 1);
  assert.equal(second, undefined);
  bench.hub.takesMore = true;
  for (const ready of bench.hub.ready.splice(0)) ready();
  await settled;
  assert.equal(bench.hub.sent.length, 2);
});

test("Ids may stand encoded in an address, and keywords in any case", { timeout }, async () => {
  // spec/amqp 5
  await using bench = startBench();
  const client = await bench.proved("dev 1");
  const { error } = await client.attachSender("amqps://hub.example:5671/Devices/dev%201/Messages/Events");
  assert.equal(error, undefined);
  assert.equal(bench.hub.connects[0]?.principal.deviceId, "dev 1");
});
