import assert from "node:assert/strict";
import { test } from "node:test";
import rhea from "rhea";
import { selectorCode, selectorName } from "../../../../adapters/event-hubs/receiver-filter.ts";
import { unauthorized } from "../../../../core/access/sas-token.ts";
import { ended, once, timeout } from "../amqp/amqp-client.ts";
import { addressOf, Inbox, receive, settle, startEndpoint, textOf } from "./endpoint-bench.ts";
import { firstTimeMs } from "./memory-log.ts";

const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `${from + index}`);

const from = (selector: string, descriptor: string | number = selectorCode, key = selectorName) => ({
  source: { address: addressOf(0), filter: { [key]: rhea.types.wrap_described(selector, descriptor) } },
});

// spec/amqp 9: receiver attach, credit
test("events come in order, as many as there is credit for, and what is stored later comes at once", {
  timeout,
}, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(250));
  const { link, inbox } = await receive(await bench.client());
  link.add_credit(3);
  assert.deepEqual((await inbox.take(3)).map(textOf), ["0", "1", "2"]);
  await settle();
  assert.equal(inbox.size, 0);
  link.add_credit(300);
  assert.deepEqual((await inbox.take(247)).map(textOf), numbered(247, 3));
  bench.log.append(0, "later");
  bench.log.append(1, "elsewhere");
  const [later] = await inbox.take(1);
  assert.equal(later && textOf(later), "later");
  assert.deepEqual(later?.message_annotations?.["x-opt-sequence-number"], 250);
  assert.deepEqual(later?.message_annotations?.["x-opt-offset"], "250");
  assert.deepEqual(later?.message_annotations?.["x-opt-enqueued-time"], new Date(firstTimeMs + 250_000));
});

// spec/amqp 9: source.filter
const starts: readonly (readonly [string, string])[] = [
  ["amqp.annotation.x-opt-offset > '-1'", "0"],
  ["amqp.annotation.x-opt-offset > '3'", "4"],
  ["amqp.annotation.x-opt-offset >= '3'", "3"],
  ["amqp.annotation.x-opt-sequence-number > '7'", "8"],
  ["amqp.annotation.x-opt-sequence-number >= 7", "7"],
  ["amqp.annotation.x-opt-sequence-number > '-1'", "0"],
  [`amqp.annotation.x-opt-enqueued-time > '${firstTimeMs + 4_000}'`, "5"],
  [`amqp.annotation.x-opt-enqueued-time > ${firstTimeMs + 3_999}`, "4"],
  ["amqp.annotation.x-opt-offset > '@latest'", "new"],
  ["amqp.annotation.x-opt-sequence-number > '9'", "new"],
  [`amqp.annotation.x-opt-enqueued-time > '${firstTimeMs + 999_000}'`, "new"],
];
for (const [selector, first] of starts) {
  test(`a receiver with ${selector} begins with event ${first}`, { timeout }, async () => {
    await using bench = startEndpoint();
    bench.log.append(0, ...numbered(10));
    const { link, inbox } = await receive(await bench.client(), from(selector));
    await settle();
    bench.log.append(0, "new");
    link.add_credit(1);
    assert.deepEqual((await inbox.take(1)).map(textOf), [first]);
    assert.ok(link.source.filter !== undefined, "the filter at work is told");
  });
}

test("the filter is known by its symbol too, as key or descriptor", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(10));
  const selector = "amqp.annotation.x-opt-offset > '4'";
  for (const options of [
    from(selector, selectorName, "any"),
    from(selector, selectorCode, "any"),
    from(selector, 77),
  ]) {
    const { link, inbox } = await receive(await bench.client(), options);
    link.add_credit(1);
    assert.deepEqual((await inbox.take(1)).map(textOf), ["5"]);
  }
});

// spec/amqp 9, 11
const refusals: readonly (readonly [string, object, string, string, RegExp])[] = [
  ["an unknown group", {}, addressOf(0, "nobody"), "amqp:not-found", /The messaging entity .* could not be found/],
  ["an unknown entity", {}, "other/ConsumerGroups/$Default/Partitions/0", "amqp:not-found", /could not be found/],
  ["an unknown partition", {}, addressOf(2), "com.microsoft:argument-out-of-range", /It should be between 0 and 1/],
  ["a partition that is no number", {}, addressOf("00"), "com.microsoft:argument-out-of-range", /partition is invalid/],
  ["a filter that is none", from("x > 1"), addressOf(0), "amqp:invalid-field", /filter/],
  [
    "a sequence that is not reached",
    from("amqp.annotation.x-opt-sequence-number > '5'"),
    addressOf(0),
    "com.microsoft:argument-error",
    /The supplied sequence number '5' is invalid. The last sequence number in the system is '1'/,
  ],
  [
    "an epoch below 0",
    { properties: { "com.microsoft:epoch": rhea.types.wrap_long(-1) } },
    addressOf(0),
    "amqp:invalid-field",
    /epoch/,
  ],
];
for (const [name, options, address, condition, description] of refusals) {
  test(`${name} is refused with ${condition}`, { timeout }, async () => {
    await using bench = startEndpoint();
    bench.log.append(0, "0", "1");
    const { link, error } = await receive(await bench.client(), options, address);
    const told = error ?? (await ended(link, "receiver")).link;
    assert.equal(told?.condition, condition);
    assert.match(told?.description ?? "", description);
    assert.equal(bench.log.readers, 0);
  });
}

