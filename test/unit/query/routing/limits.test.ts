import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute, faultsOfRoute } from "../../../../query/routing/compile-route.ts";
import { conditionValue, routeMessage } from "../../../support/route-messages.ts";

const messages = (condition: string): string[] => faultsOfRoute(condition).map(({ message }) => message);
const tooDeep = ["Syntax error: nesting deeper than 100"];

test("A condition has 8192 characters at most", () => {
  const padded = `true${" ".repeat(8188)}`;
  assert.equal(conditionValue(padded), true);
  assert.deepEqual(messages(`${padded} `), ["Syntax error: condition longer than 8192 characters"]);
  assert.throws(() => compileRoute(`${"x".repeat(1_000_000)}`), {
    message: /^Line 1:8193 Syntax error: condition longer/,
  });
});

test("Parentheses, prefixes, calls and chains of operators nest 100 deep at most", () => {
  assert.equal(conditionValue(`${"(".repeat(100)}true${")".repeat(100)}`), true);
  assert.deepEqual(messages(`${"(".repeat(101)}true${")".repeat(101)}`), tooDeep);
  assert.equal(conditionValue(`${"not ".repeat(100)}true`), true);
  assert.deepEqual(messages(`${"not ".repeat(101)}true`), tooDeep);
  assert.deepEqual(messages("(".repeat(8192)), tooDeep);
  assert.deepEqual(messages("not ".repeat(2048)), ["Syntax error: unexpected the end: expected a value"]);
  assert.equal(conditionValue(`${"abs(".repeat(99)}1${")".repeat(99)} = 1`), true);
  assert.deepEqual(messages(`${"abs(".repeat(100)}1${")".repeat(100)} = 1`), tooDeep);
  assert.equal(conditionValue(`1${" + 1".repeat(99)} = 100`), true);
  assert.deepEqual(messages(`1${" + 1".repeat(100)} = 101`), tooDeep);
});

test("A chain of AND or OR may be as long as the text", () => {
  assert.equal(conditionValue(`true${" and true".repeat(909)}`), true);
  assert.equal(conditionValue(`false${" or false".repeat(908)} or true`), true);
});

test("A message about a long text has a short excerpt of it", () => {
  const name = "n".repeat(5000);
  for (const condition of [`a ${name}`, `{${name}}`, `$body.${name}[] = 1`, `${name}(1)`, `a '${name}'`]) {
    const [message = ""] = messages(condition);
    assert.ok(message.length > 0 && message.length < 150, message);
  }
});

test("Joined texts have 1,048,576 characters at most", () => {
  const message = routeMessage({ application: { a: "a".repeat(262_144) } });
  assert.equal(conditionValue(`length(concat(${Array(4).fill("a").join(",")})) = 1048576`, message), true);
  assert.equal(conditionValue(`is_defined(concat(${Array(5).fill("a").join(",")}))`, message), false);
  assert.equal(conditionValue(`is_defined(${Array(90).fill("a").join(" || ")})`, message), false);
});
