import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openQueryWorkers, type QueryWorkersOptions } from "../../../adapters/node/query-workers.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { writeFleet } from "../../support/query-fleet.ts";
import { openQueryStore } from "../../support/query-store.ts";

const allDevices = parseQuery("SELECT deviceId FROM devices");

function open(t: TestContext, options: Omit<QueryWorkersOptions, "file"> = {}) {
  const { store, file } = openQueryStore(t);
  writeFleet(
    store,
    ["a", "b", "c"].map((deviceId) => ({ deviceId, tags: { deviceId } })),
  );
  return { store, workers: openQueryWorkers({ file, size: 1, ...options }) };
}

test("pages and plans come from another thread, which sees what was committed before", async (t: TestContext) => {
  const times: number[] = [];
  const { store, workers } = open(t, { onPage: (_query, milliseconds) => times.push(milliseconds) });
  await using _ = workers;
  const first = await workers.page(allDevices, { limit: 2 });
  assert.deepEqual(first, { rows: ['{"deviceId":"a"}', '{"deviceId":"b"}'], next: { given: 2, after: ["b"] } });
  writeFleet(store, [{ deviceId: "bb" }]);
  const second = await workers.page(allDevices, { limit: 2, after: first.next });
  assert.deepEqual(second, { rows: ['{"deviceId":"bb"}', '{"deviceId":"c"}'] });
  const { sql, steps } = await workers.plan(allDevices);
  assert.match(sql, /^SELECT/);
  assert.equal(steps.length, 1);
  assert.equal(times.length, 2);
});

test("a refusal comes as the HubError that it is", async (t: TestContext) => {
  const { workers } = open(t);
  await using _ = workers;
  const page = { limit: 2, after: { given: 1, after: [1, 2, 3] } };
  await assert.rejects(workers.page(allDevices, page), { name: "HubError", reason: "ArgumentInvalid" });
  assert.equal((await workers.page(allDevices, { limit: 9 })).rows.length, 3);
});

test("queries wait their turn, so many and no more", async (t: TestContext) => {
  const { workers } = open(t, { mostWaiting: 3 });
  await using _ = workers;
  // One is taken at once, three wait.
  const taken = Array.from({ length: 4 }, () => workers.page(allDevices, { limit: 1 }));
  await assert.rejects(workers.page(allDevices, { limit: 1 }), { reason: "ServiceUnavailable" });
  assert.deepEqual(
    (await Promise.all(taken)).map(({ rows }) => rows.length),
    [1, 1, 1, 1],
  );
});

test("a query that takes too long is given up, and the next one gets a thread of its own", async (t: TestContext) => {
  // No thread starts within this time.
  const { workers } = open(t, { timeLimitMs: 1 });
  await using _ = workers;
  for (let turn = 0; turn < 3; turn += 1) {
    await assert.rejects(workers.page(allDevices, { limit: 1 }), { reason: "ServiceUnavailable", message: /longer/ });
  }
});

test("a thread that fails tells why, and is replaced", async (t: TestContext) => {
  const { file } = openQueryStore(t);
  await using workers = openQueryWorkers({ file: `${file}-that-is-not-there`, size: 1 });
  for (let turn = 0; turn < 2; turn += 1) {
    await assert.rejects(workers.page(allDevices, { limit: 1 }), { message: /unable to open/ });
  }
});

test("who waits when the hub stops hears of it", async (t: TestContext) => {
  const { workers } = open(t);
  const pages = Array.from({ length: 3 }, () => workers.page(allDevices, { limit: 1 }));
  const heard = Promise.all(pages.map((page) => assert.rejects(page, { reason: "ServiceUnavailable" })));
  await workers[Symbol.asyncDispose]();
  await heard;
  await assert.rejects(workers.page(allDevices, { limit: 1 }), { reason: "ServiceUnavailable" });
});
