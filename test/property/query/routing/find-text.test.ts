import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findText } from "../../../../query/routing/find-text.ts";

/** Of two letters, so that parts repeat and match often; long enough that the engine's own search is not used. */
const unit = fc.constantFrom("a", "b", "aab");
const piece = fc.array(unit, { minLength: 1, maxLength: 30 }).map((units) => units.join(""));

test("A part is found where the engine finds it, in long texts too", () => {
  fc.assert(
    fc.property(piece, piece, fc.nat(40), fc.boolean(), (one, other, cut, there) => {
      const part = one.repeat(Math.ceil(4100 / one.length)) + other;
      const near = part.slice(0, part.length - 1 - cut);
      const text = near.repeat(2) + (there ? part : "") + near;
      assert.ok(text.length * part.length > 16_000_000);
      assert.equal(findText(text, part), text.indexOf(part));
    }),
    { numRuns: 200 },
  );
});

test("Texts that are made to be slow are searched in little time", () => {
  const part = `${"a".repeat(42_000)}b${"a".repeat(42_000)}`;
  const began = performance.now();
  assert.equal(findText("a".repeat(1_000_000), part), -1);
  assert.ok(performance.now() - began < 1000);
});
