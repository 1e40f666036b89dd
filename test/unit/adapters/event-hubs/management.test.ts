import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Sender } from "rhea";
import { unauthorized } from "../../../../core/access/sas-token.ts";
import { type AmqpClient, timeout } from "../amqp/amqp-client.ts";
import { Inbox, startEndpoint } from "./endpoint-bench.ts";
import { createdMs, firstTimeMs } from "./memory-log.ts";

type Node = {
  readonly sender: Sender;
  readonly inbox: Inbox;
  readonly ask: (properties: object) => Promise<Message>;
};

/** A pair of links to `$management`, as clients open them. */
async function open(client: AmqpClient, address = "$management", replyTo = "reply-1"): Promise<Node> {
  const session = client.connection.create_session();
  session.begin();
  const receiver = await client.attachReceiver(address, { target: { address: replyTo } }, session);
  const { link, error } = await client.attachSender(address, {}, session);
  assert.deepEqual([receiver.error, error], [undefined, undefined]);
  const sender = link;
  const inbox = new Inbox(receiver.link);
  const ask = async (properties: object): Promise<Message> => {
    const named = { operation: "READ", name: "hub-1", ...properties };
    const message = { message_id: "m-1", reply_to: replyTo, body: Buffer.from("[]"), application_properties: named };
    sender.send(message);
    const [reply] = await inbox.take(1);
    assert.ok(reply !== undefined);
    assert.equal(reply.correlation_id, "m-1");
    return reply;
  };
  return { sender, inbox, ask };
}

const hub = { type: "com.microsoft:eventhub" };
const partition = (id: unknown) => ({ type: "com.microsoft:partition", partition: id });

// spec/amqp 9: $management
for (const address of ["$management", "hub-1/$management", "HUB-1/$MANAGEMENT"]) {
  test(`${address} tells of the event hub`, { timeout }, async () => {
    await using bench = startEndpoint();
    const { ask } = await open(await bench.client(), address);
    for (const name of ["hub-1", "Hub-1", "messages/events"]) {
      const { application_properties: properties, body } = await ask({ ...hub, name });
      assert.deepEqual(properties, { "status-code": 200, "status-description": "OK" });
      assert.deepEqual(body, {
        name: "hub-1",
        type: "com.microsoft:eventhub",
        created_at: new Date(createdMs),
        partition_count: 2,
        partition_ids: ["0", "1"],
        georeplication_factor: 1,
      });
    }
  });
}

test("$management tells of a partition: one with events, a new one, and one that retention emptied", {
  timeout,
}, async () => {
  await using bench = startEndpoint();
  const { ask } = await open(await bench.client());
  bench.log.append(0, "0", "1", "2");
  const common = { name: "hub-1", type: "com.microsoft:partition" };
  const three = {
    ...common,
    partition: "0",
    begin_sequence_number: 0,
    last_enqueued_sequence_number: 2,
    last_enqueued_offset: "2",
    last_enqueued_time_utc: new Date(firstTimeMs + 2_000),
    is_partition_empty: false,
  };
  assert.deepEqual((await ask(partition("0"))).body, three);
  assert.deepEqual((await ask(partition("1"))).body, {
    ...common,
    partition: "1",
    begin_sequence_number: 0,
    last_enqueued_sequence_number: -1,
    last_enqueued_offset: "-1",
    last_enqueued_time_utc: new Date(0),
    is_partition_empty: true,
  });
  bench.log.deletedTo = 1;
  assert.deepEqual((await ask(partition("0"))).body, { ...three, begin_sequence_number: 1 });
  bench.log.deletedTo = 3;
  const emptied = { ...three, begin_sequence_number: 3, is_partition_empty: true };
  assert.deepEqual((await ask(partition("0"))).body, emptied);
});

// spec/amqp 9, 11: what makes clients raise MessagingEntityNotFoundError, and the rest
const failures: readonly (readonly [string, object, number, RegExp])[] = [
  ["another entity", { ...hub, name: "other" }, 404, /The messaging entity 'other' could not be found/],
  ["no entity", { ...hub, name: 7 }, 404, /could not be found/],
  ["an unknown partition", partition("2"), 400, /The specified partition is invalid.*between 0 and 1/],
  ["a partition that is no text", partition(0), 400, /The specified partition is invalid/],
  ["another operation", { ...hub, operation: "DELETE" }, 501, /operation/],
  ["another type", { type: "com.microsoft:queue" }, 501, /type/],
];
for (const [name, properties, code, description] of failures) {
  test(`a request for ${name} is answered with ${code}`, { timeout }, async () => {
    await using bench = startEndpoint();
    const { ask } = await open(await bench.client());
    const { application_properties: answer, body } = await ask(properties);
    assert.equal(answer?.["status-code"], code);
    assert.match(answer?.["status-description"], description);
    assert.equal(body, null);
  });
}

test("a token in a request is checked, and streams out of reach are told of", { timeout }, async () => {
  await using bench = startEndpoint();
  const { ask } = await open(await bench.client());
  assert.equal((await ask({ ...hub, security_token: "t" })).application_properties?.["status-code"], 200);
  bench.log.isReachable = false;
  assert.equal((await ask(hub)).application_properties?.["status-code"], 503);
  bench.hub.onAdmit = () => {
    throw unauthorized("no");
  };
  assert.equal((await ask({ ...hub, security_token: 7 })).application_properties?.["status-code"], 401);
});

test("each reply goes to the address that its request names, over the same session", { timeout }, async () => {
  await using bench = startEndpoint();
  const client = await bench.client();
  const [one, two] = [await open(client), await open(client)];
  one.sender.send({ message_id: "x", reply_to: "nowhere", application_properties: hub, body: "" });
  await Promise.all([two.ask(hub), one.ask(partition("1"))]);
  assert.deepEqual([one.inbox.size, two.inbox.size], [0, 0]);
});

test("many requests at once are answered, each once", { timeout }, async () => {
  await using bench = startEndpoint();
  const { sender, inbox } = await open(await bench.client());
  let sent = 0;
  const send = (): void => {
    for (; sent < 500 && sender.sendable(); sent += 1) {
      sender.send({
        message_id: `${sent}`,
        reply_to: "reply-1",
        application_properties: { ...hub, operation: "READ" },
        body: "",
      });
    }
  };
  sender.on("sendable", send);
  send();
  const ids = (await inbox.take(500)).map(({ correlation_id: id }) => Number(id));
  assert.deepEqual(new Set(ids).size, 500);
  assert.ok(sender.sendable());
});
