import assert from "node:assert/strict";
import { test } from "node:test";
import { typesNamed } from "../../../../core/history/event-groups.ts";

const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["TwinUpdated"], ["TwinUpdated"]],
  [["twin"], ["TwinUpdated", "TwinReplaced", "TwinConfigured", "TwinReportedPatched"]],
  [["Twin*"], ["TwinUpdated", "TwinReplaced", "TwinConfigured", "TwinReportedPatched"]],
  [
    ["Twin*ed", "TwinUpdated"],
    ["TwinUpdated", "TwinReplaced", "TwinConfigured", "TwinReportedPatched"],
  ],
  [
    ["*Deleted"],
    ["ConsumerGroupDeleted", "QueryIndexDeleted", "DeviceDeleted", "ModuleDeleted", "ConfigurationDeleted"],
  ],
  [["*ic*Conn*"], ["DeviceConnected"]],
  [["Twin*TwinUpdated"], []],
  [["nothing*"], []],
  [["toString"], ["toString"]],
  [[], []],
];

for (const [words, types] of cases) {
  test(`a filter on ${JSON.stringify(words)} names ${types.length} types`, () => {
    assert.deepEqual(typesNamed(words), types);
  });
}

test("a star alone names every type, once", () => {
  const all = typesNamed(["*", "*"]);
  assert.ok(all.includes("JobCreated") && all.includes("DeviceCreated"));
  assert.equal(new Set(all).size, all.length);
});
