import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePosition } from "../../../../query/sql/position.ts";

test("a position comes back from JSON", () => {
  const position = { given: 3, after: ["dev-1", 4, null, 0.5] };
  assert.deepEqual(parsePosition(JSON.parse(JSON.stringify(position))), position);
});

test("anything else is refused", () => {
  const others = [
    null,
    1,
    "x",
    [],
    {},
    { given: 1 },
    { given: -1, after: [] },
    { given: 1.5, after: [] },
    { given: 1, after: "x" },
    { given: 1, after: [{}] },
    { given: 1, after: [Number.NaN] },
    { given: 1, after: Array.from({ length: 1000 }, () => 1) },
  ];
  for (const other of others) {
    assert.throws(() => parsePosition(other), { name: "HubError", reason: "ArgumentInvalid" }, JSON.stringify(other));
  }
});
