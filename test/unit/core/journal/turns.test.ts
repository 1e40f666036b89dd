import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "../../../../core/journal/turns.ts";

test("work on one key is done one after the other in the order of the calls, a failure in between or not", async () => {
  const inTurn = createTurns();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = inTurn("a", async () => {
    await gate.promise;
    done.push("first");
  });
  const second = inTurn("a", async () => {
    done.push("second");
    throw new Error("no");
  });
  const third = inTurn("a", async () => {
    done.push("third");
    return 3;
  });
  await inTurn("b", async () => void done.push("other key"));
  gate.resolve();
  await first;
  await assert.rejects(second, /no/);
  assert.equal(await third, 3);
  assert.deepEqual(done, ["other key", "first", "second", "third"]);
});
