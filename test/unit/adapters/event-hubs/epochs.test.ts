import assert from "node:assert/strict";
import { test } from "node:test";
import rhea from "rhea";
import { ended, timeout } from "../amqp/amqp-client.ts";
import { addressOf, receive, settle, startEndpoint, textOf } from "./endpoint-bench.ts";

// spec/amqp 9: epoch rules
const epoch = (level: number, name = "") => ({
  properties: { "com.microsoft:epoch": rhea.types.wrap_long(level), "com.microsoft:receiver-name": name },
});
test("a receiver with the same epoch or a higher one displaces the one that is there", { timeout }, async () => {
  await using bench = startEndpoint();
  bench.log.append(0, "0", "1", "2");
  const client = await bench.client();
  const first = await receive(client, epoch(1, "first"));
  const firstEnded = ended(first.link, "receiver");
  const elsewhere = await receive(client, epoch(1), addressOf(1));
  const same = await receive(await bench.client(), epoch(1));
  assert.equal((await firstEnded).link?.condition, "amqp:link:stolen");
  const higher = await receive(client, epoch(2));
  await settle();
  assert.equal((same.link.error as { condition?: string } | undefined)?.condition, "amqp:link:stolen");
  const lower = await receive(client, epoch(1));
  assert.equal(lower.error?.condition, "amqp:link:stolen");
  assert.match(lower.error?.description ?? "", /higher epoch '2' already exists/);
  const none = await receive(client);
  assert.equal(none.error?.condition, "amqp:link:stolen");
  higher.link.add_credit(1);
  assert.deepEqual((await higher.inbox.take(1)).map(textOf), ["0"]);
  assert.ok(elsewhere.link.is_open(), "another partition is another matter");
  assert.equal(bench.log.readers, 2);
});

test("an epoch may be larger than a double holds", { timeout }, async () => {
  await using bench = startEndpoint();
  const client = await bench.client();
  const ticks = (low: number) => {
    const properties = { "com.microsoft:epoch": rhea.types.wrap_long(Buffer.from([8, 0xd6, 0, 0, 0, 0, 0, low])) };
    return receive(client, { properties });
  };
  assert.equal((await ticks(2)).error, undefined);
  assert.equal((await ticks(1)).error?.condition, "amqp:link:stolen");
});

test("five receivers may share a partition and group; an epoch ends them all", { timeout }, async () => {
  await using bench = startEndpoint();
  const client = await bench.client();
  const name = (one: number) => ({ properties: { "com.microsoft:receiver-name": `reader-${one}` } });
  const five = [];
  for (let one = 1; one <= 5; one += 1) five.push(await receive(client, name(one)));
  const sixth = await receive(client, name(6));
  assert.equal(sixth.error?.condition, "amqp:resource-limit-exceeded");
  assert.match(sixth.error?.description ?? "", /reader-1, reader-2, reader-3, reader-4, reader-5/);
  bench.groups.add("other");
  assert.equal((await receive(client, {}, addressOf(0, "Other"))).error, undefined);
  five[0]?.link.close();
  await settle();
  assert.equal((await receive(client, name(7))).error, undefined);
  const over = five.slice(1).map(({ link }) => ended(link, "receiver"));
  assert.equal((await receive(client, epoch(0))).error, undefined);
  for (const { link } of await Promise.all(over)) assert.equal(link?.condition, "amqp:link:stolen");
});
