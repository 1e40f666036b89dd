import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePath, pathText } from "../../../query/path-text.ts";
import { QueryError } from "../../../query/query-error.ts";

test("a path is read as it stands in a query, its fields by their own names", () => {
  assert.deepEqual(parsePath("tags.location.region", "devices"), ["tags", "location", "region"]);
  assert.deepEqual(parsePath("Devices.Properties.Reported.Temp", "devices"), ["properties", "reported", "Temp"]);
  assert.deepEqual(parsePath("tags.[[group]].[[a-b]]", "devices.modules"), ["tags", "group", "a-b"]);
});

test("a path is written as it is read", () => {
  for (const steps of [
    ["tags", "location"],
    ["tags", "group"],
    ["tags", "a-b", "é"],
    ["properties", "desired", "0"],
  ]) {
    assert.deepEqual(parsePath(pathText(steps), "devices"), steps);
  }
  assert.equal(pathText(["tags", "group", "name"]), "tags.[[group]].name");
});

test("what is more or less than a path is refused", () => {
  const texts = [
    "",
    "*",
    "tags.a, tags.b",
    "COUNT()",
    "tags.a FROM devices WHERE",
    "TOP 1 tags.a",
    "DISTINCT tags.a",
    "tags.",
  ];
  for (const text of texts) assert.throws(() => parsePath(text, "devices"), QueryError, text);
});
