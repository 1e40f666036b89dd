/**
 * What is known of a value before there is a message: properties are texts, values of a body or twin are of any type.
 * The names are those of IoT Hub's messages (spec/query-language 14).
 */
export type StaticType = "string" | "number" | "bool" | "null" | "undefined" | "unknown";

/**
 * Tells whether a value of type `given` may stand where `expected` is asked for; what is unknown may be anything
 * defined.
 */
export function fits(expected: StaticType, given: StaticType): boolean {
  if (expected === given) return true;
  return expected === "unknown" ? given !== "undefined" : given === "unknown" && expected !== "undefined";
}

/** Tells whether a value of this type may be an operand of AND, OR and NOT. */
export const isLogical = (type: StaticType): boolean => type !== "string" && type !== "number";

/** The type of what is of one of two types. */
export const commonType = (one: StaticType, other: StaticType): StaticType => (one === other ? one : "unknown");

const list = (types: readonly StaticType[]): string => types.map((type) => `'${type}'`).join(" and ");

/** Says that operands are of wrong types. */
export const operandFault = (operator: string, have: readonly StaticType[], expected: readonly StaticType[]): string =>
  `Invalid operands to ${have.length === 1 ? "unary" : "binary"} operator '${operator}': ` +
  `have ${list(have)}, expected ${list(expected)}`;

/** Says that a function does not take these arguments. */
export const argumentFault = (name: string, have: readonly StaticType[]): string =>
  `Invalid arguments to built-in function '${name}': ${name}(${have.join(", ")})`;
