import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { testFiles } from "../../../scripts/test-files.mjs";
import { plantTree } from "../../support/planted-tree.ts";

const files = {
  "test/unit/b.test.ts": "",
  "test/unit/a.test.ts": "",
  "test/support/given.ts": "",
  "test/bench/mqtt.test.ts": "",
};

test("a folder gives the test files below it, sorted, and no benchmarks", () => {
  using tree = plantTree(files);
  const found = testFiles(["test"], tree.folder);
  assert.deepEqual(found, [join(tree.folder, "test/unit/a.test.ts"), join(tree.folder, "test/unit/b.test.ts")]);
});

test("a file named twice, or by its folder too, is run once", () => {
  using tree = plantTree(files);
  const found = testFiles(["test/unit/b.test.ts", "./test/unit/b.test.ts"], tree.folder);
  assert.deepEqual(found, [join(tree.folder, "test/unit/b.test.ts")]);
  assert.equal(testFiles(["test/unit", "test/unit/a.test.ts"], tree.folder).length, 2);
});
