import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContentKind } from "../../../../core/configuration/configuration.ts";
import { effectiveTarget, systemQueries } from "../../../../core/configuration/system-metrics.ts";
import { configuration } from "./configuration-fixture.ts";

const of = (kind: ContentKind, targetCondition: string) =>
  configuration({ id: "my-id", content: { kind, members: {} }, targetCondition });

// spec/twins-methods-jobs 12: systemMetrics.queries as captured
test("Devices are counted in IoT Hub's words", () => {
  assert.deepEqual(systemQueries(of("deviceContent", "tags.a = 1")), {
    targetedCount: "select deviceId from devices where tags.a = 1",
    appliedCount: "select deviceId from devices where configurations.[[my-id]].status = 'Applied'",
  });
  assert.equal(systemQueries(of("deviceContent", "*")).targetedCount, "select deviceId from devices");
  assert.equal(systemQueries(of("deviceContent", "")).targetedCount, "");
});

// spec/twins-methods-jobs 12, spec/query-language appendix C, 49 to 51
test("Deployments are counted by their agents", () => {
  const applied =
    "select deviceId from devices.modules where moduleId = '$edgeAgent' and configurations.[[my-id]].status = 'Applied'";
  const latest = `${applied} and properties.desired.$version = properties.reported.lastDesiredVersion`;
  assert.deepEqual(systemQueries(of("modulesContent", "*")), {
    targetedCount: "select deviceId from devices where capabilities.iotEdge = true",
    appliedCount: applied,
    reportedSuccessfulCount: `${latest} and properties.reported.lastDesiredStatus.code = 200`,
    reportedFailedCount: `${latest} and properties.reported.lastDesiredStatus.code != 200`,
  });
  assert.equal(
    systemQueries(of("modulesContent", "a or b")).targetedCount,
    "select deviceId from devices where capabilities.iotEdge = true and (a or b)",
  );
  assert.equal(systemQueries(of("modulesContent", " ")).targetedCount, "");
});

test("Plain modules are counted over modules", () => {
  assert.deepEqual(systemQueries(of("moduleContent", "FROM devices.modules WHERE tags.a = 1")), {
    targetedCount: "select deviceId FROM devices.modules WHERE tags.a = 1",
    appliedCount: "select deviceId from devices.modules where configurations.[[my-id]].status = 'Applied'",
  });
});

test("An empty condition targets nothing", () => {
  assert.equal(effectiveTarget(of("deviceContent", " ")), undefined);
  assert.equal(effectiveTarget(of("modulesContent", "")), undefined);
  assert.equal(effectiveTarget(of("deviceContent", "*")), "*");
});
