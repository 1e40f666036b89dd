import fc from "fast-check";

/** One way to damage bytes. */
export type Change = { readonly at: number; readonly to: number; readonly kind: "set" | "cut" | "double" | "end" };
/** Up to four of them. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.nat(),
    to: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom("set", "set", "cut", "double", "end"),
  }),
  { maxLength: 4 },
);

/** The bytes with one change. */
export function damage(bytes: Buffer, { at, to, kind }: Change): Buffer {
  const index = at % Math.max(1, bytes.length);
  if (kind === "set") return Buffer.concat([bytes.subarray(0, index), Buffer.of(to), bytes.subarray(index + 1)]);
  if (kind === "cut") return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + to)]);
  if (kind === "double") return Buffer.concat([bytes.subarray(0, index + to), bytes.subarray(index)]);
  return bytes.subarray(0, index);
}

/** Places at which a stream is cut. */
export const cuts = fc.array(fc.nat(), { maxLength: 6 });

/** The bytes in pieces that end at these places. */
export function* pieces(bytes: Buffer, places: readonly number[]): Generator<Buffer> {
  let from = 0;
  for (const place of [...places.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)) {
    yield Buffer.from(bytes.subarray(from, place));
    from = place;
  }
}
