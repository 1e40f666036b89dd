import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HubError } from "../../../../core/hub-error.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { decideTwin } from "../../../../core/twin/decide.ts";
import { evolveTwin, initialTwin } from "../../../../core/twin/evolve.ts";
import { checkSectionInput } from "../../../../core/twin/limits.ts";
import { sectionSize } from "../../../../core/twin/section-size.ts";

/** UTF-16 units of any kind: lone surrogates come often, controls now and then. */
const unit = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "é", "温", "#", ";") },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
  { weight: 1, arbitrary: fc.constantFrom("\ud800", "\udfff", "😀", ".", "$", " ", "\u0000", "\u009f") },
);
const text = fc.array(unit, { maxLength: 12 }).map((units) => units.join(""));
const longText = fc.tuple(unit, fc.integer({ min: 300, max: 5000 })).map(([one, count]) => one.repeat(count));

const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("a", "b", "__proto__", "constructor", "prototype", "toString", "0") },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: longText },
  { weight: 1, arbitrary: fc.constantFrom("", "$metadata", "$version", "$etag") },
);

const leaf: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(fc.integer(), fc.boolean(), text) },
  { weight: 1, arbitrary: fc.oneof(longText, fc.double(), fc.constantFrom(2 ** 52, -(2 ** 52), 2 ** 52 - 1)) },
  { weight: 1, arbitrary: fc.constant(null) },
);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "large", withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    {
      weight: 2,
      arbitrary: fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    },
  ),
}));

const input: fc.Arbitrary<JsonObject> = fc
  .array(fc.tuple(key, value), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));

const deep = fc
  .array(fc.constantFrom("[", "{"), { minLength: 8, maxLength: 14 })
  .map((levels) => levels.reduceRight<Json>((inner, open) => (open === "[" ? [inner] : { a: inner }), 1))
  .map((inner): JsonObject => ({ a: inner }));

/** The rules once more, told from the outside: of a path of keys and the value at its end. */
function* faults(values: JsonObject): Generator<string> {
  for (const [name, inner] of Object.entries(values)) yield* faultsBelow(name, inner, 0, false);
}

function* faultsBelow(name: string, inner: Json, depth: number, inArray: boolean): Generator<string> {
  const bytes = Buffer.from(name, "utf8");
  if (bytes.length === 0 || bytes.length > 1024 || bytes.toString("utf8") !== name) yield "key";
  if (Array.from(name).some((character) => ".$ ".includes(character) || isControl(character))) yield "key";
  if (inner === null && inArray) yield "null";
  if (typeof inner === "string" && (Buffer.byteLength(inner) > 4096 || !inner.isWellFormed())) yield "text";
  if (typeof inner === "number" && !(inner >= -(2 ** 52) && inner < 2 ** 52)) yield "number";
  if (typeof inner !== "object" || inner === null) return;
  if (depth === 10) yield "depth";
  else if (Array.isArray(inner)) for (const element of inner) yield* faultsBelow(name, element, depth + 1, true);
  else for (const [key, member] of Object.entries(inner)) yield* faultsBelow(key, member, depth + 1, inArray);
}

function isControl(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

const withoutEcho = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !["$metadata", "$version"].includes(name)));

// spec/twins-methods-jobs 5
test("Input is let in unchanged when it keeps every rule, and refused as ArgumentInvalid when not", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: input }, deep), (hostile) => {
      const [fault] = faults(withoutEcho(hostile));
      try {
        assert.deepStrictEqual(checkSectionInput(hostile, "remove"), withoutEcho(hostile));
        assert.equal(fault, undefined);
        seen.accepted += 1;
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        assert.equal(error.reason, "ArgumentInvalid");
        assert.notEqual(fault, undefined, error.message);
        seen.refused += 1;
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(seen.accepted > 100 && seen.refused > 100, JSON.stringify(seen));
});

test("Whatever a device reports, the twin survives it and stays within its limits", () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 6 }), (reports) => {
      let state = initialTwin({ generationId: "1", at: "2026-01-01T00:00:00.000Z" });
      for (const reported of reports) {
        try {
          const command = {
            type: "PatchReported",
            data: { reported },
            meta: { now: "2026-01-02T00:00:00.000Z" },
          } as const;
          state = decideTwin(command, state).reduce(evolveTwin, state);
        } catch (error) {
          if (!(error instanceof HubError)) throw error;
        }
        const { size, controls } = sectionSize(state.reported.values);
        assert.ok(size <= 32768 && controls <= 32768);
        assert.deepStrictEqual(JSON.parse(JSON.stringify(state)), state);
      }
    }),
    { numRuns: 300 },
  );
});

/** How many members and array elements there are, at every depth. */
const countBelow = (inner: Json): number =>
  typeof inner === "object" && inner !== null
    ? Object.values(inner).reduce<number>((count, member) => count + 1 + countBelow(member), 0)
    : 0;

test("Nothing is free: the size of what is let in is at least the number of its members and elements", () => {
  fc.assert(
    fc.property(input, (hostile) => {
      fc.pre([...faults(hostile)].length === 0);
      assert.ok(sectionSize(hostile).size >= countBelow(hostile));
    }),
  );
});
