import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { IdentityKey } from "../../../../core/events.ts";
import type { Queries } from "../../../../core/queries.ts";
import { openStore } from "../../../../projections/store.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { queriesOver } from "../../../support/queries-over.ts";
import { type FleetMember, writeFleet } from "../../../support/query-fleet.ts";

const fleet: readonly FleetMember[] = [
  { deviceId: "a", tags: { floor: 1 } },
  { deviceId: "a", moduleId: "m", tags: { floor: 1 } },
  { deviceId: "a", moduleId: "n", tags: { floor: 2 } },
  { deviceId: "b", tags: { floor: 2 } },
  { deviceId: "c", tags: { floor: 1, long: "x".repeat(5000) } },
  { deviceId: "d", tags: { floor: 1, long: "y".repeat(5000) } },
];

function open(t: TestContext, options: { strict?: boolean } = {}): Queries {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-queries-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "views.db");
  const { store } = openStore(file);
  t.after(() => store.close());
  writeFleet(store, fleet);
  return queriesOver(t, file, options);
}

async function allPages(queries: Queries, text: string, limit: number): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await queries.page(text, { limit, ...(after !== undefined && { after }) });
    rows.push(...page.rows.map((row) => JSON.parse(row) as unknown));
    after = page.next;
  } while (after !== undefined);
  return rows;
}

// spec/query-language 13
test("the targets of a condition come in the order of their ids, from behind one on", async (t) => {
  const queries = open(t);
  const cases: readonly (readonly [string, IdentityKey | undefined, readonly IdentityKey[]])[] = [
    ["*", undefined, [{ deviceId: "a" }, { deviceId: "b" }]],
    ["*", { deviceId: "b" }, [{ deviceId: "c" }, { deviceId: "d" }]],
    ["tags.floor = 1", { deviceId: "a" }, [{ deviceId: "c" }, { deviceId: "d" }]],
    ["tags.floor = 1", { deviceId: "d" }, []],
    ["from devices.modules where tags.floor > 0", { deviceId: "a", moduleId: "m" }, [{ deviceId: "a", moduleId: "n" }]],
    ["from devices.modules where tags.floor = 3", undefined, []],
  ];
  for (const [condition, after, expected] of cases) {
    assert.deepEqual(await queries.targets(condition, { limit: 2, ...(after && { after }) }), expected, condition);
  }
  await assert.rejects(
    queries.targets("SELECT * FROM devices", { limit: 1 }),
    refusal("ArgumentInvalid", /^Line 1:29 /),
  );
});

// spec/query-language 13: a metric's value is the number of rows
test("rows are counted, whatever they are", async (t) => {
  const queries = open(t);
  for (const [text, count] of [
    ["SELECT * FROM devices", 4],
    ["SELECT * FROM devices.modules", 2],
    ["SELECT deviceId FROM devices WHERE tags.floor = 1 ORDER BY deviceId", 3],
    ["SELECT TOP 2 deviceId FROM devices", 2],
    ["SELECT * FROM devices OFFSET 3", 1],
    ["SELECT tags.floor, COUNT() AS n FROM devices GROUP BY tags.floor", 2],
    ["SELECT DISTINCT tags.floor FROM devices.modules", 2],
    ["SELECT COUNT() AS n FROM devices", 1],
    ["SELECT * FROM devices.jobs", 0],
  ] as const) {
    assert.equal(await queries.count(text), count, text);
  }
  await assert.rejects(queries.count("select *"), refusal("ArgumentInvalid"));
});

test("pages go on behind rows that are too long for a token", async (t) => {
  const queries = open(t);
  const text = "SELECT tags.long, COUNT() AS n FROM devices GROUP BY tags.long";
  const lengths = (rows: readonly unknown[]) => rows.map((row) => (row as { long?: string }).long?.length);
  assert.deepEqual(lengths(await allPages(queries, text, 1)), [undefined, 5000, 5000]);
  const ordered = "SELECT TOP 3 deviceId FROM devices ORDER BY tags.long DESC OFFSET 1";
  assert.deepEqual(
    await allPages(queries, ordered, 1),
    ["c", "a", "b"].map((deviceId) => ({ deviceId })),
  );
});

test("a text of a kind is checked as that kind, and a strict hub refuses what IoT Hub does", async (t) => {
  const lax = open(t);
  const strict = open(t, { strict: true });
  lax.check("query", "SELECT * FROM devices ORDER BY deviceId");
  lax.check("deviceTarget", "tags.a LIKE 'x%'");
  lax.check("jobTarget", "FROM devices.modules WHERE tags.a = 1");
  lax.check("moduleTarget", "FROM devices.modules WHERE tags.a = 1");
  const wrong = refusal("ArgumentInvalid");
  assert.throws(() => lax.check("moduleTarget", "tags.a = 1"), wrong);
  assert.throws(() => lax.check("deviceTarget", "FROM devices.modules WHERE tags.a = 1"), wrong);
  assert.throws(() => strict.check("query", "SELECT * FROM devices ORDER BY deviceId"), wrong);
  assert.throws(() => strict.check("deviceTarget", "tags.a LIKE 'x%'"), wrong);
  await assert.rejects(
    strict.page("EXPLAIN SELECT * FROM devices", { limit: 1 }),
    refusal("ArgumentInvalid", /^Line 1:1 /),
  );
  const { rows, itemType } = await lax.page("EXPLAIN SELECT * FROM devices WHERE tags.floor = 1", { limit: 1 });
  const [plan] = rows.map((row) => JSON.parse(row) as Record<string, unknown>);
  assert.deepEqual([itemType, Object.keys(plan ?? {})], ["Raw", ["plan", "indexes", "sql"]]);
});
