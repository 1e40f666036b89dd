import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { waitFor } from "../../../support/wait-for.ts";
import {
  amqpHeader,
  attach,
  begin,
  described,
  flow,
  list,
  map,
  open,
  text,
  transfer,
} from "../../../unit/adapters/amqp/amqp-bytes.ts";
import { type Bench, startBench } from "../../../unit/adapters/amqp/amqp-client.ts";
import { printedBy } from "../../../unit/adapters/amqp/guarded-rhea.ts";
import { changes, cuts, damage, pieces } from "./damage.ts";
import { goodSession } from "./good-sessions.ts";
import { frames } from "./hostile-frames.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 3_000;
const timeout = 60_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

const [telemetry, twin, cbs] = [0, 102, 100];
const terminus = (descriptor: number, address: string) => described(descriptor, list(text(address)));
const to = (name: string, handle: number, address: string) => attach({ name, handle, target: terminus(0x29, address) });
const from = (name: string, handle: number, address: string) =>
  attach({ name, handle, sends: false, source: terminus(0x28, address) });

/** A connection up to its `$cbs` links. */
const opening = Buffer.concat([
  amqpHeader,
  open(),
  begin(),
  to("to-cbs", cbs, "$cbs"),
  from("from-cbs", cbs + 1, "$cbs"),
  flow({ handle: cbs + 1 }),
]);

/** A token for dev-1, and its links. */
const pairs = { operation: "put-token", type: "azure-devices.net:sastoken", name: "hub.example/devices/dev-1" };
const putToken = Buffer.concat([
  described(0x74, map(...Object.entries(pairs).flatMap(([name, value]) => [text(name), text(value)]))),
  described(0x77, text("token")),
]);
const proving = Buffer.concat([
  transfer({ handle: cbs, payload: putToken }),
  to("telemetry", telemetry, "/devices/dev-1/messages/events"),
  from("out", 1, "/devices/dev-1/twin"),
  flow({ handle: 1 }),
  to("twin", twin, "/devices/dev-1/twin"),
]);

const nothing = Buffer.alloc(0);
const session = goodSession({ id: 1, handle: 1, sendsOn: [telemetry, twin, cbs] });
const damaged = fc.tuple(session, changes).map(([bytes, all]) => all.reduce(damage, bytes));
const junk = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

/** Once the client is gone, each session that began has ended once, and nothing is held; no bug was logged. */
async function assertSound(bench: Bench): Promise<void> {
  bench.pass(60_000);
  bench.pass(5_000);
  await waitFor("the listener to let go", () => bench.listener.connectionCount === 0);
  assert.equal(bench.hub.ends.length, bench.hub.connects.length);
  assert.ok(!bench.log.some((line) => line.includes('"level":50')), bench.log.join(""));
}

async function survives(parts: readonly Buffer[], places: readonly number[]): Promise<void> {
  await using bench = startBench();
  const [ours, theirs] = duplexPair();
  ours.on("error", () => {}).resume();
  bench.listener.accept(theirs, { protocol: "amqp", remoteAddress: "192.0.2.1" });
  for (const part of parts) {
    for (const piece of pieces(part, part === parts.at(-1) ? places : [])) ours.write(piece);
    await turns();
  }
  ours.end();
  await turns();
  await assertSound(bench);
  ours.destroy();
  const good = await bench.proved("good");
  assert.equal((await good.attachSender("/devices/good/messages/events")).error, undefined);
}

/** The hub answers within some turns of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise(setImmediate);
}

async function fuzz(parts: fc.Arbitrary<readonly Buffer[]>): Promise<void> {
  const printed = await printedBy(async () => {
    await fc.assert(fc.asyncProperty(parts, cuts, survives), parameters);
  });
  assert.deepEqual(printed, []);
}

// spec/amqp 2, 3
test("Random bytes", { timeout }, async () => {
  await fuzz(fc.tuple(fc.constantFrom(nothing, amqpHeader, opening), junk));
});

// spec/amqp 4, 5, 6, 7
test("Frames in any order with any values, before and after a token", { timeout }, async () => {
  await fuzz(fc.tuple(fc.constant(opening), fc.constantFrom(nothing, proving), frames));
});

test("Good sessions, whole or damaged", { timeout }, async () => {
  await fuzz(fc.tuple(fc.constant(opening), fc.constant(proving), damaged));
});
