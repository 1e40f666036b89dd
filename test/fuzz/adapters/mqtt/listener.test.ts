import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { waitFor } from "../../../support/wait-for.ts";
import {
  type Bench,
  connectPacket,
  publishPacket,
  startBench,
  type TestClient,
  telemetryTopic,
} from "../../../unit/adapters/mqtt/mqtt-client.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 2_000;
const timeout = 60_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

const filters = [
  "$iothub/twin/res/#",
  "$iothub/twin/PATCH/properties/desired/#",
  "devices/dev-1/messages/devicebound/#",
];
const valid: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .record({
      bag: fc.string(),
      body: fc.uint8Array({ maxLength: 600 }),
      messageId: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    })
    .map(({ bag, body, messageId }) =>
      publishPacket(
        `${telemetryTopic}${encodeURIComponent(bag)}`,
        Buffer.from(body),
        messageId === undefined ? {} : { messageId },
      ),
    ),
  fc.constantFrom<Packet>(
    { cmd: "pingreq" },
    { cmd: "puback", messageId: 1 },
    { cmd: "unsubscribe", messageId: 8, unsubscriptions: filters },
    { cmd: "subscribe", messageId: 7, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) },
    publishPacket("$iothub/twin/GET/?$rid=1", " "),
    publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=2", '{"a":1}', { messageId: 2 }),
    publishPacket("$iothub/methods/res/200/?$rid=3", "{}"),
  ),
);

/** A session's bytes, from CONNECT on. */
const session = fc
  .array(valid, { maxLength: 12 })
  .map((packets) => Buffer.concat([connectPacket(), ...packets].map((packet) => generate(packet))));

/** The same bytes with some changed, cut out, doubled or cut off. */
const damaged = fc
  .tuple(
    session,
    fc.array(
      fc.record({
        at: fc.nat(),
        to: fc.integer({ min: 0, max: 255 }),
        kind: fc.constantFrom("set", "cut", "double", "end"),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([bytes, changes]) => changes.reduce(damage, bytes));

function damage(bytes: Buffer, { at, to, kind }: { at: number; to: number; kind: string }): Buffer {
  const index = at % Math.max(1, bytes.length);
  if (kind === "set") return Buffer.concat([bytes.subarray(0, index), Buffer.of(to), bytes.subarray(index + 1)]);
  if (kind === "cut") return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + to)]);
  if (kind === "double") return Buffer.concat([bytes.subarray(0, index + to), bytes.subarray(index)]);
  return bytes.subarray(0, index);
}

/** Writes the bytes in chunks that end at these places. */
function sendSplit(client: TestClient, bytes: Buffer, cuts: readonly number[]): void {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const place of places) {
    client.sendBytes(bytes.subarray(from, place));
    from = place;
  }
}

/** Each connection that began has ended once; no deadline leaves one standing; the listener serves a good device still. */
async function assertSound(bench: Bench, client: TestClient): Promise<void> {
  await new Promise(setImmediate);
  bench.pass(1_800_000);
  bench.pass(5_000);
  await client.closed;
  await waitFor("the listener to let go", () => bench.listener.connectionCount === 0);
  assert.equal(bench.hub.ends.length, bench.hub.connects.length);
  assert.equal(new Set(bench.hub.ends.map(({ connectionId }) => connectionId)).size, bench.hub.connects.length);
  assert.ok(!bench.log.some((line) => line.includes('"level":50')), bench.log.join(""));
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

async function survives(bytes: Buffer, places: readonly number[]): Promise<void> {
  await using bench = startBench();
  const client = bench.stranger();
  sendSplit(client, bytes, places);
  await assertSound(bench, client);
  const good = await bench.open({ clientId: "good", username: "hub.example/good" });
  assert.deepEqual(await good.untilPing(), []);
}

// spec/mqtt 3
test("Random bytes", { timeout }, async () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  await fc.assert(fc.asyncProperty(bytes, cuts, survives), parameters);
});

test("Random bytes behind a good CONNECT", { timeout }, async () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.concat([generate(connectPacket()), array]));
  await fc.assert(fc.asyncProperty(bytes, cuts, survives), parameters);
});

test("Good sessions that were damaged, split anywhere", { timeout }, async () => {
  await fc.assert(fc.asyncProperty(damaged, cuts, survives), parameters);
});

// MQTT 3.1.1 §2.2
test("Good sessions split anywhere get the same answers as in one piece", { timeout }, async () => {
  await fc.assert(
    fc.asyncProperty(session, cuts, async (bytes, places) => {
      assert.deepEqual(await answersTo(bytes, places), await answersTo(bytes, []));
    }),
    parameters,
  );
});

/** What the hub got and how many packets of each kind the device got. */
async function answersTo(bytes: Buffer, places: readonly number[]) {
  await using bench = startBench();
  const client = bench.stranger();
  sendSplit(client, bytes, places);
  client.send({ cmd: "disconnect" });
  const kinds = (await client.closed).map(({ cmd }) => cmd).filter((cmd) => cmd !== "puback" && cmd !== "publish");
  await bench.listener.close();
  const bodies = bench.hub.sent.map(({ body }) => Buffer.from(body).toString("hex"));
  return { kinds, bodies, patches: bench.hub.patches.length, ends: bench.hub.ends.map(({ reason }) => reason) };
}
