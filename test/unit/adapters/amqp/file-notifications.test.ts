import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventContext } from "rhea";
import type { FileNotification } from "../../../../core/file-upload/notification.ts";
import type { RecordBatch } from "../../../../core/record-batch.ts";
import { lockTokenOf } from "../../../support/commands.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type AmqpClient, type Bench, startBench, timeout } from "./amqp-client.ts";

async function service(bench: Bench): Promise<AmqpClient> {
  const client = bench.client();
  await client.putToken("hub.example");
  return client;
}

const notificationOf = (number: number): FileNotification => ({
  deviceId: "dev-1",
  blobUri: `https://account.blob.test/uploads/dev-1/file-${number}`,
  blobName: `dev-1/file-${number}`,
  lastUpdatedTime: "2026-01-01T00:00:00+00:00",
  blobSizeInBytes: number,
  enqueuedTimeUtc: "2026-01-01T00:00:01.2340000Z",
});

const batch = (number: number, done: string[]): RecordBatch<FileNotification> => ({
  lockToken: lockTokenOf(number),
  records: [notificationOf(number)],
  complete: async () => void done.push(`complete ${number}`),
  abandon: () => void done.push(`abandon ${number}`),
});

function readAt(client: AmqpClient, address: string): EventContext[] {
  const received: EventContext[] = [];
  const receiver = client.connection.open_receiver({ source: { address }, autoaccept: false });
  receiver.on("message", (context: EventContext) => received.push(context));
  return received;
}

// spec/amqp 8, spec/messaging 8.3
test("a file notification is one JSON object, which its reader completes, abandons or rejects", {
  timeout,
}, async () => {
  await using bench = startBench();
  const done: string[] = [];
  bench.hub.fileNotifications.push(...[1, 2, 3].map((number) => batch(number, done)));
  const received = readAt(await service(bench), "/messages/serviceBound/filenotifications");
  await waitFor("the notifications", () => received.length === 3);
  const message = received[0]?.message;
  assert.equal(message?.content_type, "application/vnd.microsoft.iothub.filenotification.json");
  const body = message?.body as { content: Buffer } | undefined;
  assert.deepEqual(JSON.parse(String(body?.content)), notificationOf(1));
  // One after the other: outcomes of one tick would leave the test's own client as a single one.
  received[0]?.delivery?.accept();
  await waitFor("the completion", () => done.length === 1);
  received[1]?.delivery?.release();
  await waitFor("the abandon", () => done.length === 2);
  received[2]?.delivery?.reject();
  await waitFor("the reject", () => done.length === 3);
  assert.deepEqual(done, ["complete 1", "abandon 2", "complete 3"]);
});

// spec/messaging 8.3
test("the address that the docs print is taken too", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.fileNotifications.push(batch(1, []));
  const received = readAt(await service(bench), "/messages/servicebound/fileuploadnotifications");
  await waitFor("the notification", () => received.length === 1);
});

// spec/amqp 8, spec/identity-and-security 6
test("file notifications go to back ends alone, and are not taken from them", { timeout }, async () => {
  await using bench = startBench();
  const device = await bench.proved("dev-1");
  const { error } = await device.attachReceiver("/messages/serviceBound/filenotifications");
  assert.equal(error?.condition, "amqp:unauthorized-access");
  const reversed = await (await service(bench)).attachSender("/messages/serviceBound/filenotifications");
  assert.equal(reversed.error?.condition, "amqp:not-implemented");
});

test("what a reader that goes away has not settled goes to the next", { timeout }, async () => {
  await using bench = startBench();
  const done: string[] = [];
  bench.hub.fileNotifications.push(batch(1, done));
  const client = await service(bench);
  const received = readAt(client, "/messages/serviceBound/filenotifications");
  await waitFor("the notification", () => received.length === 1);
  client.connection.close();
  await waitFor("what was not settled", () => done.length === 1);
  assert.deepEqual(done, ["abandon 1"]);
});
