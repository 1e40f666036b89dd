import assert from "node:assert/strict";
import { test } from "node:test";
import rhea, { type EventContext } from "rhea";
import type { FeedbackBatch } from "../../../../core/cloud-to-device/feedback.ts";
import { HubError } from "../../../../core/hub-error.ts";
import { lockTokenOf } from "../../../support/commands.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type AmqpClient, type Bench, once, settle, startBench, timeout } from "./amqp-client.ts";

const to = "/devices/dev%201/messages/devicebound";

async function service(bench: Bench): Promise<AmqpClient> {
  const client = bench.client();
  await client.putToken("hub.example");
  return client;
}

// spec/amqp 8
test("a message to a device is accepted once it is stored, with all its parts", { timeout }, async () => {
  await using bench = startBench();
  const { link } = await (await service(bench)).attachSender("/messages/devicebound");
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onSendCommand = () => promise;
  const message = {
    to: "/Devices/dev%201/messages/deviceBound",
    message_id: rhea.string_to_uuid("3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    correlation_id: "c",
    user_id: Buffer.from("u") as unknown as string,
    absolute_expiry_time: new Date("2026-01-01T01:00:00.000Z"),
    content_type: "text/plain",
    content_encoding: "utf-8",
    application_properties: { a: "ü", number: 7, "iothub-ack": "full" },
    body: rhea.message.data_section(Buffer.from("hello")),
  };
  let isSettled = false;
  const settled = settle(link, message).finally(() => {
    isSettled = true;
  });
  await waitFor("the message", () => bench.hub.sentCommands.length === 1);
  assert.equal(isSettled, false);
  resolve();
  assert.deepEqual(await settled, { outcome: "accepted" });
  const [sent] = bench.hub.sentCommands;
  assert.deepEqual(sent, {
    deviceId: "dev 1",
    message: {
      messageId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
      correlationId: "c",
      userId: "u",
      contentType: "text/plain",
      contentEncoding: "utf-8",
      ack: "full",
      expiryMs: Date.parse("2026-01-01T01:00:00.000Z"),
      properties: new Map([
        ["a", "ü"],
        ["number", "7"],
      ]),
      body: Buffer.from("hello").toString("base64"),
    },
    actor: { kind: "policy", policy: "service" },
    correlationId: sent?.correlationId,
  });
});

// spec/amqp 8, 11
test("a message that is refused is rejected with the condition that the SDKs know", { timeout }, async () => {
  await using bench = startBench();
  const { link } = await (await service(bench)).attachSender("/messages/devicebound");
  const conditionOf = async (message: object) => {
    const { outcome, error } = await settle(link, { body: "", ...message });
    return [outcome, error?.condition];
  };
  assert.deepEqual(await conditionOf({ to: "/devices/d/messages/events" }), [
    "rejected",
    "com.microsoft:argument-error",
  ]);
  assert.deepEqual(await conditionOf({}), ["rejected", "com.microsoft:argument-error"]);
  assert.deepEqual(await conditionOf({ to, body: ["a", "b"] }), ["rejected", "com.microsoft:argument-error"]);
  const nested = { to, application_properties: { list: ["a"] } };
  assert.deepEqual(await conditionOf(nested), ["rejected", "com.microsoft:argument-error"]);
  assert.deepEqual(bench.hub.sentCommands, []);
  const refusals = [
    ["DeviceNotFound", "amqp:not-found"],
    ["DeviceMaximumQueueDepthExceeded", "amqp:resource-limit-exceeded"],
    ["MessageTooLarge", "amqp:link:message-size-exceeded"],
  ] as const;
  for (const [reason, condition] of refusals) {
    bench.hub.onSendCommand = () => {
      throw new HubError(reason, "no");
    };
    assert.deepEqual(await conditionOf({ to }), ["rejected", condition]);
  }
});

test("more messages than the window are taken one after the other", { timeout }, async () => {
  await using bench = startBench();
  const { link } = await (await service(bench)).attachSender("/messages/devicebound");
  for (let index = 0; index < 250; index += 1) {
    if (!link.sendable()) await once(link, "sendable");
    link.send({ to, body: "x" });
  }
  await waitFor("all of them", () => bench.hub.sentCommands.length === 250);
});

test("a link of a back end needs a token with ServiceConnect, and the right direction", { timeout }, async () => {
  await using bench = startBench();
  const stranger = await bench.proved("dev-1");
  const { error } = await stranger.attachSender("/messages/devicebound");
  assert.equal(error?.condition, "amqp:unauthorized-access");
  const client = await service(bench);
  const reversed = await client.attachReceiver("/messages/devicebound");
  assert.equal(reversed.error?.condition, "amqp:not-implemented");
});

function batch(number: number, done: string[]): FeedbackBatch {
  const record = {
    originalMessageId: `m${number}`,
    enqueuedTimeUtc: "2026-01-01T00:00:00.000Z",
    statusCode: "Success",
    description: "Success",
    deviceId: "d",
    deviceGenerationId: "1",
  } as const;
  return {
    lockToken: lockTokenOf(number),
    records: [record],
    complete: async () => void done.push(`complete ${number}`),
    abandon: () => void done.push(`abandon ${number}`),
  };
}

// spec/amqp 8
test("feedback is a message for each batch, which its reader settles", { timeout }, async () => {
  await using bench = startBench();
  const done: string[] = [];
  const batches = [1, 2, 3].map((number) => batch(number, done));
  bench.hub.feedback.push(...batches);
  const client = await service(bench);
  const receiver = client.connection.open_receiver({
    source: { address: "/messages/serviceBound/feedback" },
    autoaccept: false,
  });
  const received: EventContext[] = [];
  receiver.on("message", (context: EventContext) => received.push(context));
  await waitFor("the batches", () => received.length === 3);
  const message = received[0]?.message;
  assert.equal(message?.content_type, "application/vnd.microsoft.iothub.feedback.json");
  assert.equal(String(message?.user_id), "hub");
  assert.deepEqual(
    JSON.parse(String((message?.body as { content: Buffer } | undefined)?.content)),
    batches[0]?.records,
  );
  received[0]?.delivery?.accept();
  await waitFor("the completion", () => done.length === 1);
  received[1]?.delivery?.release();
  await waitFor("the abandon", () => done.length === 2);
  receiver.close();
  await waitFor("what was not settled", () => done.length === 3);
  assert.deepEqual(done, ["complete 1", "abandon 2", "abandon 3"]);
});

test("feedback waits for credit, and a reader that is gone takes none", { timeout }, async () => {
  await using bench = startBench();
  const done: string[] = [];
  const client = await service(bench);
  const { link } = await client.attachReceiver("/messages/servicebound/feedback", { credit_window: 0 });
  bench.hub.feedback.push(batch(1, done));
  assert.equal(bench.hub.feedback.length, 1);
  link.add_credit(1);
  await once(link, "message");
  link.close();
  await once(link, "receiver_close");
  bench.hub.feedback.push(batch(2, done));
  bench.hub.feedbackCame();
  assert.equal(bench.hub.feedback.length, 1);
});
