import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionValue, conditionValues, routeMessage, sameValues } from "../../../support/route-messages.ts";

const body = JSON.parse(`{
  "number": 50, "text": "hot", "yes": true, "no": false, "nothing": null, "list": [1, [2]], "object": { "a": 1 },
  "time": "2017-03-09T00:00:00.000Z", "Text": "Upper", "__proto__": { "a": "own" }
}`);
const message = routeMessage({
  application: { level: "critical", valueless: null },
  system: { contentType: "application/json" },
  body,
  twin: { tags: { when: "2020-01-01T00:00:00Z" }, properties: { desired: {}, reported: {} } },
});

function values(value: boolean | undefined, ...conditions: string[]): void {
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, value));
}

// spec/query-language 14: values
test("Comparisons of one type", () => {
  values(true, "3 = 3", "3 != 4", "3 <> 4", "3 < 4", "4 >= 4", "'a' < 'b'", "'B' < 'a'", "'10' < '9'", "'a' <> 'A'");
  values(
    true,
    "true = true",
    "false < true",
    "true >= false",
    "null = null",
    "null <= null",
    "null >= null",
    "0 = 0 * -1",
  );
  values(
    false,
    "3 = 4",
    "3 <> 3",
    "4 < 4",
    "4 > 4",
    "'a' = 'A'",
    "true <= false",
    "null <> null",
    "null < null",
    "null > null",
  );
  // A unit of a surrogate pair is below U+FFFD, the character is above it.
  values(true, "'😀' < '\\uFFFD'");
});

test("What is undefined compares as undefined", () => {
  values(
    undefined,
    "none = 'a'",
    "none <> 'a'",
    "none < 'a'",
    "'a' >= none",
    "none = none",
    "valueless = 'a'",
    "'a' <> valueless",
  );
  values(
    undefined,
    "3 % 0 = 3 % 0",
    "1 < 3 % 0",
    "(none = 'a') = true",
    "undefined = undefined",
    "undefined < undefined",
  );
  values(
    undefined,
    "$body.list = 1",
    "$body.object <> null",
    "$body.time < 'x'",
    "none = $body.text",
    "$body.none = none",
  );
  values(undefined, "$body.number = valueless", "valueless <> $body.nothing");
});

test("Doubles divide by zero", () => {
  values(true, "3 / 0 > 1e300", "-3 / 0 < -1e300", "is_defined(3 / 0)", "0.1 + 0.2 <> 0.3", "-7 % 4 = -3");
  values(undefined, "0 / 0 = 0", "3 / 0 - 3 / 0 = 0", "0 * (1 / 0) = 0");
});

test("Values of different types from a body are unequal, in the order bool, number, string, null", () => {
  values(true, "$body.number <> '50'", "$body.yes <> 1", "$body.nothing <> 0", "$body.yes < 0", "$body.number < ''");
  values(true, "$body.text < null", "$body.nothing > 'zzz'", "$body.number > false", "$body.text >= 1e300");
  values(
    false,
    "$body.number = '50'",
    "$body.yes = 'true'",
    "$body.nothing = false",
    "$body.text < 5",
    "$body.nothing <= 1",
  );
  values(
    true,
    "$body.number > 49",
    "50 = $body.number",
    "$body.text = 'hot'",
    "$body.yes = true",
    "$body.number = $body.number",
  );
  values(true, "level <> $body.text", "$body.nothing = null", "null >= $body.nothing");
});

test("What a body lacks acts as null, but is not defined", () => {
  values(
    true,
    "$body.none = null",
    "$body.none <> 'a'",
    "$body.none > 1e300",
    "$body.none = $body.nothing",
    "$body.none.x = null",
  );
  values(
    true,
    "$body.list[9] = null",
    "$body.text[0] = null",
    "$body.object[0] = null",
    "$body.list.a = null",
    "$body.text.length = null",
  );
  values(
    true,
    "$body.constructor = null",
    "$body.object.toString = null",
    "$body.__proto__.a = 'own'",
    "$body.list.length = null",
  );
  values(
    true,
    "($body.none ?? 'x') = 'x'",
    "($body.nothing ?? 'x') = null",
    "($body.time ?? 'x') = 'x'",
    "($body.none ?? $body.none) = null",
  );
  values(undefined, "$body.none", "not $body.none", "$body.none + 1 = 1", "-($body.none) = 0", "$body.none and true");
});

