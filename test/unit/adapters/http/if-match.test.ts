import assert from "node:assert/strict";
import { test } from "node:test";
import { ifMatchOf } from "../../../../adapters/http/if-match.ts";

// spec/http-api 1.5
test("one pair of quotes goes, an empty etag is none", () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ['""', undefined],
    ["*", "*"],
    ['"*"', "*"],
    ["MQ==", "MQ=="],
    ['"MQ=="', "MQ=="],
    ['  "MQ=="  ', "MQ=="],
    ['""MQ==""', '"MQ=="'],
    ['"', '"'],
  ];
  for (const [header, ifMatch] of cases) assert.deepEqual(ifMatchOf(header), ifMatch === undefined ? {} : { ifMatch });
});
