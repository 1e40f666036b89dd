import assert from "node:assert/strict";
import { test } from "node:test";
import { createRowCache } from "../../../projections/row-cache.ts";

function table(budget: number) {
  const stored = new Map<string, string>();
  const calls: string[] = [];
  const name = (deviceId: string, moduleId: string): string => `${deviceId}/${moduleId}`;
  const cache = createRowCache<string>(
    {
      load(deviceId, moduleId) {
        calls.push(`load ${name(deviceId, moduleId)}`);
        return stored.get(name(deviceId, moduleId));
      },
      save(deviceId, moduleId, row, before) {
        calls.push(`save ${name(deviceId, moduleId)} ${before ?? "-"}>${row}`);
        stored.set(name(deviceId, moduleId), row);
      },
      remove(deviceId, moduleId) {
        calls.push(`remove ${name(deviceId, moduleId)}`);
        stored.delete(name(deviceId, moduleId));
      },
      weigh: (row) => row.length,
    },
    budget,
  );
  return { cache, calls, stored };
}

test("a row is read once and written once, in the order of keys", () => {
  const { cache, calls } = table(1e6);
  cache.set("b", "", "1");
  cache.set("b", "", "2");
  cache.set("a", "m", "3");
  cache.set("a", "", "4");
  assert.equal(cache.get("b", ""), "2");
  cache.flush();
  cache.flush();
  assert.deepEqual(calls, ["load b/", "load a/m", "load a/", "save a/ ->4", "save a/m ->3", "save b/ ->2"]);
});

test("a row that is as it was is not written", () => {
  const { cache, calls, stored } = table(1e6);
  stored.set("a/", "1");
  cache.set("a", "", "2");
  cache.set("a", "", "1");
  cache.set("b", "", "3");
  cache.set("b", "", undefined);
  cache.flush();
  assert.deepEqual(calls, ["load a/", "load b/"]);
});

test("what does not fit in memory is written and forgotten", () => {
  const { cache, calls, stored } = table(10);
  for (const id of ["a", "b", "c"]) cache.set(id, "", "x".repeat(6));
  assert.deepEqual([...stored.keys()], ["a/", "b/"]);
  assert.equal(cache.get("a", ""), "x".repeat(6));
  assert.equal(calls.filter((call) => call === "load a/").length, 2);
});

test("clear forgets what was not written", () => {
  const { cache, stored } = table(1e6);
  cache.set("a", "", "1");
  cache.clear();
  cache.flush();
  assert.equal(stored.size, 0);
  assert.equal(cache.get("a", ""), undefined);
});
