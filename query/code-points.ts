/**
 * Orders texts by Unicode code point, as SQLite orders UTF-8: negative, zero or positive. JavaScript's own order, by UTF-16
 * unit, puts characters beyond U+FFFF before some that come earlier.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  let index = 0;
  while (index < shorter && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
  if (index === shorter) return a.length - b.length;
  // Where the texts part within a pair of surrogates, the characters that differ begin one unit earlier.
  if (index > 0 && isHighSurrogate(a.charCodeAt(index - 1))) index -= 1;
  return (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
}

/** How many UTF-16 units the character at `index` takes; there must be one. */
export const unitsAt = (text: string, index: number): 1 | 2 => ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
