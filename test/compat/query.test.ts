import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Registry as ServiceRegistry } from "azure-iothub";
import type { JsonObject } from "../../core/json.ts";
import { Registry } from "../support/azure-sdk.ts";
import { registerDevice } from "../support/device.ts";
import { owner } from "../support/domain-hub.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { type AppendixQuery, deviceQueries } from "../support/query-appendix-b.ts";
import { appendixTargets, moduleAndJobQueries } from "../support/query-appendix-c.ts";
import { type FixtureFacts, makeFixtures } from "../support/query-hub.ts";
import { suiteScope } from "../support/suite-scope.ts";

type Page = { readonly rows: readonly JsonObject[]; readonly itemType: unknown };

/** All rows of a query, page by page, as the SDK's users read them. */
async function run(registry: ServiceRegistry, text: string, pageSize?: number): Promise<Page> {
  const query = registry.createQuery(text, pageSize);
  const rows: JsonObject[] = [];
  let itemType: unknown;
  let continuation = "";
  while (query.hasMoreResults) {
    const { result, message } = await query.next(continuation);
    rows.push(...(result as JsonObject[]));
    itemType = message.headers["x-ms-item-type"];
    continuation = String(message.headers["x-ms-continuation"]);
  }
  return { rows, itemType };
}

const idOf = ({ deviceId, moduleId, jobId }: JsonObject): string =>
  [jobId, deviceId, moduleId].filter((part) => typeof part === "string").join("/");

/** Texts that IoT Hub refuses, and how the fault is told. */
const refused: readonly (readonly [text: string, fault: string])[] = [
  ["SELECT * FROM devices WHERE STARTS_WITH(deviceId, 'test')", "Line 1:29 "],
  ["SELECT * FROM devices WHERE CONTAINS(deviceId,'x')", "Line 1:29 "],
  ["SELECT * FROM devices WHERE tags.group.region = 'US'", "Line 1:34 "],
  ["SELECT * FROM devices WHERE deviceId IN ('a','b')", "Line 1:41 "],
  ["SELECT * FROM devices ORDER BY deviceId", "Line 1:23 "],
  ["SELECT DISTINCT status FROM devices", "Line 1:8 "],
  ["SELECT * FROM c WHERE deviceId = 'a'", "Line 1:15 "],
  ["SELECT jobId FROM devices.jobs", "Line 1:8 "],
  ["SELECT COUNT() AS n FROM devices.jobs", "Line 1:8 "],
  ["SELECT * FROM devices d JOIN devices.modules m", "Line 1:23 "],
  [`SELECT * FROM devices WHERE deviceId = '${"x".repeat(8192)}'`, "Line 1:8193 "],
  ["SELECT * FROM devices WHERE tags.a LIKE 'x%'", "Line 1:36 "],
  ["SELECT * FROM devices OFFSET 5", "Line 1:23 "],
  ["SELECT status, COUNT() AS n FROM devices GROUP BY status HAVING n > 1", "Line 1:58 "],
  ["EXPLAIN SELECT * FROM devices", "Line 1:1 "],
  ["SELECT COUNT(*) AS n FROM devices", "Line 1:14 "],
];

/** azure-iothub's Registry.createQuery over the fixtures of spec/query-language A, on a hub as strict as IoT Hub. */
suite("Registry.createQuery", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;
  let fixtures: FixtureFacts;

  before(async () => {
    hub = await startHub(scope, { strictQueries: true });
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
    fixtures = await makeFixtures(hub);
  });

  /** An example with what is this hub's own: scopes, the time of the last desired change, and times in milliseconds. */
  async function onThisHub({
    number,
    query,
    raw,
  }: AppendixQuery): Promise<{ query: string; raw?: readonly JsonObject[] }> {
    const own = (text: string): string => {
      const [first = "", second = ""] = [fixtures.scopes.get("edge-01"), fixtures.scopes.get("edge-02")];
      return text
        .replaceAll("ms-azure-iot-edge://edge-01-1", first)
        .replaceAll("ms-azure-iot-edge://edge-02-2", second);
    };
    const text =
      number === "38" ? query.replaceAll("2026-11-10T00:00:00.0000000Z", fixtures.desiredUpdated) : own(query);
    if (raw === undefined) return { query: text };
    const rows = JSON.parse(own(JSON.stringify(raw)).replaceAll(".0000000Z", ".000Z")) as JsonObject[];
    if (number !== "36") return { query: text, raw: rows };
    const desired = async ({ deviceId }: JsonObject): Promise<JsonObject> =>
      (await registry.getTwin(deviceId as string)).responseBody.properties.desired;
    return { query: text, raw: await Promise.all(rows.map(async (row) => ({ ...row, desired: await desired(row) }))) };
  }

  // spec/query-language B, C
  for (const example of [...deviceQueries, ...moduleAndJobQueries]) {
    test(`${example.number}: ${example.query}`, async () => {
      const { query, raw } = await onThisHub(example);
      for (const pageSize of [undefined, 1]) {
        const { rows, itemType } = await run(registry, query, pageSize);
        if (raw !== undefined) assert.deepEqual(rows, raw);
        else assert.deepEqual(rows.map(idOf), example.rows);
        const isJobs = query.toLowerCase().includes("devices.jobs");
        assert.equal(itemType, raw !== undefined ? "Raw" : isJobs ? "DeviceJob" : "Twin");
      }
    });
  }

  // spec/query-language B, C
  for (const { number, target, rows } of appendixTargets) {
    test(`${number}: condition ${target}`, async () => {
      const isModules = /^from /i.test(target);
      const text = isModules ? `SELECT * ${target}` : `SELECT * FROM devices WHERE ${target}`;
      assert.deepEqual((await run(registry, text)).rows.map(idOf), rows);
    });
  }

  test("nextAsTwin gives twins that the SDK can write through", async () => {
    const query = registry.createQuery("SELECT * FROM devices WHERE deviceId IN ['dev-02', 'dev-03']", 1);
    const { result } = await query.nextAsTwin();
    const [twin] = result;
    assert.equal(twin?.deviceId, "dev-02");
    assert.deepEqual(twin, (await registry.getTwin("dev-02")).responseBody);
    await twin?.update({ tags: { seen: true } });
    const second = await query.nextAsTwin();
    assert.deepEqual(
      second.result.map(({ deviceId }) => deviceId),
      ["dev-03"],
    );
    assert.equal(query.hasMoreResults, false);
    // What a caller has written its next query finds.
    assert.deepEqual((await run(registry, "SELECT deviceId FROM devices WHERE tags.seen = true")).rows, [
      { deviceId: "dev-02" },
    ]);
    await registry.updateTwin("dev-02", { tags: { seen: null } }, "*");
  });

  // spec/query-language D, 11, 12
  for (const [text, place] of refused) {
    test(`refused: ${text.slice(0, 100)}`, async () => {
      await assert.rejects(run(registry, text), (error: Error & { responseBody?: string }) => {
        assert.equal(error.name, "ArgumentError");
        const { Message } = JSON.parse(error.responseBody ?? "{}") as { Message: string };
        assert.match(Message, new RegExp(`^ErrorCode:ArgumentInvalid;${place}`));
        return true;
      });
    });
  }
});

