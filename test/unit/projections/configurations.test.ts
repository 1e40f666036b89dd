import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configurationCreated,
  configurationDeleted,
  configurationMeasured,
  configurationUpdated,
  twinConfigured,
} from "../../support/configuration-events.ts";
import { deviceCreated, deviceDeleted, moduleCreated, reportedPatched, twinUpdated } from "../../support/events.ts";
import { given } from "../../support/views.ts";

// spec/twins-methods-jobs 12
test("configurations are there from their creation to their deletion, by their ids", (t) => {
  given(
    t,
    configurationCreated("b"),
    configurationCreated("a", { priority: 3 }),
    configurationMeasured("b", { targetedCount: 2 }),
    configurationUpdated("b", { priority: 7 }),
    configurationCreated("gone"),
    configurationDeleted("gone"),
  ).check((read) => {
    assert.deepEqual(
      read.configurations().map(({ id, priority, etag, measured }) => [id, priority, etag, measured.system]),
      [
        ["a", 3, "MQ==", {}],
        ["b", 7, "Mg==", { targetedCount: 2 }],
      ],
    );
    assert.equal(read.configuration("b")?.sequence, 4);
    assert.equal(read.configuration("gone"), undefined);
    assert.equal(read.history({ deviceId: "a", limit: 9 }).length, 0);
  });
});

test("a twin keeps its configurations through other writes, and loses them with the last", (t) => {
  const configured = { c: { status: "Applied" } } as const;
  given(
    t,
    deviceCreated("d"),
    twinConfigured({ deviceId: "d" }, configured, { desired: { x: 1 } }),
    reportedPatched({ deviceId: "d" }, { y: 1 }),
    twinUpdated({ deviceId: "d" }, { tags: { z: 1 } }),
    deviceCreated("e"),
    twinConfigured({ deviceId: "e" }, configured),
    twinConfigured({ deviceId: "e" }, {}),
  ).check((read) => {
    const twin = read.twin({ deviceId: "d" })?.value;
    assert.deepEqual([twin?.configurations, twin?.desired.values, twin?.tags], [configured, { x: 1 }, { z: 1 }]);
    assert.equal("configurations" in (read.twin({ deviceId: "e" })?.value ?? {}), false);
  });
});

test("twins that have configurations are listed in order, a page at a time, with who wrote them last", (t) => {
  const configured = { c: { status: "Applied" } } as const;
  const written = [{ configurationId: "c", digest: "1", properties: { x: true } }];
  given(
    t,
    ...["d3", "d1", "d2", "d4", "none"].map((id) => deviceCreated(id)),
    moduleCreated("d1", "m"),
    twinConfigured({ deviceId: "d1" }, configured, { desired: { x: 1 }, written }),
    twinConfigured({ deviceId: "d1", moduleId: "m" }, configured, { generationId: "11" }),
    twinConfigured({ deviceId: "d2" }, configured, { desired: { x: 1 }, written }),
    twinUpdated({ deviceId: "d2" }, { desired: { y: 1 } }),
    twinConfigured({ deviceId: "d3" }, configured),
    twinConfigured({ deviceId: "d4" }, configured),
    deviceDeleted("d4"),
  ).check((read) => {
    const first = read.configuredTwins({ limit: 3 });
    assert.deepEqual(first, [
      { deviceId: "d1", configurations: configured, desiredAuthor: "c" },
      { deviceId: "d1", moduleId: "m", configurations: configured, desiredAuthor: undefined },
      { deviceId: "d2", configurations: configured, desiredAuthor: undefined },
    ]);
    const rest = read.configuredTwins({ limit: 3, after: { deviceId: "d2" } });
    assert.deepEqual(
      rest.map(({ deviceId }) => deviceId),
      ["d3"],
    );
    const modules = read.configuredTwins({ limit: 1, after: { deviceId: "d1" } });
    assert.equal(modules[0]?.moduleId, "m");
  });
});

test("a deployment's mark on a module outlives other writes", (t) => {
  const key = { deviceId: "d", moduleId: "m" };
  given(
    t,
    deviceCreated("d"),
    moduleCreated("d", "m"),
    twinConfigured(key, {}, { generationId: "11", desired: { x: 1 }, deployment: "digest" }),
    twinUpdated(key, { desired: { x: 2 } }, { generationId: "11" }),
    reportedPatched(key, { y: 1 }, { generationId: "11" }),
  ).check((read) => assert.equal(read.twin(key)?.value.deployment, "digest"));
});
