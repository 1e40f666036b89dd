import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonPatch, type PatchOperation } from "../../../../core/history/json-patch.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../../core/json.ts";
import { memberOf, setMember } from "../../../../core/twin/members.ts";
import { section } from "../../../property/core/twin/json-arbitraries.ts";

/** Applies a patch of members as RFC 6902 §4 says; an operation that has no place to work on fails. */
function applied(document: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  return patch.reduce((state, operation) => {
    const tokens = operation.path.split("/").slice(1);
    return change(
      state,
      tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~")),
      operation,
    );
  }, document);
}

function change(object: JsonObject, [key = "", ...rest]: readonly string[], operation: PatchOperation): JsonObject {
  const members: { [name: string]: Json } = { ...object };
  const old = memberOf(object, key);
  if (rest.length > 0) {
    assert.ok(isJsonObject(old), `${operation.path} leads through an object`);
    setMember(members, key, change(old, rest, operation));
  } else if (operation.op === "remove") {
    assert.notEqual(old, undefined, `${operation.path} is there`);
    delete members[key];
  } else {
    assert.equal(old === undefined, operation.op === "add", operation.path);
    setMember(members, key, operation.value);
  }
  return members;
}

test("members that go, come and change are named by their pointers", () => {
  const before = { keep: 1, gone: 2, "a/b~c": { x: [1], y: 1 }, object: { a: 1 } };
  const after = { keep: 1, "a/b~c": { x: [1, 2], y: 1 }, object: 5, new: { z: 1 } };
  assert.deepEqual(jsonPatch(before, after), [
    { op: "remove", path: "/gone" },
    { op: "replace", path: "/a~1b~0c/x", value: [1, 2] },
    { op: "replace", path: "/object", value: 5 },
    { op: "add", path: "/new", value: { z: 1 } },
  ]);
  assert.deepEqual(jsonPatch(before, { ...before }), []);
});

// RFC 6902 §4
test("A patch leads from the one object to the other, whatever their keys are called", () => {
  fc.assert(
    fc.property(section, section, (before, after) => {
      const reached = applied(before, jsonPatch(before, after));
      assert.deepEqual(new Map(Object.entries(reached)), new Map(Object.entries(after)));
    }),
  );
});
