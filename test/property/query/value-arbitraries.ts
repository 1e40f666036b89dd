import fc from "fast-check";
import type { Literal } from "../../../query/ast.ts";
import type { Value } from "../../../query/values.ts";

/** Texts that tell times in every precision, few enough to meet each other; and some that only seem to. */
const time = fc
  .record({
    day: fc.constantFrom("2026-11-20", "2026-11-21", "2026-02-29"),
    second: fc.constantFrom("00", "59"),
    fraction: fc.constantFrom("", ".5", ".50", ".500", ".5000000", ".5000001", ".50000001"),
    zone: fc.constantFrom("", "Z", "+00:00", "-01:00", "+0130"),
  })
  .map(({ day, second, fraction, zone }) => `${day}T10:00:${second}${fraction}${zone}`);

const text = fc.oneof(
  fc.constantFrom("", "a", "A", "ab", "1", "true", "\uffff", "😀"),
  time,
  fc.string({ unit: "binary" }),
);

const number = fc.oneof(fc.constantFrom(0, -0, 1, 2, 1.5), fc.double({ noNaN: true, noDefaultInfinity: true }));

/** What a constant of the language can be. */
export const constant: fc.Arbitrary<Literal["value"]> = fc.oneof(
  fc.constantFrom(undefined, null, true, false),
  number,
  text,
);

/** What a path can find. */
export const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: constant },
  { weight: 1, arbitrary: fc.constantFrom<Value>({}, { a: 1 }, { b: 1, a: 2 }, { a: 2, b: 1 }, [], [1], ["a", null]) },
);

/** A text that tells a time, and another one or the same. */
export const timePair = fc.tuple(time, time);
