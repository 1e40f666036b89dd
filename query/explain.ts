import { tokensOf } from "./lexer.ts";
import { queryLimits } from "./limits.ts";

/**
 * The query behind the word EXPLAIN, if a text begins with that, with spaces in its place: what follows stays where it is,
 * and so do the places of its faults. IoT Hub has nothing like it.
 */
export function explained(text: string): string | undefined {
  if (text.length > queryLimits.length || !/explain/i.test(text)) return undefined;
  const [first] = tokensOf(text);
  if (first === undefined || first.image.toUpperCase() !== "EXPLAIN") return undefined;
  const { startOffset, image } = first;
  return text.slice(0, startOffset) + " ".repeat(image.length) + text.slice(startOffset + image.length);
}
