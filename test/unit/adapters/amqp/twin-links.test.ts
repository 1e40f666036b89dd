import assert from "node:assert/strict";
import { test } from "node:test";
import rhea, { type Message, type Receiver, type Sender } from "rhea";
import { HubError } from "../../../../core/hub-error.ts";
import { type AmqpClient, once, startBench, timeout } from "./amqp-client.ts";

const address = "/devices/dev-1/twin";
const desired = "/notifications/twin/properties/desired";

type Pair = { readonly sender: Sender; readonly receiver: Receiver };

async function openPair(client: AmqpClient, id = "twin:1"): Promise<Pair> {
  const properties = { "com.microsoft:channel-correlation-id": id };
  const receiver = await client.attachReceiver(address, { properties });
  const sender = await client.attachSender(address, { properties, snd_settle_mode: 1 });
  return { sender: sender.link, receiver: receiver.link };
}

async function ask({ sender, receiver }: Pair, annotations: object, body = " "): Promise<Message> {
  const answer = once(receiver, "message");
  sender.send({
    correlation_id: "c1",
    message_annotations: { ...annotations },
    body: rhea.message.data_section(Buffer.from(body)),
  });
  const { message } = await answer;
  if (message === undefined) throw new Error("no message");
  return message;
}

const textOf = (message: Message): string => String((message.body as { readonly content: Buffer }).content);

test("A twin is read and patched over a pair of links", { timeout }, async () => {
  // spec/amqp 7
  await using bench = startBench();
  bench.hub.reported = { values: { a: 1 }, metadata: {}, version: 3 };
  const pair = await openPair(await bench.proved("dev-1"));
  const got = await ask(pair, { operation: "GET" });
  assert.equal(got.correlation_id, "c1");
  assert.equal(got.message_annotations?.status, 200);
  assert.deepEqual(JSON.parse(textOf(got)).reported, { a: 1, $version: 3 });

  bench.hub.onPatch = () => 4;
  const patched = await ask(pair, { operation: "PATCH", resource: "/properties/reported" }, '{"a":2}');
  assert.equal(patched.message_annotations?.status, 204);
  assert.equal(Number(patched.message_annotations?.version), 4);
  assert.deepEqual(bench.hub.patches[0]?.reported, { a: 2 });
});

test("Desired properties are told to who asked, without a correlation id, until it has enough", {
  timeout,
}, async () => {
  await using bench = startBench();
  const pair = await openPair(await bench.proved("dev-1"));
  bench.hub.session.desiredChanged({ unheard: true }, 2);
  assert.equal((await ask(pair, { operation: "PUT", resource: desired })).message_annotations?.status, 200);
  const change = once(pair.receiver, "message");
  bench.hub.session.desiredChanged({ color: "red" }, 3);
  const { message } = await change;
  assert.equal(message?.correlation_id, undefined);
  assert.equal(Number(message?.message_annotations?.version), 3);
  assert.deepEqual(JSON.parse(textOf(message as Message)), { color: "red", $version: 3 });
  assert.equal((await ask(pair, { operation: "DELETE", resource: desired })).message_annotations?.status, 204);
  bench.hub.session.desiredChanged({ color: "blue" }, 4);
  assert.equal((await ask(pair, { operation: "GET" })).correlation_id, "c1");
});

test("An error is a status and a JSON body", { timeout }, async () => {
  await using bench = startBench();
  const pair = await openPair(await bench.proved("dev-1"));
  bench.hub.onPatch = () => {
    throw new HubError("ArgumentInvalid", "bad key");
  };
  const refused = await ask(pair, { operation: "PATCH", resource: "/properties/reported" }, '{"$a":2}');
  assert.equal(refused.message_annotations?.status, 400);
  assert.equal(JSON.parse(textOf(refused)).errorCode, 400004);
  const unknown = await ask(pair, { operation: "SING" });
  assert.equal(unknown.message_annotations?.status, 400);
  const broken = await ask(pair, { operation: "PATCH", resource: "/properties/reported" }, "{");
  assert.equal(broken.message_annotations?.status, 400);
});

test("Each pair of links gets the answers to its own requests", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const [one, two] = [await openPair(client, "twin:1"), await openPair(client, "twin:2")];
  let strays = 0;
  two.receiver.on("message", () => {
    strays += 1;
  });
  await ask(one, { operation: "GET" });
  assert.equal(strays, 0);
});
