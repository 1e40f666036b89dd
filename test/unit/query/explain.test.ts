import assert from "node:assert/strict";
import { test } from "node:test";
import { explained } from "../../../query/explain.ts";

test("the query behind EXPLAIN keeps its places", () => {
  assert.equal(explained("EXPLAIN SELECT * FROM devices"), "        SELECT * FROM devices");
  assert.equal(explained("/* a */\n explain select 1"), "/* a */\n         select 1");
});

test("other texts are not explained", () => {
  const texts = ["", "SELECT explain FROM devices", "/* EXPLAIN */ SELECT", "explains", "'EXPLAIN'", "[[EXPLAIN]]"];
  for (const text of [...texts, `EXPLAIN ${"x".repeat(8192)}`]) assert.equal(explained(text), undefined, text);
});
