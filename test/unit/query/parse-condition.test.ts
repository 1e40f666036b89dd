import assert from "node:assert/strict";
import { test } from "node:test";
import type { Collection, Expression } from "../../../query/ast.ts";
import { parseCondition, parseTarget } from "../../../query/parse-condition.ts";

/** The paths of a condition that compares two. */
const pathsOf = (condition: Expression | undefined) => {
  assert.ok(condition?.kind === "compare" && condition.left.kind === "path" && condition.right.kind === "path");
  return [condition.left, condition.right].map(({ steps, span }) => ({ path: steps.join("."), ...span }));
};

// spec/query-language 13
test("a target is all devices, a condition on devices, or one on modules", () => {
  assert.deepEqual(parseTarget(" * /* all */ "), { collection: "devices", where: undefined });
  const devices = parseTarget("Devices.Tags.a = id", { strict: true });
  assert.equal(devices.collection, "devices");
  assert.deepEqual(pathsOf(devices.where), [
    { path: "tags.a", start: 28, end: 42 },
    { path: "deviceId", start: 45, end: 47 },
  ]);
  const modules = parseTarget("/* m */ FROM Devices.Modules WHERE devices.modules.ModuleId = devices.deviceid", {
    strict: true,
  });
  assert.equal(modules.collection, "devices.modules");
  assert.deepEqual(
    pathsOf(modules.where).map(({ path }) => path),
    ["moduleId", "deviceId"],
  );
});

// spec/query-language 11, 13, D
const refused: readonly (readonly [string, string])[] = [
  ["SELECT * FROM devices", "Line 1:29 unexpected 'SELECT': expected a condition"],
  ["", "Line 1:29 unexpected end: expected a condition"],
  ["* AND a", "Line 1:29 unexpected '*': expected a condition"],
  ["a = 1 GROUP BY a", "Line 1:35 unexpected 'GROUP': expected an operator or the end"],
  ["a =\n= 1", "Line 2:1 unexpected '=': expected a value"],
  ["a = 1 /*", "Line 1:35 the comment has no end: expected '*/'"],
  ["COUNT() = 1", "Line 1:29 unexpected aggregate 'COUNT()': expected a path or a value"],
  ["devices.modules.a = 1", "Line 1:29 unexpected 'devices.modules.a': expected a field of devices"],
  ["from", "Line 1:14 unexpected end: expected devices, devices.modules or devices.jobs"],
  ["from devices.modules", "Line 1:30 unexpected end: expected WHERE"],
  ["from devices.modules where", "Line 1:36 unexpected end: expected a condition"],
  ["from devices.modules where *", "Line 1:37 unexpected '*': expected a condition"],
  ["from devices.modules where a GROUP BY a", "Line 1:39 unexpected 'GROUP': expected an operator or the end"],
  [
    "from devices.modules where devices.jobs.a",
    "Line 1:37 unexpected 'devices.jobs.a': expected a field of devices.modules",
  ],
  ["from devices where a", "Line 1:15 unexpected 'devices': expected devices.modules"],
  ["from devices.jobs where jobId = 'a'", "Line 1:15 unexpected 'devices.jobs': expected devices.modules"],
];
for (const [target, message] of refused) {
  test(`the target ${JSON.stringify(target)} is refused`, () => {
    assert.throws(() => parseTarget(target, { strict: true }), { name: "QueryError", message });
    assert.throws(() => parseTarget(target), { name: "QueryError", message });
  });
}

test("LIKE is refused in a target under the strict setting only", () => {
  parseTarget("a LIKE 'x'");
  parseTarget("from devices.modules where a LIKE 'x'");
  const message = /unexpected LIKE: IoT Hub has none/;
  assert.throws(() => parseTarget("a LIKE 'x'", { strict: true }), message);
  assert.throws(() => parseTarget("from devices.modules where a LIKE 'x'", { strict: true }), message);
});

test("a target has 8192 characters at most, without what is put in front of it", () => {
  const longest = `a = '${"x".repeat(8192 - 6)}'`;
  assert.equal(parseTarget(longest).collection, "devices");
  assert.throws(() => parseTarget(`${longest} `), /the text has 8193 characters: expected 8192 at most/);
});

test("a condition stands behind the WHERE of its collection", () => {
  const prefixes: Readonly<Record<Collection, number>> = { devices: 28, "devices.modules": 36, "devices.jobs": 33 };
  for (const [collection, start] of Object.entries(prefixes)) {
    const where = parseCondition("devices.DeviceId = Status", { collection: collection as Collection });
    assert.deepEqual(pathsOf(where), [
      { path: "deviceId", start, end: start + 16 },
      { path: "status", start: start + 19, end: start + 25 },
    ]);
  }
});
