import { HubError } from "../../core/hub-error.ts";
import type { SqlParameter } from "./fragment.ts";

/**
 * Where a page of a query's result ended, as plain JSON: how many rows have been given so far, and the values that put the
 * last of them in its place. It means something only together with its query.
 */
export type Position = { readonly given: number; readonly after: readonly SqlParameter[] };

/** The values in a position at most: two for each of 256 columns, and the key. */
const mostValues = 520;

/** Reads a position that came back from outside. Throws HubError `ArgumentInvalid` for anything else. */
export function parsePosition(input: unknown): Position {
  if (typeof input === "object" && input !== null && "given" in input && "after" in input) {
    const { given, after } = input;
    if (isCount(given) && Array.isArray(after) && after.length <= mostValues && after.every(isParameter)) {
      return { given, after };
    }
  }
  throw misplaced();
}

/** The error for a position that belongs to another query. */
export const misplaced = (): HubError =>
  new HubError("ArgumentInvalid", "The continuation token does not belong to this query.");

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isParameter = (value: unknown): value is SqlParameter =>
  value === null || typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
