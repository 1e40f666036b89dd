import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionOperation } from "../../../../core/device-to-cloud/fault.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type AmqpClient, type Bench, ended, startBench, timeout } from "./amqp-client.ts";

type Link = { readonly target?: { readonly address?: string }; readonly source?: { readonly address?: string } };

const device = "/devices/dev-1";

/** Has the hub's telemetry tell of a fault, as it does once the message that asks for it is stored. */
function inject(bench: Bench, operation: ConnectionOperation): void {
  const connected = bench.hub.sent[0];
  connected?.source.onFault?.({ operation, closeReason: "boom", delayMs: 2_000, durationMs: 0 });
  bench.pass(1_000);
}

async function start(bench: Bench): Promise<AmqpClient> {
  const client = await bench.proved("dev-1", "dev-2");
  const { link } = await client.attachSender(`${device}/messages/events`);
  link.send({ body: "fault" });
  await waitFor("the message", () => bench.hub.sent.length === 1);
  return client;
}

const links = [
  ["KillAmqpC2DLink", "receiver", `${device}/messages/devicebound`],
  ["KillAmqpTwinLinkReq", "sender", `${device}/twin`],
  ["KillAmqpTwinLinkResp", "receiver", `${device}/twin`],
  ["KillAmqpMethodReqLink", "receiver", `${device}/methods/devicebound`],
  ["KillAmqpMethodRespLink", "sender", `${device}/methods/devicebound`],
] as const;

for (const [operation, role, address] of links) {
  test(`${operation} detaches that link of the device once its delay is over`, { timeout }, async () => {
    // spec/amqp 11
    await using bench = startBench();
    const client = await start(bench);
    const attach = (to: string) => {
      return role === "sender"
        ? client.connection.open_sender({ target: { address: to } })
        : client.connection.open_receiver({ source: { address: to } });
    };
    const [struck, spared] = [attach(address), attach(address.replace("dev-1", "dev-2"))];
    await waitFor("the links", () => bench.hub.connects.length === 2);
    const end = ended(struck, role);
    inject(bench, operation);
    assert.equal(struck.is_open(), true);
    bench.pass(1_000);
    const { link: error } = await end;
    assert.deepEqual([error?.condition, error?.description], ["amqp:link:detach-forced", "boom"]);
    assert.equal(spared.is_open(), true);
  });
}

test("KillAmqpD2CLink detaches the telemetry link", { timeout }, async () => {
  await using bench = startBench();
  const client = await start(bench);
  inject(bench, "KillAmqpD2CLink");
  bench.pass(1_000);
  await waitFor("the end", () => bench.hub.ends.length === 1);
  assert.equal(bench.hub.ends[0]?.reason, "FaultInjected");
  assert.equal(client.connection.is_open(), true);
});

for (const operation of ["KillAmqpCBSLinkReq", "KillAmqpCBSLinkResp"] as const) {
  test(`${operation} detaches the link to $cbs`, { timeout }, async () => {
    await using bench = startBench();
    const client = await start(bench);
    const link = operation.endsWith("Req")
      ? client.connection.find_sender(({ target }: Link) => target?.address === "$cbs")
      : client.connection.find_receiver(({ source }: Link) => source?.address === "$cbs");
    if (link === undefined) throw new Error("no link");
    const end = ended(link, operation.endsWith("Req") ? "sender" : "receiver");
    inject(bench, operation);
    bench.pass(1_000);
    assert.equal((await end).link?.condition, "amqp:link:detach-forced");
  });
}

test("KillAmqpSession ends the session of the device", { timeout }, async () => {
  await using bench = startBench();
  const client = await start(bench);
  inject(bench, "KillAmqpSession");
  bench.pass(1_000);
  await waitFor("the end", () => bench.hub.ends.length === 1);
  assert.equal(bench.hub.ends[0]?.reason, "FaultInjected");
  assert.equal(client.connection.is_open(), true);
});

for (const [operation, condition] of [
  ["KillAmqpConnection", "amqp:connection:forced"],
  ["ShutDownAmqp", undefined],
  ["KillTcp", undefined],
] as const) {
  test(`${operation} ends the connection`, { timeout }, async () => {
    await using bench = startBench();
    const client = await start(bench);
    inject(bench, operation);
    bench.pass(1_000);
    assert.equal((await client.closed)?.condition, condition);
    assert.equal(bench.hub.ends[0]?.reason, "FaultInjected");
  });
}

test("An operation of another protocol does nothing", { timeout }, async () => {
  await using bench = startBench();
  const client = await start(bench);
  inject(bench, "ShutDownMqtt");
  bench.pass(1_000);
  assert.equal(client.connection.is_open(), true);
  assert.equal(bench.hub.ends.length, 0);
});
