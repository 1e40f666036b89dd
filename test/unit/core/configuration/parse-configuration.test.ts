import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConfigurationId, parseConfiguration } from "../../../../core/configuration/parse-configuration.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { input } from "./configuration-fixture.ts";

const parse = (body: JsonObject) => parseConfiguration(body, "c");
const refused = (body: JsonObject, reason: string) =>
  assert.throws(() => parse(body), refusal(reason), JSON.stringify(body));

// spec/http-api 7
test("A document is read with its members in any case, and what the hub sets is ignored", () => {
  const content = { deviceContent: { "properties.desired.a": 1 } };
  const metrics = { queries: { m: "select * from devices" }, results: { m: 4 } };
  const ignored = { etag: "*", createdTimeUtc: "x", lastUpdatedTimeUtc: "x", systemMetrics: 7, unknown: [] };
  const body = {
    Id: "c",
    SchemaVersion: "2.0",
    LABELS: { a: "b" },
    content,
    targetCondition: "*",
    priority: 1,
    metrics,
  };
  assert.deepEqual(parse({ ...body, ...ignored }), {
    schemaVersion: "2.0",
    labels: { a: "b" },
    content: { kind: "deviceContent", members: content.deviceContent },
    contentType: undefined,
    targetCondition: "*",
    priority: 1,
    metrics: { m: "select * from devices" },
  });
});

test("What is left out is left open, and null says empty", () => {
  assert.deepEqual(parse({}), input());
  const nulls = { schemaVersion: null, labels: null, content: null, contentType: null, targetCondition: null };
  const empty = { schemaVersion: null, labels: null, contentType: null, targetCondition: "", priority: 0, metrics: {} };
  assert.deepEqual(parse({ ...nulls, priority: null, metrics: null }), input(empty));
  assert.deepEqual(parse({ metrics: {} }), input({ metrics: {} }));
});

test("Labels, priority and the like are checked", () => {
  refused({ id: "d" }, "ArgumentInvalid");
  for (const labels of ["x", [], { a: 1 }, { a: null }, { a: "x".repeat(129) }, { ["x".repeat(129)]: "a" }] as Json[]) {
    refused({ labels }, "ArgumentInvalid");
  }
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`l${index}`, ""]));
  refused({ labels: many }, "ArgumentInvalid");
  for (const priority of [1.5, "1", 2 ** 31, -(2 ** 31) - 1, []] as Json[]) refused({ priority }, "ArgumentInvalid");
  refused({ schemaVersion: 1 }, "ArgumentInvalid");
});

// spec/http-api 7, 400401, 400404
test("A condition is a text of bounded length, and so are five queries at most", () => {
  for (const targetCondition of [1, {}, "x".repeat(8193)] as Json[]) {
    refused({ targetCondition }, "InvalidConfigurationTargetCondition");
  }
  const six = Object.fromEntries(["1", "2", "3", "4", "5", "6"].map((name) => [name, "q"]));
  const long = { ["n".repeat(129)]: "q" };
  for (const queries of [six, long, { a: 1 }, { a: "" }, { a: " " }, { a: "q".repeat(8193) }, "q", []] as Json[]) {
    refused({ metrics: { queries } }, "InvalidConfigurationCustomMetricsQuery");
  }
  refused({ metrics: [] }, "InvalidConfigurationCustomMetricsQuery");
  // spec/twins-methods-jobs 12: an odd query is stored all the same
  assert.deepEqual(parse({ metrics: { queries: { m: "select *" } } }).metrics, { m: "select *" });
});

// spec/twins-methods-jobs 12
test("An id is of small letters, digits and punctuation, but some", () => {
  for (const id of ["a", "0", "my-config", "a+b%c_d*e!f'g", "x".repeat(128), "a.b:c", "constructor"]) {
    checkConfigurationId(id);
  }
  const forbidden = Array.from('&^[]{}\\|"<>/ \t\u0000é', (character) => `a${character}`);
  for (const id of ["", "A", "aB", "x".repeat(129), "__proto__", ...forbidden]) {
    assert.throws(() => checkConfigurationId(id), refusal("ArgumentInvalid"), id);
  }
});
