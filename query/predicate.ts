import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Expression, Path } from "./ast.ts";
import { compileExpression, type Evaluator, type Leaves } from "./evaluator.ts";
import type { Value } from "./values.ts";

/** The leaves of conditions and columns over single documents. */
export const ofDocuments: Leaves<JsonObject> = {
  path: compilePath,
  aggregate: () => {
    throw new TypeError("An aggregate has no value for a single row");
  },
};

/**
 * Compiles a condition over a twin, as `twinDocument` of core makes it, or over a row of a job: true only where the
 * condition is Boolean true (spec/query-language 6).
 */
export function compilePredicate(where: Expression): (row: JsonObject) => boolean {
  const condition = compileExpression(where, ofDocuments);
  return (row) => condition(row) === true;
}

function compilePath({ source, steps }: Path): Evaluator<JsonObject> {
  if (source !== "row") throw new TypeError("Only routing conditions have a message");
  const keys = steps.map(String);
  return (row) => {
    let value: Value = row;
    for (const key of keys) {
      // An own member only: a device may well ask for `constructor`.
      if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
      value = value[key];
    }
    return value;
  };
}
