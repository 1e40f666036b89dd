import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../core/json.ts";
import type { Collection } from "../../../query/ast.ts";
import { parseTarget } from "../../../query/parse-condition.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { compilePredicate } from "../../../query/predicate.ts";
import { runQuery } from "../../../query/run-in-memory.ts";
import { deviceQueries } from "../../support/query-appendix-b.ts";
import { appendixTargets, moduleAndJobQueries } from "../../support/query-appendix-c.ts";
import { deviceTwins, jobRows, moduleTwins } from "../../support/query-fixtures.ts";

const documents: Readonly<Record<Collection, readonly JsonObject[]>> = {
  devices: deviceTwins(),
  "devices.modules": moduleTwins(),
  "devices.jobs": jobRows,
};

const idOf = ({ deviceId, moduleId, jobId }: JsonObject): string =>
  [jobId, deviceId, moduleId].filter((part) => typeof part === "string").join("/");

// spec/query-language B, C
for (const { number, query, rows, raw } of [...deviceQueries, ...moduleAndJobQueries]) {
  test(`${number}: ${query}`, () => {
    // Nothing that IoT Hub's own users send needs an extension of the language.
    const parsed = parseQuery(query, { strict: true });
    const found = runQuery(parsed, documents[parsed.collection]);
    if (raw !== undefined) assert.deepEqual(found, raw);
    else assert.deepEqual(found.map(idOf), rows);
    assert.equal(parsed.select.kind, raw === undefined ? "all" : "items");
  });
}

// spec/query-language 13
for (const { number, target, rows } of appendixTargets) {
  test(`${number}: condition ${target}`, () => {
    const { collection, where } = parseTarget(target, { strict: true });
    const passes = where === undefined ? () => true : compilePredicate(where);
    assert.deepEqual(documents[collection].filter(passes).map(idOf), rows);
  });
}
