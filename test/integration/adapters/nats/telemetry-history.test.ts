import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { createPartitionLog } from "../../../../adapters/nats/partition-log.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { createTelemetryHistory } from "../../../../adapters/nats/telemetry-history.ts";
import { createTelemetryLog } from "../../../../adapters/nats/telemetry-log.ts";
import type { StoredTelemetry, TelemetryHistory, TelemetryQuery } from "../../../../core/ports.ts";
import { silentLog, startNats } from "../../../support/nats.ts";
import { suiteScope } from "../../../support/suite-scope.ts";

const none = { system: {}, application: new Map<string, string>() };

/** One partition: 3,000 messages of others around ten of device `d.1` and five of its module. */
suite("stored telemetry is looked up", () => {
  const scope = suiteScope();
  let history: TelemetryHistory;
  let middle = "";

  before(async () => {
    const nc = await (await startNats(scope)).connect();
    await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
    const log = createTelemetryLog({ nc, hub: "hub", partitions: 1, log: silentLog });
    scope.after(() => log[Symbol.dispose]());
    const store = (deviceId: string, moduleId: string | undefined, body: string): Promise<void> => {
      const stamp = { deviceId, ...(moduleId && { moduleId }), generationId: "1", authMethod: "{}", connectionId: "c" };
      const sender = log.open(stamp);
      return new Promise((resolve, reject) =>
        sender.send({ properties: none, body: Buffer.from(body) }, (error) => (error ? reject(error) : resolve())),
      );
    };
    const others = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => store(`other-${index % 7}`, undefined, "x")));
    for (let number = 1; number <= 15; number += 1) {
      await others(200);
      if (number === 8) {
        // The time of the next message is another one than that of those before.
        const last = Date.now();
        while (Date.now() === last) await others(1);
        middle = new Date().toISOString();
      }
      await store("d.1", number % 3 === 0 ? "m" : undefined, String(number));
    }
    const partitionLog = createPartitionLog({ nc, hub: "hub", partitions: 1 });
    history = createTelemetryHistory({ nc, hub: "hub", partitionLog });
  });

  const bodyOf = ({ body }: StoredTelemetry): number => Number(Buffer.from(body).toString());

  /** All that a query finds, in as many parts as it takes. */
  async function all(query: Omit<TelemetryQuery, "deviceId" | "afterSequence">): Promise<number[]> {
    const found: number[] = [];
    for (let afterSequence: number | undefined; ; ) {
      const part = await history.find({
        deviceId: "d.1",
        ...query,
        ...(afterSequence !== undefined && { afterSequence }),
      });
      assert.ok(part.messages.length <= query.limit);
      found.push(...part.messages.map(bodyOf));
      if (part.next === undefined) return found;
      afterSequence = part.next;
    }
  }

  const numbers = Array.from({ length: 15 }, (_, index) => index + 1);

  for (const limit of [1, 4, 100]) {
    test(`in both orders, ${limit} at once`, async () => {
      assert.deepEqual(await all({ limit }), numbers);
      assert.deepEqual(await all({ limit, descending: true }), numbers.toReversed());
    });
  }

  test("of the device itself, or of its module", async () => {
    assert.deepEqual(await all({ limit: 100, moduleId: "m" }), [3, 6, 9, 12, 15]);
    assert.deepEqual(await all({ limit: 4, moduleId: "", descending: true }), [14, 13, 11, 10, 8, 7, 5, 4, 2, 1]);
  });

  test("from a time on, up to one, and between two", async () => {
    const later = numbers.filter((number) => number >= 8);
    const earlier = numbers.filter((number) => number < 8);
    const justBefore = new Date(Date.parse(middle) - 1).toISOString();
    assert.deepEqual(await all({ limit: 3, from: middle }), later);
    assert.deepEqual(await all({ limit: 3, from: middle, descending: true }), later.toReversed());
    assert.deepEqual(await all({ limit: 3, to: justBefore }), earlier);
    assert.deepEqual(await all({ limit: 3, to: justBefore, descending: true }), earlier.toReversed());
    assert.deepEqual(await all({ limit: 3, from: middle, to: justBefore }), []);
  });

  test("a device that never sent anything has none", async () => {
    assert.deepEqual(await history.find({ deviceId: "nobody", limit: 5 }), { messages: [] });
    assert.deepEqual((await history.find({ deviceId: "nobody", limit: 5, descending: true })).messages, []);
  });

  test("a message comes with its place and its stamps", async () => {
    const [first] = (await history.find({ deviceId: "d.1", limit: 1 })).messages;
    assert.ok(first !== undefined);
    const { time, body, ...rest } = first;
    assert.ok(Date.parse(time) > 0 && body.length > 0);
    assert.deepEqual(rest, {
      partition: 0,
      sequence: 201,
      stamp: { deviceId: "d.1", generationId: "1", authMethod: "{}", connectionId: "c" },
      properties: none,
    });
  });
});
