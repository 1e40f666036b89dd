import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute } from "../../../../query/routing/compile-route.ts";
import { type MessageParts, routeMessage } from "../../../support/route-messages.ts";

const parts: MessageParts = {
  application: { level: "critical" },
  body: { value: 5 },
  twin: { tags: { floor: "1" }, properties: {} },
};

type Asked = { readonly value: boolean | undefined; readonly body: number; readonly twin: number };

function evaluated(condition: string): Asked {
  const message = routeMessage(parts);
  return { value: compileRoute(condition).evaluate(message), ...message.asked };
}

function matched(condition: string): Asked {
  const message = routeMessage(parts);
  return { value: compileRoute(condition).matches(message), ...message.asked };
}

test("A condition says what it reads", () => {
  const reads = (condition: string): string => {
    const { readsBody, readsTwin } = compileRoute(condition);
    return [readsBody ? "body" : "", readsTwin ? "twin" : ""].join("");
  };
  assert.equal(reads("level = 'critical' and $contentType = 'x'"), "");
  assert.equal(reads("not (abs($body.a) = 1)"), "body");
  assert.equal(reads("is_defined($twin.tags.a)"), "twin");
  assert.equal(reads("-($body.a) < 1 or a || $twin.tags.a = 'b'"), "bodytwin");
  assert.equal(reads("$body = 1 and $twin[0]"), "");
  assert.equal(reads("null and $body.a"), "");
  assert.equal(reads(""), "");
});

test("A body is left alone where a property or the twin decides, in whatever order they stand", () => {
  const untouched = { body: 0, twin: 0 };
  assert.deepEqual(evaluated("$body.value = 5 and level = 'low'"), { value: false, ...untouched });
  assert.deepEqual(evaluated("$body.value = 5 or $twin.tags.a = 1 or level = 'critical'"), {
    value: true,
    ...untouched,
  });
  assert.deepEqual(evaluated("level = 'critical' or ($body.value = 5 and $twin.tags.a = 1)"), {
    value: true,
    ...untouched,
  });
  assert.deepEqual(evaluated("not ($body.value = 5 and level = 'low')"), { value: true, ...untouched });
  assert.deepEqual(evaluated("$body.value = 4 and $twin.tags.floor = '2'"), { value: false, body: 0, twin: 1 });
});

test("A body is asked for where it decides", () => {
  assert.deepEqual(evaluated("$body.value = 5 and level = 'critical'"), { value: true, body: 1, twin: 0 });
  assert.deepEqual(evaluated("$body.value = 4 and none = 'x'"), { value: false, body: 1, twin: 0 });
  assert.deepEqual(evaluated("$body.value = 5 and none = 'x'"), { value: undefined, body: 1, twin: 0 });
});

test("Whether a condition is true is settled without a body that could only make it false or undefined", () => {
  const untouched = { value: false, body: 0, twin: 0 };
  assert.deepEqual(matched("$body.value = 4 and none = 'x'"), untouched);
  assert.deepEqual(matched("not ($body.value = 4 or none = 'x')"), untouched);
  assert.deepEqual(matched("none = 'x' and ($twin.tags.a = 1 or $body.value = 5)"), untouched);
  assert.deepEqual(matched("none = 'x' or $body.value = 5"), { value: true, body: 1, twin: 0 });
  assert.deepEqual(matched("not (none = 'x' and $body.value = 4)"), { value: true, body: 1, twin: 0 });
});
