import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { owner } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { configuredHub, setting } from "./hub-fixture.ts";

// spec/http-api 7
test("A configuration is created, read, changed, listed and deleted", async (t) => {
  const { hub, journal } = await configuredHub(t);
  const { configurations } = hub;
  const created = await configurations.put({ id: "b", body: setting({ x: 1 }), ...owner });
  assert.equal(created.etag, "MQ==");
  assert.equal(created.createdTime, created.lastUpdatedTime);
  await configurations.put({ id: "a", body: setting({ y: 1 }), ...owner });
  assert.deepEqual(
    configurations.list(100).map(({ id }) => id),
    ["a", "b"],
  );
  assert.deepEqual(
    configurations.list(1).map(({ id }) => id),
    ["a"],
  );
  for (const top of [Number.NaN, 0, -1, 101]) assert.equal(configurations.list(top).length, 2);
  const changed = await configurations.put({ id: "b", body: { priority: 4 }, ifMatch: "MQ==", ...owner });
  assert.deepEqual([changed.priority, changed.etag, changed.createdTime], [4, "Mg==", created.createdTime]);
  assert.deepEqual(configurations.get("b"), changed);
  await configurations.delete({ id: "b", ...owner });
  assert.throws(() => configurations.get("b"), refusal("ConfigurationNotFound"));
  assert.equal((await configurations.put({ id: "b", body: setting({ x: 2 }), ...owner })).etag, "MQ==");
  assert.deepEqual(journal.events.at(-1)?.key, { aggregate: "configuration", id: "b" });
});

// spec/http-api 7, 413101
test("A hub has a hundred configurations at most, though they come at once", async (t) => {
  const { hub } = await configuredHub(t);
  const put = (index: number) => hub.configurations.put({ id: `c${index}`, body: setting({}, ""), ...owner });
  const results = await Promise.allSettled(Array.from({ length: 102 }, (_, index) => put(index)));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 100);
  await assert.rejects(put(200), refusal("ConfigurationCountLimitExceeded"));
  assert.equal(hub.configurations.list(100).length, 100);
});

// spec/query-language 11, 13; spec/http-api 7, 400401
test("A target condition is checked as one of the twins that the content is for", async (t) => {
  const { hub } = await configuredHub(t);
  const kinds = {
    deviceContent: { "properties.desired.x": 1 },
    moduleContent: { "properties.desired.x": 1 },
    modulesContent: { m: { "properties.desired.x": 1 } },
  };
  const put = (kind: keyof typeof kinds, targetCondition: string) =>
    hub.configurations.put({
      id: kind.toLowerCase(),
      body: { content: { [kind]: kinds[kind] }, targetCondition },
      ...owner,
    });
  const modules = "from devices.modules where tags.a = 1";
  for (const [kind, condition] of [
    ["deviceContent", "tags.a ="],
    ["deviceContent", modules],
    ["deviceContent", "select * from devices"],
    ["modulesContent", modules],
    ["moduleContent", "*"],
    ["moduleContent", "tags.a = 1"],
    ["moduleContent", "from devices where tags.a = 1"],
    ["moduleContent", "from devices.modules where tags.a ="],
  ] as const) {
    await assert.rejects(put(kind, condition), refusal("InvalidConfigurationTargetCondition"), `${kind} ${condition}`);
  }
  await put("deviceContent", "tags.a = 1 and properties.reported.b > 2");
  await put("modulesContent", "");
  await put("moduleContent", `  FROM devices.modules WHERE tags.a = 1`);
  const retarget = { id: "devicecontent", body: { targetCondition: modules }, ifMatch: "*", ...owner };
  await assert.rejects(hub.configurations.put(retarget), refusal("InvalidConfigurationTargetCondition"));
});

test("An id that can't be is refused, but what is not there is not found under any id", async (t) => {
  const { hub } = await configuredHub(t);
  await assert.rejects(hub.configurations.put({ id: "A", body: setting({}), ...owner }), refusal("ArgumentInvalid"));
  const update = hub.configurations.put({ id: "A", body: {}, ifMatch: "*", ...owner });
  await assert.rejects(update, refusal("ConfigurationNotFound"));
  assert.throws(() => hub.configurations.get("A"), refusal("ConfigurationNotFound"));
});

// spec/twins-methods-jobs 12: metrics
test("Metrics are counted with each pass, and recorded when they change", async (t) => {
  const { hub, journal, pass, device, configure } = await configuredHub(t);
  await device("d1", { tags: { on: true } });
  await device("d2");
  const queries = {
    rows: "select deviceId from devices where tags.on = true",
    one: "select count() as n from devices",
    odd: "select *",
  };
  await configure("c", { ...setting({ x: 1 }), metrics: { queries } });
  await configure("none", setting({}, ""));
  assert.deepEqual(hub.configurations.get("c").measured, { system: {}, custom: {} });
  await pass();
  const { measured, etag } = hub.configurations.get("c");
  assert.deepEqual(measured, { system: { targetedCount: 2, appliedCount: 2 }, custom: { rows: 1, one: 1 } });
  assert.equal(etag, "MQ==");
  assert.deepEqual(hub.configurations.get("none").measured.system, { targetedCount: 0, appliedCount: 0 });
  const { length } = journal.ofType("ConfigurationMeasured");
  await pass();
  assert.equal(journal.ofType("ConfigurationMeasured").length, length);
  await hub.twins.update({ deviceId: "d2", tags: { on: true }, ...owner });
  await pass();
  assert.deepEqual(hub.configurations.get("c").measured.custom, { rows: 2, one: 1 });
});

// spec/http-api 7: testQueries
test("A condition and queries are tested without a configuration", async (t) => {
  const { hub } = await configuredHub(t);
  const run = (body: JsonObject) => hub.configurations.testQueries(body);
  const good = { m: "select deviceId from devices" };
  for (const targetCondition of ["*", "", "tags.a = 1", "from devices.modules where tags.a = 1"]) {
    assert.deepEqual(run({ targetCondition, customMetricQueries: good }), {
      targetConditionError: "",
      customMetricQueryErrors: {},
    });
  }
  const found = run({ targetCondition: "tags.a =", customMetricQueries: { ...good, bad: "select", odd: "select *" } });
  assert.match(found.targetConditionError, /^Line 1:\d+ /);
  assert.deepEqual(Object.keys(found.customMetricQueryErrors), ["bad", "odd"]);
  assert.deepEqual(run({}), { targetConditionError: "", customMetricQueryErrors: {} });
  const six = Object.fromEntries(["1", "2", "3", "4", "5", "6"].map((name) => [name, "q"]));
  assert.throws(() => run({ customMetricQueries: six }), refusal("InvalidConfigurationCustomMetricsQuery"));
});