/** What goes on from one page to the next, on a hub with the extensions. */
suite("paging through Registry.createQuery", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;

  before(async () => {
    hub = await startHub(scope);
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
    for (let index = 0; index < 25; index += 1) await registerDevice(hub, `p-${String(index).padStart(2, "0")}`);
  });

  const tag = (deviceId: string, tags: JsonObject) => hub.node.hub.twins.update({ deviceId, tags, ...owner });

  test("each twin comes once while others come, go and change between the pages", async () => {
    const query = registry.createQuery("SELECT * FROM devices WHERE STARTSWITH(deviceId, 'p-')", 4);
    const seen: string[] = [];
    for (let page = 0; query.hasMoreResults; page += 1) {
      const { result } = await query.nextAsTwin();
      seen.push(...result.map(({ deviceId }) => deviceId));
      if (page === 1) {
        await registerDevice(hub, "p-00a");
        await registerDevice(hub, "p-24a");
        await registry.delete("p-03");
        await registry.delete("p-20");
      }
      await tag(seen.at(-1) ?? "", { page });
    }
    const all = Array.from({ length: 25 }, (_, index) => `p-${String(index).padStart(2, "0")}`);
    assert.deepEqual(seen, [...all.filter((deviceId) => deviceId !== "p-20"), "p-24a"]);
  });

  test("pages of groups, and of rows in an order, go on where the last one ended", async () => {
    for (let index = 0; index < 20; index += 1) {
      const deviceId = `o-${String(index).padStart(2, "0")}`;
      await registerDevice(hub, deviceId);
      await tag(deviceId, { rank: 19 - index, kind: index % 5, text: `${index % 3}`.repeat(4000) });
    }
    const where = "WHERE STARTSWITH(deviceId, 'o-')";
    const ordered = await run(registry, `SELECT tags.rank FROM devices ${where} ORDER BY tags.rank DESC`, 3);
    assert.deepEqual(
      ordered.rows,
      Array.from({ length: 20 }, (_, index) => ({ rank: 19 - index })),
    );
    const grouped = await run(registry, `SELECT tags.kind, COUNT() AS n FROM devices ${where} GROUP BY tags.kind`, 2);
    assert.deepEqual(
      grouped.rows,
      [0, 1, 2, 3, 4].map((kind) => ({ kind, n: 4 })),
    );
    // A text of 4 kB is too much for a header, which must still fit into what Node takes.
    const long = await run(registry, `SELECT tags.text, COUNT() AS n FROM devices ${where} GROUP BY tags.text`, 1);
    assert.deepEqual(
      long.rows.map(({ n }) => n),
      [7, 7, 6],
    );
    const top = await run(registry, `SELECT TOP 7 deviceId FROM devices ${where} ORDER BY tags.text DESC`, 3);
    assert.equal(top.rows.length, 7);
  });

  test("a token of another query, or a made-up one, is refused; another page size is taken", async () => {
    const query = registry.createQuery("SELECT * FROM devices", 2);
    await query.nextAsTwin();
    const token = String((query as unknown as { continuationToken: string }).continuationToken);
    const other = registry.createQuery("SELECT deviceId FROM devices", 2);
    await assert.rejects(other.next(token), { name: "ArgumentError" });
    await assert.rejects(registry.createQuery("SELECT * FROM devices", 2).next("AAAA"), { name: "ArgumentError" });
    const { result } = await registry.createQuery("SELECT * FROM devices", 5).next(token);
    assert.equal((result as unknown[]).length, 5);
  });

  test("EXPLAIN tells the plan in place of running the query", async () => {
    const { rows, itemType } = await run(registry, "explain SELECT * FROM devices WHERE tags.rank = 3");
    assert.equal(itemType, "Raw");
    assert.equal(rows.length, 1);
    assert.match(JSON.stringify(rows[0]?.plan), /twins/);
    await assert.rejects(run(registry, "EXPLAIN SELECT"), (error: Error & { responseBody?: string }) => {
      assert.match(error.responseBody ?? "", /Line 1:15 /);
      return true;
    });
  });
});