test("sending to the entity is refused", { timeout }, async () => {
  await using bench = startEndpoint();
  const client = await bench.client();
  for (const address of ["hub-1", addressOf(0), "hub-1/Partitions/0"]) {
    const { error } = await client.attachSender(address);
    assert.match(error?.condition ?? "", address === "hub-1/Partitions/0" ? /amqp:not-found/ : /amqp:not-allowed/);
  }
});

// spec/amqp 2: links other than $cbs need a token
test("a receiver needs a token that the hub honours", { timeout }, async () => {
  await using bench = startEndpoint();
  const client = await bench.client();
  bench.hub.onAdmit = () => {
    throw unauthorized("The specified SAS token is expired");
  };
  assert.equal((await receive(client)).error?.condition, "amqp:unauthorized-access");
});

// AMQP 1.0 part 2, section 2.6.7
test("a drain is answered when everything that is there has come", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(5));
  const { link, inbox } = await receive(await bench.client());
  link.add_credit(4_000_000_000);
  link.drain_credit();
  await once(link, "receiver_drained");
  assert.equal(inbox.size, 5);
  link.drain = false;
  bench.log.append(0, "later");
  await settle();
  assert.equal(inbox.size, 5);
  link.add_credit(1);
  assert.deepEqual((await inbox.take(6)).map(textOf), [...numbered(5), "later"]);
});

test("events are settled, unless the client wants to do it", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(3_000));
  for (const [mode, settled] of [
    [undefined, true],
    [2, true],
    [1, true],
    [0, false],
  ] as const) {
    const options = mode === undefined ? {} : { snd_settle_mode: mode };
    const { link, inbox } = await receive(await bench.client(), { ...options, autoaccept: true });
    const seen: unknown[] = [];
    link.on("message", ({ delivery }) => seen.push(delivery?.remote_settled));
    link.add_credit(3_000);
    await inbox.take(3_000);
    assert.equal(link.snd_settle_mode, settled ? 1 : 0);
    assert.ok(seen.every((one) => one === settled));
    link.connection.close();
  }
});

// spec/amqp 3: frames
test("an event that is larger than a frame comes in several", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, "a", Buffer.alloc(200_000, "b"), "c", Buffer.alloc(5_000, "d"), "e");
  const { link, inbox } = await receive(await bench.client({ max_frame_size: 4_096 }));
  link.add_credit(10);
  const lengths = (await inbox.take(5)).map((event) => textOf(event).length);
  assert.deepEqual(lengths, [1, 200_000, 1, 5_000, 1]);
});

test("links of one session take turns, with replies between them", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(2_000));
  bench.log.append(1, ...numbered(2_000));
  const client = await bench.client();
  const on = client.connection;
  const one = await client.attachReceiver(addressOf(0), { credit_window: 0 }, on);
  const two = await client.attachReceiver(addressOf(1), { credit_window: 0, snd_settle_mode: 0 }, on);
  const [first, second] = [new Inbox(one.link), new Inbox(two.link)];
  one.link.add_credit(1_000);
  two.link.add_credit(1_500);
  const put = client.putToken("sb://hub.example/hub-1");
  await Promise.all([first.take(1_000), second.take(1_500), put]);
  one.link.add_credit(1_000);
  two.link.add_credit(500);
  assert.deepEqual((await first.take(1_000)).map(textOf), numbered(1_000, 1_000));
  assert.deepEqual((await second.take(500)).map(textOf), numbered(500, 1_500));
});

test("a client that does not read is not read for", { timeout }, async () => {
  await using bench = startEndpoint({ congestedBytes: 100_000 });
  bench.log.append(0, ...Array.from({ length: 1_000 }, () => Buffer.alloc(10_000)));
  bench.log.batchSize = 10;
  const client = await bench.client();
  const { link, inbox } = await receive(client);
  link.add_credit(1_000_000);
  await once(link, "message");
  client.stream.pause();
  await settle();
  await settle();
  const before = bench.log.batches[0] ?? 0;
  assert.ok(before < 80, `${before} batches of 100 were read`);
  client.stream.resume();
  await inbox.take(999);
});

test("the metric tells with each event how far the partition is", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, ...numbered(7));
  const desired_capabilities = ["com.microsoft:georeplication", "com.microsoft:enable-receiver-runtime-metric"];
  const { link, inbox } = await receive(await bench.client(), { desired_capabilities });
  link.add_credit(1);
  const [event] = await inbox.take(1);
  assert.deepEqual(event?.delivery_annotations, {
    last_enqueued_sequence_number: 6,
    last_enqueued_offset: "6",
    last_enqueued_time_utc: new Date(firstTimeMs + 6_000),
    runtime_info_retrieval_time_utc: new Date("2026-01-01T00:00:00Z"),
  });
});

test("a receiver ends with its consumer group, its connection, and the endpoint", { timeout }, async () => {
  const bench = startEndpoint();
  bench.groups.add("short");
  const client = await bench.client();
  const short = await receive(client, {}, addressOf(0, "short"));
  const rest = await receive(client);
  const other = await bench.client();
  await receive(other, {}, addressOf(1));
  assert.equal(bench.log.readers, 3);
  bench.groups.delete("short");
  const gone = ended(short.link, "receiver");
  bench.log.append(0, "0");
  assert.equal((await gone).link?.condition, "amqp:not-found");
  other.stream.destroy(new Error("broken"));
  await settle();
  assert.equal(bench.log.readers, 1);
  const last = ended(rest.link, "receiver");
  await bench[Symbol.asyncDispose]();
  assert.equal((await last).link?.condition, "amqp:link:detach-forced");
  assert.equal(bench.log.readers, 0);
});
