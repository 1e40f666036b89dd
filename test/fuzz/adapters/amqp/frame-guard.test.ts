import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { amqpHeader, attach, begin, flow, open, saslHeader, saslInit } from "../../../unit/adapters/amqp/amqp-bytes.ts";
import { GuardedRhea, printedBy } from "../../../unit/adapters/amqp/guarded-rhea.ts";
import { changes, cuts, damage, pieces } from "./damage.ts";
import { goodSession } from "./good-sessions.ts";
import { frames } from "./hostile-frames.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 3_000;
const timeout = 60_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

/** What one case may take, in milliseconds, whatever else the machine does. */
const longestCase = 2_000;

/** What rhea may still refuse: orders that only it knows, of deliveries and of those that wait to be settled. */
const known = /^(?:frame sequence error|circular buffer overflow|Invalid value for remote channel)/;

const opening = Buffer.concat([
  amqpHeader,
  open(),
  begin(),
  attach(),
  attach({ name: "out", handle: 1, sends: false }),
  flow({ handle: 1 }),
]);

/** Feeds a stream in chunks that end at these places; the first bytes come alone, and rhea answers them. */
async function survives(first: Buffer, rest: Buffer, places: readonly number[]): Promise<void> {
  const server = new GuardedRhea();
  const started = performance.now();
  server.receive(Buffer.from(first));
  await new Promise(setImmediate);
  for (const piece of pieces(rest, places)) {
    server.receive(piece);
    if (piece.length % 2 === 0) await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  server.end();
  assert.ok(performance.now() - started < longestCase, "it takes too long");
  for (const error of server.heard.errors) assert.match((error as Error).message, known, (error as Error).stack);
}

async function fuzz(first: fc.Arbitrary<Buffer>, rest: fc.Arbitrary<Buffer>): Promise<void> {
  const printed = await printedBy(async () => {
    await fc.assert(fc.asyncProperty(first, rest, cuts, survives), parameters);
  });
  assert.deepEqual(printed, []);
}

// AMQP 1.0 parts 1 to 3; spec/amqp 2
test("Random bytes behind a good opening neither hang rhea, nor make it print, throw or fail", {
  timeout,
}, async () => {
  await fuzz(
    fc.constantFrom(opening, amqpHeader, saslHeader),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
});

test("Frames in any order with any values do not either", { timeout }, async () => {
  await fuzz(fc.constant(opening), frames);
});

test("Nor do good sessions, whole or damaged", { timeout }, async () => {
  const damaged = fc
    .tuple(goodSession({ id: 0, handle: 1, sendsOn: [0] }), changes)
    .map(([bytes, all]) => all.reduce(damage, bytes));
  await fuzz(fc.constant(opening), damaged);
});

test("Nor does SASL", { timeout }, async () => {
  const init = fc
    .tuple(fc.constant(saslInit()), changes)
    .map(([bytes, all]) => Buffer.concat([saslHeader, all.reduce(damage, bytes)]));
  await fuzz(
    init,
    frames.map((bytes) => Buffer.concat([opening, bytes])),
  );
});