test("Members and items", () => {
  values(
    true,
    "$body.list[0] = 1",
    "$body.object.a = 1",
    "$BODY.text = 'hot'",
    "$bOdY.Text = 'Upper'",
    "{$body.number} = 50",
  );
  values(undefined, "$body", "$body[0]", "$body = 'a'", "$body[0] <> 1", "$BODY", "$body[", "$twin", "$twin[3] = 1");
});

test("Times of a body are dates, which are undefined", () => {
  const times = [
    "2017-03-09T00:00:00",
    "2017-03-09T00:00:00Z",
    "2020-02-29T23:59:59.1234567+02:00",
    "2017-03-09T00:00:00-0700",
  ];
  for (const time of times)
    assert.equal(conditionValue("is_defined($body.t)", routeMessage({ body: { t: time } })), false, time);
  const texts = [
    "2017-03-09",
    "2017-03-09T00:00",
    "2017-03-09T00:00+02:00",
    "2017-02-29T00:00:00Z",
    "2017-03-09T25:00:00Z",
  ];
  for (const text of [
    ...texts,
    "2017-03-09 00:00:00Z",
    "at 2017-03-09T00:00:00Z",
    `2017-03-09T00:00:00.${"0".repeat(30)}Z`,
  ]) {
    assert.equal(conditionValue("is_string($body.t)", routeMessage({ body: { t: text } })), true, text);
  }
  values(true, "$twin.tags.when > '2019'");
});

test("A message without JSON or without a twin has nothing but undefined paths", () => {
  const bare = routeMessage({ application: { a: "x" } });
  const conditions = [
    "$body.a = null",
    "$body.a <> 'x'",
    "is_null($body.a)",
    "not $body.a",
    "$twin.tags.a = null",
    "$twin.tags.a <> 1",
  ];
  assert.deepEqual(conditionValues(conditions, bare), sameValues(conditions, undefined));
  assert.equal(conditionValue("is_defined($body.a)", bare), false);
  for (const odd of [null, 1, "text", [1], true]) {
    assert.equal(conditionValue("$body.a = null", routeMessage({ body: odd })), true);
    assert.equal(conditionValue("is_defined($body.a)", routeMessage({ body: odd })), false);
  }
});

test("Constant nulls have rules of their own", () => {
  values(
    true,
    "not null",
    "null or true",
    "(null and false) = null",
    "(null and level = 'critical') = null",
    "(null or null) = null",
  );
  values(true, "level = 'critical' or null", "not (null and true)", "null or $body.yes");
  values(
    false,
    "null",
    "null or false",
    "null and true",
    "null and null",
    "(null and true)",
    "null or null",
    "null or $body.no",
  );
  values(undefined, "null or none = 'x'", "undefined or null");
});

test("Only a Boolean is a condition", () => {
  values(
    undefined,
    "3",
    "'true'",
    "level",
    "$contentType",
    "$body.number",
    "$body.nothing",
    "$body.object",
    "undefined",
    "3 + 4",
  );
  values(true, "$body.yes", "not $body.no", "$body.yes and $body.yes", "$body.no or $body.yes", "1 = 1 and $body.yes");
  values(undefined, "not $body.nothing", "$body.text or false", "$body.number and true", "not undefined");
  // Unlike the code of Edge Hub, which takes no values of a body there unless all are Boolean.
  values(true, "$body.text or true", "$body.yes or $body.nothing");
  values(false, "$body.no and $body.text", "$body.nothing and false");
});

test("Kleene's logic", () => {
  values(true, "undefined or true", "true or none = 'x'", "none = 'x' or true");
  values(false, "false and undefined", "none = 'x' and false", "undefined and false");
  values(
    undefined,
    "undefined and true",
    "true and none = 'x'",
    "undefined or false",
    "undefined and undefined",
    "undefined or undefined",
  );
});
