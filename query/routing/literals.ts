import type { Literal } from "../ast.ts";

/** The value of `true`, `false`, `null` or `undefined`. */
export function readWord(word: string): Literal["value"] {
  if (word === "null") return null;
  return word === "undefined" ? undefined : word === "true";
}

/** The value of a decimal number. Beyond a double's range it is undefined. */
export function readDecimal(digits: string): number | undefined {
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

/** The value of `0x…`: a signed integer of 64 bits, as in IoT Hub. With more bits it is undefined. */
export function readHexadecimal(digits: string): number | undefined {
  const value = BigInt(digits);
  return value < 1n << 64n ? Number(BigInt.asIntN(64, value)) : undefined;
}

/** The value of a text in quotes: `\'`, `\"`, `\\` and `\uXXXX` stand for a character. */
export const readText = (quoted: string): string =>
  quoted
    .slice(1, -1)
    .replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, character: string | undefined) =>
      code === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(code, 16)),
    );
