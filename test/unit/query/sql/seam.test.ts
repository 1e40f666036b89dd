import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { mended, withMembers } from "../../../../query/sql/seam.ts";

const database = new DatabaseSync(":memory:");

/** What SQLite makes of an object with a member `$version`, mended. */
function made(object: string): string {
  const text = withMembers("value", [`'"$version":'`, "7"]);
  const row = database.prepare(`SELECT ${text} AS text FROM (SELECT jsonb(?) AS value)`).get(object);
  return mended(String(row?.text));
}

test("members are added behind those of the object", () => {
  assert.equal(made('{"a":{"b":{}},"c":1}'), '{"a":{"b":{}},"c":1,"$version":7}');
});

test("an object without members gets no comma", () => {
  assert.equal(made("{}"), '{"$version":7}');
  assert.equal(`[${mended(`${"{}"}\u0001"x":{}\u0001"y":1}}`)}]`, '[{"x":{"y":1}}]');
});

test("what stands in texts is left alone", () => {
  const object = JSON.stringify({ text: '}\u0001{},"$version":1', other: "}" });
  assert.deepEqual(JSON.parse(made(object)), { ...JSON.parse(object), $version: 7 });
});

test("a text without a seam is given back", () => {
  assert.equal(mended('{"a":1}'), '{"a":1}');
});
