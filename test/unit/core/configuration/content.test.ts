import assert from "node:assert/strict";
import { test } from "node:test";
import { parseContent } from "../../../../core/configuration/content.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { nested } from "../twin/twin-fixture.ts";

const refused = (content: Json) =>
  assert.throws(
    () => parseContent(content),
    refusal("InvalidConfigurationContent"),
    JSON.stringify(content).slice(0, 99),
  );
const device = (deviceContent: JsonObject) => ({ deviceContent });

// spec/twins-methods-jobs 12
test("Content is of one of three kinds, as it was sent", () => {
  const members = {
    "properties.desired": { a: { b: [1, true] } },
    "properties.desired.c.d": "x",
    "properties.desired.e": null,
  };
  for (const kind of ["deviceContent", "moduleContent"] as const) {
    assert.deepEqual(parseContent({ [kind]: members }), { kind, members });
  }
  const modules = { $edgeAgent: members, $edgeHub: { "properties.desired.routes.r": "x" }, mod: {} };
  assert.deepEqual(parseContent({ ModulesContent: modules }), { kind: "modulesContent", members: modules });
  const beside = { $schema: "http://x", deviceContent: members, modulesContent: null };
  assert.deepEqual(parseContent(beside), { kind: "deviceContent", members });
});

test("No content, another kind and two kinds are refused", () => {
  for (const content of [null, "x", [], {}, { content: {} }, { deviceContent: 1 }, { modulesContent: [] }])
    refused(content);
  refused({ deviceContent: {}, moduleContent: {} });
});

// spec/twins-methods-jobs 12: only desired can be set; 5 for what a property may be
test("Paths lead into the desired properties, and to what a twin can hold", () => {
  for (const path of ["desired.a", "tags.a", "properties.reported.a", "properties.desiredx", "properties.desired."]) {
    refused(device({ [path]: 1 }));
  }
  for (const path of ["a..b", "a.", "$a", "a b", "x".repeat(1025)])
    refused(device({ [`properties.desired.${path}`]: 1 }));
  for (const value of [1, null, [], "x"]) refused(device({ "properties.desired": value }));
  refused(device({ "properties.desired.a": "x".repeat(4097) }));
  refused(device({ "properties.desired.a": [null] }));
  refused(device({ "properties.desired.a": 2 ** 53 }));
  parseContent(device({ "properties.desired.a.b": nested(8) }));
  refused(device({ "properties.desired.a.b": nested(9) }));
});

// spec/twins-methods-jobs 5: 32 KB
test("What the paths make together has to fit into a twin", () => {
  const member = (index: number) => [`properties.desired.k${index}`, "x".repeat(4000)];
  parseContent(device(Object.fromEntries(Array.from({ length: 8 }, (_, index) => member(index)))));
  refused(device(Object.fromEntries(Array.from({ length: 9 }, (_, index) => member(index)))));
});

test("Two paths about the same property are refused", () => {
  refused(device({ "properties.desired.a": 1, "properties.desired": { a: 2 } }));
  refused(device({ "properties.desired.a": 1, "properties.desired.a.b": 2 }));
  refused(device({ "properties.desired.a.b": 2, "properties.desired.a": [1] }));
  parseContent(device({ "properties.desired.a": { b: 1 }, "properties.desired.a.c": 2 }));
});

test("A deployment names modules by their ids", () => {
  for (const moduleId of ["", "a b", "a/b", "x".repeat(129)]) refused({ modulesContent: { [moduleId]: {} } });
  refused({ modulesContent: { mod: 1 } });
  refused({ modulesContent: { mod: { "properties.reported": {} } } });
});

test("Content of hostile size is refused", () => {
  const modules = Object.fromEntries(
    Array.from({ length: 40 }, (_, module) => [
      `m${module}`,
      Object.fromEntries(
        Array.from({ length: 5 }, (_each, index) => [`properties.desired.k${index}`, "é".repeat(2000)]),
      ),
    ]),
  );
  refused({ modulesContent: modules });
});
