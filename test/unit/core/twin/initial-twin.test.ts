import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError, type Reason } from "../../../../core/hub-error.ts";
import { checkInitialTwin } from "../../../../core/twin/decide.ts";
import type { InitialTwin } from "../../../../core/twin/twin.ts";

const refuses = (initial: InitialTwin, reason: Reason) =>
  assert.throws(
    () => checkInitialTwin(initial),
    (error) => error instanceof HubError && error.reason === reason,
  );

// spec/http-api 2.4: tags and properties.desired of a bulk registration
test("The content of a new twin is what was sent, without what is ignored", () => {
  assert.deepStrictEqual(checkInitialTwin({}), {});
  assert.deepStrictEqual(checkInitialTwin({ tags: { a: 1 }, desired: { b: 2, $version: 1, $metadata: {} } }), {
    tags: { a: 1 },
    desired: { b: 2 },
  });
});

test("The content of a new twin is held to the rules of a replacement", () => {
  refuses({ tags: { a: null } }, "ArgumentInvalid");
  refuses({ desired: { "a.b": 1 } }, "ArgumentInvalid");
  refuses({ tags: { a: "x".repeat(4096), b: "x".repeat(4096) } }, "DeviceModelMaxPropertiesExceeded");
});
