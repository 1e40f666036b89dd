import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEvent } from "../../../scripts/test-report.mjs";
import { TestReport } from "../../../scripts/test-report.mjs";

const file = "/p/test/a.test.ts";
type Result = { name: string; nesting?: number; error?: string; failureType?: string; skip?: true; suite?: true };

const start = (name: string, nesting = 0): TestEvent => ({ type: "test:start", data: { file, name, nesting } });
const ended = ({ name, nesting = 0, error, failureType, skip, suite }: Result): TestEvent => ({
  type: error === undefined ? "test:pass" : "test:fail",
  data: {
    file,
    name,
    nesting,
    skip,
    details: {
      type: suite ? "suite" : "test",
      ...(error === undefined ? {} : { error: Object.assign(new Error("wrapped", { cause: error }), { failureType }) }),
    },
  },
});

function report(events: readonly TestEvent[]) {
  let text = "";
  const made = new TestReport("/p", (part) => {
    text += part;
  });
  for (const event of events) made.take(event);
  const totals = made.end();
  return { text, totals };
}

test("suites and tests with subtests count as their leaves", () => {
  const { text, totals } = report([
    start("suite"),
    start("one", 1),
    ended({ name: "one", nesting: 1 }),
    start("two", 1),
    start("part", 2),
    ended({ name: "part", nesting: 2 }),
    ended({ name: "two", nesting: 1 }),
    ended({ name: "suite", suite: true }),
    start("alone"),
    ended({ name: "alone" }),
    start("later"),
    ended({ name: "later", skip: true }),
  ]);
  assert.equal(totals, "3 passed, 0 failed, 1 skipped");
  assert.equal(text, "✓ test/a.test.ts  4 tests  0.0 s\n");
});

test("a failure is printed in full under its file and its parents, with what the file wrote, and at the end in a line", () => {
  const { text, totals } = report([
    { type: "test:stderr", data: { file, message: "seed 42\n" } },
    start("suite"),
    start("bad", 1),
    ended({ name: "bad", nesting: 1, error: "1 !== 2" }),
    ended({ name: "suite", suite: true, error: "1 subtest failed", failureType: "subtestsFailed" }),
  ]);
  assert.equal(totals, "0 passed, 1 failed");
  assert.equal(
    text,
    "✖ test/a.test.ts › suite › bad\n    1 !== 2\n✖ test/a.test.ts  1 tests  0.0 s\n  output of test/a.test.ts:\n    seed 42\n" +
      "\nfailed:\n✖ test/a.test.ts › suite › bad: 1 !== 2\n",
  );
});

test("a parent that fails by itself, after its subtests passed, is a failure", () => {
  const { totals } = report([
    start("parent"),
    start("part", 1),
    ended({ name: "part", nesting: 1 }),
    ended({ name: "parent", error: "afterwards" }),
  ]);
  assert.equal(totals, "1 passed, 1 failed");
});

test("a file without tests is a failure, and so is one whose process fails after its tests", () => {
  assert.equal(report([start(file), ended({ name: file })]).totals, "0 passed, 1 failed");
  const late = report([start("good"), ended({ name: "good" }), start(file), ended({ name: file, error: "exit 1" })]);
  assert.equal(late.totals, "1 passed, 1 failed");
});
